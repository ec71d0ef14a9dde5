/* SPDX-License-Identifier: Apache-2.0 */
/* A machine whose answers follow from the request alone. */
#include "machine.h"

#include "fuzz.h"

static uint32_t answer_hash(const struct sysroot *sysroot, const char *text)
{
	return fuzz_hash(slice_from(text)) * 2654435761u + sysroot->seed * 40503u;
}

static void answer_function(const struct sysroot *sysroot,
			    const struct request_function *asked,
			    struct inventory_function *ret)
{
	uint32_t hash = answer_hash(sysroot, asked->map->guest_text) >> 16;

	if (hash % 16 == 15) {
		ret->absent = xasprintf("not there");
		return;
	}
	/* An address is itself, a path one of a few on bus 1 to 3. */
	if (asked->map->guest.kind == PCI_LOCATOR_ADDRESS)
		ret->address = asked->map->guest.address;
	else
		ret->address = (struct pci_address) { .bus = (uint8_t)(1 + hash % 3),
						      .slot = (hash >> 2) & 3 };
	ret->has_group = true;
	ret->group = (ret->address.bus * 2u + ret->address.slot) % 5;
	ret->vfio = true;
	ret->driver = xasprintf("vfio-pci");
	for (size_t i = 0; i < PCI_IDENTITY_COUNT; i++)
		ret->identity[i] = 0x8086;
}

static void answer_group(struct inventory *inventory, uint32_t number)
{
	struct inventory_group *group;

	if (inventory_find_group(inventory, number))
		return;
	group = array_append(inventory->groups, inventory->n_groups,
			     inventory->groups_capacity);
	*group = (struct inventory_group) { .number = number,
					    .has_node = true,
					    .node = { 'c', 242, number } };
}

static void answer_node(const struct request_node *asked, struct inventory_node *ret)
{
	uint32_t hash = fuzz_hash(slice_from(asked->path));
	const char *number = strrchr(asked->path, '/') + 1;

	*ret = (struct inventory_node) { .number = { 'c', 242, hash % 4 } };
	if (asked->kind == REQUEST_NODE_FILE)
		ret->number.type = hash & 8 ? 'b' : 'c';
	else if (*number >= '0' && *number <= '9')
		ret->number.minor = (uint32_t)strtoul(number, NULL, 10);
}

void machine_answer(const void *context, const struct request *request,
		    struct inventory *ret)
{
	const struct sysroot *sysroot = context;

	ret->own = xzalloc(request->n_own * sizeof *ret->own);
	ret->n_own = request->n_own;
	ret->functions = xzalloc(request->n_functions * sizeof *ret->functions);
	ret->n_functions = request->n_functions;
	for (size_t i = 0; i < request->n_functions; i++) {
		answer_function(sysroot, &request->functions[i], &ret->functions[i]);
		if (request->functions[i].want_group && ret->functions[i].has_group)
			answer_group(ret, ret->functions[i].group);
	}
	ret->nodes = xzalloc(request->n_nodes * sizeof *ret->nodes);
	ret->n_nodes = request->n_nodes;
	for (size_t i = 0; i < request->n_nodes; i++)
		answer_node(&request->nodes[i], &ret->nodes[i]);
	ret->control = (struct device_number) { 'c', 10, 196 };
}
