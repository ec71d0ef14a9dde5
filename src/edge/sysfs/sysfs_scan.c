/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions by what they are. Reads what the selector asks for, function by function, and
 * of several that match what may tell them apart. */
#include "sysfs_scan.h"

#include <endian.h>
#include <errno.h>

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/pci_candidates.h"

#include "sysfs_function.h"

#define SLOTS "/sys/bus/pci/slots"
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

/* Reads an attribute of a function. 0, 1 where it has none, or -errno. */
static int read_attribute(const struct sysroot *sysroot,
			  const struct pci_address *address, const char *name,
			  char *value, size_t size)
{
	char function[PCI_ADDRESS_SIZE];
	auto_free char *path =
		text_join(SYSFS_PCI_DEVICES "/", pci_address_format(address, function),
			  "/", name, NULL);
	int r = sysroot_read_attribute(sysroot, AT_FDCWD, path, value, size);

	return r == -ENOENT ? 1 : r;
}

static int read_number(const struct sysroot *sysroot, struct scanned_function *function,
		       enum pci_feature feature, const char *name, unsigned int base,
		       struct error *err)
{
	uint64_t *number = &function->features.numbers[feature];
	char value[24];
	struct slice text;
	int r = read_attribute(sysroot, &function->address, name, value, sizeof value);

	if (r < 0)
		return function_error(&function->address, name, -r, err);
	if (r > 0)
		return 0;
	text = slice_from(value);
	if ((base == 16 ? number_parse_hex(text, 16, UINT64_MAX, number)
			: number_parse(text, base, 20, UINT64_MAX, number)) < 0)
		return function_error(&function->address, name, EINVAL, err);
	function->features.has[feature] = true;
	return 0;
}

static void set_text(struct scanned_function *function, enum pci_feature feature,
		     const char *text)
{
	function->texts[feature] = xstrdup(text);
	function->features.texts[feature] = slice_from(function->texts[feature]);
	function->features.has[feature] = true;
}

static int read_label(const struct sysroot *sysroot, struct scanned_function *function,
		      struct error *err)
{
	char value[1024];
	int r = read_attribute(sysroot, &function->address, "label", value, sizeof value);

	if (r < 0)
		return function_error(&function->address, "label", -r, err);
	/* Firmware that gives an index gives an empty name with it. */
	if (r == 0 && value[0])
		set_text(function, PCI_FEATURE_LABEL, value);
	return 0;
}

/* Reads 32 bits of the configuration space. 1: the function has none there; else 0 or -errno.
 * Who may read only its beginning sees nothing there, either, but the file is larger. */
static int read_config(int config, uint16_t at, uint32_t *ret)
{
	struct stat status;
	uint32_t value;
	ssize_t n = RETRY_ON_EINTR(pread(config, &value, sizeof value, at));

	if (n < 0)
		return -errno;
	if (n == sizeof value) {
		*ret = le32toh(value);
		return 0;
	}
	if (fstat(config, &status) < 0)
		return -errno;
	return status.st_size >= at + (off_t)sizeof value ? -EPERM : 1;
}

/* Walks the extended capabilities; *ret_found: there is a serial number. */
static int walk_config(int config, bool *ret_found, uint64_t *ret)
{
	struct pci_capability_walk walk = PCI_CAPABILITY_WALK_INIT;
	uint32_t header = 0, low = 0, high = 0;
	int r;

	while (walk.at) {
		const uint16_t at = walk.at;

		r = read_config(config, at, &header);
		if (r != 0)
			return r < 0 ? r : 0;
		if (!pci_capability_pass(&walk, header))
			continue;
		r = read_config(config, at + 4, &low);
		if (r == 0)
			r = read_config(config, at + 8, &high);
		if (r != 0)
			return r < 0 ? r : 0;
		*ret_found = true;
		*ret = (uint64_t)high << 32 | low;
		return 0;
	}
	return 0;
}

static int read_serial(const struct sysroot *sysroot, struct scanned_function *function,
		       struct error *err)
{
	char name[PCI_ADDRESS_SIZE];
	auto_free char *path =
		text_join(SYSFS_PCI_DEVICES "/",
			  pci_address_format(&function->address, name), "/config", NULL);
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
	int r = fd;

	if (fd == -ENOENT)
		return 0;
	if (fd >= 0)
		r = walk_config(fd, &function->features.has[PCI_FEATURE_SERIAL],
				&function->features.numbers[PCI_FEATURE_SERIAL]);
	if (r == -EPERM || r == -EACCES)
		return error_set(
			err, ERROR_PERMISSION,
			"%s: only root can read a serial number there; run as root, or use another selector",
			path);
	return r < 0 ? function_error(&function->address, "config", -r, err) : 0;
}

/* Where the functions of a slot are; *ret_has: there is such a slot. */
static int read_slot(const struct sysroot *sysroot, struct slice name, bool *ret_has,
		     struct pci_slot *ret, struct error *err)
{
	auto_free char *path =
		xasprintf(SLOTS "/%.*s/address", (int)name.length, name.data);
	char value[PCI_ADDRESS_SIZE];
	int r = sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof value);

	*ret_has = r == 0;
	if (r == -ENOENT)
		return 0;
	if (r == 0 && pci_slot_parse(slice_from(value), ret) < 0)
		r = -EINVAL;
	return r < 0 ? file_error(path, -r, err) : 0;
}

/* Sets the feature of the function, if it has it. */
static int read_feature(const struct sysroot *sysroot, struct scanned_function *function,
			enum pci_feature feature, struct error *err)
{
	static const char *const names[PCI_FEATURE_COUNT] = {
		[PCI_FEATURE_VENDOR] = "vendor",
		[PCI_FEATURE_DEVICE] = "device",
		[PCI_FEATURE_SUBSYSTEM_VENDOR] = "subsystem_vendor",
		[PCI_FEATURE_SUBSYSTEM_DEVICE] = "subsystem_device",
		[PCI_FEATURE_ACPI_INDEX] = "acpi_index",
	};

	if (function->known[feature])
		return 0;
	function->known[feature] = true;
	switch (feature) {
	case PCI_FEATURE_VENDOR:
	case PCI_FEATURE_DEVICE:
	case PCI_FEATURE_SUBSYSTEM_VENDOR:
	case PCI_FEATURE_SUBSYSTEM_DEVICE:
		return read_number(sysroot, function, feature, names[feature], 16, err);
	case PCI_FEATURE_ACPI_INDEX:
		return read_number(sysroot, function, feature, names[feature], 10, err);
	case PCI_FEATURE_LABEL:
		return read_label(sysroot, function, err);
	case PCI_FEATURE_SERIAL:
		return read_serial(sysroot, function, err);
	case PCI_FEATURE_SLOT: /* the functions don't know */
	case PCI_FEATURE_COUNT:
		break;
	}
	return 0;
}

/* Does all but the slot match? 1, 0 or an error. */
static int check_function(const struct sysroot *sysroot,
			  struct scanned_function *function,
			  const struct pci_features *selector, struct error *err)
{
	for (unsigned int i = PCI_FEATURE_SLOT + 1; i < PCI_FEATURE_COUNT; i++) {
		int r;

		if (!selector->has[i])
			continue;
		r = read_feature(sysroot, function, i, err);
		if (r < 0)
			return r;
		if (!pci_feature_equal(selector, &function->features, i))
			return 0;
	}
	return 1;
}

/* The name of the slot in which the function is. */
static void find_slot(const struct sysroot *sysroot, const struct names *slots,
		      struct scanned_function *function)
{
	for (size_t i = 0; i < slots->count; i++) {
		auto_error ignored = { 0 };
		struct pci_slot slot;
		bool found;

		if (read_slot(sysroot, slice_from(slots->items[i]), &found, &slot,
			      &ignored) == 0 &&
		    found && pci_slot_has(&slot, &function->address)) {
			set_text(function, PCI_FEATURE_SLOT, slots->items[i]);
			return;
		}
	}
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
static char *describe(const struct sysfs_scan *scan, const size_t *matches, size_t count)
{
	struct pci_candidate candidates[PCI_CANDIDATES_SHOWN] = { 0 };
	auto_names slots = { 0 };
	auto_close int fd =
		sysroot_openat(scan->sysroot, AT_FDCWD, SLOTS, O_RDONLY | O_DIRECTORY);
	size_t shown = count < PCI_CANDIDATES_SHOWN ? count : PCI_CANDIDATES_SHOWN;
	char *text;

	if (fd < 0 || names_read(fd, &slots) < 0)
		slots.count = 0;
	for (size_t i = 0; i < shown; i++) {
		struct scanned_function *function = &scan->functions[matches[i]];

		for (unsigned int k = 0; k < PCI_FEATURE_COUNT; k++) {
			auto_error ignored = { 0 };

			(void)!read_feature(scan->sysroot, function, k, &ignored);
		}
		if (!function->texts[PCI_FEATURE_SLOT])
			find_slot(scan->sysroot, &slots, function);
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
		r = read_slot(scan->sysroot, slot_name, &has_slot, &slot, err);
	*ret_slot_gone = selector->has[PCI_FEATURE_SLOT] && !has_slot;
	if (r < 0 || *ret_slot_gone)
		return r;
	if (!scan->is_listed)
		r = list_functions(scan, err);
	for (size_t i = 0; r >= 0 && i < scan->n_functions; i++) {
		if (has_slot && !pci_slot_has(&slot, &scan->functions[i].address))
			continue;
		r = check_function(scan->sysroot, &scan->functions[i], selector, err);
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
			slot_gone ? "selector %s names a slot that is not in " SLOTS
				  : "selector %s matches no function of this machine",
			quoted);
	return 0;
}

void sysfs_scan_free(struct sysfs_scan *scan)
{
	for (size_t i = 0; i < scan->n_functions; i++) {
		for (size_t k = 0; k < PCI_FEATURE_COUNT; k++)
			free(scan->functions[i].texts[k]);
	}
	free(scan->functions);
	*scan = (struct sysfs_scan) { 0 };
}
