/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: linux.devices. Rules 1, 5, 6 and 7. */
#include "planner.h"

static bool has_number(const struct spec_device *device,
		       const struct device_number *number)
{
	return device->has_numbers && device_number_equal(&device->number, number);
}

/* A node that an earlier run put there must still be this machine's. */
static int check_done(struct planner *planner, size_t index)
{
	const struct spec_device *device = &planner->in->spec->devices[index];
	const struct inventory_node *found =
		plan_find_node(planner, planner->in->request->devices[index].node);
	auto_free char *path = text_quote(device->path);
	auto_free char *why = NULL;

	if (found && found->absent)
		why = inventory_node_why(planner->in->inventory, planner->in->request,
					 found);
	if (!found || found->absent)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
			device->json,
			"%s was mapped by an earlier run, but %s; make the bundle again",
			path, why ? why : "was not looked up");
	if (!has_number(device, &found->number))
		return json_error(
			planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
			device->json,
			"%s was mapped by an earlier run, but is %s here now; make the bundle again",
			path, DEVICE_NUMBER_TEXT(&found->number));
	return 0;
}

static struct planned_device *add_device(struct planner *planner,
					 const struct spec_device *place)
{
	struct planned_device *device = array_append(planner->devices, planner->n_devices,
						     planner->devices_capacity);

	device->place = place;
	return device;
}

/* This run puts the node there. */
static void become(struct planner *planner, struct planned_device *device,
		   const struct resolved_node *to)
{
	device->action = device->added ? DEVICE_ADDED : DEVICE_CHANGES;
	device->rule = PLAN_DEVICE;
	device->to = to;
	plan_note_change(planner, device->place->path, to, false);
}

static void remove_device(struct planner *planner, struct planned_device *device,
			  const char *why)
{
	device->action = DEVICE_REMOVED;
	device->rule = PLAN_GUEST_KERNEL;
	device->why = why;
	plan_note_change(planner, device->place->path, NULL, false);
}

/* The first node takes the device's place, the others come after it. */
static void map_device(struct planner *planner, struct planned_device *first,
		       const struct resolved *resolved)
{
	const struct spec_device *before = first->place;

	if (resolved->n_nodes > 0) /* else it isn't there yet */
		become(planner, first, resolved->nodes[0]);
	for (size_t i = 1; i < resolved->n_nodes; i++) {
		struct planned_device *other = add_device(planner, before);

		other->added = true;
		become(planner, other, resolved->nodes[i]);
	}
}

static int classify(struct planner *planner, size_t index)
{
	const struct spec_device *before = &planner->in->spec->devices[index];
	const struct map_entry *entry = plan_device_entry(planner, index);
	struct planned_device *device = add_device(planner, before);

	if (device_is_done(planner->in->annotation, before)) {
		plan_note_stays(planner,
				slice_from(annotation_find_final(planner->in->annotation,
								 before->path)
						   ->node));
		return check_done(planner, index);
	}
	if (entry && entry->type == DEVICE_VFIO_PCI_GK) {
		planner->removes = true;
		remove_device(planner, device, plan_find_resolved(planner, entry)->why);
	} else if (entry) {
		map_device(planner, device, plan_find_resolved(planner, entry));
	} else if (plan_device_node(planner, index)) {
		become(planner, device, plan_device_node(planner, index));
	} else if (plan_device_state(planner, index)->dropped) {
		remove_device(planner, device,
			      "no map entry names it, and it is not this machine's");
	}
	return 0;
}

int plan_devices_classify(struct planner *planner)
{
	int r = 0;

	for (size_t i = 0; i < planner->in->spec->n_devices && r == 0; i++)
		r = classify(planner, i);
	return r;
}

/* Does an entry or its own address say what becomes of it? */
static bool is_affected(const struct planner *planner,
			const struct planned_device *device)
{
	return node_given(device->to) || planned_device_entry(planner, device);
}

static int cannot_merge(struct planner *planner, const struct planned_device *first,
			const struct planned_device *second, const char *why)
{
	const struct json *doc = &planner->in->spec->doc;
	auto_free char *path = text_quote(planned_device_after(first).path);

	return json_error(
		planner->err, ERROR_DATA, doc, second->place->json,
		"it and linux.devices[%u] both become %s, but %s differ; give one another \"final_path\"",
		json_span(doc, first->place->json)->position, path, why);
}

/* What keeps two devices from being one, or NULL. */
static const char *find_difference(const struct spec_device *a,
				   const struct spec_device *b)
{
	if (!a->has_numbers || !has_number(b, &a->number))
		return "type or numbers";
	if (a->mode != b->mode || a->uid != b->uid || a->gid != b->gid)
		return "fileMode, uid or gid";
	return NULL;
}

/* The devices of one final path, in the order of the spec: they are like the first that this
 * run puts there, and all but the first go. */
static int merge_group(struct planner *planner, const struct slice_place *places,
		       size_t count)
{
	size_t affected = 0;

	while (affected < count &&
	       !is_affected(planner, &planner->devices[places[affected].place]))
		affected++;
	for (size_t i = 0; i < count && affected < count; i++) {
		struct planned_device *device = &planner->devices[places[i].place];
		struct planned_device *like = &planner->devices[places[affected].place];
		const struct spec_device x = planned_device_after(like);
		const struct spec_device y = planned_device_after(device);
		const char *difference = find_difference(&x, &y);

		if (difference)
			return cannot_merge(planner, i < affected ? device : like,
					    i < affected ? like : device, difference);
		if (i == 0)
			continue;
		device->action = DEVICE_MERGED;
		device->rule = device->rule ? device->rule : PLAN_DEVICE;
		device->why =
			"it becomes one with an earlier device: their host groups are one group here";
	}
	return 0;
}

int plan_devices_merge(struct planner *planner)
{
	auto_slice_index paths = { 0 };
	int r = 0;

	for (size_t i = 0; i < planner->n_devices; i++) {
		if (planner->devices[i].action != DEVICE_REMOVED)
			slice_index_add(&paths,
					planned_device_after(&planner->devices[i]).path,
					i);
	}
	if (paths.count < 2)
		return 0;
	slice_index_sort(&paths);
	for (size_t i = 0, next; i < paths.count && r == 0; i = next) {
		next = slice_index_run_end(&paths, i);
		r = merge_group(planner, &paths.items[i], next - i);
	}
	return r;
}

enum { PATH, TYPE, MAJOR, MINOR, MEMBERS };
static const char *const keys[MEMBERS] = { "path", "type", "major", "minor" };

/* Where a device has what is replaced. */
static void find_members(const struct spec *spec, const struct spec_device *device,
			 struct json_place ret[static MEMBERS])
{
	const struct slice names[MEMBERS] = { SLICE("path"), SLICE("type"),
					      SLICE("major"), SLICE("minor") };

	json_find_members(spec->doc.text, json_span(&spec->doc, device->json)->start,
			  names, MEMBERS, ret);
}

static void emit_member(struct planner *planner, const struct planned_device *device,
			const struct json_place *places, unsigned int member,
			struct slice value)
{
	plan_set_at(planner->plan, device->rule, &planner->in->spec->doc,
		    device->place->json, keys[member], &places[member], value,
		    planned_why(device->why, device->to));
}

static void emit_number(struct planner *planner, const struct planned_device *device,
			const struct json_place *places, unsigned int member,
			uint32_t before, uint32_t after)
{
	const struct slice value =
		json_text_at(planner->in->spec->doc.text, places[member]);
	char digits[NUMBER_DIGITS];

	/* One that is absent or null counts as 0. */
	if (before != after || value.length == 0 || slice_equal(value, SLICE("null")))
		emit_member(planner, device, places, member,
			    number_format(after, digits));
}

static void emit_change(struct planner *planner, const struct planned_device *device)
{
	const struct spec_device *before = device->place;
	const struct spec_device after = planned_device_after(device);
	struct json_place places[MEMBERS] = { 0 };

	if (slice_equal(before->path, after.path) && has_number(before, &after.number))
		return;
	find_members(planner->in->spec, before, places);
	if (!slice_equal(before->path, after.path)) {
		auto_buffer text = { 0 };

		json_quote(&text, after.path);
		emit_member(planner, device, places, PATH, buffer_slice(&text));
	}
	if (before->number.type != after.number.type)
		emit_member(planner, device, places, TYPE,
			    after.number.type == 'c' ? SLICE("\"c\"") : SLICE("\"b\""));
	emit_number(planner, device, places, MAJOR, before->number.major,
		    after.number.major);
	emit_number(planner, device, places, MINOR, before->number.minor,
		    after.number.minor);
}

/* What a device has besides path, type and numbers, as it is spelled there. */
static void add_raw_member(const struct spec *spec, const struct spec_device *like,
			   const char *key, struct buffer *ret)
{
	struct json_place place;

	if (!spec_find_member(spec, like->json, key, &place))
		return;
	buffer_printf(ret, ",\"%s\":", key);
	buffer_add(ret, json_text_at(spec->doc.text, place));
}

/* `index`: where in the new list. */
static void emit_added(struct planner *planner, const struct planned_device *device,
		       size_t index)
{
	const struct spec *spec = planner->in->spec;
	const struct resolved_node *to = device->to;
	auto_buffer text = { 0 };

	buffer_add(&text, SLICE("{\"path\":"));
	json_quote(&text, slice_from(to->final_path));
	buffer_printf(&text, ",\"type\":\"%c\",\"major\":%u,\"minor\":%u",
		      to->number.type, to->number.major, to->number.minor);
	if (!device->place) {
		buffer_add(&text, SLICE(",\"fileMode\":438,\"uid\":0,\"gid\":0}"));
		plan_append(planner->plan, device->rule, &spec->doc, spec->devices_json,
			    index, buffer_slice(&text),
			    planned_why(device->why, device->to));
		return;
	}
	add_raw_member(spec, device->place, "fileMode", &text);
	add_raw_member(spec, device->place, "uid", &text);
	add_raw_member(spec, device->place, "gid", &text);
	buffer_add(&text, SLICE("}"));
	plan_insert(planner->plan, device->rule, &spec->doc, spec->devices_json,
		    device->place->json, index, buffer_slice(&text),
		    planned_why(device->why, device->to));
}

/* What live mode does to the container's node, and what the annotation lists. */
static void emit_node(struct planner *planner, const struct planned_device *device)
{
	struct plan *plan = planner->plan;
	struct plan_node *node =
		array_append(plan->nodes, plan->n_nodes, plan->nodes_capacity);
	const struct map_entry *entry = planned_device_entry(planner, device);
	const struct spec_device *before = device->added ? NULL : device->place;
	const struct spec_device after = planned_device_after(device);

	if (before)
		node->container_path = text_pool_add(&plan->texts, before->path);
	node->device = device->place;
	node->number = after.number;
	if (device->action != DEVICE_REMOVED) {
		node->final_path = device->to ? device->to->final_path
					      : text_pool_add(&plan->texts, after.path);
		node->node = device->to ? device->to->path : node->final_path;
	}
	if (!is_affected(planner, device) || (!entry && !before))
		return;
	annotation_add_node(&plan->annotation,
			    entry ? entry->container_path : node->container_path,
			    node->final_path, node->node, &node->number);
}

void plan_devices_emit(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;
	struct plan *plan = planner->plan;
	size_t index = 0; /* in the new list */

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		switch (device->action) {
		case DEVICE_STAYS:
			break;
		case DEVICE_CHANGES:
			emit_change(planner, device);
			break;
		case DEVICE_ADDED:
			emit_added(planner, device, index);
			break;
		case DEVICE_MERGED:
		case DEVICE_REMOVED:
			if (!device->added)
				plan_remove(plan, device->rule, &spec->doc,
					    spec->devices_json, device->place->json,
					    planned_why(device->why, device->to));
			break;
		}
		if (device->action != DEVICE_STAYS &&
		    !(device->action == DEVICE_MERGED && device->added))
			emit_node(planner, device);
		if (device->action == DEVICE_MERGED || device->action == DEVICE_REMOVED)
			continue;
		index++;
		if (planner->in->result)
			*array_append(plan->result.devices, plan->result.n_devices,
				      plan->result.devices_capacity) =
				planned_device_after(device);
	}
}
