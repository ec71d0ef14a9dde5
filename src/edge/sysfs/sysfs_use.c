/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine uses a PCI function for. */
#include "oci-vfio-hook/sysfs_use.h"

#include "sysfs_disk.h"
#include "sysfs_function.h"
#include "sysfs_interface.h"

/* Its virtual functions are links in its directory. */
static int find_virtual_function(const struct sysroot *sysroot, int function,
				 struct function_use *ret, struct error *err)
{
	for (uint64_t i = 0; !ret->name; i++) {
		auto_free char *link = text_number("virtfn", i, "");
		auto_free char *driver = NULL;
		struct pci_address address;
		char target[1024];
		auto_close int fd = -1;
		bool vfio;
		int r = sysroot_readlink(sysroot, function, link, target, sizeof target);

		if (r < 0 ||
		    pci_address_parse(slice_from(path_name(target)), &address) < 0)
			return 0;
		fd = function_open(sysroot, &address);
		if (fd < 0)
			continue;
		r = function_read_driver(sysroot, &address, fd, &driver, &vfio, err);
		if (r < 0)
			return r;
		if (driver)
			*ret = (struct function_use) { .kind = FUNCTION_PHYSICAL,
						       .name = xstrdup(path_name(target)),
						       .by = take_ptr(driver) };
	}
	return 0;
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
