/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: a node of a device that the spec's own variables name, by its name, in place
 * of the spec's, where the administrator has said so. */
#include "claims.h"

bool claim_is_handle(const struct claim *claim)
{
	return path_is_vfio_handle(claim->path, NULL);
}

char *claim_node_path(const struct planner *planner, const struct claim *claim)
{
	const struct inventory_own *function = claim->function;
	const struct inventory_group *group =
		inventory_find_group(planner->in->inventory, function->group);

	if (claim_is_handle(claim) && function->handle.exists)
		return vfio_handle_path(function->handle.handle);
	return vfio_group_path(function->group, group && group->noiommu);
}

char *claim_describe_pair(const struct claim *claim)
{
	char name[DEVICE_NAME_SIZE];

	device_name_format(claim->name, name);
	if (!claim->variable)
		return xasprintf("the spec's variables name %s", name);
	return xasprintf("process.env[%u] pairs %s with it",
			 claim->variable->source->index, name);
}

static bool is_guest_of_entry(const struct planner *planner,
			      const struct device_name *name)
{
	const struct inventory *inventory = planner->in->inventory;

	for (size_t i = 0; i < inventory->n_functions; i++) {
		if (!inventory->functions[i].absent &&
		    device_name_equal(&inventory->functions[i].name, name))
			return true;
	}
	return false;
}

bool claim_stands_in(const struct planner *planner, const struct claim *claim)
{
	const struct inventory_node *number;

	if (claim->is_mount)
		return false;
	number = plan_find_node(planner,
				planner->in->request->devices[claim->index].number);
	return planner->in->spec->devices[claim->index].number.type != 'c' ||
	       (number && !number->absent);
}

const char *claim_find_objection(const struct planner *planner, const struct claim *claim,
				 bool is_pod)
{
	const struct inventory_group *group =
		inventory_find_group(planner->in->inventory, claim->function->group);

	if (claim_is_handle(claim) && !claim->function->handle.exists)
		return "it is an iommufd handle, which this kernel doesn't have for the function; correct the spec";
	if (group && group->noiommu)
		return "that group is in noiommu mode, which only a map entry can allow";
	if (is_pod)
		return "a pod's variables are its author's, and give no device; have the pod made again";
	if (claim_stands_in(planner, claim))
		return "the spec's device is not a VFIO device; correct the spec";
	if (is_guest_of_entry(planner, claim->name))
		return "a map entry has this function for another device; correct one of them";
	return NULL;
}

/* Can the function be used by the kind of node that the claim is? Returns why not, which the
 * caller frees, or NULL. */
static char *find_fault(const struct planner *planner, const struct claim *claim,
			const struct inventory_group *group)
{
	if (group && group->n_offenders)
		return plan_describe_offenders(group);
	if (claim_is_handle(claim))
		return planner->in->inventory->control[VFIO_HANDLE].exists
			       ? NULL
			       : xstrdup("this machine has no /dev/iommu");
	return group && group->has_node ? NULL : xstrdup("it has no node in /dev/vfio");
}

struct resolved_node *claim_give(struct planner *planner, const struct claim *claim,
				 uint32_t group, uint32_t handle,
				 const struct device_number *number)
{
	const struct spec *spec = planner->in->spec;
	const bool is_handle = claim_is_handle(claim);
	auto_free char *path =
		is_handle ? vfio_handle_path(handle) : vfio_group_path(group, false);
	struct resolved_node *given = xzalloc(sizeof *given);

	if (!planner->given)
		planner->given =
			array_zalloc(spec->n_devices + spec->n_mounts, planner->given);
	*array_append(planner->own, planner->n_own, planner->own_capacity) = given;
	given->path = text_pool_add(&planner->plan->texts, slice_from(path));
	given->final_path = given->path;
	given->vfio = true;
	given->has_group = true;
	given->group = group;
	given->number = *number;
	if (is_handle) {
		given->kind = VFIO_HANDLE;
		given->handle = handle;
	}
	planner->given[claim->index + (claim->is_mount ? spec->n_devices : 0)] = given;
	return given;
}

int claim_remap(struct planner *planner, const struct claim *claim)
{
	const struct inventory_group *group =
		inventory_find_group(planner->in->inventory, claim->function->group);
	auto_free char *said = claim_describe_pair(claim);
	auto_free char *fault = find_fault(planner, claim, group);
	const struct inventory_handle *handle = &claim->function->handle;
	struct resolved_node *node;

	if (fault)
		return claim_error(planner, claim,
				   "%s, but IOMMU group %u is not usable: %s", said,
				   claim->function->group, fault);
	node = claim_give(planner, claim, claim->function->group, handle->handle,
			  claim_is_handle(claim) ? &handle->number : &group->node);
	if (planner->plan->explain) {
		auto_free char *why =
			xasprintf("by address: %s, in IOMMU group %u", said, node->group);

		node->why = text_pool_add(&planner->plan->texts, slice_from(why));
	}
	return 0;
}
