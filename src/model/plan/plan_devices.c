/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: linux.devices. Rules 1, 5 and 6, and the VFIO devices that no entry names. */
#include "planner.h"

static bool has_number(const struct spec_device *device,
		       const struct device_number *number)
{
	return device->has_numbers && device_number_equal(&device->number, number);
}

/* A node that an earlier run put there must still be this machine's. */
static int check_done(struct planner *planner, const struct spec_device *device)
{
	const struct annotation_node *done =
		annotation_find_final(planner->in->annotation, device->path);
	struct slice node = slice_from(done->node);
	ssize_t index = request_find_node(
		planner->in->request,
		path_is_vfio_node(node) ? REQUEST_NODE_VFIO : REQUEST_NODE_FILE, node);
	const struct inventory_node *found = &planner->in->inventory->nodes[index];
	auto_free char *path = text_quote(device->path);

	if (found->absent)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
			device->json,
			"%s was mapped by an earlier run, but %s; make the bundle anew",
			path, found->absent);
	if (!has_number(device, &found->number))
		return json_error(
			planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
			device->json,
			"%s was mapped by an earlier run, but is %s here now; make the bundle anew",
			path, DEVICE_NUMBER_TEXT(&found->number));
	return 0;
}

/* A VFIO device that no entry names. */
static int check_unmapped(struct planner *planner, const struct spec_device *device)
{
	const struct json *doc = &planner->in->spec->doc;
	uint32_t json = json_member(doc, device->json, SPEC_DEVICE_PATH);
	auto_free char *path = text_quote(device->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	const struct inventory_node *found;
	ssize_t index;

	if (planner->in->unmapped == UNMAPPED_KEEP)
		return 0;
	if (planner->in->unmapped == UNMAPPED_ERROR || planner->in->map->exists)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, json,
			"no map entry names the VFIO device %s; add one to a device map, or keep the device as it is with %s",
			path, keep);
	index = request_find_node(planner->in->request, REQUEST_NODE_VFIO, device->path);
	found = &planner->in->inventory->nodes[index];
	if (found->absent)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, json,
			"the VFIO device %s is not one of this machine (%s), and there is no device map; write one, or keep the device with %s",
			path, found->absent, keep);
	if (!has_number(device, &found->number))
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, json,
			"the VFIO device %s is %s on this machine, the spec says otherwise, and there is no device map; write one, or keep the device with %s",
			path, DEVICE_NUMBER_TEXT(&found->number), keep);
	return 0;
}

static int classify(struct planner *planner, struct planned_device *device)
{
	const struct spec_device *before = device->before;

	if (device_is_done(planner->in->annotation, before)) {
		planner->vfio_stays |=
			annotation_is_vfio(planner->in->annotation, before->path);
		return check_done(planner, before);
	}
	if (path_is_control_node(before->path))
		return 0;
	device->entry = device_map_find(planner->in->map, before->path);
	device->by = plan_find_resolved(planner, device->entry);
	device->rule = PLAN_DEVICE;
	if (!device->entry) {
		planner->vfio_stays |= path_is_vfio_node(before->path);
		return path_is_vfio_node(before->path) ? check_unmapped(planner, before)
						       : 0;
	}
	if (device->entry->type == DEVICE_VFIO_PCI_GK) {
		device->action = DEVICE_REMOVED;
		device->rule = PLAN_GUEST_KERNEL;
		planner->removes = true;
		return 0;
	}
	if (device->entry->type == DEVICE_VFIO_PCI)
		planner->group_by_device = true;
	device->action = DEVICE_CHANGES;
	if (!device->by->final_path) /* it isn't there yet */
		return 0;
	device->after.path = slice_from(device->by->final_path);
	device->after.number.type = device->by->number.type;
	device->after.has_numbers = true;
	device->after.number.major = device->by->number.major;
	device->after.number.minor = device->by->number.minor;
	return 0;
}

/* Two devices with one path: which one is meant? */
static int check_twice(struct planner *planner, const struct planned_device *device)
{
	struct slice path = device->before->path;

	if (!device->entry && !path_is_vfio_node(path) && !path_is_control_node(path))
		return 0;
	for (const struct planned_device *other = planner->devices; other < device;
	     other++) {
		if (slice_equal(other->before->path, path)) {
			auto_free char *quoted = text_quote(path);

			return json_error(planner->err, ERROR_DATA,
					  &planner->in->spec->doc, device->before->json,
					  "%s is in linux.devices[%zu] already; keep one",
					  quoted, other->before->index);
		}
	}
	return 0;
}

int plan_devices_classify(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;

	/* One more: the control node may be added. */
	planner->devices = xzalloc((spec->n_devices + 1) * sizeof *planner->devices);
	for (size_t i = 0; i < spec->n_devices; i++) {
		struct planned_device *device = &planner->devices[planner->n_devices++];
		int r;

		device->before = &spec->devices[i];
		device->after = spec->devices[i];
		r = classify(planner, device);
		if (r == 0)
			r = check_twice(planner, device);
		if (r < 0)
			return r;
	}
	return 0;
}

static int cannot_merge(struct planner *planner, const struct planned_device *first,
			const struct planned_device *second, const char *why)
{
	auto_free char *path = text_quote(first->after.path);

	return json_error(planner->err, ERROR_DATA, &planner->in->spec->doc,
			  second->before->json,
			  "it and linux.devices[%zu] both become %s, but %s differ",
			  first->before->index, path, why);
}

static bool is_same(const struct planned_device *a, const struct planned_device *b)
{
	return a->after.has_numbers && has_number(&b->after, &a->after.number);
}

static int merge(struct planner *planner, struct planned_device *first,
		 struct planned_device *second)
{
	const struct spec_device *a = &first->after, *b = &second->after;

	if (!is_same(first, second))
		return cannot_merge(planner, first, second, "type or numbers");
	if (a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		return cannot_merge(planner, first, second, "fileMode, uid or gid");
	second->action = DEVICE_MERGED;
	return 0;
}

/* Two devices of which one is ours; what isn't ours is only compared with what is. */
int plan_devices_merge(struct planner *planner)
{
	size_t first_affected = 0;

	while (first_affected < planner->n_devices &&
	       !planner->devices[first_affected].entry)
		first_affected++;
	for (size_t i = first_affected; i < planner->n_devices; i++) {
		struct planned_device *second = &planner->devices[i];

		for (size_t k = second->entry ? 0 : first_affected; k < i; k++) {
			struct planned_device *first = &planner->devices[k];
			int r;

			if ((!second->entry && !first->entry) ||
			    first->action == DEVICE_REMOVED ||
			    second->action == DEVICE_REMOVED ||
			    !slice_equal(first->after.path, second->after.path) ||
			    (first->action == DEVICE_MERGED && is_same(first, second)))
				continue;
			/* With all of them: the spec may have one path twice. */
			r = merge(planner, first, second);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void emit_number(struct plan *plan, const struct planned_device *device,
			const struct json *doc, enum spec_device_member member,
			const char *key, uint32_t before, uint32_t after, const char *why)
{
	auto_buffer text = { 0 };

	if (before == after && json_member(doc, device->before->json, member))
		return;
	buffer_add_number(&text, after);
	plan_set_member(plan, device->rule, doc, device->before->json, member, key,
			buffer_slice(&text), why);
}

static void emit_change(struct planner *planner, const struct planned_device *device)
{
	const struct json *doc = &planner->in->spec->doc;
	const struct spec_device *before = device->before, *after = &device->after;
	const char *why =
		device->by ? device->by->why : "the control node of this machine";

	if (!slice_equal(before->path, after->path)) {
		auto_buffer text = { 0 };

		json_quote(&text, after->path);
		plan_set_member(planner->plan, device->rule, doc, before->json,
				SPEC_DEVICE_PATH, "path", buffer_slice(&text), why);
	}
	if (before->number.type != after->number.type)
		plan_set_member(
			planner->plan, device->rule, doc, before->json, SPEC_DEVICE_TYPE,
			"type",
			after->number.type == 'c' ? SLICE("\"c\"") : SLICE("\"b\""), why);
	emit_number(planner->plan, device, doc, SPEC_DEVICE_MAJOR, "major",
		    before->number.major, after->number.major, why);
	emit_number(planner->plan, device, doc, SPEC_DEVICE_MINOR, "minor",
		    before->number.minor, after->number.minor, why);
}

static void emit_added(struct planner *planner, const struct planned_device *device)
{
	const struct spec *spec = planner->in->spec;
	auto_buffer text = { 0 };

	buffer_printf(
		&text,
		"{\"path\":\"" CONTROL_NODE
		"\",\"type\":\"c\",\"major\":%u,\"minor\":%u,\"fileMode\":438,\"uid\":0,\"gid\":0}",
		device->after.number.major, device->after.number.minor);
	plan_append(planner->plan, device->rule, &spec->doc, spec->devices_json,
		    planner->plan->result.n_devices, buffer_slice(&text),
		    "a VFIO group is of no use without the control node");
}

/* What live mode does to the container's node, and what the annotation lists. */
static void emit_node(struct planner *planner, const struct planned_device *device)
{
	struct plan *plan = planner->plan;
	struct plan_node *node =
		array_append(plan->nodes, plan->n_nodes, plan->nodes_capacity);
	const struct spec_device *before = device->before, *after = &device->after;

	if (before) {
		node->container_path = xstrndup(before->path.data, before->path.length);
		node->has_old = before->has_numbers;
		node->old = before->number;
	}
	node->number = after->number;
	node->mode = after->mode;
	node->uid = after->uid;
	node->gid = after->gid;
	if (device->action != DEVICE_REMOVED) {
		node->final_path = xstrndup(after->path.data, after->path.length);
		node->node = xstrdup(device->by ? device->by->node : CONTROL_NODE);
	}
	if (device->entry)
		annotation_add_node(&plan->annotation, node->container_path,
				    node->final_path, node->node, &node->number);
}

void plan_devices_emit(struct planner *planner)
{
	const struct json *doc = &planner->in->spec->doc;
	struct plan *plan = planner->plan;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		switch (device->action) {
		case DEVICE_STAYS:
			break;
		case DEVICE_CHANGES:
			if (device->before)
				emit_change(planner, device);
			else
				emit_added(planner, device);
			break;
		case DEVICE_MERGED:
			plan_remove(
				plan, device->rule, doc, device->before->json,
				"it becomes one with an earlier device: their host groups are one group here");
			break;
		case DEVICE_REMOVED:
			plan_remove(
				plan, device->rule, doc, device->before->json,
				device->by
					? device->by->why
					: "no VFIO device is left that needs the control node");
			break;
		}
		if (device->action != DEVICE_STAYS)
			emit_node(planner, device);
		if (device->action == DEVICE_STAYS || device->action == DEVICE_CHANGES)
			*array_append(plan->result.devices, plan->result.n_devices,
				      plan->result.devices_capacity) = device->after;
	}
}
