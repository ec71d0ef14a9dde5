/* SPDX-License-Identifier: Apache-2.0 */
/* A machine whose answers follow from the request alone. */
#include "machine.h"

#include "fuzz.h"

const struct device_number machine_iommu = { 'c', 10, 257 };

static uint32_t answer_hash(const struct sysroot *sysroot, const char *text)
{
	return fuzz_hash(slice_from(text)) * 2654435761u + sysroot->seed * 40503u;
}

static uint32_t group_of(const struct pci_address *address)
{
	return (address->bus * 2u + address->slot) % MACHINE_GROUPS;
}

bool machine_has_handles(const struct sysroot *sysroot)
{
	return sysroot->seed & 1;
}

static bool has_groups(const struct sysroot *sysroot)
{
	return sysroot->seed != 7;
}

bool machine_has_node(const struct sysroot *sysroot, uint32_t group)
{
	return has_groups(sysroot) && group < MACHINE_GROUPS &&
	       (!sysroot->few || (group + sysroot->seed) % 3 == 0);
}

bool machine_is_noiommu(const struct sysroot *sysroot, uint32_t group)
{
	return sysroot->seed == 4 && group % 2;
}

/* One for each function of the first buses and slots. */
static void answer_handle(const struct sysroot *sysroot,
			  const struct pci_address *address, struct inventory_handle *ret)
{
	ret->registered = true;
	ret->exists =
		machine_has_handles(sysroot) && address->bus < 16 && address->slot < 4;
	ret->handle = address->bus * 4u + address->slot;
	ret->number = (struct device_number) { 'c', MACHINE_HANDLE_MAJOR, ret->handle };
}

/* Its function, as far as the machine has one. */
static struct pci_address address_of(uint32_t handle)
{
	return (struct pci_address) { .bus = (uint8_t)(handle / 4),
				      .slot = (uint8_t)(handle % 4) };
}

/* An address is itself, a path one of a few on bus 1 to 3; a mediated device has a group and a
 * handle as if it were on bus 14 or 15. */
static struct pci_address find_address(const struct pci_locator *locator, uint32_t hash)
{
	if (locator->kind == PCI_LOCATOR_ADDRESS)
		return locator->address;
	if (locator->kind == PCI_LOCATOR_MDEV)
		return (struct pci_address) { .bus = 14 | (locator->uuid.bytes[15] & 1) };
	return (struct pci_address) { .bus = (uint8_t)(1 + hash % 3),
				      .slot = (hash >> 2) & 3 };
}

static void answer_function(const struct sysroot *sysroot,
			    const struct request_function *asked,
			    struct inventory_function *ret)
{
	uint32_t hash = answer_hash(sysroot, asked->map->guest_text) >> 16;
	struct pci_address address;

	if (hash % 16 == 15) {
		ret->absent = xasprintf("not there");
		return;
	}
	address = find_address(&asked->map->guest, hash);
	ret->name = device_name_of(&address);
	ret->has_group = true;
	ret->group = group_of(&address);
	if (asked->map->guest.kind == PCI_LOCATOR_MDEV) {
		ret->name = (struct device_name) { .bus = DEVICE_BUS_MDEV,
						   .uuid = asked->map->guest.uuid };
		ret->has_group = has_groups(sysroot);
	}
	ret->vfio = true;
	ret->driver = xasprintf("vfio-pci");
	if (asked->want_handle || (asked->want_group && !has_groups(sysroot)))
		answer_handle(sysroot, &address, &ret->handle);
	for (size_t i = 0; i < PCI_IDENTITY_COUNT; i++)
		ret->identity[i] = 0x8086;
}

static struct pci_address stand_in(const struct device_name *name)
{
	const struct pci_locator mdev = { .kind = PCI_LOCATOR_MDEV, .uuid = name->uuid };

	return name->bus == DEVICE_BUS_PCI ? name->address : find_address(&mdev, 0);
}

/* A device that a variable names. */
static void answer_own(const struct sysroot *sysroot, const struct request *request,
		       const struct device_name *asked, struct inventory_own *ret)
{
	const struct pci_address address = stand_in(asked);
	uint32_t hash = address.bus * 31u + address.slot * 7u + sysroot->seed;

	*ret = (struct inventory_own) { .exists = hash % 8 != 7 };
	if (!ret->exists)
		return;
	ret->has_group = true;
	ret->group = group_of(&address);
	ret->vfio = hash % 4 != 3 && machine_has_node(sysroot, ret->group);
	if (ret->vfio && request->own_handles)
		answer_handle(sysroot, &address, &ret->handle);
}

static void answer_group(const struct sysroot *sysroot, struct inventory *inventory,
			 uint32_t number)
{
	struct inventory_group *group;

	if (inventory_find_group(inventory, number))
		return;
	group = array_append(inventory->groups, inventory->n_groups,
			     inventory->groups_capacity);
	*group =
		(struct inventory_group) { .number = number,
					   .has_node = machine_has_node(sysroot, number),
					   .noiommu = machine_is_noiommu(sysroot, number),
					   .node = { 'c', MACHINE_MAJOR, number } };
}

static void answer_vfio_node(const struct sysroot *sysroot, const char *path,
			     struct inventory_node *ret)
{
	const char *name = strrchr(path, '/') + 1;
	struct pci_address address;
	uint32_t handle, group;

	if (path_is_control_node(slice_from(path))) {
		if (machine_has_handles(sysroot))
			ret->number = machine_iommu;
		else
			ret->absent = NODE_NOT_VFIOS;
		return;
	}
	if (path_is_vfio_handle(slice_from(path), &handle)) {
		if (!machine_has_handles(sysroot) || handle >= MACHINE_HANDLES) {
			ret->absent = NODE_NOT_VFIOS;
			return;
		}
		address = address_of(handle);
		ret->number =
			(struct device_number) { 'c', MACHINE_HANDLE_MAJOR, handle };
		ret->group = group_of(&address);
		ret->has_group = true;
		return;
	}
	/* noiommu-N is shown as N, too. */
	if (strncmp(name, "noiommu-", 8) == 0)
		name += 8;
	group = (uint32_t)(*name - '0');
	if (!machine_has_node(sysroot, group) || name[1] ||
	    (name[-1] == '-' && !machine_is_noiommu(sysroot, group))) {
		ret->absent = NODE_NOT_VFIOS;
		return;
	}
	ret->number = (struct device_number) { 'c', MACHINE_MAJOR, group };
	ret->has_group = true;
	ret->group = group;
}

static void answer_node(const struct sysroot *sysroot, const struct request_node *asked,
			struct inventory_node *ret)
{
	uint32_t hash = fuzz_hash(slice_from(asked->path)) + sysroot->seed;
	const char *number = strrchr(asked->path, '/') + 1;

	*ret = (struct inventory_node) { 0 };
	switch (asked->kind) {
	case REQUEST_NODE_VFIO:
		answer_vfio_node(sysroot, asked->path, ret);
		return;
	case REQUEST_NODE_FILE:
		/* Some are a VFIO node under another name; those of `node` entries, the
		 * administrator's word, never. */
		ret->number = (struct device_number) {
			hash & 8 ? 'b' : 'c',
			hash & 16 && strcmp(asked->path, "/dev/gpu") != 0 ? MACHINE_MAJOR
									  : 226,
			hash % 4
		};
		return;
	case REQUEST_NODE_NUMBER:
		if (number[0] == '2' && number[1] == '4' &&
		    (number[2] == '2' || number[2] == '4'))
			ret->absent = NUMBER_OF_VFIO;
		else if (hash & 1)
			ret->absent = NUMBER_OF_NONE;
		return;
	}
}

static void answer_vfio_nodes(const struct sysroot *sysroot, struct inventory *ret)
{
	for (uint32_t i = 0; i < MACHINE_GROUPS; i++) {
		if (machine_has_node(sysroot, i))
			*array_append(ret->vfio_nodes, ret->n_vfio_nodes,
				      ret->vfio_nodes_capacity) = (struct vfio_node) {
				{ 'c', MACHINE_MAJOR, i },
				vfio_group_path(i, machine_is_noiommu(sysroot, i))
			};
	}
	for (uint32_t i = 0; i < MACHINE_HANDLES && machine_has_handles(sysroot); i++)
		*array_append(ret->vfio_nodes, ret->n_vfio_nodes,
			      ret->vfio_nodes_capacity) =
			(struct vfio_node) { { 'c', MACHINE_HANDLE_MAJOR, i },
					     vfio_handle_path(i) };
	inventory_sort_vfio_nodes(ret);
}

static void answer_unnamed(const struct sysroot *sysroot, struct inventory *ret)
{
	inventory_find_unnamed(ret);
	for (size_t i = 0; i < ret->n_unnamed; i++)
		answer_group(sysroot, ret, ret->unnamed[i]);
}

void machine_answer(const void *context, const struct request *request,
		    struct inventory *ret)
{
	const struct sysroot *sysroot = context;

	ret->own = xzalloc(request->n_own * sizeof *ret->own);
	ret->n_own = request->n_own;
	for (size_t i = 0; i < request->n_own; i++)
		answer_own(sysroot, request, &request->own[i], &ret->own[i]);
	ret->functions = xzalloc(request->n_functions * sizeof *ret->functions);
	ret->n_functions = request->n_functions;
	for (size_t i = 0; i < request->n_functions; i++) {
		answer_function(sysroot, &request->functions[i], &ret->functions[i]);
		if (request->functions[i].want_group && ret->functions[i].has_group)
			answer_group(sysroot, ret, ret->functions[i].group);
	}
	/* The groups of what variables name, too: by_address may give their nodes. */
	for (size_t i = 0; i < request->n_own; i++) {
		if (ret->own[i].has_group)
			answer_group(sysroot, ret, ret->own[i].group);
	}
	ret->nodes = xzalloc(request->n_nodes * sizeof *ret->nodes);
	ret->n_nodes = request->n_nodes;
	for (size_t i = 0; i < request->n_nodes; i++)
		answer_node(sysroot, &request->nodes[i], &ret->nodes[i]);
	if (request->vfio_nodes || request->vfio_nodes_of_files)
		answer_vfio_nodes(sysroot, ret);
	if (request->match)
		answer_unnamed(sysroot, ret);
	ret->control[VFIO_GROUP] = (struct inventory_control) { true, { 'c', 10, 196 } };
	ret->control[VFIO_HANDLE] =
		(struct inventory_control) { machine_has_handles(sysroot),
					     machine_iommu };
}
