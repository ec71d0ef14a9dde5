/* SPDX-License-Identifier: Apache-2.0 */
/* What sysfs has of one PCI function. */
#include "sysfs_function.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

#include "pci_walk.h"

/* Longest target of a link into /sys/devices that we take. */
#define LINK_SIZE 1024

/* The caller frees. */
static char *device_path(const struct device_name *name, const char *attribute)
{
	char text[DEVICE_NAME_SIZE];

	return text_join(name->bus == DEVICE_BUS_MDEV ? SYSFS_MDEV_DEVICES "/"
						      : SYSFS_PCI_DEVICES "/",
			 device_name_format(name, text), attribute != NULL ? "/" : "",
			 attribute != NULL ? attribute : "", NULL);
}

int device_error(const struct device_name *name, const char *attribute, int number,
		 struct error *err)
{
	auto_free char *path = device_path(name, attribute);

	return file_error(path, number, err);
}

int function_error(const struct pci_address *address, const char *attribute, int number,
		   struct error *err)
{
	const struct device_name name = device_name_of(address);

	return device_error(&name, attribute, number, err);
}

int device_open(const struct sysroot *sysroot, const struct device_name *name)
{
	auto_free char *path = device_path(name, NULL);

	return sysroot_openat(sysroot, AT_FDCWD, path, O_PATH | O_DIRECTORY);
}

int function_open(const struct sysroot *sysroot, const struct pci_address *address)
{
	const struct device_name name = device_name_of(address);

	return device_open(sysroot, &name);
}

/* Returns the last part of what the link in the function's directory points to, NULL
 * where there is no link, in *ret. 0 or -errno. The caller frees. */
static int read_link_name(const struct sysroot *sysroot, int function, const char *link,
			  char **ret)
{
	char target[LINK_SIZE];
	int r = sysroot_readlink(sysroot, function, link, target, sizeof(target));

	*ret = NULL;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	*ret = xstrdup(path_name(target));
	return 0;
}

int device_read_group(const struct sysroot *sysroot, const struct device_name *name,
		      int device, bool *ret_has, uint32_t *ret, struct error *err)
{
	auto_free char *link = NULL;
	uint64_t number;
	int r = read_link_name(sysroot, device, "iommu_group", &link);

	if (r < 0)
		return device_error(name, "iommu_group", -r, err);
	if (link == NULL)
		return 0;
	if (number_parse(slice_from(link), 10, 10, UINT32_MAX, &number) < 0) {
		auto_free char *path = device_path(name, "iommu_group");

		return error_set(err, ERROR_IO, "%s: does not link to a group number",
				 path);
	}
	*ret_has = true;
	*ret = (uint32_t)number;
	return 0;
}

int device_read_driver(const struct sysroot *sysroot, const struct device_name *name,
		       int device, char **ret_driver, bool *ret_vfio, struct error *err)
{
	struct stat status;
	int r = read_link_name(sysroot, device, "driver", ret_driver);

	if (r < 0)
		return device_error(name, "driver", -r, err);
	*ret_vfio = *ret_driver != NULL &&
		    (slice_contains(slice_from(*ret_driver), SLICE("vfio")) ||
		     (fstatat(device, "vfio-dev", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		      S_ISDIR(status.st_mode)));
	return 0;
}

/* The handle's number in the name of its directory. */
static bool parse_handle(const char *name, uint32_t *ret)
{
	const struct slice prefix = SLICE("vfio"), text = slice_from(name);
	uint64_t number;

	if (!slice_starts(text, prefix) ||
	    number_parse(slice_from_to(text, prefix.length, text.length), 10, 10,
			 UINT32_MAX, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

int device_read_handle(const struct sysroot *sysroot, const struct device_name *name,
		       int device, struct inventory_handle *ret, struct error *err)
{
	auto_names names = { 0 };
	auto_free char *attribute = NULL;
	char value[24];
	auto_close int fd =
		sysroot_openat(sysroot, device, "vfio-dev", O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &names);

	if (r < 0)
		return r == -ENOENT ? 0 : device_error(name, "vfio-dev", -r, err);
	for (size_t i = 0; i < names.count && !ret->registered; i++)
		ret->registered = parse_handle(names.items[i], &ret->handle);
	if (!ret->registered)
		return 0;
	attribute = text_number("vfio-dev/vfio", ret->handle, "/dev");
	r = sysroot_read_attribute(sysroot, device, attribute, value, sizeof value);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return device_error(name, attribute, -r, err);
	if (device_number_parse(slice_from(value), DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX,
				&ret->number) < 0) {
		auto_free char *path = device_path(name, attribute);

		return error_set(err, ERROR_IO, "%s: is not a pair of device numbers",
				 path);
	}
	ret->exists = true;
	return 0;
}

int function_read_identity(const struct sysroot *sysroot,
			   const struct pci_address *address, int function,
			   enum pci_identity which, uint32_t *ret, struct error *err)
{
	const char *name = pci_identity_names[which];
	char value[16], function_name[PCI_ADDRESS_SIZE];
	uint64_t number;
	int r = sysroot_read_attribute(sysroot, function, name, value, sizeof(value));

	if (r < 0)
		return function_error(address, name, -r, err);
	if (number_parse_hex(slice_from(value), 8, UINT32_MAX, &number) < 0)
		return error_set(err, ERROR_IO,
				 SYSFS_PCI_DEVICES "/%s/%s: is not a hex number",
				 pci_address_format(address, function_name), name);
	*ret = (uint32_t)number;
	return 0;
}

bool function_has(const struct sysroot *sysroot, int function, const char *name)
{
	auto_close int fd = sysroot_openat(sysroot, function, name, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

int function_has_below(const struct sysroot *sysroot, const struct pci_address *address,
		       const char *link)
{
	char name[PCI_ADDRESS_SIZE], target[LINK_SIZE];
	auto_free char *part =
		text_join("/", pci_address_format(address, name), "/", NULL);
	int r = sysroot_readlink(sysroot, AT_FDCWD, link, target, sizeof target);

	/* Some classes have a file, as bonding_masters of net, beside the links. */
	if (r < 0)
		return r == -ENOENT || r == -EINVAL ? 0 : r;
	return slice_contains(slice_from(target), slice_from(part));
}
