/* SPDX-License-Identifier: Apache-2.0 */
/* By what a PCI function can be told from others. */
#include "sysfs_feature.h"

#include <endian.h>
#include <errno.h>

#include "oci-vfio-hook/number.h"

#include "pci_walk.h"
#include "sysfs_function.h"

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

static int read_number(const struct sysroot *sysroot, const struct pci_address *address,
		       const char *name, unsigned int base, bool *ret_has,
		       uint64_t *number, struct error *err)
{
	char value[24];
	struct slice text;
	int r = read_attribute(sysroot, address, name, value, sizeof value);

	if (r < 0)
		return function_error(address, name, -r, err);
	if (r > 0)
		return 0;
	text = slice_from(value);
	if ((base == 16 ? number_parse_hex(text, 16, UINT64_MAX, number)
			: number_parse(text, base, 20, UINT64_MAX, number)) < 0)
		return function_error(address, name, EINVAL, err);
	*ret_has = true;
	return 0;
}

static void set_text(struct pci_features *features, enum pci_feature feature,
		     struct slice text, struct text_pool *texts)
{
	features->texts[feature] =
		(struct slice) { text_pool_add(texts, text), text.length };
	features->has[feature] = true;
}

static int read_label(const struct sysroot *sysroot, const struct pci_address *address,
		      struct pci_features *features, struct text_pool *texts,
		      struct error *err)
{
	char value[1024];
	int r = read_attribute(sysroot, address, "label", value, sizeof value);

	if (r < 0)
		return function_error(address, "label", -r, err);
	/* Firmware that gives an index gives an empty name with it. */
	if (r == 0 && value[0])
		set_text(features, PCI_FEATURE_LABEL, slice_from(value), texts);
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

static int read_serial(const struct sysroot *sysroot, const struct pci_address *address,
		       struct pci_features *features, struct error *err)
{
	char name[PCI_ADDRESS_SIZE];
	auto_free char *path =
		text_join(SYSFS_PCI_DEVICES "/", pci_address_format(address, name),
			  "/config", NULL);
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
	int r = fd;

	if (fd == -ENOENT)
		return 0;
	if (fd >= 0)
		r = walk_config(fd, &features->has[PCI_FEATURE_SERIAL],
				&features->numbers[PCI_FEATURE_SERIAL]);
	if (r == -EPERM || r == -EACCES)
		return error_set(
			err, ERROR_PERMISSION,
			"%s: only root can read a serial number there; run as root, or use another selector",
			path);
	return r < 0 ? function_error(address, "config", -r, err) : 0;
}

int sysfs_read_slot(const struct sysroot *sysroot, struct slice name, bool *ret_has,
		    struct pci_slot *ret, struct error *err)
{
	auto_free char *path =
		xasprintf(SYSFS_PCI_SLOTS "/%.*s/address", (int)name.length, name.data);
	char value[PCI_ADDRESS_SIZE];
	int r = sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof value);

	*ret_has = r == 0;
	if (r == -ENOENT)
		return 0;
	if (r == 0 && pci_slot_parse(slice_from(value), ret) < 0)
		r = -EINVAL;
	return r < 0 ? file_error(path, -r, err) : 0;
}

int sysfs_read_feature(const struct sysroot *sysroot, const struct pci_address *address,
		       enum pci_feature feature, struct pci_features *features,
		       struct text_pool *texts, struct error *err)
{
	static const char *const names[PCI_FEATURE_COUNT] = {
		[PCI_FEATURE_VENDOR] = "vendor",
		[PCI_FEATURE_DEVICE] = "device",
		[PCI_FEATURE_SUBSYSTEM_VENDOR] = "subsystem_vendor",
		[PCI_FEATURE_SUBSYSTEM_DEVICE] = "subsystem_device",
		[PCI_FEATURE_ACPI_INDEX] = "acpi_index",
	};
	bool *has = &features->has[feature];
	uint64_t *number = &features->numbers[feature];

	switch (feature) {
	case PCI_FEATURE_VENDOR:
	case PCI_FEATURE_DEVICE:
	case PCI_FEATURE_SUBSYSTEM_VENDOR:
	case PCI_FEATURE_SUBSYSTEM_DEVICE:
		return read_number(sysroot, address, names[feature], 16, has, number,
				   err);
	case PCI_FEATURE_ACPI_INDEX:
		return read_number(sysroot, address, names[feature], 10, has, number,
				   err);
	case PCI_FEATURE_LABEL:
		return read_label(sysroot, address, features, texts, err);
	case PCI_FEATURE_SERIAL:
		return read_serial(sysroot, address, features, err);
	case PCI_FEATURE_SLOT:
	case PCI_FEATURE_COUNT:
		break;
	}
	return 0;
}

void sysfs_list_slots(const struct sysroot *sysroot, struct sysfs_slots *ret)
{
	auto_names names = { 0 };
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, SYSFS_PCI_SLOTS,
					   O_RDONLY | O_DIRECTORY);

	*ret = (struct sysfs_slots) { 0 };
	if (fd < 0 || names_read(fd, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		const struct slice name = slice_from(names.items[i]);
		auto_error ignored = { 0 };
		struct pci_slot place;
		bool found;

		if (sysfs_read_slot(sysroot, name, &found, &place, &ignored) == 0 &&
		    found)
			*array_append(ret->items, ret->count, ret->capacity) =
				(struct sysfs_slot) { { text_pool_add(&ret->texts, name),
							name.length },
						      place };
	}
}

void sysfs_slots_find(const struct sysfs_slots *slots, const struct pci_address *address,
		      struct pci_features *features, struct text_pool *texts)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (pci_slot_has(&slots->items[i].place, address)) {
			set_text(features, PCI_FEATURE_SLOT, slots->items[i].name, texts);
			return;
		}
	}
}

void sysfs_slots_free(struct sysfs_slots *slots)
{
	free(slots->items);
	text_pool_free(&slots->texts);
	*slots = (struct sysfs_slots) { 0 };
}
