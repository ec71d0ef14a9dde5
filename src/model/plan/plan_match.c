/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the spec's only VFIO device that no entry names is this machine's only group that
 * no entry names, or the handle of its only function, if the administrator has said so. Never a
 * choice: where there are two of either, the map has to say which is which. */
#include "claims.h"

#include <errno.h>

/* A group's or handle's device or mount that isn't known to be this machine's own. */
static bool is_wanted(const struct planner *planner, const struct claim *claim)
{
	uint32_t number;

	return (path_is_group_node(claim->path, &number) || claim_is_handle(claim)) &&
	       !claim->disguised &&
	       !(planner->in->request->unmapped == UNMAPPED_OWN && claim->is_own);
}

/* The one path of all that are wanted; NULL: there are several, or none. */
static const struct claim *find_single(const struct planner *planner,
				       const struct claims *claims)
{
	const struct claim *found = NULL;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];

		if (!is_wanted(planner, claim))
			continue;
		if (found && !slice_equal(found->path, claim->path))
			return NULL;
		found = claim;
	}
	return found;
}

static int refuse(struct planner *planner, bool for_now, const struct claim *claim,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));

static int refuse(struct planner *planner, bool for_now, const struct claim *claim,
		  const char *format, ...)
{
	struct error *err = for_now ? &planner->pending : planner->err;
	auto_free char *path = text_quote(claim->path), *why = NULL;
	va_list arguments;
	int r;

	va_start(arguments, format);
	why = xvasprintf(format, arguments);
	va_end(arguments);
	/* What else isn't there yet was said before. */
	if (for_now && err->message)
		return -EAGAIN;
	r = json_error_member(err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
			      claim->json, claim_key(claim),
			      "no map entry names the VFIO device %s, and %s", path, why);
	return for_now ? -EAGAIN : r;
}

/* "/dev/vfio/3 (0000:01:00.0), /dev/vfio/4 (0000:02:00.0, 0000:02:00.1)" */
static char *describe_groups(const struct inventory *inventory)
{
	auto_buffer list = { 0 };
	size_t i;

	for (i = 0; i < inventory->n_unnamed && i < INVENTORY_UNNAMED_SHOWN; i++) {
		const struct inventory_group *group =
			inventory_find_group(inventory, inventory->unnamed[i]);
		const size_t n_members = group ? group->n_members : 0;
		char address[PCI_ADDRESS_SIZE];

		buffer_printf(&list, "%s/dev/vfio/%u", i ? ", " : "",
			      inventory->unnamed[i]);
		for (size_t k = 0; k < n_members && list.length < PLAN_LIST_MAX; k++)
			buffer_printf(&list, "%s%s", k ? ", " : " (",
				      pci_address_format(&group->members[k], address));
		buffer_add(&list, n_members ? SLICE(")") : SLICE(""));
	}
	if (i < inventory->n_unnamed)
		buffer_printf(&list, " and %zu more", inventory->n_unnamed - i);
	return take_ptr(list.data);
}

/* An entry that may name the group, but doesn't say so: nobody knows whose it is. */
static const struct request_function *find_unclear(const struct planner *planner)
{
	const struct inventory *inventory = planner->in->inventory;

	for (size_t i = 0; i < inventory->n_functions; i++) {
		const struct request_function *asked =
			&planner->in->request->functions[i];

		if (inventory->functions[i].absent && inventory->functions[i].is_final &&
		    asked->map->guest.kind == PCI_LOCATOR_SELECTOR)
			return asked;
	}
	return NULL;
}

/* What isn't a VFIO device, or is another one of this machine. */
static bool is_other_device(const struct planner *planner, const struct claim *claim,
			    const struct device_number *number)
{
	const struct spec_device *device;

	if (claim->is_mount)
		return false;
	if (claim_stands_in(planner, claim))
		return true;
	device = &planner->in->spec->devices[claim->index];
	return device->has_numbers &&
	       inventory_find_vfio_node(planner->in->inventory, &device->number) &&
	       !device_number_equal(&device->number, number);
}

/* Has the group the one handle that is wanted? */
static int check_handle(struct planner *planner, const struct claim *claim,
			const struct inventory_group *group)
{
	const struct inventory *inventory = planner->in->inventory;

	if (group->n_members > 1)
		return refuse(
			planner, false, claim,
			"IOMMU group %u, the only one left, has several functions, each with a handle of its own; add a map entry that says which",
			group->number);
	if (!inventory->unnamed_handle.exists || !inventory->control[VFIO_HANDLE].exists)
		return refuse(
			planner, false, claim,
			"this kernel has no handle for IOMMU group %u, the only one left; add a map entry with \"node\": \"group\"",
			group->number);
	return 0;
}

/* May the group be what is wanted? */
static int check_group(struct planner *planner, const struct claim *claim,
		       const struct inventory_group *group)
{
	const struct inventory *inventory = planner->in->inventory;
	const struct request_function *unclear = find_unclear(planner);
	auto_free char *offenders = NULL;

	if (unclear)
		return refuse(
			planner, false, claim,
			"whether /dev/vfio/%u is its or that of %s can't be told: more than one function matches %s; correct that entry",
			group->number, unclear->entry->where, unclear->map->guest_text);
	if (group->n_offenders) {
		offenders = plan_describe_offenders(group);
		return refuse(planner, planner->in->waiting, claim,
			      "IOMMU group %u, the only one left, is not viable: %s",
			      group->number, offenders);
	}
	if (inventory->unnamed_holder)
		return refuse(
			planner, false, claim,
			"process %lld has /dev/vfio/%u open, the only group left; end it, or add a map entry that says which device this is",
			(long long)inventory->unnamed_holder, group->number);
	return claim_is_handle(claim) ? check_handle(planner, claim, group) : 0;
}

/* The group's node or handle takes the place of the spec's. */
static int give(struct planner *planner, const struct claim *claim,
		const struct inventory_group *group)
{
	const struct inventory_handle *handle = &planner->in->inventory->unnamed_handle;
	const struct device_number *number =
		claim_is_handle(claim) ? &handle->number : &group->node;
	struct resolved_node *node;

	if (is_other_device(planner, claim, number))
		return refuse(
			planner, false, claim,
			"it has not the type and numbers of a foreign VFIO device: another device stands in there; rename it, or correct the spec");
	node = claim_give(planner, claim, group->number, handle->handle, number);
	if (planner->plan->explain) {
		auto_free char *why = xasprintf(
			"matched: IOMMU group %u is the only one that no map entry names",
			group->number);

		node->why = text_pool_add(&planner->plan->texts, slice_from(why));
	}
	planner->matched = true;
	return 0;
}

/* Gives the group to all devices and mounts of that path, and takes them off the claims. */
static int give_all(struct planner *planner, struct claims *claims, struct slice path,
		    const struct inventory_group *group)
{
	size_t kept = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim claim = claims->items[i];
		int r;

		if (!is_wanted(planner, &claim) || !slice_equal(claim.path, path)) {
			claims->items[kept++] = claim;
			continue;
		}
		r = give(planner, &claim, group);
		if (r < 0)
			return r;
	}
	claims->count = kept;
	return 0;
}

int plan_match(struct planner *planner, struct claims *claims)
{
	const struct inventory *inventory = planner->in->inventory;
	const struct claim *claim = find_single(planner, claims);
	const struct inventory_group *group;
	auto_free char *list = NULL;
	int r;

	/* Several: which is which only a map can tell, or the policy, that they all go. */
	if (!claim)
		return 0;
	if (inventory->n_unnamed == 0)
		return planner->in->request->unmapped == UNMAPPED_DROP
			       ? 0
			       : refuse(planner, true, claim,
					"this machine has no VFIO group that no entry names; plug the device in, or add an entry to a device map");
	if (inventory->n_unnamed > 1) {
		list = describe_groups(inventory);
		return refuse(
			planner, false, claim,
			"this machine has several groups that no entry names: %s; add an entry to a device map",
			list);
	}
	group = inventory_find_group(inventory, inventory->unnamed[0]);
	if (!group)
		return error_set(planner->err, ERROR_INTERNAL,
				 "group %u was not looked up", inventory->unnamed[0]);
	r = check_group(planner, claim, group);
	return r < 0 ? r : give_all(planner, claims, claim->path, group);
}
