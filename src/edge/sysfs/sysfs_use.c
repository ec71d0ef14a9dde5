/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine uses a PCI function for. */
#include "oci-vfio-hook/sysfs_use.h"

#include "sysfs_disk.h"
#include "sysfs_function.h"
#include "sysfs_interface.h"

/* The name of a virtual function's link leads to its address. Returns whether there is one. */
static bool read_virtual_function(const struct sysroot *sysroot, int function,
				  uint64_t index, struct pci_address *ret)
{
	auto_free char *link = text_number("virtfn", index, "");
	char target[1024];

	return sysroot_readlink(sysroot, function, link, target, sizeof target) >= 0 &&
	       pci_address_parse(slice_from(path_name(target)), ret) == 0;
}

static int look_at_virtual_function(const struct sysroot *sysroot,
				    const struct pci_address *address,
				    struct function_use *ret, struct error *err)
{
	auto_free char *driver = NULL;
	const struct device_name device = device_name_of(address);
	auto_close int fd = device_open(sysroot, &device);
	char name[PCI_ADDRESS_SIZE];
	bool vfio;
	int r;

	if (fd < 0)
		return 0;
	r = device_read_driver(sysroot, &device, fd, &driver, &vfio, err);
	if (r < 0 || !driver)
		return r;
	pci_address_format(address, name);
	ret->kind = FUNCTION_PHYSICAL;
	ret->name = xstrdup(name);
	ret->by = take_ptr(driver);
	return 0;
}

/* Its virtual functions are links in its directory. */
static int find_virtual_function(const struct sysroot *sysroot, int function,
				 struct function_use *ret, struct error *err)
{
	struct pci_address address;
	int r = 0;

	for (uint64_t i = 0; r == 0 && !ret->name; i++) {
		if (!read_virtual_function(sysroot, function, i, &address))
			break;
		r = look_at_virtual_function(sysroot, &address, ret, err);
	}
	return r;
}

int sysfs_look_up_use(const struct sysroot *sysroot, const struct pci_address *address,
		      struct function_use *ret, struct error *err)
{
	auto_function_use use = { 0 };
	auto_close int function = function_open(sysroot, address);
	int r = 0;

	if (function < 0)
		return function == -ENOENT
			       ? 0
			       : function_error(address, NULL, -function, err);
	sysfs_find_interface(sysroot, address, function, &use);
	if (use.kind == FUNCTION_UNUSED)
		r = sysfs_find_disk(sysroot, address, &use, err);
	if (r == 0 && use.kind == FUNCTION_UNUSED)
		r = find_virtual_function(sysroot, function, &use, err);
	if (r == 0)
		*ret = take_struct(use);
	return r;
}
