/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that match one selector, and how they differ. */
#include "oci-vfio-hook/pci_candidates.h"

#include <inttypes.h>

#define MASK(feature) (1U << (feature))
#define MASK_ID (MASK(PCI_FEATURE_VENDOR) | MASK(PCI_FEATURE_DEVICE))
#define MASK_SUBSYSTEM                                                                   \
	(MASK(PCI_FEATURE_SUBSYSTEM_VENDOR) | MASK(PCI_FEATURE_SUBSYSTEM_DEVICE))

/* The features in which not all are equal. */
static unsigned int find_differences(const struct pci_candidate *candidates, size_t count)
{
	const struct pci_features *first = &candidates[0].features;
	unsigned int mask = 0;

	for (size_t i = 1; i < count; i++) {
		const struct pci_features *other = &candidates[i].features;

		for (unsigned int k = 0; k < PCI_FEATURE_COUNT; k++) {
			if ((first->has[k] || other->has[k]) &&
			    !pci_feature_equal(first, other, k))
				mask |= MASK(k);
		}
	}
	return mask;
}

static void add_id(struct buffer *ret, const struct pci_features *features,
		   bool with_subsystem)
{
	const uint64_t *numbers = features->numbers;

	if (!features->has[PCI_FEATURE_VENDOR] || !features->has[PCI_FEATURE_DEVICE])
		return;
	buffer_printf(ret, ", id:%04" PRIx64 ":%04" PRIx64, numbers[PCI_FEATURE_VENDOR],
		      numbers[PCI_FEATURE_DEVICE]);
	if (with_subsystem && features->has[PCI_FEATURE_SUBSYSTEM_VENDOR] &&
	    features->has[PCI_FEATURE_SUBSYSTEM_DEVICE])
		buffer_printf(ret, ":%04" PRIx64 ":%04" PRIx64,
			      numbers[PCI_FEATURE_SUBSYSTEM_VENDOR],
			      numbers[PCI_FEATURE_SUBSYSTEM_DEVICE]);
}

static void add_text(struct buffer *ret, const char *word, struct slice text)
{
	buffer_printf(ret, ", %s:", word);
	buffer_add_printable(ret, text);
}

static void describe(struct buffer *ret, const struct pci_candidate *candidate,
		     unsigned int differences)
{
	const struct pci_features *features = &candidate->features;
	char address[PCI_ADDRESS_SIZE];
	auto_buffer list = { 0 };

	if (candidate->path)
		buffer_printf(&list, ", %s", candidate->path);
	if (differences & MASK(PCI_FEATURE_SLOT) && features->has[PCI_FEATURE_SLOT])
		add_text(&list, "slot", features->texts[PCI_FEATURE_SLOT]);
	if (differences & (MASK_ID | MASK_SUBSYSTEM))
		add_id(&list, features, differences & MASK_SUBSYSTEM);
	if (differences & MASK(PCI_FEATURE_ACPI_INDEX) &&
	    features->has[PCI_FEATURE_ACPI_INDEX])
		buffer_printf(&list, ", acpi-index:%" PRIu64,
			      features->numbers[PCI_FEATURE_ACPI_INDEX]);
	if (differences & MASK(PCI_FEATURE_LABEL) && features->has[PCI_FEATURE_LABEL])
		add_text(&list, "label", features->texts[PCI_FEATURE_LABEL]);
	if (differences & MASK(PCI_FEATURE_SERIAL) && features->has[PCI_FEATURE_SERIAL])
		buffer_printf(&list, ", serial:%016" PRIx64,
			      features->numbers[PCI_FEATURE_SERIAL]);
	buffer_printf(ret, "%s%s", ret->length ? ", " : "",
		      pci_address_format(&candidate->address, address));
	if (list.length)
		buffer_printf(ret, " (%s)", list.data + strlen(", "));
}

char *pci_candidates_describe(const struct pci_candidate *candidates, size_t count,
			      size_t total)
{
	unsigned int differences = find_differences(candidates, count);
	auto_buffer list = { 0 };

	for (size_t i = 0; i < count; i++)
		describe(&list, &candidates[i], differences);
	if (total > count)
		buffer_printf(&list, ", and %zu more", total - count);
	return take_ptr(list.data);
}
