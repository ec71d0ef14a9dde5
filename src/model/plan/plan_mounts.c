/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: bind mounts of device nodes. Rule 3, and the mounts of rules 5 and 6. */
#include "planner.h"

/* Where it is in the spec's list, which has other mounts, too. */
static size_t mount_index(const struct planner *planner, const struct spec_mount *mount)
{
	return json_span(&planner->in->spec->doc, mount->json)->position;
}

static struct plan_mount *add_mount(struct planner *planner, size_t index)
{
	struct plan_result *result = &planner->plan->result;
	struct plan_mount *mount =
		array_append(result->mounts, result->n_mounts, result->mounts_capacity);

	mount->index = index;
	mount->after = planner->in->spec->mounts[index];
	return mount;
}

/* A bind mount of a VFIO node that no entry names. */
static int check_unmapped(struct planner *planner, const struct spec_mount *mount)
{
	const struct json *doc = &planner->in->spec->doc;
	bool source = path_is_vfio_node(mount->source);
	auto_free char *path = text_quote(source ? mount->source : mount->destination);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	ssize_t index;

	if (planner->in->unmapped == UNMAPPED_KEEP)
		return 0;
	if (planner->in->unmapped == UNMAPPED_ERROR || planner->in->map->exists)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, mount->json,
			"no map entry names the bind mount of VFIO node %s; add one to a device map, or keep it as it is with %s",
			path, keep);
	index = request_find_node(planner->in->request, REQUEST_NODE_VFIO, mount->source);
	if (!source || index < 0 || planner->in->inventory->nodes[index].absent)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, mount->json,
			"the bind mount of %s is no VFIO node of this machine, and there is no device map; write one, or keep it with %s",
			path, keep);
	if (path_is_vfio_node(mount->destination) &&
	    !slice_equal(mount->destination, mount->source)) {
		auto_free char *destination = text_quote(mount->destination);

		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, mount->json,
			"it shows this machine's %s as %s, and there is no device map; write one, or keep it with %s",
			path, destination, keep);
	}
	return 0;
}

static void warn_whole_directory(struct planner *planner, const struct spec_mount *mount)
{
	if (slice_equal(mount->source, SLICE("/dev/vfio")))
		messages_add(
			planner->messages, MESSAGE_WARNING,
			"mounts[%zu]: it shows the whole /dev/vfio of this machine to the container; left as it is",
			mount_index(planner, mount));
}

static bool shows_vfio_node(const struct spec_mount *mount)
{
	return path_is_vfio_node(mount->source) || path_is_vfio_node(mount->destination);
}

static int classify(struct planner *planner, size_t index)
{
	const struct spec_mount *before = &planner->in->spec->mounts[index];
	const struct map_entry *entry;
	const struct resolved *by;
	struct plan_mount *mount;

	if (mount_is_done(planner->in->annotation, before)) {
		planner->vfio_stays |=
			annotation_is_vfio(planner->in->annotation, before->destination);
		return 0;
	}
	if (path_is_control_node(before->destination) &&
	    path_is_control_node(before->source))
		return 0;
	warn_whole_directory(planner, before);
	entry = mount_find_entry(planner->in->map, before);
	if (!entry) {
		planner->vfio_stays |= shows_vfio_node(before);
		return shows_vfio_node(before) ? check_unmapped(planner, before) : 0;
	}
	if (path_is_control_node(before->destination)) {
		auto_free char *source = text_quote(before->source);

		return json_error(
			planner->err, ERROR_DATA, &planner->in->spec->doc, before->json,
			"it shows %s as the control node /dev/vfio/vfio; mount it on a path of its own",
			source);
	}
	by = plan_find_resolved(planner, entry);
	mount = add_mount(planner, index);
	if (entry->type == DEVICE_VFIO_PCI_GK) {
		mount->removed = true;
		planner->removes = true;
		return 0;
	}
	if (entry->type == DEVICE_VFIO_PCI)
		planner->group_by_mount = true;
	if (!by->node) /* it isn't there yet */
		return 0;
	mount->after.source = slice_from(by->node);
	if (slice_equal(before->destination, slice_from(entry->container_path)))
		mount->after.destination = slice_from(by->final_path);
	return 0;
}

int plan_mounts_classify(struct planner *planner)
{
	for (size_t i = 0; i < planner->in->spec->n_mounts; i++) {
		int r = classify(planner, i);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Does another mount end on this path, with another source? It would hide the node. */
static int check_hidden(struct planner *planner, struct slice path, struct slice source,
			uint32_t json)
{
	for (size_t i = 0; i < planner->in->spec->n_mounts; i++) {
		const struct spec_mount *other =
			plan_mount_after(&planner->plan->result, planner->in->spec, i);

		if (other && slice_equal(other->destination, path) &&
		    !slice_equal(other->source, source)) {
			auto_free char *quoted = text_quote(path);

			return json_error(
				planner->err, ERROR_DATA, &planner->in->spec->doc, json,
				"it becomes %s, where mounts[%zu] puts something else; take one of them out",
				quoted, mount_index(planner, other));
		}
	}
	return 0;
}

/* A device that stays must not be what a mount of another node hides. */
static int check_hides(struct planner *planner, const struct plan_mount *mount)
{
	const struct map_entry *entry = mount_find_entry(
		planner->in->map, &planner->in->spec->mounts[mount->index]);
	const struct resolved *by = plan_find_resolved(planner, entry);

	for (size_t i = 0; by && i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action != DEVICE_STAYS ||
		    !slice_equal(device->after.path, mount->after.destination) ||
		    (device->after.has_numbers &&
		     device_number_equal(&device->after.number, &by->number)))
			continue;
		return json_error(planner->err, ERROR_DATA, &planner->in->spec->doc,
				  mount->after.json,
				  "it hides linux.devices[%zu]; take one of them out",
				  device->before->index);
	}
	return 0;
}

int plan_mounts_check(struct planner *planner)
{
	const struct plan_result *result = &planner->plan->result;
	int r = 0;

	for (size_t i = 0; r == 0 && i < result->n_mounts; i++) {
		if (!result->mounts[i].removed)
			r = check_hidden(planner, result->mounts[i].after.destination,
					 result->mounts[i].after.source,
					 result->mounts[i].after.json);
		if (r == 0 && !result->mounts[i].removed)
			r = check_hides(planner, &result->mounts[i]);
	}
	for (size_t i = 0; r == 0 && i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action == DEVICE_CHANGES && device->by)
			r = check_hidden(planner, device->after.path,
					 slice_from(device->by->node),
					 device->before->json);
	}
	return r;
}

static void emit_path(struct planner *planner, const struct plan_mount *mount,
		      enum spec_mount_member member, struct slice before,
		      struct slice after, const char *why)
{
	const struct json *doc = &planner->in->spec->doc;
	auto_buffer text = { 0 };

	if (slice_equal(before, after))
		return;
	json_quote(&text, after);
	plan_replace(planner->plan, PLAN_MOUNT, doc,
		     json_member(doc, mount->after.json, member), buffer_slice(&text),
		     why);
}

/* What live mode does; `by` NULL: the control node, which goes with the last VFIO
 * device. */
static void emit_node(struct planner *planner, const struct plan_mount *mount,
		      const struct map_entry *entry, const struct resolved *by)
{
	struct plan *plan = planner->plan;
	struct plan_node *node =
		array_append(plan->nodes, plan->n_nodes, plan->nodes_capacity);
	const struct spec_mount *before = &planner->in->spec->mounts[mount->index];

	node->mount = true;
	node->container_path =
		xstrndup(before->destination.data, before->destination.length);
	node->old_source = xstrndup(before->source.data, before->source.length);
	if (!mount->removed) {
		node->final_path = xstrndup(mount->after.destination.data,
					    mount->after.destination.length);
		node->node = xstrdup(by->node);
		node->number = by->number;
	}
	if (by)
		annotation_add_node(&plan->annotation, entry->container_path,
				    node->final_path, node->node, &node->number);
}

static void emit_control_node(struct planner *planner)
{
	struct plan *plan = planner->plan;
	struct plan_node *node =
		array_append(plan->nodes, plan->n_nodes, plan->nodes_capacity);

	node->mount = true;
	node->final_path = xstrdup(CONTROL_NODE);
	node->node = xstrdup(CONTROL_NODE);
	node->number.type = 'c';
	node->number.major = planner->in->inventory->control.major;
	node->number.minor = planner->in->inventory->control.minor;
}

static void emit_mount(struct planner *planner, const struct plan_mount *mount)
{
	const struct spec *spec = planner->in->spec;
	const struct spec_mount *before = &spec->mounts[mount->index];
	const struct map_entry *entry = mount_find_entry(planner->in->map, before);
	const struct resolved *by = plan_find_resolved(planner, entry);

	if (mount->removed) {
		plan_remove(planner->plan, PLAN_GUEST_KERNEL, &spec->doc, before->json,
			    by ? by->why
			       : "no VFIO device is left that needs the control node");
	} else {
		emit_path(planner, mount, SPEC_MOUNT_DESTINATION, before->destination,
			  mount->after.destination, by->why);
		emit_path(planner, mount, SPEC_MOUNT_SOURCE, before->source,
			  mount->after.source, by->why);
	}
	emit_node(planner, mount, entry, by);
}

/* The control node as a mount like the first that shows a VFIO group. */
static void emit_control(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;
	const struct plan_result *result = &planner->plan->result;
	const struct json *doc = &spec->doc;
	auto_buffer text = { 0 };
	uint32_t type, options, like = 0;

	for (size_t i = 0; i < result->n_mounts && !like; i++) {
		const struct spec_mount *before = &spec->mounts[result->mounts[i].index];

		if (mount_find_entry(planner->in->map, before)->type == DEVICE_VFIO_PCI)
			like = before->json;
	}
	type = json_member(doc, like, SPEC_MOUNT_TYPE);
	options = json_member(doc, like, SPEC_MOUNT_OPTIONS);
	buffer_add(&text, SLICE("{\"destination\":\"" CONTROL_NODE "\""));
	if (type) {
		buffer_add(&text, SLICE(",\"type\":"));
		buffer_add(&text, json_raw(doc, type));
	}
	buffer_add(&text, SLICE(",\"source\":\"" CONTROL_NODE "\""));
	if (options) {
		buffer_add(&text, SLICE(",\"options\":"));
		json_add_compact(&text, json_raw(doc, options));
	}
	buffer_add(&text, SLICE("}"));
	plan_append(planner->plan, PLAN_CONTROL, doc, spec->mounts_json,
		    json_array_length(doc, spec->mounts_json), buffer_slice(&text),
		    "a VFIO group is of no use without the control node");
}

void plan_mounts_emit(struct planner *planner)
{
	for (size_t i = 0; i < planner->plan->result.n_mounts; i++)
		emit_mount(planner, &planner->plan->result.mounts[i]);
	if (planner->plan->result.control_mount) {
		emit_control(planner);
		emit_control_node(planner);
	}
}
