/* SPDX-License-Identifier: Apache-2.0 */
/* IOMMU groups: members, and what keeps one from being viable. */
#include "sysfs_group.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

#include "sysfs_function.h"
#include "sysfs_interface.h"
#include "sysfs_node.h"

static bool is_boot_display(const struct sysroot *sysroot, int function)
{
	char value[4];

	return sysroot_read_attribute(sysroot, function, "boot_vga", value,
				      sizeof value) == 0 &&
	       strcmp(value, "1") == 0;
}

/* What can't be read makes no difference to the advice. */
static enum offender_role find_role(const struct sysroot *sysroot,
				    const struct pci_address *address, int function,
				    uint32_t class)
{
	auto_function_use use = { 0 };
	auto_error ignored = { 0 };
	struct offender_facts facts = {
		.class = class,
		.has_virtual = function_has(sysroot, function, "virtfn0"),
		.is_boot_vga = is_boot_display(sysroot, function),
	};
	const enum offender_role role = offender_find_role(&facts);

	if (role != OFFENDER_SPARE)
		return role;
	facts.interface_up =
		sysfs_find_interface(sysroot, address, function, &use, &ignored) == 0 &&
		use.kind == FUNCTION_INTERFACE_UP;
	return offender_find_role(&facts);
}

static void add_member(struct inventory_group *group, const struct pci_address *address)
{
	*array_append(group->members, group->n_members, group->members_capacity) =
		*address;
}

static int look_at_member(const struct sysroot *sysroot,
			  const struct pci_address *address,
			  struct inventory_group *group, struct error *err)
{
	auto_free char *driver = NULL;
	const struct device_name name = device_name_of(address);
	auto_close int fd = device_open(sysroot, &name);
	struct inventory_offender *offender;
	uint32_t class = 0;
	bool vfio = false;
	int r;

	/* Unplugged since the group was listed. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return device_error(&name, NULL, -fd, err);
	r = device_read_driver(sysroot, &name, fd, &driver, &vfio, err);
	/* What VFIO's drivers take is not a bridge. */
	if (r == 0 && !vfio)
		r = function_read_identity(sysroot, address, fd, PCI_CLASS, &class, err);
	if (r < 0 || pci_class_is_bridge(class))
		return r;
	add_member(group, address);
	if (vfio || !function_is_offender(class, driver))
		return 0;
	offender = array_append(group->offenders, group->n_offenders, group->capacity);
	offender->address = *address;
	offender->role = find_role(sysroot, address, fd, class);
	offender->driver = take_ptr(driver);
	return 0;
}

static int look_at_members(const struct sysroot *sysroot, struct inventory_group *group,
			   const struct pci_address *bound, struct error *err)
{
	auto_names members = { 0 };
	auto_close int fd = -1;
	auto_free char *path =
		text_number("/sys/kernel/iommu_groups/", group->number, "/devices");
	int r;

	fd = sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	r = fd < 0 ? fd : names_read(fd, &members);
	/* Unplugged just now, with the group: it will have no node. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return file_error(path, -r, err);
	for (size_t i = 0; i < members.count; i++) {
		struct pci_address address;

		/* Devices of other buses can't be told to be in the way: the kernel does. */
		if (pci_address_parse(slice_from(members.items[i]), &address) < 0)
			continue;
		if (bound != NULL && pci_address_equal(bound, &address)) {
			add_member(group, &address);
			continue;
		}
		r = look_at_member(sysroot, &address, group, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int sysfs_look_up_group(const struct sysroot *sysroot, struct inventory *inventory,
			uint32_t number, const struct pci_address *bound,
			struct error *err)
{
	struct inventory_group *group;
	auto_free char *path = NULL;
	int r;

	if (inventory_find_group(inventory, number) != NULL)
		return 0;
	group = array_append(inventory->groups, inventory->n_groups,
			     inventory->groups_capacity);
	group->number = number;
	r = look_at_members(sysroot, group, bound, err);
	if (r < 0)
		return r;
	path = text_number("/sys/class/vfio/", number, "/dev");
	r = sysfs_read_dev(sysroot, path, &group->has_node, &group->node, err);
	if (r < 0 || group->has_node)
		return r;
	free(path);
	path = text_number("/sys/class/vfio/noiommu-", number, "/dev");
	r = sysfs_read_dev(sysroot, path, &group->has_node, &group->node, err);
	group->noiommu = group->has_node;
	return r;
}
