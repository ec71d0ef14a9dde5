/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of a PCI function. */
#include "sysfs_interface.h"

#include <net/if.h>

#include "oci-vfio-hook/number.h"

#include "sysfs_function.h"

#define CLASS_NET "/sys/class/net"

/* Is the interface up, by its directory below `at`? As SIOCGIFFLAGS. */
static bool is_up(const struct sysroot *sysroot, int at, const char *interface)
{
	auto_free char *path = text_join(interface, "/flags", NULL);
	char value[16];
	uint64_t flags;

	return sysroot_read_attribute(sysroot, at, path, value, sizeof value) == 0 &&
	       number_parse_hex(slice_from(value), 8, UINT32_MAX, &flags) == 0 &&
	       (flags & IFF_UP);
}

/* The interfaces of one device, of which the function's own or one of its bus is the parent. Those
 * of other network namespaces can't be seen, but their directory is there. */
static void look_at_device(const struct sysroot *sysroot, int at, const char *net,
			   struct function_use *ret)
{
	auto_names interfaces = { 0 };
	auto_close int fd = sysroot_openat(sysroot, at, net, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || names_read(fd, &interfaces) < 0)
		return;
	if (interfaces.count == 0)
		ret->kind = FUNCTION_INTERFACE_AWAY;
	for (size_t i = 0; i < interfaces.count; i++) {
		if (!is_up(sysroot, fd, interfaces.items[i]))
			continue;
		ret->kind = FUNCTION_INTERFACE_UP;
		ret->name = xstrdup(interfaces.items[i]);
		return;
	}
}

/* Virtio and others have a device of their own between function and interface. Its virtual
 * functions, which are links, are others. */
static void look_at_children(const struct sysroot *sysroot, int function,
			     struct function_use *ret)
{
	auto_names names = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, function, ".", O_RDONLY | O_DIRECTORY);

	if (fd < 0 || names_read(fd, &names) < 0)
		return;
	for (size_t i = 0; i < names.count && !ret->name; i++) {
		auto_close int child = sysroot_openat(sysroot, fd, names.items[i],
						      O_PATH | O_DIRECTORY | O_NOFOLLOW);

		if (child >= 0)
			look_at_device(sysroot, child, "net", ret);
	}
}

/* Deeper down, as those of a USB controller. */
static void look_at_class(const struct sysroot *sysroot,
			  const struct pci_address *address, struct function_use *ret)
{
	auto_names interfaces = { 0 };
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, CLASS_NET, O_RDONLY | O_DIRECTORY);

	if (fd < 0 || names_read(fd, &interfaces) < 0)
		return;
	for (size_t i = 0; i < interfaces.count; i++) {
		auto_free char *path =
			text_join(CLASS_NET "/", interfaces.items[i], NULL);

		if (!function_has_below(sysroot, address, path) ||
		    !is_up(sysroot, AT_FDCWD, path))
			continue;
		ret->kind = FUNCTION_INTERFACE_UP;
		ret->name = xstrdup(interfaces.items[i]);
		return;
	}
}

void sysfs_find_interface(const struct sysroot *sysroot,
			  const struct pci_address *address, int function,
			  struct function_use *ret)
{
	look_at_device(sysroot, function, "net", ret);
	if (!ret->name)
		look_at_children(sysroot, function, ret);
	if (!ret->name)
		look_at_class(sysroot, address, ret);
}
