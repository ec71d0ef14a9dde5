/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions by what they are. Reads what the selector asks for, function by function, and
 * of several that match what may tell them apart. */
#include "sysfs_scan.h"

#include <errno.h>

#include "oci-vfio-hook/pci_candidates.h"
#include "oci-vfio-hook/pci_position.h"

#include "sysfs_feature.h"

#define LINK_SIZE 1024

static int list_functions(struct sysfs_scan *scan, struct error *err)
{
	auto_names names = { 0 };
	auto_close int fd = sysroot_openat(scan->sysroot, AT_FDCWD, SYSFS_PCI_DEVICES,
					   O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &names);

	scan->is_listed = true;
	/* A machine without PCI. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return file_error(SYSFS_PCI_DEVICES, -r, err);
	for (size_t i = 0; i < names.count; i++) {
		struct pci_address address;

		if (pci_address_parse(slice_from(names.items[i]), &address) == 0)
			array_append(scan->functions, scan->n_functions, scan->capacity)
				->address = address;
	}
	return 0;
}

/* Reads a feature of the function, unless that was done. */
static int read_feature(struct sysfs_scan *scan, struct scanned_function *function,
			enum pci_feature feature, struct error *err)
{
	if (function->known[feature])
		return 0;
	function->known[feature] = true;
	return sysfs_read_feature(scan->sysroot, &function->address, feature,
				  &function->features, &scan->texts, err);
}

/* Does all but the slot match? 1, 0 or an error. */
static int check_function(struct sysfs_scan *scan, struct scanned_function *function,
			  const struct pci_features *selector, struct error *err)
{
	for (unsigned int i = PCI_FEATURE_SLOT + 1; i < PCI_FEATURE_COUNT; i++) {
		int r;

		if (!selector->has[i])
			continue;
		r = read_feature(scan, function, i, err);
		if (r < 0)
			return r;
		if (!pci_feature_equal(selector, &function->features, i))
			return 0;
	}
	return 1;
}

static char *find_path(const struct sysroot *sysroot, const struct pci_address *address)
{
	char name[PCI_ADDRESS_SIZE], target[LINK_SIZE];
	auto_free char *link =
		text_join(SYSFS_PCI_DEVICES "/", pci_address_format(address, name), NULL);

	return sysroot_readlink(sysroot, AT_FDCWD, link, target, sizeof target) < 0
		       ? NULL
		       : pci_path_from_link(slice_from(target));
}

/* What else there is to say of them; what can't be read isn't said. */
static char *describe(struct sysfs_scan *scan, const size_t *matches, size_t count)
{
	struct pci_candidate candidates[PCI_CANDIDATES_SHOWN] = { 0 };
	auto_sysfs_slots slots = { 0 };
	size_t shown = count < PCI_CANDIDATES_SHOWN ? count : PCI_CANDIDATES_SHOWN;
	char *text;

	sysfs_list_slots(scan->sysroot, &slots);
	for (size_t i = 0; i < shown; i++) {
		struct scanned_function *function = &scan->functions[matches[i]];

		for (unsigned int k = 0; k < PCI_FEATURE_COUNT; k++) {
			auto_error ignored = { 0 };

			(void)!read_feature(scan, function, k, &ignored);
		}
		sysfs_slots_find(&slots, &function->address, &function->features,
				 &scan->texts);
		candidates[i] = (struct pci_candidate) {
			.address = function->address,
			.features = function->features,
			.path = find_path(scan->sysroot, &function->address),
		};
	}
	text = pci_candidates_describe(candidates, shown, count);
	for (size_t i = 0; i < shown; i++)
		free(candidates[i].path);
	return text;
}

/* The functions that match; *ret_slot_gone: no slot has that name. */
static int find_all(struct sysfs_scan *scan, const struct pci_features *selector,
		    size_t **ret, size_t *ret_count, bool *ret_slot_gone,
		    struct error *err)
{
	const struct slice slot_name = selector->texts[PCI_FEATURE_SLOT];
	size_t capacity = 0;
	struct pci_slot slot;
	bool has_slot = false;
	int r = 0;

	if (selector->has[PCI_FEATURE_SLOT])
		r = sysfs_read_slot(scan->sysroot, slot_name, &has_slot, &slot, err);
	*ret_slot_gone = selector->has[PCI_FEATURE_SLOT] && !has_slot;
	if (r < 0 || *ret_slot_gone)
		return r;
	if (!scan->is_listed)
		r = list_functions(scan, err);
	for (size_t i = 0; r >= 0 && i < scan->n_functions; i++) {
		if (has_slot && !pci_slot_has(&slot, &scan->functions[i].address))
			continue;
		r = check_function(scan, &scan->functions[i], selector, err);
		if (r > 0)
			*array_append(*ret, *ret_count, capacity) = i;
	}
	return r < 0 ? r : 0;
}

int sysfs_scan_find(struct sysfs_scan *scan, const struct pci_features *selector,
		    const char *text, struct pci_address *ret,
		    struct pci_dead_end *ret_end, struct error *err)
{
	auto_free size_t *matches = NULL;
	auto_free char *list = NULL, *quoted = NULL;
	bool slot_gone;
	size_t count = 0;
	int r;

	*ret_end = (struct pci_dead_end) { 0 };
	r = find_all(scan, selector, &matches, &count, &slot_gone, err);
	if (r < 0)
		return r;
	if (count == 1) {
		*ret = scan->functions[matches[0]].address;
		return 0;
	}
	quoted = text_quote(slice_from(text));
	if (count > 1)
		list = describe(scan, matches, count);
	ret_end->is_final = count > 1;
	if (count > 1)
		ret_end->why = xasprintf("selector %s matches %zu functions: %s", quoted,
					 count, list);
	else
		ret_end->why = xasprintf(
			slot_gone
				? "selector %s names a slot that is not in " SYSFS_PCI_SLOTS
				: "selector %s matches no function of this machine",
			quoted);
	return 0;
}

void sysfs_scan_free(struct sysfs_scan *scan)
{
	free(scan->functions);
	text_pool_free(&scan->texts);
	*scan = (struct sysfs_scan) { 0 };
}
