/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: which node of a function a container gets, the group's or the handle. The kind is
 * the spec's, or what the entry says: never the one for the other silently. */
#include "plan_resolve.h"

static bool has_iommufd(const struct planner *planner)
{
	return planner->in->inventory->control[VFIO_HANDLE].exists;
}

/* Has this kernel no such node for the function, and never will? A group's comes before what
 * VFIO has of the function itself. */
static bool is_lacking(const struct planner *planner,
		       const struct inventory_function *found,
		       const struct inventory_group *group, enum vfio_kind kind)
{
	switch (kind) {
	case VFIO_GROUP:
		return !group->has_node && found->handle.registered;
	case VFIO_HANDLE:
		return !found->handle.exists &&
		       (found->handle.registered || !has_iommufd(planner));
	case VFIO_KINDS:
		break;
	}
	return true;
}

static enum vfio_kind find_kind(const struct planner *planner,
				const struct map_entry *entry,
				const struct inventory_function *found,
				const struct inventory_group *group)
{
	enum vfio_kind kind = map_entry_kind(entry);
	enum vfio_kind other = kind == VFIO_GROUP ? VFIO_HANDLE : VFIO_GROUP;

	return map_entry_takes(entry, other) && is_lacking(planner, found, group, kind) &&
			       !is_lacking(planner, found, group, other)
		       ? other
		       : kind;
}

static int check_group(struct planner *planner, const struct request_function *asked,
		       const struct inventory_function *found,
		       const struct inventory_group *group)
{
	if (!group->has_node && found->handle.exists)
		return plan_refuse(
			planner, REFUSE_FOR_GOOD, asked,
			"its group has no node, since this kernel has iommufd's handles only; set \"node\": \"handle\" in the entry");
	if (!group->has_node)
		return plan_refuse(
			planner, REFUSE_FOR_NOW, asked,
			"IOMMU group %u has no node /dev/vfio/%u (nothing in /sys/class/vfio): the kernel needs CONFIG_VFIO_GROUP, and an IOMMU for this device",
			group->number, group->number);
	if (group->noiommu && !asked->entry->allow_noiommu)
		return plan_refuse(
			planner, REFUSE_FOR_GOOD, asked,
			"IOMMU group %u is in noiommu mode: whoever has the device can read and write all of this machine's memory; enable an IOMMU, or accept that with \"allow_noiommu\": true in the entry",
			group->number);
	return 0;
}

static int check_handle(struct planner *planner, const struct request_function *asked,
			const struct inventory_function *found,
			const struct inventory_group *group)
{
	if (found->handle.exists)
		return 0;
	if (group->noiommu)
		return plan_refuse(
			planner, REFUSE_FOR_GOOD, asked,
			"IOMMU group %u is in noiommu mode, where there are no iommufd handles; enable an IOMMU, or set \"node\": \"group\" and \"allow_noiommu\": true in the entry",
			group->number);
	/* What was registered a moment ago may get its numbers only now. */
	if (is_lacking(planner, found, group, VFIO_HANDLE))
		return plan_refuse(
			planner,
			planner->in->waiting && has_iommufd(planner) ? REFUSE_FOR_NOW
								     : REFUSE_FOR_GOOD,
			asked,
			"this kernel has no iommufd handle for it (CONFIG_VFIO_DEVICE_CDEV); set \"node\": \"group\" in the entry to have the group's node /dev/vfio/%u",
			group->number);
	return plan_refuse(planner, REFUSE_FOR_NOW, asked,
			   "it has no iommufd handle (nothing in its vfio-dev)");
}

int plan_kind_choose(struct planner *planner, const struct request_function *asked,
		     const struct inventory_function *found,
		     const struct inventory_group *group, enum vfio_kind *ret)
{
	*ret = find_kind(planner, asked->entry, found, group);
	return *ret == VFIO_HANDLE ? check_handle(planner, asked, found, group)
				   : check_group(planner, asked, found, group);
}

bool plan_kind_is_of(const struct resolved_node *node,
		     const struct inventory_function *found)
{
	return node->kind == VFIO_HANDLE
		       ? found->handle.exists && found->handle.handle == node->handle
		       : found->has_group && found->group == node->group;
}

char *plan_kind_path(const struct planner *planner, const struct map_entry *entry,
		     const struct inventory_function *found)
{
	const struct inventory_group *group =
		found->has_group
			? inventory_find_group(planner->in->inventory, found->group)
			: NULL;
	enum vfio_kind kind =
		group ? find_kind(planner, entry, found, group) : map_entry_kind(entry);

	if (kind == VFIO_HANDLE)
		return found->handle.exists ? vfio_handle_path(found->handle.handle)
					    : NULL;
	return found->has_group ? vfio_group_path(found->group, group && group->noiommu)
				: NULL;
}
