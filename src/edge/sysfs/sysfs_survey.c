/* SPDX-License-Identifier: Apache-2.0 */
/* Surveys the whole machine: lists what there is, once each. */
#include "oci-vfio-hook/sysfs_survey.h"

#include <net/if.h>

#include "oci-vfio-hook/number.h"

#include "pci_walk.h"
#include "survey_device.h"
#include "sysfs_feature.h"
#include "sysfs_function.h"
#include "sysfs_node.h"

#define GROUPS "/sys/kernel/iommu_groups"
#define IOMMUS "/sys/class/iommu"
#define CLASS_NET "/sys/class/net"
#define LINK_SIZE 1024

/* Lists a directory, which stays open. -ENOENT: the machine has none. Returns the fd or -errno. */
static int list_directory(const struct sysroot *sysroot, const char *path,
			  struct names *ret)
{
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, ret);

	return r < 0 ? r : take_fd(fd);
}

typedef void read_device_fn(const struct sysroot *sysroot, int devices, const char *name,
			    struct survey *survey);

/* The devices of a bus; *ret_has: the machine has this bus. */
static int read_bus(const struct sysroot *sysroot, const char *path,
		    read_device_fn *read_device, struct survey *survey, bool *ret_has,
		    struct error *err)
{
	auto_names names = { 0 };
	auto_close int fd = list_directory(sysroot, path, &names);

	*ret_has = fd >= 0;
	if (fd < 0)
		return fd == -ENOENT ? 0 : file_error(path, -fd, err);
	for (size_t i = 0; i < names.count; i++)
		read_device(sysroot, fd, names.items[i], survey);
	return 0;
}

/* Those of devices of other buses too. */
static void list_groups(const struct sysroot *sysroot, struct survey *survey)
{
	auto_names names = { 0 };
	auto_close int fd = list_directory(sysroot, GROUPS, &names);
	uint64_t number;

	for (size_t i = 0; fd >= 0 && i < names.count; i++) {
		if (number_parse(slice_from(names.items[i]), 10, 10, UINT32_MAX,
				 &number) == 0)
			survey_add_group(survey, (uint32_t)number);
	}
}

static void list_iommus(const struct sysroot *sysroot, struct survey *survey)
{
	auto_names names = { 0 };
	auto_close int fd = list_directory(sysroot, IOMMUS, &names);

	for (size_t i = 0; fd >= 0 && i < names.count; i++)
		*array_append(survey->iommus, survey->n_iommus, survey->iommus_capacity) =
			text_pool_add(&survey->texts, slice_from(names.items[i]));
}

/* What can't be read isn't there for us. */
static void list_nodes(const struct sysroot *sysroot, struct survey *survey)
{
	auto_inventory found = { 0 };
	auto_error groups = { 0 }, handles = { 0 }, nodes = { 0 };
	struct inventory_control *control = survey->control;

	(void)!sysfs_list_vfio_nodes(sysroot, &found, &nodes);
	survey->nodes = take_ptr(found.vfio_nodes);
	survey->n_nodes = found.n_vfio_nodes;
	survey->nodes_capacity = found.vfio_nodes_capacity;
	found.n_vfio_nodes = 0;
	(void)!sysfs_read_dev(sysroot, "/sys/class/misc/vfio/dev",
			      &control[VFIO_GROUP].exists, &control[VFIO_GROUP].number,
			      &groups);
	(void)!sysfs_read_dev(sysroot, "/sys/class/misc/iommu/dev",
			      &control[VFIO_HANDLE].exists, &control[VFIO_HANDLE].number,
			      &handles);
}

/* Where the buses below the bridges are. */
static void find_buses(const struct sysroot *sysroot, struct survey *survey)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		struct survey_function *function = &survey->functions[i];
		struct pci_bridge bridge = { .address = function->device.name.address };
		struct pci_dead_end end = { 0 };
		auto_error unreadable = { 0 };

		if (!function->is_parent && function->class >> 8 != 0x0604)
			continue;
		function->has_below =
			pci_bridge_find_bus(sysroot, &bridge, &end, &unreadable) == 0 &&
			end.why == NULL;
		free(end.why);
		if (!function->has_below)
			continue;
		function->below_domain = bridge.domain;
		function->below_bus = bridge.bus;
	}
}

static void list_slots(const struct sysroot *sysroot, struct survey *survey)
{
	auto_sysfs_slots slots = { 0 };

	sysfs_list_slots(sysroot, &slots);
	for (size_t i = 0; i < slots.count; i++)
		survey_add_slot(survey, slots.items[i].name, &slots.items[i].place);
}

static bool is_up(const struct sysroot *sysroot, const char *name)
{
	auto_free char *path = text_join(CLASS_NET "/", name, "/flags", NULL);
	char value[16];
	uint64_t flags;

	return sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof value) ==
		       0 &&
	       number_parse_hex(slice_from(value), 8, UINT32_MAX, &flags) == 0 &&
	       flags & IFF_UP;
}

/* Network interfaces, by the function that each is below. Those of other network namespaces can't
 * be seen. */
static void list_interfaces(const struct sysroot *sysroot, struct survey *survey)
{
	auto_names names = { 0 };
	auto_close int fd = list_directory(sysroot, CLASS_NET, &names);

	for (size_t i = 0; fd >= 0 && i < names.count; i++) {
		char target[LINK_SIZE];
		struct pci_position position;
		struct survey_function *function;
		size_t index;

		if (sysroot_readlink(sysroot, fd, names.items[i], target, sizeof target) <
		    0)
			continue;
		pci_position_from_link(slice_from(target), &position);
		if (!position.has_function)
			continue;
		index = survey_find_function(survey, &position.function);
		if (index == SURVEY_NONE || survey->functions[index].interface_up)
			continue;
		function = &survey->functions[index];
		function->interface_up = is_up(sysroot, names.items[i]);
		if (!function->interface || function->interface_up)
			function->interface =
				text_pool_add(&survey->texts, slice_from(names.items[i]));
	}
}

int sysfs_survey(const struct sysroot *sysroot, unsigned int wanted, struct survey *ret,
		 struct error *err)
{
	auto_survey survey = { .wanted = wanted };
	bool has_mdevs;
	int r = read_bus(sysroot, SYSFS_PCI_DEVICES, survey_read_function, &survey,
			 &survey.has_pci, err);

	if (r == 0)
		r = read_bus(sysroot, SYSFS_MDEV_DEVICES, survey_read_mdev, &survey,
			     &has_mdevs, err);
	if (r < 0)
		return r;
	list_groups(sysroot, &survey);
	list_nodes(sysroot, &survey);
	survey_arrange(&survey);
	find_buses(sysroot, &survey);
	survey_find_paths(&survey);
	if (wanted & SURVEY_SLOTS)
		list_slots(sysroot, &survey);
	if (wanted & SURVEY_USE)
		list_interfaces(sysroot, &survey);
	if (wanted & SURVEY_IOMMUS)
		list_iommus(sysroot, &survey);
	*ret = take_struct(survey);
	return 0;
}
