/* The planner: the control node /dev/vfio/vfio. Rule 5, and its end in rule 6.
 * SPDX-License-Identifier: Apache-2.0 */
#include "plan_internal.h"

static struct planned_device *find_device(struct planner *planner)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		if (path_is_control_node(planner->devices[i].before->path))
			return &planner->devices[i];
	}
	return NULL;
}

/* A mount that shows the control node: its own, or one of the whole directory. */
static bool is_mounted(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		struct slice destination = spec->mounts[i].destination;

		if (path_is_control_node(destination) ||
		    slice_equal(destination, SLICE("/dev/vfio")))
			return true;
	}
	return false;
}

static void set_numbers(const struct guest *guest, struct planned_device *device)
{
	device->after.type = 'c';
	device->after.has_numbers = true;
	device->after.major = guest->control_major;
	device->after.minor = guest->control_minor;
	device->rule = PLAN_CONTROL;
	device->fate = FATE_CHANGES;
}

static void add_device(struct planner *planner)
{
	struct planned_device *device = &planner->devices[planner->n_devices++];

	device->after.path = SLICE(CONTROL_NODE);
	device->after.mode = 0666;
	set_numbers(planner->in->guest, device);
}

static void remove_control(struct planner *planner, struct planned_device *device)
{
	if (device) {
		device->fate = FATE_REMOVED;
		device->rule = PLAN_GUEST_KERNEL;
	}
	for (size_t i = 0; i < planner->in->spec->n_mounts; i++) {
		const struct spec_mount *mount = &planner->in->spec->mounts[i];

		if (path_is_control_node(mount->destination))
			*memory_append(planner->plan->result.mounts,
				       planner->plan->result.n_mounts,
				       planner->plan->result.mounts_capacity) =
				(struct plan_mount) { .index = i,
						      .removed = true,
						      .after = *mount };
	}
}

int plan_control(struct planner *planner)
{
	struct planned_device *device = find_device(planner);

	if (planner->group_by_device || planner->group_by_mount) {
		if (device)
			set_numbers(planner->in->guest, device);
		else if (is_mounted(planner->in->spec))
			return 0;
		else if (planner->group_by_device)
			add_device(planner);
		else
			planner->plan->result.control_mount = true;
		return 0;
	}
	if (planner->removes && !planner->vfio_stays)
		remove_control(planner, device);
	return 0;
}
