/* SPDX-License-Identifier: Apache-2.0 */
/* Looks requested functions and their groups up in sysfs. Opens the directory of each
 * function once and asks below it; reads no more than the request needs. */
#include "oci-vfio-hook/sysfs.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"
#include "pci_walk.h"
#include "sysfs_node.h"

/* Longest target of a link into /sys/devices that we take. */
#define LINK_SIZE 1024

struct lookup {
	const struct sysroot *sysroot;
	const struct request *request;
	struct inventory *inventory;
	struct pci_walk *walk;
	struct error *err;
};

/* `attribute` NULL: the function's directory itself. */
static int function_error(const struct pci_address *address, const char *attribute,
			  int number, struct error *err)
{
	char name[PCI_ADDRESS_SIZE];
	auto_free char *path =
		text_join(SYSFS_PCI_DEVICES "/", pci_address_format(address, name),
			  attribute != NULL ? "/" : "",
			  attribute != NULL ? attribute : "", NULL);

	return file_error(path, number, err);
}

/* Opens the directory of a function. Returns the fd or -errno. */
static int open_function(const struct sysroot *sysroot, const struct pci_address *address)
{
	char name[PCI_ADDRESS_SIZE];
	auto_free char *path =
		text_join(SYSFS_PCI_DEVICES "/", pci_address_format(address, name), NULL);

	return sysroot_openat(sysroot, AT_FDCWD, path, O_PATH | O_DIRECTORY);
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

static int read_group(struct lookup *lookup, int function, struct inventory_function *ret)
{
	auto_free char *name = NULL;
	uint64_t number;
	int r = read_link_name(lookup->sysroot, function, "iommu_group", &name);

	if (r < 0)
		return function_error(&ret->address, "iommu_group", -r, lookup->err);
	if (name == NULL)
		return 0;
	if (number_parse(slice_from(name), 10, 10, UINT32_MAX, &number) < 0) {
		char address[PCI_ADDRESS_SIZE];

		return error_set(lookup->err, ERROR_IO,
				 SYSFS_PCI_DEVICES
				 "/%s/iommu_group: links to no group number",
				 pci_address_format(&ret->address, address));
	}
	ret->has_group = true;
	ret->group = (uint32_t)number;
	return 0;
}

/* Reads the driver, and whether it is one of VFIO's. A variant driver (mlx5_vfio_pci,
 * nvgrace_gpu_vfio_pci) may have any name, but all of them make vfio-dev. */
static int read_driver(struct lookup *lookup, const struct pci_address *address,
		       int function, char **ret_driver, bool *ret_vfio)
{
	struct stat status;
	int r = read_link_name(lookup->sysroot, function, "driver", ret_driver);

	if (r < 0)
		return function_error(address, "driver", -r, lookup->err);
	*ret_vfio = *ret_driver != NULL &&
		    (slice_contains(slice_from(*ret_driver), SLICE("vfio")) ||
		     (fstatat(function, "vfio-dev", &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		      S_ISDIR(status.st_mode)));
	return 0;
}

static int read_identity(struct lookup *lookup, const struct pci_address *address,
			 int function, enum pci_identity which, uint32_t *ret)
{
	const char *name = pci_identity_names[which];
	char value[16], function_name[PCI_ADDRESS_SIZE];
	struct slice text;
	uint64_t number;
	int r = sysroot_read_attribute(lookup->sysroot, function, name, value,
				       sizeof(value));

	if (r < 0)
		return function_error(address, name, -r, lookup->err);
	text = slice_from(value);
	if (slice_starts(text, SLICE("0x")))
		text = slice_from_to(text, 2, text.length);
	if (number_parse(text, 16, 8, UINT32_MAX, &number) < 0)
		return error_set(lookup->err, ERROR_IO,
				 SYSFS_PCI_DEVICES "/%s/%s: is no hex number",
				 pci_address_format(address, function_name), name);
	*ret = (uint32_t)number;
	return 0;
}

/* Was everything that this request wants read for the earlier one? */
static bool is_covered(const struct request_function *wanted,
		       const struct request_function *earlier)
{
	if (wanted->want_group && !earlier->want_group)
		return false;
	for (int i = 0; wanted->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (wanted->entry->expected[i] &&
		    !(earlier->want_identity && earlier->entry->expected[i]))
			return false;
	}
	return true;
}

/* Copies what an earlier request has found of the same function; false: there is none. */
static bool copy_known(struct lookup *lookup, size_t index)
{
	struct inventory_function *functions = lookup->inventory->functions;
	const struct request_function *requests = lookup->request->functions;

	for (size_t i = 0; i < index; i++) {
		if (functions[i].absent != NULL ||
		    !pci_address_equal(&functions[i].address,
				       &functions[index].address) ||
		    !is_covered(&requests[index], &requests[i]))
			continue;
		functions[index] = functions[i];
		if (functions[i].driver != NULL)
			functions[index].driver = xstrndup(functions[i].driver,
							   strlen(functions[i].driver));
		return true;
	}
	return false;
}

static char *absent_function(const struct request_function *wanted,
			     const struct pci_address *address)
{
	char name[PCI_ADDRESS_SIZE];

	pci_address_format(address, name);
	if (wanted->map->guest.kind == PCI_LOCATOR_PATH)
		return xasprintf("PCI path %s: %s is not in " SYSFS_PCI_DEVICES,
				 wanted->map->guest_text, name);
	return xasprintf("%s is not in " SYSFS_PCI_DEVICES, name);
}

static int look_up_function(struct lookup *lookup, size_t index)
{
	const struct request_function *wanted = &lookup->request->functions[index];
	struct inventory_function *ret = &lookup->inventory->functions[index];
	struct pci_dead_end end;
	auto_close int fd = -1;
	int r;

	r = pci_walk_to(lookup->walk, &wanted->map->guest, wanted->map->guest_text,
			&ret->address, &end, lookup->err);
	ret->absent = end.why;
	ret->is_final = end.is_final;
	if (r < 0 || ret->absent != NULL || copy_known(lookup, index))
		return r;
	fd = open_function(lookup->sysroot, &ret->address);
	if (fd == -ENOENT) {
		ret->absent = absent_function(wanted, &ret->address);
		return 0;
	}
	if (fd < 0)
		return function_error(&ret->address, NULL, -fd, lookup->err);
	r = read_group(lookup, fd, ret);
	if (r == 0 && wanted->want_group)
		r = read_driver(lookup, &ret->address, fd, &ret->driver, &ret->vfio);
	for (int i = 0; r == 0 && wanted->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (wanted->entry->expected[i])
			r = read_identity(lookup, &ret->address, fd, (enum pci_identity)i,
					  &ret->identity[i]);
	}
	return r;
}

/* Bridges are the IOMMU's business, not their driver's: 0600 host, 0604 PCI. */
static int is_bridge(struct lookup *lookup, const struct pci_address *address,
		     int function, bool *ret)
{
	uint32_t class;
	int r = read_identity(lookup, address, function, PCI_CLASS, &class);

	if (r == 0)
		*ret = class >> 8 == 0x0600 || class >> 8 == 0x0604;
	return r;
}

/* The driver that was read for a function of the request, if it was. */
static const struct inventory_function *find_known(const struct lookup *lookup,
						   const struct pci_address *address)
{
	for (size_t i = 0; i < lookup->inventory->n_functions; i++) {
		const struct inventory_function *function =
			&lookup->inventory->functions[i];

		if (function->absent == NULL &&
		    lookup->request->functions[i].want_group &&
		    pci_address_equal(&function->address, address))
			return function;
	}
	return NULL;
}

static int look_at_member(struct lookup *lookup, const struct pci_address *address,
			  struct inventory_group *group)
{
	const struct inventory_function *known = find_known(lookup, address);
	auto_free char *driver = NULL;
	auto_close int fd = -1;
	struct inventory_offender *offender;
	bool vfio = false, bridge = false;
	int r;

	if (known != NULL && (known->vfio || known->driver == NULL))
		return 0;
	fd = open_function(lookup->sysroot, address);
	/* Unplugged since the group was listed. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return function_error(address, NULL, -fd, lookup->err);
	r = read_driver(lookup, address, fd, &driver, &vfio);
	if (r < 0 || vfio || driver == NULL || strcmp(driver, "pci-stub") == 0)
		return r;
	r = is_bridge(lookup, address, fd, &bridge);
	if (r < 0 || bridge)
		return r;
	offender = array_append(group->offenders, group->n_offenders, group->capacity);
	offender->address = *address;
	offender->driver = take_ptr(driver);
	return 0;
}

static int look_at_members(struct lookup *lookup, struct inventory_group *group)
{
	auto_names members = { 0 };
	auto_close int fd = -1;
	auto_free char *path =
		text_number("/sys/kernel/iommu_groups/", group->number, "/devices");
	int r;

	fd = sysroot_openat(lookup->sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	r = fd < 0 ? fd : names_read(fd, &members);
	/* Unplugged just now, with the group: it will have no node. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return file_error(path, -r, lookup->err);
	for (size_t i = 0; i < members.count; i++) {
		struct pci_address address;

		/* Devices of other buses can't be told to be in the way: the kernel does.
		 */
		if (pci_address_parse(slice_from(members.items[i]), &address) < 0)
			continue;
		r = look_at_member(lookup, &address, group);
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_up_group(struct lookup *lookup, uint32_t number)
{
	struct inventory *inventory = lookup->inventory;
	struct inventory_group *group;
	auto_free char *path = NULL;
	int r;

	if (inventory_find_group(inventory, number) != NULL)
		return 0;
	group = array_append(inventory->groups, inventory->n_groups,
			     inventory->groups_capacity);
	group->number = number;
	r = look_at_members(lookup, group);
	if (r < 0)
		return r;
	path = text_number("/sys/class/vfio/", number, "/dev");
	return sysfs_read_dev(lookup->sysroot, path, &group->has_node, &group->node,
			      lookup->err);
}

int sysfs_look_up(const struct sysroot *sysroot, const struct request *request,
		  struct inventory *ret, struct error *err)
{
	auto_inventory inventory = { 0 };
	auto_pci_walk walk = { .sysroot = sysroot };
	struct lookup lookup = { sysroot, request, &inventory, &walk, err };
	int r = 0;

	inventory.functions =
		xzalloc(request->n_functions * sizeof(*inventory.functions));
	for (size_t i = 0; i < request->n_functions && r == 0; i++) {
		inventory.n_functions = i + 1;
		r = look_up_function(&lookup, i);
	}
	for (size_t i = 0; i < inventory.n_functions && r == 0; i++) {
		if (request->functions[i].want_group && inventory.functions[i].has_group)
			r = look_up_group(&lookup, inventory.functions[i].group);
	}
	if (r == 0)
		r = sysfs_look_up_nodes(sysroot, request, &inventory, err);
	if (r < 0)
		return r;
	*ret = take_struct(inventory);
	return 0;
}
