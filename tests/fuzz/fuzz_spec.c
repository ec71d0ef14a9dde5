/* Fuzzes the whole model: the first byte chooses policy and machine, then spec,
 * --device-map and devices.d, with 0xff between. The machine's answers follow from the
 * request alone. Every plan must hold, leave all other bytes, and be complete: a second
 * run changes nothing.
 * SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "../unit/plan_run.h"

/* A few functions, groups and numbers, so that they meet. */
struct machine {
	unsigned int seed;
};

static uint32_t answer_hash(const struct machine *machine, const char *text)
{
	return fuzz_hash(slice_from(text)) * 2654435761u + machine->seed * 40503u;
}

static void answer_function(const struct machine *machine,
			    const struct request_function *asked,
			    struct guest_function *ret)
{
	uint32_t hash = answer_hash(machine, asked->map->guest_text) >> 16;

	if (hash % 16 == 15) {
		ret->absent = memory_printf("not there");
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
	ret->driver = memory_printf("vfio-pci");
	for (size_t i = 0; i < PCI_IDENTITY_COUNT; i++)
		ret->identity[i] = 0x8086;
}

static void answer_group(struct guest *guest, uint32_t number)
{
	struct guest_group *group;

	if (guest_find_group(guest, number))
		return;
	group = memory_append(guest->groups, guest->n_groups, guest->groups_capacity);
	*group = (struct guest_group) {
		.number = number, .has_node = true, .major = 242, .minor = number
	};
}

static void answer_node(const struct request_node *asked, struct guest_node *ret)
{
	uint32_t hash = fuzz_hash(slice_from(asked->path));
	const char *number = strrchr(asked->path, '/') + 1;

	*ret = (struct guest_node) { .type = 'c', .major = 242, .minor = hash % 4 };
	if (asked->kind == REQUEST_NODE_FILE)
		ret->type = hash & 8 ? 'b' : 'c';
	else if (*number >= '0' && *number <= '9')
		ret->minor = (uint32_t)strtoul(number, NULL, 10);
}

static void answer(const void *context, const struct request *request, struct guest *ret)
{
	const struct machine *machine = context;

	ret->functions = memory_zalloc(request->n_functions * sizeof *ret->functions);
	ret->n_functions = request->n_functions;
	for (size_t i = 0; i < request->n_functions; i++) {
		answer_function(machine, &request->functions[i], &ret->functions[i]);
		if (request->functions[i].want_group && ret->functions[i].has_group)
			answer_group(ret, ret->functions[i].group);
	}
	ret->nodes = memory_zalloc(request->n_nodes * sizeof *ret->nodes);
	ret->n_nodes = request->n_nodes;
	for (size_t i = 0; i < request->n_nodes; i++)
		answer_node(&request->nodes[i], &ret->nodes[i]);
	ret->control_major = 10;
	ret->control_minor = 196;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum unmapped_policy policies[] = { UNMAPPED_AUTO, UNMAPPED_KEEP,
							 UNMAPPED_ERROR, UNMAPPED_KEEP };
	struct slice rest;
	struct machine machine;
	struct plan_run_input input = { .answer = answer,
					.machine = &machine,
					.annotate = true };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };
	int r;

	if (size == 0)
		return 0;
	rest = (struct slice) { (const char *)data + 1, size - 1 };
	machine.seed = data[0] >> 2;
	input.unmapped = policies[data[0] & 3];
	input.spec = fuzz_part(&rest);
	if (rest.length)
		input.map = fuzz_part(&rest);
	if (input.map.length == 0)
		input.map.data = NULL;
	if (rest.length)
		input.machine_map = fuzz_part(&rest);
	r = plan_run(&input, &run, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	fuzz_check_null(plan_run_check(&run));
	/* What carries the right token is ours, and never at odds with itself. */
	if (!run.had_applied)
		fuzz_check_null(plan_run_check_second(&input, &run));
	return 0;
}
