/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the control node /dev/vfio/vfio. Rule 5, and its end in rule 6. */
#include "claims.h"

/* A mount that shows the control node: its own, or one of the whole directory. */
static int find_mount(struct planner *planner, bool *ret)
{
	const struct spec *spec = planner->in->spec;

	*ret = false;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (slice_equal(mount->destination, SLICE("/dev/vfio")) &&
		    slice_equal(mount->source, SLICE("/dev/vfio")))
			*ret = true;
		if (!path_is_control_node(mount->destination))
			continue;
		if (!path_is_control_node(mount->source)) {
			auto_free char *source = text_quote(mount->source);

			return json_error(
				planner->err, ERROR_DATA, &spec->doc, mount->json,
				"it shows %s as the control node, which the VFIO groups of this container need; remove it",
				source);
		}
		*ret = true;
	}
	return 0;
}

static const char need[] = "a VFIO group is of no use without the control node";
static const char no_need[] = "no VFIO device is left that needs the control node";

static void set_numbers(const struct inventory *inventory, struct planned_device *device)
{
	device->after.has_numbers = true;
	device->after.number = inventory->control;
	device->rule = PLAN_CONTROL;
	device->action = DEVICE_CHANGES;
	device->why = "the control node of this machine";
}

static void add_device(struct planner *planner)
{
	struct planned_device *device = array_append(planner->devices, planner->n_devices,
						     planner->devices_capacity);

	device->after.path = SLICE(CONTROL_NODE);
	device->after.mode = 0666;
	set_numbers(planner->in->inventory, device);
	device->action = DEVICE_ADDED;
	device->why = need;
}

/* Like the first mount that shows a VFIO group. */
static void add_mount(struct planner *planner)
{
	const struct spec_mount *like = NULL;

	for (size_t i = 0; i < planner->n_mounts && !like; i++) {
		if (planner->mounts[i].by &&
		    path_is_vfio_node(slice_from(planner->mounts[i].by->path)))
			like = planner->mounts[i].before;
	}
	*array_append(planner->mounts, planner->n_mounts, planner->mounts_capacity) =
		(struct planned_mount) { .before = like,
					 .destination = SLICE(CONTROL_NODE),
					 .source = SLICE(CONTROL_NODE),
					 .action = DEVICE_ADDED,
					 .rule = PLAN_CONTROL,
					 .why = need };
}

static void remove_control(struct planner *planner)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		struct planned_device *device = &planner->devices[i];

		if (!path_is_control_node(device->after.path))
			continue;
		device->action = DEVICE_REMOVED;
		device->rule = PLAN_GUEST_KERNEL;
		device->why = no_need;
	}
	for (size_t i = 0; i < planner->n_mounts; i++) {
		struct planned_mount *mount = &planner->mounts[i];

		if (!path_is_control_node(mount->destination))
			continue;
		mount->action = DEVICE_REMOVED;
		mount->rule = PLAN_GUEST_KERNEL;
		mount->why = no_need;
	}
}

/* Corrects those that are there, which may be several that are equal. */
static bool correct_devices(struct planner *planner)
{
	bool found = false;

	for (size_t i = 0; i < planner->n_devices; i++) {
		if (!path_is_control_node(planner->devices[i].after.path))
			continue;
		set_numbers(planner->in->inventory, &planner->devices[i]);
		found = true;
	}
	return found;
}

/* What stays under its path must not be a node of VFIO's that nobody gave. */
static int check_devices(struct planner *planner)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];
		const struct vfio_node *node;

		if (device->action == DEVICE_REMOVED ||
		    !path_is_control_node(device->after.path) ||
		    !device->after.has_numbers)
			continue;
		node = inventory_find_vfio_node(planner->in->inventory,
						&device->after.number);
		if (node)
			return claim_refuse_disguised(planner,
						      json_member(&planner->in->spec->doc,
								  device->before->json,
								  SPEC_DEVICE_PATH),
						      device->after.path, node);
	}
	return 0;
}

int plan_control_node(struct planner *planner)
{
	bool mounted;
	int r;

	if (planner->group_by_device || planner->group_by_mount) {
		r = find_mount(planner, &mounted);
		if (r < 0)
			return r;
		if (correct_devices(planner) || mounted)
			return 0;
		if (planner->group_by_device)
			add_device(planner);
		else
			add_mount(planner);
		return 0;
	}
	if (planner->removes && !planner->vfio_stays)
		remove_control(planner);
	return check_devices(planner);
}
