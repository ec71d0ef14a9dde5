/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine uses a PCI function for. */
#include "oci-vfio-hook/sysfs_use.h"

#include <errno.h>

#include "sysfs_disk.h"
#include "sysfs_function.h"
#include "sysfs_interface.h"

/* The name of a virtual function's link leads to its address. -ENOENT: there is none. */
static int read_virtual_function(const struct sysroot *sysroot, int function,
				 const char *link, struct pci_address *ret)
{
	char target[1024];
	int r = sysroot_readlink(sysroot, function, link, target, sizeof target);

	return r < 0 ? r : pci_address_parse(slice_from(path_name(target)), ret);
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
		return fd == -ENOENT ? 0 : device_error(&device, NULL, -fd, err);
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
static int find_virtual_function(const struct sysroot *sysroot,
				 const struct pci_address *address, int function,
				 struct function_use *ret, struct error *err)
{
	struct pci_address virtual;
	int r = 0;

	for (uint64_t i = 0; r == 0 && !ret->name; i++) {
		auto_free char *link = text_number("virtfn", i, "");

		r = read_virtual_function(sysroot, function, link, &virtual);
		if (r < 0)
			return r == -ENOENT ? 0 : function_error(address, link, -r, err);
		r = look_at_virtual_function(sysroot, &virtual, ret, err);
	}
	return r;
}

static int find_use(const struct sysroot *sysroot, const struct pci_address *address,
		    struct function_use *ret, struct error *err)
{
	auto_close int function = function_open(sysroot, address);
	int r;

	if (function < 0)
		return function == -ENOENT
			       ? 0
			       : function_error(address, NULL, -function, err);
	r = sysfs_find_interface(sysroot, address, function, ret, err);
	if (r == 0 && ret->kind == FUNCTION_UNUSED)
		r = sysfs_find_disk(sysroot, address, ret, err);
	if (r == 0 && ret->kind == FUNCTION_UNUSED)
		r = find_virtual_function(sysroot, address, function, ret, err);
	return r;
}

void sysfs_look_up_use(const struct sysroot *sysroot, const struct pci_address *address,
		       struct function_use *ret)
{
	auto_function_use use = { 0 };
	auto_error err = { 0 };

	if (find_use(sysroot, address, &use, &err) < 0) {
		function_use_free(&use);
		use = (struct function_use) { .kind = FUNCTION_USE_UNKNOWN,
					      .name = take_ptr(err.message) };
	}
	*ret = take_struct(use);
}
