/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the control node /dev/vfio/vfio. Rule 5, and its end in rule 6. */
#include "planner.h"

static struct planned_device *find_device(struct planner *planner)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		if (path_is_control_node(planner->devices[i].before->path))
			return &planner->devices[i];
	}
	return NULL;
}

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
				"it shows %s as the control node, which the VFIO groups of this container need; take it out",
				source);
		}
		*ret = true;
	}
	return 0;
}

static void set_numbers(const struct inventory *inventory, struct planned_device *device)
{
	device->after.number.type = 'c';
	device->after.has_numbers = true;
	device->after.number.major = inventory->control.major;
	device->after.number.minor = inventory->control.minor;
	device->rule = PLAN_CONTROL;
	device->action = DEVICE_CHANGES;
}

static void add_device(struct planner *planner)
{
	struct planned_device *device = &planner->devices[planner->n_devices++];

	device->after.path = SLICE(CONTROL_NODE);
	device->after.mode = 0666;
	set_numbers(planner->in->inventory, device);
}

static void remove_control(struct planner *planner, struct planned_device *device)
{
	if (device) {
		device->action = DEVICE_REMOVED;
		device->rule = PLAN_GUEST_KERNEL;
	}
	for (size_t i = 0; i < planner->in->spec->n_mounts; i++) {
		const struct spec_mount *mount = &planner->in->spec->mounts[i];

		if (path_is_control_node(mount->destination))
			*array_append(planner->plan->result.mounts,
				      planner->plan->result.n_mounts,
				      planner->plan->result.mounts_capacity) =
				(struct plan_mount) { .index = i,
						      .removed = true,
						      .after = *mount };
	}
}

static int compare_mounts(const void *a, const void *b)
{
	const struct plan_mount *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

int plan_control_node(struct planner *planner)
{
	struct planned_device *device = find_device(planner);
	struct plan_result *result = &planner->plan->result;
	bool mounted;
	int r;

	if (planner->group_by_device || planner->group_by_mount) {
		r = find_mount(planner, &mounted);
		if (r < 0)
			return r;
		if (device)
			set_numbers(planner->in->inventory, device);
		else if (mounted)
			return 0;
		else if (planner->group_by_device)
			add_device(planner);
		else
			result->control_mount = true;
		return 0;
	}
	if (planner->removes && !planner->vfio_stays) {
		remove_control(planner, device);
		if (result->n_mounts)
			qsort(result->mounts, result->n_mounts, sizeof *result->mounts,
			      compare_mounts);
	}
	return 0;
}
