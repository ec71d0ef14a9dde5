/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: what each named entry is on this machine. Rule 7; whether it may be used is in
 * plan_usable.c. */
#include "plan_resolve.h"

#include <errno.h>

/* A function that was found, to see which are one. */
struct found_function {
	const struct request_function *asked;
	struct device_name name;
};

static int compare_found(const void *a, const void *b)
{
	const struct found_function *x = a, *y = b;

	if (x->asked->entry->source != y->asked->entry->source)
		return x->asked->entry->source < y->asked->entry->source ? -1 : 1;
	return device_name_compare(&x->name, &y->name);
}

/* Two host functions of one map on one function here: the map's mistake, however it
 * spells the function. */
static int check_distinct(struct planner *planner)
{
	const struct request *request = planner->in->request;
	auto_free struct found_function *found =
		xzalloc(request->n_functions * sizeof *found);
	size_t count = 0;

	for (size_t i = 0; i < request->n_functions; i++) {
		const struct inventory_function *function =
			&planner->in->inventory->functions[i];

		if (!function->absent)
			found[count++] = (struct found_function) { &request->functions[i],
								   function->name };
	}
	if (count > 1)
		qsort(found, count, sizeof *found, compare_found);
	for (size_t i = 1; i < count; i++) {
		const struct request_function *a = found[i - 1].asked,
					      *b = found[i].asked;
		char host[DEVICE_NAME_SIZE], other[DEVICE_NAME_SIZE];

		if (compare_found(&found[i - 1], &found[i]) != 0 ||
		    device_name_equal(&a->map->host, &b->map->host))
			continue;
		return error_set(
			planner->err, ERROR_DATA,
			"%s: options: host functions %s and %s are one function here (%s and %s); correct the map",
			a->entry->where, device_name_format(&a->map->host, host),
			device_name_format(&b->map->host, other), a->map->guest_text,
			b->map->guest_text);
	}
	return 0;
}

/* Adds "host 0000:3b:02.0 is 0000:01:00.0" to the reason. */
static void explain(struct buffer *why, const struct map_entry *entry,
		    const struct request_function *asked,
		    const struct inventory_function *found)
{
	char host[DEVICE_NAME_SIZE], address[DEVICE_NAME_SIZE];

	buffer_printf(why, "%s%s %s is %s here", why->length ? "," : entry->where,
		      why->length ? "" : ": host function",
		      device_name_format(&asked->map->host, host),
		      device_name_format(&found->name, address));
}

/* Of a mediated device where VFIO has handles alone. */
static const struct inventory_group no_group;

/* What a function is used by. */
struct use {
	const struct inventory_group *group; /* NULL: the guest's kernel drives it */
	enum vfio_kind kind;
	const struct inventory_function *found;
};

/* Checks one named function. */
static int check_function(struct planner *planner, const struct request_function *asked,
			  const struct inventory_function *found, struct use *ret)
{
	const struct inventory_group *group;
	int r;

	*ret = (struct use) { .found = found };
	if (found->absent && found->is_final &&
	    asked->map->guest.kind == PCI_LOCATOR_SELECTOR)
		return plan_refuse(
			planner, REFUSE_FOR_GOOD, asked,
			"%s; add with + what tells it from the others, or write its PCI path instead",
			found->absent);
	if (found->absent)
		return plan_refuse(
			planner, found->is_final ? REFUSE_FOR_GOOD : REFUSE_FOR_NOW,
			asked,
			found->is_final ? "%s; correct the path"
			: asked->map->guest.kind == PCI_LOCATOR_MDEV
				? "%s; make it with mdevctl(8), or correct the map"
				: "%s; plug the device in, or correct the map",
			found->absent);
	r = plan_check_identity(planner, asked, found);
	if (r < 0 || !asked->want_group)
		return r;
	r = plan_check_bound(planner, asked, found);
	if (r < 0)
		return r;
	group = found->has_group
			? inventory_find_group(planner->in->inventory, found->group)
			: &no_group;
	if (!group)
		return error_set(planner->err, ERROR_INTERNAL,
				 "group %u was not looked up", found->group);
	r = plan_check_viable(planner, asked, group);
	if (r == 0)
		r = plan_kind_choose(planner, asked, found, group, &ret->kind);
	if (r == 0)
		ret->group = group;
	return r;
}

static bool has_node(const struct resolved *resolved, const struct use *use)
{
	for (size_t i = 0; i < resolved->n_nodes; i++) {
		if (resolved->nodes[i]->kind == use->kind &&
		    plan_kind_is_of(resolved->nodes[i], use->found))
			return true;
	}
	return false;
}

static struct resolved_node *add_node(struct planner *planner, struct resolved *resolved,
				      const struct map_entry *entry, const char *path,
				      const struct device_number *number)
{
	struct resolved_node *node = xzalloc(sizeof *node);

	*array_append(resolved->nodes, resolved->n_nodes, resolved->nodes_capacity) =
		node;
	node->entry = entry;
	node->path = text_pool_add(&planner->plan->texts, slice_from(path));
	node->number = *number;
	return node;
}

static void add_use(struct planner *planner, struct resolved *resolved,
		    const struct map_entry *entry, const struct use *use)
{
	const struct inventory_handle *handle = &use->found->handle;
	bool is_handle = use->kind == VFIO_HANDLE;
	auto_free char *path = NULL;
	struct resolved_node *node;

	if (!use->group || has_node(resolved, use))
		return;
	path = is_handle ? vfio_handle_path(handle->handle)
			 : vfio_group_path(use->group->number, use->group->noiommu);
	node = add_node(planner, resolved, entry, path,
			is_handle ? &handle->number : &use->group->node);
	node->vfio = true;
	node->kind = use->kind;
	node->has_group = use->found->has_group;
	node->group = use->group->number;
	node->handle = handle->handle;
	node->final_path = entry->final_path ? entry->final_path : node->path;
}

/* Whoever opens a group has all of it, and whoever opens a handle keeps others from the rest of
 * its group: functions that are not this entry's are told of. */
static void tell_of_sharing(struct planner *planner, const struct map_entry *entry,
			    const struct use *use)
{
	const struct inventory_group *group = use->group;
	bool is_handle = use->kind == VFIO_HANDLE;

	for (size_t i = 0; i < group->n_members; i++) {
		const struct request_function *owner = inventory_find_owner(
			planner->in->inventory, planner->in->request, &group->members[i]);
		char address[PCI_ADDRESS_SIZE];

		if (owner && (owner->entry == entry || owner->named))
			continue;
		pci_address_format(&group->members[i], address);
		if (owner)
			messages_add(
				planner->messages, MESSAGE_WARNING,
				is_handle
					? "%s: IOMMU group %u also has %s, the device of %s: only one container can use the group at a time"
					: "%s: IOMMU group %u also has %s, the device of %s: whoever has this group has that one too, and only one container can open it at a time",
				entry->where, group->number, address,
				owner->entry->where);
		else
			messages_add(
				planner->messages, MESSAGE_INFO,
				is_handle
					? "%s: IOMMU group %u also has %s, which nobody else can use meanwhile"
					: "%s: IOMMU group %u also has %s, which comes with it",
				entry->where, group->number, address);
	}
}

static void tell_of_group(struct planner *planner, const struct map_entry *entry,
			  const struct use *use)
{
	tell_of_sharing(planner, entry, use);
	if (use->group->noiommu)
		messages_add(
			planner->messages, MESSAGE_WARNING,
			"%s: IOMMU group %u is in noiommu mode: the container can read and write all of this machine's memory",
			entry->where, use->group->number);
}

/* The node by its own reason: which functions of the entry are in it. */
static void explain_nodes(struct planner *planner, const struct map_entry *entry,
			  struct resolved *resolved, size_t first, size_t end)
{
	for (size_t n = 0; n < resolved->n_nodes && planner->plan->explain; n++) {
		struct resolved_node *node = resolved->nodes[n];
		auto_buffer why = { 0 };

		for (size_t i = first; i < end; i++) {
			const struct inventory_function *found =
				&planner->in->inventory->functions[i];

			if (plan_kind_is_of(node, found))
				explain(&why, entry, &planner->in->request->functions[i],
					found);
		}
		if (node->has_group)
			buffer_printf(&why, ", in IOMMU group %u", node->group);
		node->why = text_pool_add(&planner->plan->texts, buffer_slice(&why));
	}
}

static int check_several(struct planner *planner, const struct map_entry *entry,
			 const struct resolved *resolved)
{
	auto_free char *path = NULL;

	if (resolved->n_nodes < 2 || !entry->final_path)
		return 0;
	path = path_display(entry->final_path);
	return error_set(
		planner->err, ERROR_DATA,
		resolved->nodes[0]->kind == VFIO_GROUP
			? "%s: final_path: its functions are in %zu IOMMU groups here, which can't all be %s; remove \"final_path\""
			: "%s: final_path: its functions have %zu nodes here, which can't all be %s; remove \"final_path\"",
		entry->where, resolved->n_nodes, path);
}

/* The functions [first, end) are the entry's. */
static int resolve_functions(struct planner *planner, const struct map_entry *entry,
			     struct resolved *resolved, size_t first, size_t end)
{
	const struct request *request = planner->in->request;
	auto_buffer why = { 0 };

	for (size_t i = first; i < end; i++) {
		const struct inventory_function *found =
			&planner->in->inventory->functions[i];
		struct use use;
		int r = check_function(planner, &request->functions[i], found, &use);

		if (r == -EAGAIN)
			continue;
		if (r < 0)
			return r;
		if (planner->plan->explain)
			explain(&why, entry, &request->functions[i], found);
		if (use.group && !has_node(resolved, &use) && !planner->pending.message)
			tell_of_group(planner, entry, &use);
		add_use(planner, resolved, entry, &use);
		annotation_add_address(&planner->plan->annotation,
				       &request->functions[i].map->host, &found->name);
	}
	if (planner->pending.message)
		return 0;
	if (entry->type == DEVICE_VFIO_PCI_GK && planner->plan->explain)
		buffer_printf(&why, "%sdriven by the guest kernel (vfio-pci-gk)",
			      why.length ? ", " : "");
	explain_nodes(planner, entry, resolved, first, end);
	resolved->why = take_ptr(why.data);
	return check_several(planner, entry, resolved);
}

/* An entry of which the container sees the node in a directory that is mounted: its rule may
 * follow, but nothing stops the container. */
static void follow_functions(struct planner *planner, const struct map_entry *entry,
			     struct resolved *resolved, size_t first, size_t end)
{
	struct error *err = planner->err, pending = planner->pending;
	bool only_unbound = planner->only_unbound;
	auto_error reason = { 0 };
	int r = 0;

	planner->err = &reason;
	planner->pending = (struct error) { 0 };
	for (size_t i = first; i < end && r == 0; i++) {
		struct use use;

		if (!planner->in->request->functions[i].want_group)
			continue;
		r = check_function(planner, &planner->in->request->functions[i],
				   &planner->in->inventory->functions[i], &use);
		if (r == 0)
			add_use(planner, resolved, entry, &use);
	}
	if (r < 0)
		messages_add(planner->messages, MESSAGE_WARNING,
			     "the whole directory of VFIO nodes is mounted, but %s",
			     r == -EAGAIN ? planner->pending.message : reason.message);
	else
		explain_nodes(planner, entry, resolved, first, end);
	error_free(&planner->pending);
	planner->pending = pending;
	planner->only_unbound = only_unbound;
	planner->err = err;
}

static int resolve_node(struct planner *planner, const struct map_entry *entry,
			struct resolved *resolved)
{
	const struct inventory_node *found = plan_find_node(
		planner,
		planner->in->request->entries[entry - planner->in->map->entries].node);
	auto_free char *path = NULL, *why = NULL;
	struct resolved_node *node;

	if (!found)
		return error_set(planner->err, ERROR_INTERNAL,
				 "%s: its node was not looked up", entry->where);
	if (found->absent) {
		why = inventory_node_why(planner->in->inventory, planner->in->request,
					 found);
		return error_set(planner->err, ERROR_UNAVAILABLE,
				 "%s: vm_path: %s; correct the map", entry->where, why);
	}
	node = add_node(planner, resolved, entry, entry->vm_path, &found->number);
	node->final_path = entry->final_path ? entry->final_path : entry->container_path;
	if (!planner->plan->explain)
		return 0;
	path = path_display(entry->vm_path);
	why = xasprintf("%s: node %s of this machine", entry->where, path);
	node->why = text_pool_add(&planner->plan->texts, slice_from(why));
	return 0;
}

int plan_resolve(struct planner *planner)
{
	const struct device_map *map = planner->in->map;
	const struct request *request = planner->in->request;
	int r = check_distinct(planner);

	/* The functions are in the order of the entries. */
	for (size_t i = 0, first = 0, end; r == 0 && i < map->n_entries;
	     i++, first = end) {
		const struct map_entry *entry = &map->entries[i];
		struct resolved *resolved = &planner->resolved[i];

		for (end = first; end < request->n_functions; end++) {
			if (request->functions[end].entry != entry)
				break;
		}
		if (resolved->named)
			r = entry->type == DEVICE_NODE
				    ? resolve_node(planner, entry, resolved)
				    : resolve_functions(planner, entry, resolved, first,
							end);
		else if (request->entries[i].followed)
			follow_functions(planner, entry, resolved, first, end);
	}
	/* Functions that only the environment asks for: never the wrong device either. */
	for (size_t i = 0; r == 0 && i < request->n_functions; i++) {
		const struct request_function *asked = &request->functions[i];

		if (!planner->resolved[asked->entry - map->entries].named &&
		    !planner->in->inventory->functions[i].absent)
			r = plan_check_identity(planner, asked,
						&planner->in->inventory->functions[i]);
	}
	return r;
}

const struct resolved *plan_find_resolved(const struct planner *planner,
					  const struct map_entry *entry)
{
	return entry ? &planner->resolved[entry - planner->in->map->entries] : NULL;
}
