/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as a table, and the machine that they are made for. */
#include "plan_check.h"

#include <errno.h>
#include <stdio.h>

/* "06/00" is 0000:06:00.0, an address is itself; a mediated device has group and driver of the
 * bus with the number of its last byte. */
static struct pci_address find_address(const struct pci_locator *locator)
{
	if (locator->kind == PCI_LOCATOR_MDEV)
		return (struct pci_address) { .bus = locator->uuid.bytes[15] };
	if (locator->kind == PCI_LOCATOR_ADDRESS)
		return locator->address;
	return (struct pci_address) {
		.bus = locator->steps[0].slot,
		.slot = locator->n_steps > 1 ? locator->steps[1].slot : 0,
		.function = locator->n_steps > 1 ? locator->steps[1].function : 0,
	};
}

static struct device_name find_name(const struct pci_locator *locator)
{
	const struct pci_address address = find_address(locator);

	if (locator->kind == PCI_LOCATOR_MDEV)
		return (struct device_name) { .bus = DEVICE_BUS_MDEV,
					      .uuid = locator->uuid };
	return device_name_of(&address);
}

static const char *driver_of(uint8_t bus)
{
	switch (bus) {
	case BUS_OTHER_DRIVER:
		return "e1000e";
	case BUS_VARIANT_DRIVER:
		return "nvgrace";
	case BUS_NO_DRIVER:
		return NULL;
	default:
		return "vfio-pci";
	}
}

static void answer_handle(const void *no_iommufd, const struct pci_address *address,
			  struct inventory_handle *ret)
{
	ret->registered =
		address->bus != BUS_NOT_REGISTERED && address->bus != BUS_NO_NODE;
	ret->exists = ret->registered && !no_iommufd && address->bus != BUS_GROUP_ONLY &&
		      address->bus != BUS_NOIOMMU;
	ret->handle = address->bus + 100u * address->function;
	if (ret->exists)
		ret->number = (struct device_number) { 'c', 244, ret->handle };
}

static void answer_function(const void *no_iommufd, const struct request_function *asked,
			    struct inventory_function *ret)
{
	struct pci_address address = find_address(&asked->map->guest);
	const char *driver = driver_of(address.bus);

	if (address.bus == BUS_ABSENT) {
		ret->absent = xasprintf("0000:40:00.0 is not there");
		return;
	}
	ret->name = find_name(&asked->map->guest);
	ret->has_group = address.bus != BUS_NO_GROUP;
	ret->group = address.bus;
	if (address.bus == BUS_SPLIT)
		ret->group += address.function;
	if (asked->want_identity) {
		ret->identity[PCI_VENDOR] =
			address.bus == BUS_OTHER_VENDOR ? 0x1234 : 0x8086;
		ret->identity[PCI_DEVICE] = 0x154c;
		ret->identity[PCI_CLASS] = 0x020000;
	}
	if (!asked->want_group && !asked->want_handle)
		return;
	ret->driver = driver ? xasprintf("%s", driver) : NULL;
	ret->vfio = driver && address.bus != BUS_OTHER_DRIVER;
	if (asked->want_handle || address.bus == BUS_HANDLE_ONLY)
		answer_handle(no_iommufd, &address, &ret->handle);
}

static void add_offender(struct inventory_group *group, uint8_t function,
			 const char *driver, enum offender_role role)
{
	struct inventory_offender *offender =
		array_append(group->offenders, group->n_offenders, group->capacity);

	offender->address = (struct pci_address) { .bus = (uint8_t)group->number,
						   .function = function };
	offender->driver = xasprintf("%s", driver);
	offender->role = role;
}

static void answer_group(struct inventory *inventory, uint32_t number)
{
	struct inventory_group *group;

	if (inventory_find_group(inventory, number))
		return;
	group = array_append(inventory->groups, inventory->n_groups,
			     inventory->groups_capacity);
	*group = (struct inventory_group) { .number = number,
					    .has_node = number != BUS_NO_NODE &&
							number != BUS_HANDLE_ONLY,
					    .noiommu = number == BUS_NOIOMMU,
					    .node = { 'c', 242, number } };
	if (number == BUS_NOT_VIABLE) {
		add_offender(group, 1, "igb", OFFENDER_SPARE);
		add_offender(group, 2, "ixgbe", OFFENDER_SPARE);
	}
	if (number == BUS_NEEDED) {
		add_offender(group, 1, "nvme", OFFENDER_DISK);
		add_offender(group, 2, "igb", OFFENDER_NETWORK_UP);
		add_offender(group, 3, "ice", OFFENDER_PHYSICAL_FUNCTION);
		add_offender(group, 4, "ast", OFFENDER_DISPLAY);
	}
	for (uint8_t i = 0; number == BUS_SHARED && i < 3; i++)
		*array_append(group->members, group->n_members, group->members_capacity) =
			(struct pci_address) { .bus = BUS_SHARED, .function = i };
}

static bool answer_vfio_node(const void *no_iommufd, const char *path,
			     struct inventory_node *ret)
{
	unsigned int number;
	bool handle = sscanf(path, "/dev/vfio/devices/vfio%u", &number) == 1;

	if (!no_iommufd && strcmp(path, "/dev/iommu") == 0) {
		*ret = (struct inventory_node) { .number = { 'c', 10, 257 } };
		return true;
	}
	if (!handle && sscanf(path, "/dev/vfio/noiommu-%u", &number) == 1 &&
	    number != BUS_NOIOMMU)
		return false;
	if ((!handle && sscanf(path, "/dev/vfio/%u", &number) != 1 &&
	     sscanf(path, "/dev/vfio/noiommu-%u", &number) != 1) ||
	    number >= (handle ? 200 : 100) || (handle && (no_iommufd || number == 100)))
		return false;
	*ret = (struct inventory_node) {
		.number = { 'c', handle ? 244 : 242, number },
		.has_group = true,
		.group = number % 100,
	};
	return true;
}

static void answer_node(const void *no_iommufd, const struct request_node *asked,
			struct inventory_node *ret)
{
	static const struct {
		const char *path;
		struct inventory_node node;
	} nodes[] = {
		{ "/dev/vda",
		  { .number.type = 'b', .number.major = 254, .number.minor = 0 } },
		{ "/dev/vdb",
		  { .number.type = 'b', .number.major = 254, .number.minor = 16 } },
		{ "/dev/gpu",
		  { .number.type = 'c', .number.major = 195, .number.minor = 0 } },
		{ "/dev/nic",
		  { .number.type = 'c', .number.major = 242, .number.minor = 9 } },
	};

	if (asked->kind == REQUEST_NODE_VFIO &&
	    answer_vfio_node(no_iommufd, asked->path, ret))
		return;
	if (asked->kind == REQUEST_NODE_NUMBER &&
	    strcmp(asked->path, "/sys/dev/char/10:229") == 0)
		return;
	if (asked->kind == REQUEST_NODE_FILE && strcmp(asked->path, "/dev/dri") == 0)
		ret->is_directory = true;
	for (size_t i = 0; asked->kind == REQUEST_NODE_FILE && i < ARRAY_SIZE(nodes);
	     i++) {
		if (strcmp(asked->path, nodes[i].path) == 0) {
			*ret = nodes[i].node;
			return;
		}
	}
	ret->absent = asked->kind == REQUEST_NODE_NUMBER ? NUMBER_OF_NONE
		      : asked->kind == REQUEST_NODE_VFIO ? NODE_NOT_VFIOS
							 : NODE_NOT_FOUND;
	ret->errno_value = ENOENT;
}

/* 242:0 to 242:99 are /dev/vfio/0 to 99, 244:0 to 244:99 the handles. */
static void answer_vfio_nodes(struct inventory *ret)
{
	for (unsigned int i = 0; i < 100; i++) {
		*array_append(ret->vfio_nodes, ret->n_vfio_nodes,
			      ret->vfio_nodes_capacity) =
			(struct vfio_node) { { 'c', 242, i },
					     xasprintf("/dev/vfio/%u", i) };
		*array_append(ret->vfio_nodes, ret->n_vfio_nodes,
			      ret->vfio_nodes_capacity) =
			(struct vfio_node) { { 'c', 244, i },
					     xasprintf("/dev/vfio/devices/vfio%u", i) };
	}
	inventory_sort_vfio_nodes(ret);
}

/* A mediated device is where one is that a map names. */
static struct pci_address address_of(const struct device_name *name)
{
	return name->bus == DEVICE_BUS_PCI
		       ? name->address
		       : (struct pci_address) { .bus = name->uuid.bytes[15] };
}

/* The functions of buses below 0x40 are there, and those of two groups that can't be given; in
 * group N, those of an odd slot not VFIO's. */
static void answer_own(const void *no_iommufd, const struct request *request,
		       struct inventory *ret)
{
	ret->own = xzalloc(request->n_own * sizeof *ret->own);
	ret->n_own = request->n_own;
	for (size_t i = 0; i < request->n_own; i++) {
		const struct pci_address stand_in = address_of(&request->own[i]);
		const struct pci_address *address = &stand_in;

		if (address->domain != 0 ||
		    (address->bus >= BUS_ABSENT && address->bus != BUS_NOT_VIABLE &&
		     address->bus != BUS_NO_NODE && address->bus != BUS_GROUP_ONLY &&
		     address->bus != BUS_NOIOMMU))
			continue;
		ret->own[i] = (struct inventory_own) { .exists = true,
						       .vfio = address->slot % 2 == 0,
						       .has_group = true,
						       .group = address->bus };
		if (request->own_handles && ret->own[i].vfio)
			answer_handle(no_iommufd, address, &ret->own[i].handle);
		answer_group(ret, address->bus);
	}
}

static void answer_control(const void *no_iommufd, const struct request *request,
			   struct inventory *ret)
{
	if (request->control[VFIO_GROUP])
		ret->control[VFIO_GROUP] =
			(struct inventory_control) { true, { 'c', 10, 196 } };
	if (request->control[VFIO_HANDLE] && !no_iommufd)
		ret->control[VFIO_HANDLE] =
			(struct inventory_control) { true, { 'c', 10, 257 } };
}

void machine_answer(const void *sysroot, const struct request *request,
		    struct inventory *ret)
{
	const void *no_iommufd = sysroot;

	ret->functions = xzalloc(request->n_functions * sizeof *ret->functions);
	ret->n_functions = request->n_functions;
	for (size_t i = 0; i < request->n_functions; i++) {
		answer_function(no_iommufd, &request->functions[i], &ret->functions[i]);
		if (request->functions[i].want_group && ret->functions[i].has_group)
			answer_group(ret, ret->functions[i].group);
	}
	ret->nodes = xzalloc(request->n_nodes * sizeof *ret->nodes);
	ret->n_nodes = request->n_nodes;
	for (size_t i = 0; i < request->n_nodes; i++)
		answer_node(no_iommufd, &request->nodes[i], &ret->nodes[i]);
	answer_control(no_iommufd, request, ret);
	if (request->vfio_nodes || request->vfio_nodes_of_files)
		answer_vfio_nodes(ret);
	answer_own(no_iommufd, request, ret);
	ret->others = xzalloc(request->n_others * sizeof *ret->others);
	ret->n_others = request->n_others;
	for (size_t i = 0; i < request->n_others; i++)
		ret->others[i].name = find_name(&request->others[i].map->guest);
}

static struct slice optional(const char *text)
{
	return text ? slice_from(text) : (struct slice) { 0 };
}

static void check_null(const char *what, char *wrong)
{
	if (wrong)
		fail_row(what, "%s", wrong);
}

/* A plan that explains nothing changes the same. */
static void check_brief(const struct plan_case *c, struct plan_run_input input,
			struct slice text)
{
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	input.brief = true;
	check_done(c->spec, plan_run(&input, &run, &err), &err);
	check_text(c->spec, buffer_slice(&run.text), text.data);
}

/* With the annotation, and then once more. */
static void check_again(const struct plan_case *c, struct plan_run_input input)
{
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	input.annotate = true;
	check_done(c->spec, plan_run(&input, &run, &err), &err);
	check_null(c->spec, plan_run_check(&run));
	check_null(run.text.data, plan_run_check_second(&input, &run));
}

void check_plan(const struct plan_case *c)
{
	struct plan_run_input input = { .spec = slice_from(c->spec),
					.map = optional(c->map),
					.machine_map = optional(c->machine_map),
					.unmapped = c->unmapped,
					.by_address = c->by_address,
					.leftover = c->leftover,
					.match = c->match,
					.require_host_dev = c->require_host_dev,
					.answer = machine_answer,
					.sysroot = c->no_iommufd ? c : NULL };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };
	int r = plan_run(&input, &run, &err);

	if (c->class != ERROR_NONE) {
		check_error(c->spec, r, &err, c->class, c->part);
		return;
	}
	check_done(c->spec, r, &err);
	check_text(c->spec, buffer_slice(&run.text), c->expected ? c->expected : c->spec);
	check_null(c->spec, plan_run_check(&run));
	if (c->part)
		check_message(c->spec, &run.messages, MESSAGE_WARNING, c->part);
	for (size_t i = 0; !c->part && i < run.messages.count; i++) {
		if (run.messages.items[i].level == MESSAGE_WARNING)
			fail_row(c->spec, "warns: %s", run.messages.items[i].text);
	}
	check_brief(c, input, buffer_slice(&run.text));
	if (!c->once)
		check_again(c, input);
}
