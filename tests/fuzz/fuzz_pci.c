/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the grammar of what says which function of this machine is meant: addresses, PCI
 * paths and selectors; and what sysfs says of slots and links. */
#include "fuzz.h"

#include "oci-vfio-hook/pci_candidates.h"
#include "oci-vfio-hook/pci_position.h"
#include "oci-vfio-hook/pci_locator.h"

static void check_address(struct slice text)
{
	char formatted[PCI_ADDRESS_SIZE];
	struct pci_address address, again;

	if (pci_address_parse(text, &address) < 0)
		return;
	fuzz_check(address.slot <= 0x1f && address.function <= 7, "out of range");
	pci_address_format(&address, formatted);
	fuzz_check(pci_address_parse(slice_from(formatted), &again) == 0 &&
			   pci_address_equal(&address, &again),
		   "%s is another address", formatted);
	fuzz_check(text.length >= strlen("0000:00:00.0") &&
			   text.length <= strlen("00000000:00:00.0"),
		   "bad length");
}

/* Texts are parts of the selector, and what describes it is one. */
static void check_selector(const struct pci_features *selector, struct slice text)
{
	const struct pci_candidate two[] = { { .features = *selector },
					     { .path = NULL } };
	auto_free char *description = pci_candidates_describe(two, 2, 3);
	static const enum pci_feature texts[] = { PCI_FEATURE_SLOT, PCI_FEATURE_LABEL };
	bool any = false;

	for (size_t i = 0; i < PCI_FEATURE_COUNT; i++)
		any |= selector->has[i];
	fuzz_check(any, "it asks for nothing");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct slice part = selector->texts[texts[i]];

		fuzz_check(!selector->has[texts[i]] ||
				   (part.length > 0 && part.data >= text.data &&
				    part.data + part.length <= text.data + text.length),
			   "not a part of the text");
	}
	fuzz_check(strstr(description, "0000:00:00.0 (") == description,
		   "%s: what tells them apart isn't said", description);
}

static void check_sysfs(struct slice text)
{
	struct pci_capability_walk walk = PCI_CAPABILITY_WALK_INIT;
	auto_free char *path = pci_path_from_link(text);
	struct pci_slot slot;
	size_t count = 0;

	if (pci_slot_parse(text, &slot) == 0)
		fuzz_check(pci_slot_has(&slot,
					&(struct pci_address) { slot.domain, slot.bus,
								slot.slot, 0 }),
			   "a slot without functions");
	if (path) {
		struct pci_locator locator;
		auto_error err = { 0 };

		/* It may be longer than any machine's. */
		if (pci_locator_parse(slice_from(path), &locator, &err) == 0)
			fuzz_check(locator.kind == PCI_LOCATOR_PATH, "%s", path);
	}
	for (size_t i = 0; walk.at && i + 4 <= text.length; i += 4) {
		uint32_t header;

		memcpy(&header, text.data + i, sizeof header);
		pci_capability_pass(&walk, header);
		fuzz_check(walk.at % 4 == 0 && walk.at < 4096 && ++count < 1024,
			   "outside of the configuration space");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	struct pci_locator locator;
	auto_error err = { 0 };
	int r;

	text.data = copy = fuzz_copy(text);
	check_address(text);
	check_sysfs(text);
	r = pci_locator_parse(text, &locator, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	fuzz_check(pci_locator_equal(&locator, &locator), "differs from itself");
	if (locator.kind == PCI_LOCATOR_SELECTOR)
		check_selector(&locator.selector, text);
	if (locator.kind != PCI_LOCATOR_PATH)
		return 0;
	fuzz_check(locator.n_steps >= 1 && locator.n_steps <= PCI_PATH_STEPS_MAX,
		   "%u steps", locator.n_steps);
	for (size_t i = 0; i < locator.n_steps; i++)
		fuzz_check(locator.steps[i].slot <= 0x1f &&
				   locator.steps[i].function <= 7,
			   "step %zu is out of range", i);
	return 0;
}
