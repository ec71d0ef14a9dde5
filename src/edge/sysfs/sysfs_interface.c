/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of a PCI function. */
#include "sysfs_interface.h"

#include <errno.h>
#include <net/if.h>

#include "oci-vfio-hook/number.h"

#include "sysfs_function.h"

#define CLASS_NET "/sys/class/net"

/* Is the interface up, by its directory `path` below `at`? As SIOCGIFFLAGS. 1, 0, also where it is
 * gone meanwhile; or -errno. */
static int is_up(const struct sysroot *sysroot, int at, const char *path)
{
	auto_free char *file = text_join(path, "/flags", NULL);
	char value[16];
	uint64_t flags;
	int r = sysroot_read_attribute(sysroot, at, file, value, sizeof value);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (number_parse_hex(slice_from(value), 8, UINT32_MAX, &flags) < 0)
		return -EINVAL;
	return (flags & IFF_UP) != 0;
}

static void set_up(struct function_use *use, const char *interface)
{
	*use = (struct function_use) { .kind = FUNCTION_INTERFACE_UP,
				       .name = xstrdup(interface) };
}

/* The interfaces of one device, of which the function's own or one of its bus is the parent. Those
 * of other network namespaces can't be seen, but their directory is there. 1: one is up; 0, or
 * -errno. */
static int look_at_device(const struct sysroot *sysroot, int device,
			  struct function_use *ret)
{
	auto_names interfaces = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, device, "net", O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &interfaces);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (interfaces.count == 0)
		ret->kind = FUNCTION_INTERFACE_AWAY;
	for (size_t i = 0; r == 0 && i < interfaces.count; i++) {
		r = is_up(sysroot, fd, interfaces.items[i]);
		if (r > 0)
			set_up(ret, interfaces.items[i]);
	}
	return r;
}

/* Virtio and others have a device of their own between function and interface. Its virtual
 * functions, which are links, are others. */
static int look_at_children(const struct sysroot *sysroot, int function,
			    struct function_use *ret)
{
	auto_names names = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, function, ".", O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &names);

	for (size_t i = 0; r == 0 && i < names.count; i++) {
		auto_close int child = sysroot_openat(sysroot, fd, names.items[i],
						      O_PATH | O_DIRECTORY | O_NOFOLLOW);

		if (child >= 0)
			r = look_at_device(sysroot, child, ret);
		/* Attributes, links, and what is gone meanwhile. */
		else if (child != -ENOTDIR && child != -ELOOP && child != -ENOENT)
			r = child;
	}
	return r;
}

/* Deeper down, as those of a USB controller. */
static int look_at_class(const struct sysroot *sysroot, const struct pci_address *address,
			 struct function_use *ret)
{
	auto_names interfaces = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, CLASS_NET, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, &interfaces);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; r == 0 && i < interfaces.count; i++) {
		auto_free char *path =
			text_join(CLASS_NET "/", interfaces.items[i], NULL);

		r = function_has_below(sysroot, address, path);
		if (r > 0)
			r = is_up(sysroot, AT_FDCWD, path);
		if (r > 0)
			set_up(ret, interfaces.items[i]);
	}
	return r;
}

int sysfs_find_interface(const struct sysroot *sysroot, const struct pci_address *address,
			 int function, struct function_use *ret, struct error *err)
{
	int r = look_at_device(sysroot, function, ret);

	if (r == 0)
		r = look_at_children(sysroot, function, ret);
	if (r < 0)
		return function_error(address, "net", -r, err);
	if (r == 0)
		r = look_at_class(sysroot, address, ret);
	return r < 0 ? file_error(CLASS_NET, -r, err) : 0;
}
