/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the control nodes, /dev/vfio/vfio of groups and /dev/iommu of handles. Rule 5,
 * and its end in rule 6. */
#include "claims.h"

/* One of them. */
struct control {
	struct planner *planner;
	enum vfio_kind kind;
	struct slice path;
	const struct inventory_control *found;
};

void plan_note_change(struct planner *planner, struct slice before,
		      const struct resolved_node *by, bool is_mount)
{
	if (by && by->vfio && is_mount)
		planner->kinds[by->kind].by_mount = true;
	else if (by && by->vfio)
		planner->kinds[by->kind].by_device = true;
	if (path_is_vfio_handle(before, NULL) &&
	    !(by && by->vfio && by->kind == VFIO_HANDLE))
		planner->kinds[VFIO_HANDLE].goes = true;
}

void plan_note_stays(struct planner *planner, struct slice path)
{
	if (path_is_vfio_node(path))
		planner->kinds[path_is_vfio_handle(path, NULL) ? VFIO_HANDLE : VFIO_GROUP]
			.stays = true;
}

/* ---- what the spec has of it */

/* What an entry names, or named in an earlier run, is the entry's. */
static bool is_named(const struct control *control, const struct planned_device *device)
{
	return planned_device_entry(control->planner, device) ||
	       (device->place && !device->added &&
		device_is_done(control->planner->in->annotation, device->place));
}

static bool is_control_device(const struct control *control,
			      const struct planned_device *device)
{
	return slice_equal(planned_device_after(device).path, control->path) &&
	       !is_named(control, device);
}

static bool is_control_mount(const struct control *control,
			     const struct planned_mount *mount)
{
	return slice_equal(planned_mount_destination(mount), control->path) &&
	       !planned_mount_entry(control->planner, mount) &&
	       !mount_is_done(control->planner->in->annotation, mount->before);
}

/* A mount that shows it: its own, or one of the whole directory. */
static int find_mount(const struct control *control, bool *ret)
{
	struct planner *planner = control->planner;
	const struct spec *spec = planner->in->spec;

	*ret = false;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if (control->kind == VFIO_GROUP &&
		    slice_equal(mount->destination, SLICE("/dev/vfio")) &&
		    slice_equal(mount->source, SLICE("/dev/vfio")))
			*ret = true;
		if (!slice_equal(mount->destination, control->path))
			continue;
		if (!slice_equal(mount->source, control->path)) {
			auto_free char *source = text_quote(mount->source);

			return json_error(
				planner->err, ERROR_DATA, &spec->doc, mount->json,
				control->kind == VFIO_GROUP
					? "it shows %s as the control node, which the VFIO groups of this container need; remove it"
					: "it shows %s as /dev/iommu, which the VFIO handles of this container need; remove it",
				source);
		}
		*ret = true;
	}
	return 0;
}

/* Is one there that an entry names? */
static bool has_named(const struct control *control)
{
	const struct planner *planner = control->planner;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (slice_equal(planned_device_after(device).path, control->path) &&
		    is_named(control, device))
			return true;
	}
	return false;
}

/* ---- what becomes of it */

static const char *const need[VFIO_KINDS] = {
	[VFIO_GROUP] = "a VFIO group is of no use without the control node",
	[VFIO_HANDLE] = "a VFIO handle is of no use without /dev/iommu",
};

static void set_numbers(const struct control *control, struct planned_device *device)
{
	device->to = &control->planner->control[control->kind];
	device->rule = PLAN_CONTROL;
	device->action = DEVICE_CHANGES;
	device->why = "the control node of this machine";
}

static void add_device(const struct control *control)
{
	struct planner *planner = control->planner;
	struct planned_device *device = array_append(planner->devices, planner->n_devices,
						     planner->devices_capacity);

	set_numbers(control, device);
	device->added = true;
	device->action = DEVICE_ADDED;
	device->why = need[control->kind];
}

/* Like the first mount that shows a node of the kind. */
static void add_mount(const struct control *control)
{
	struct planner *planner = control->planner;
	const struct spec_mount *like = NULL;

	for (size_t i = 0; i < planner->n_mounts && !like; i++) {
		const struct resolved_node *to = planner->mounts[i].to;

		if (to && to->vfio && to->kind == control->kind)
			like = planner->mounts[i].before;
	}
	*array_append(planner->mounts, planner->n_mounts, planner->mounts_capacity) =
		(struct planned_mount) { .before = like,
					 .to = &planner->control[control->kind],
					 .moves = true,
					 .action = DEVICE_ADDED,
					 .rule = PLAN_CONTROL,
					 .why = need[control->kind] };
}

/* Corrects those that are there, which may be several that are equal. */
static bool correct_devices(const struct control *control)
{
	struct planner *planner = control->planner;
	bool found = false;

	for (size_t i = 0; i < planner->n_devices; i++) {
		if (!is_control_device(control, &planner->devices[i]))
			continue;
		set_numbers(control, &planner->devices[i]);
		found = true;
	}
	return found;
}

static bool is_right(const struct control *control, const struct planned_device *device)
{
	const struct spec_device after = planned_device_after(device);

	return control->found->exists && after.has_numbers &&
	       device_number_equal(&after.number, &control->found->number);
}

/* The same where a node of the kind only stays: what is right by then is nobody's business. */
static void correct_wrong(const struct control *control)
{
	struct planner *planner = control->planner;

	for (size_t i = 0; i < planner->n_devices && control->found->exists; i++) {
		if (is_control_device(control, &planner->devices[i]) &&
		    !is_right(control, &planner->devices[i]))
			set_numbers(control, &planner->devices[i]);
	}
}

static void remove_device(struct planned_device *device)
{
	device->to = NULL;
	device->action = DEVICE_REMOVED;
	device->rule = PLAN_GUEST_KERNEL;
	device->why = "no VFIO device is left that needs the control node";
}

static void remove_mount(struct planned_mount *mount)
{
	mount->action = DEVICE_REMOVED;
	mount->rule = PLAN_GUEST_KERNEL;
	mount->why = "no VFIO device is left that needs the control node";
}

static void remove_all(const struct control *control)
{
	struct planner *planner = control->planner;

	for (size_t i = 0; i < planner->n_devices; i++) {
		if (is_control_device(control, &planner->devices[i]))
			remove_device(&planner->devices[i]);
	}
	for (size_t i = 0; i < planner->n_mounts; i++) {
		if (is_control_mount(control, &planner->mounts[i]))
			remove_mount(&planner->mounts[i]);
	}
}

static void warn_removed(const struct control *control)
{
	messages_add(
		control->planner->messages, MESSAGE_WARNING,
		"%s is removed: it is not this machine's, and the container has no VFIO handle that needs it",
		control->path.data);
}

/* /dev/iommu where nothing is said of it: one that is another machine's may be anything
 * here. */
static void remove_foreign(const struct control *control)
{
	struct planner *planner = control->planner;

	for (size_t i = 0; i < planner->n_devices; i++) {
		struct planned_device *device = &planner->devices[i];

		if (!is_control_device(control, device) || is_right(control, device))
			continue;
		remove_device(device);
		device->why = "it is not this machine's";
		warn_removed(control);
	}
	for (size_t i = 0; i < planner->n_mounts; i++) {
		struct planned_mount *mount = &planner->mounts[i];

		if (!is_control_mount(control, mount) || control->found->exists ||
		    !slice_equal(planned_mount_source(mount), control->path))
			continue;
		remove_mount(mount);
		mount->why = "it is not this machine's";
		warn_removed(control);
	}
}

/* ---- the decision */

/* What stays under its path must not be a node of VFIO's that nobody gave. */
static int check_devices(const struct control *control)
{
	struct planner *planner = control->planner;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];
		const struct spec_device after = planned_device_after(device);
		const struct vfio_node *node;

		if (device->action == DEVICE_REMOVED ||
		    !is_control_device(control, device) || !after.has_numbers)
			continue;
		node = inventory_find_vfio_node(planner->in->inventory, &after.number);
		if (node)
			return claim_refuse_disguised(planner, after.json, "path",
						      after.path, node);
	}
	return 0;
}

/* This run puts a node of the kind into the container. */
static int provide(const struct control *control)
{
	struct planner *planner = control->planner;
	bool mounted;
	int r;

	if (!control->found->exists)
		return error_set(
			planner->err, ERROR_UNAVAILABLE,
			"%s is not on this machine, and a VFIO handle is of no use without it: the kernel needs CONFIG_IOMMUFD, or set \"node\": \"group\" in the entry",
			control->path.data);
	r = find_mount(control, &mounted);
	if (r < 0 || correct_devices(control) || mounted || has_named(control))
		return r;
	if (planner->kinds[control->kind].by_device)
		add_device(control);
	else
		add_mount(control);
	return 0;
}

static bool any_stays(const struct planner *planner)
{
	for (unsigned int i = 0; i < VFIO_KINDS; i++) {
		if (planner->kinds[i].by_device || planner->kinds[i].by_mount ||
		    planner->kinds[i].stays)
			return true;
	}
	return false;
}

static int decide(const struct control *control)
{
	struct planner *planner = control->planner;
	bool handles = control->kind == VFIO_HANDLE;

	if (planner->kinds[control->kind].by_device ||
	    planner->kinds[control->kind].by_mount)
		return provide(control);
	if (handles && planner->kinds[VFIO_HANDLE].stays) {
		correct_wrong(control);
	} else if ((planner->removes && !any_stays(planner)) ||
		   (handles && planner->kinds[VFIO_HANDLE].goes)) {
		remove_all(control);
	} else if (handles && planner->in->map->exists &&
		   planner->in->request->unmapped != UNMAPPED_KEEP) {
		remove_foreign(control);
	}
	return check_devices(control);
}

int plan_control_nodes(struct planner *planner)
{
	int r = 0;

	for (unsigned int i = 0; i < VFIO_KINDS && r == 0; i++) {
		const struct control control = {
			.planner = planner,
			.kind = (enum vfio_kind)i,
			.path = vfio_control_node((enum vfio_kind)i),
			.found = &planner->in->inventory->control[i],
		};

		planner->control[i] =
			(struct resolved_node) { .final_path = control.path.data,
						 .path = control.path.data,
						 .number = control.found->number,
						 .control = true };
		r = decide(&control);
	}
	return r;
}
