/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: bind mounts of device nodes. Rule 3, and the mounts of rules 5, 6 and 7. What
 * is mounted of this machine's nodes becomes read-only, so that nobody in the container can
 * change the node itself: a device is written all the same. */
#include "planner.h"

/* Where it is in the spec's list, which has other mounts, too. */
static size_t mount_index(const struct planner *planner, const struct spec_mount *mount)
{
	return json_span(&planner->in->spec->doc, mount->json)->position;
}

static void warn_directory(struct planner *planner, const struct spec_mount *mount)
{
	auto_free char *source = NULL;

	if (!path_holds_vfio_nodes(mount->source))
		return;
	source = text_quote(mount->source);
	messages_add(
		planner->messages, MESSAGE_WARNING,
		"mounts[%zu]: it shows the whole %s of this machine to the container; left as it is",
		mount_index(planner, mount), source);
}

static struct planned_mount *add_mount(struct planner *planner,
				       const struct spec_mount *before)
{
	struct planned_mount *mount = array_append(planner->mounts, planner->n_mounts,
						   planner->mounts_capacity);

	mount->before = before;
	return mount;
}

/* The machine's node at its own place, and at the final path where the entry's stood. */
static void become(struct planner *planner, struct planned_mount *mount,
		   const struct resolved_node *to, bool moves)
{
	mount->rule = PLAN_MOUNT;
	mount->to = to;
	mount->moves = moves;
	plan_note_change(planner, mount->before->source, to, true);
}

static void remove_mount(struct planner *planner, struct planned_mount *mount,
			 const char *why)
{
	mount->action = DEVICE_REMOVED;
	mount->rule = PLAN_GUEST_KERNEL;
	mount->why = why;
	plan_note_change(planner, mount->before->source, NULL, true);
}

static int check_several(struct planner *planner, const struct spec_mount *before,
			 const struct map_entry *entry, const struct resolved *by,
			 bool moves)
{
	auto_free char *destination = NULL, *path = NULL;

	if (by->n_nodes < 2 || moves)
		return 0;
	destination = text_quote(before->destination);
	path = path_display(entry->container_path);
	return json_error(
		planner->err, ERROR_DATA, &planner->in->spec->doc, before->json,
		"the functions of %s are in %zu IOMMU groups here, which can't all be %s; mount it at %s",
		entry->where, by->n_nodes, destination, path);
}

static int map_mount(struct planner *planner, size_t index, const struct map_entry *entry)
{
	const struct spec_mount *before = &planner->in->spec->mounts[index];
	const struct resolved *by = plan_find_resolved(planner, entry);
	bool moves = planner->in->request->mounts[index].by_destination;
	struct planned_mount *mount = add_mount(planner, before);
	int r = check_several(planner, before, entry, by, moves);

	if (r < 0)
		return r;
	if (entry->type == DEVICE_VFIO_PCI_GK) {
		planner->removes = true;
		remove_mount(planner, mount, by->why);
		return 0;
	}
	if (by->n_nodes == 0) /* it isn't there yet */
		return 0;
	mount->action = DEVICE_CHANGES;
	become(planner, mount, by->nodes[0], moves);
	for (size_t i = 1; i < by->n_nodes; i++) {
		mount = add_mount(planner, before);
		mount->action = DEVICE_ADDED;
		become(planner, mount, by->nodes[i], true);
	}
	return 0;
}

static int classify(struct planner *planner, size_t index)
{
	const struct spec_mount *before = &planner->in->spec->mounts[index];
	const struct map_entry *entry = plan_mount_entry(planner, index);
	struct planned_mount *mount;

	if (mount_is_done(planner->in->annotation, before)) {
		plan_note_stays(planner, before->source);
		add_mount(planner, before);
		return 0;
	}
	warn_directory(planner, before);
	if (entry && path_is_control_node(before->destination) &&
	    !slice_equal(before->source, before->destination)) {
		auto_free char *source = text_quote(before->source);
		auto_free char *path = text_quote(before->destination);

		return json_error(
			planner->err, ERROR_DATA, &planner->in->spec->doc, before->json,
			"it shows %s as the control node %s; mount it on a path of its own",
			source, path);
	}
	if (entry)
		return map_mount(planner, index, entry);
	mount = add_mount(planner, before);
	if (plan_mount_node(planner, index)) {
		mount->action = DEVICE_CHANGES;
		become(planner, mount, plan_mount_node(planner, index),
		       slice_equal(before->source, before->destination));
	} else if (plan_mount_state(planner, index)->dropped) {
		remove_mount(planner, mount,
			     "no map entry names it, and it is not this machine's");
	}
	return 0;
}

int plan_mounts_classify(struct planner *planner)
{
	int r = 0;

	for (size_t i = 0; i < planner->in->spec->n_mounts && r == 0; i++)
		r = classify(planner, i);
	return r;
}

/* ---- does one hide another? */

static bool is_affected(const struct planned_mount *mount)
{
	return node_given(mount->to) && mount->action != DEVICE_REMOVED;
}

/* Do all mounts on this path show one source? Else some would hide the node; `json` is what
 * would be hidden. */
static int check_hidden(struct planner *planner, const struct slice_index *mounts,
			struct slice path, struct slice source, uint32_t json)
{
	size_t count;
	const struct slice_place *places = slice_index_find(mounts, path, &count);

	for (size_t i = 0; i < count; i++) {
		const struct planned_mount *other = &planner->mounts[places[i].place];
		auto_free char *quoted = NULL;

		if (slice_equal(planned_mount_source(other), source))
			continue;
		quoted = text_quote(path);
		return json_error(
			planner->err, ERROR_DATA, &planner->in->spec->doc, json,
			"it becomes %s, where mounts[%zu] puts something else; remove one of them",
			quoted, mount_index(planner, other->before));
	}
	return 0;
}

/* A device that stays must not be what a mount of another node hides. */
static int check_hides(struct planner *planner, const struct slice_index *devices,
		       const struct planned_mount *mount)
{
	size_t count;
	const struct slice_place *places =
		slice_index_find(devices, planned_mount_destination(mount), &count);
	const struct json *doc = &planner->in->spec->doc;

	for (size_t i = 0; i < count; i++) {
		const struct spec_device device =
			planned_device_after(&planner->devices[places[i].place]);

		if (device.has_numbers &&
		    device_number_equal(&device.number, &mount->to->number))
			continue;
		return json_error(planner->err, ERROR_DATA, doc, mount->before->json,
				  "it hides linux.devices[%u]; remove one of them",
				  json_span(doc, device.json)->position);
	}
	return 0;
}

/* Of the mounts on one path, one that this run changes speaks for all that it is like. */
static int check_path(struct planner *planner, const struct slice_index *mounts,
		      const struct slice_index *devices, const struct slice_place *places,
		      size_t count)
{
	const struct planned_mount *affected = NULL;
	int r;

	for (size_t i = 0; i < count && !affected; i++) {
		if (is_affected(&planner->mounts[places[i].place]))
			affected = &planner->mounts[places[i].place];
	}
	if (!affected)
		return 0;
	r = check_hidden(planner, mounts, planned_mount_destination(affected),
			 planned_mount_source(affected), affected->before->json);
	return r < 0 ? r : check_hides(planner, devices, affected);
}

static bool is_put(const struct planned_device *device)
{
	return node_given(device->to) &&
	       (device->action == DEVICE_CHANGES || device->action == DEVICE_ADDED);
}

/* The paths that this run puts something on: few, whatever else the spec has. */
static void find_affected_paths(const struct planner *planner, struct slice_index *ret)
{
	for (size_t i = 0; i < planner->n_mounts; i++) {
		if (is_affected(&planner->mounts[i]))
			slice_index_add(
				ret, planned_mount_destination(&planner->mounts[i]), i);
	}
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (is_put(device))
			slice_index_add(ret, slice_from(device->to->final_path), i);
	}
	slice_index_sort(ret);
}

/* Mounts and devices that stay, on these paths. */
static void find_on_paths(const struct planner *planner, const struct slice_index *paths,
			  struct slice_index *ret_mounts, struct slice_index *ret_devices)
{
	size_t count;

	for (size_t i = 0; i < planner->n_mounts; i++) {
		const struct planned_mount *mount = &planner->mounts[i];
		struct slice path = planned_mount_destination(mount);

		slice_index_find(paths, path, &count);
		if (count && mount->action != DEVICE_REMOVED)
			slice_index_add(ret_mounts, path, i);
	}
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action != DEVICE_STAYS)
			continue;
		slice_index_find(paths, device->place->path, &count);
		if (count)
			slice_index_add(ret_devices, device->place->path, i);
	}
	slice_index_sort(ret_mounts);
	slice_index_sort(ret_devices);
}

/* A VFIO node must not stand where what all of its kind need is looked for. */
static int check_control_nodes(struct planner *planner)
{
	for (size_t i = 0; i < planner->n_mounts; i++) {
		const struct planned_mount *mount = &planner->mounts[i];
		auto_free char *path = NULL;

		if (!is_affected(mount) || !mount->to->vfio ||
		    !path_is_control_node(planned_mount_destination(mount)))
			continue;
		path = text_quote(planned_mount_destination(mount));
		return json_error(planner->err, ERROR_DATA, &planner->in->spec->doc,
				  mount->before->json,
				  "it would show %s as %s, a control node; remove it",
				  mount->to->path, path);
	}
	return 0;
}

int plan_mounts_check(struct planner *planner)
{
	auto_slice_index affected = { 0 }, mounts = { 0 }, devices = { 0 };
	int r = check_control_nodes(planner);

	if (r < 0 || planner->n_mounts == 0)
		return r;
	find_affected_paths(planner, &affected);
	find_on_paths(planner, &affected, &mounts, &devices);
	for (size_t i = 0, next; i < mounts.count && r == 0; i = next) {
		next = slice_index_run_end(&mounts, i);
		r = check_path(planner, &mounts, &devices, &mounts.items[i], next - i);
	}
	for (size_t i = 0; r == 0 && i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (is_put(device))
			r = check_hidden(planner, &mounts,
					 slice_from(device->to->final_path),
					 slice_from(device->to->path),
					 device->place->json);
	}
	return r;
}

/* ---- the changes */

static void emit_path(struct planner *planner, const struct planned_mount *mount,
		      const char *key, struct slice before, struct slice after)
{
	auto_buffer text = { 0 };

	if (slice_equal(before, after))
		return;
	json_quote(&text, after);
	plan_set_key(planner->plan, mount->rule, &planner->in->spec->doc,
		     mount->before->json, key, buffer_slice(&text),
		     planned_why(mount->why, mount->to));
}

static const char *const read_only =
	"the node is this machine's: nothing in the container may change its mode";

/* An option of a mount, or where one comes. The caller frees. */
static char *describe_option(const struct planner *planner,
			     const struct spec_mount *mount, size_t index)
{
	auto_free char *options = json_path_of_member(&planner->in->spec->doc,
						      mount->json, SLICE("options"));

	return xasprintf("%s[%zu]", options, index);
}

/* "ro" in place of each "rw", else at the end. */
static void emit_read_only(struct planner *planner, const struct spec_mount *before)
{
	const struct json *doc = &planner->in->spec->doc;
	struct plan *plan = planner->plan;
	struct json_place options, option;
	bool replaced = false;
	size_t count = 0;

	if (before->read_only)
		return;
	if (!spec_find_member(planner->in->spec, before->json, "options", &options)) {
		plan_set_key(plan, PLAN_MOUNT, doc, before->json, "options",
			     SLICE("[\"ro\"]"), read_only);
		return;
	}
	for (size_t at = options.start + 1; json_find_element(doc->text, at, &option);
	     at = option.end, count++) {
		auto_free char *where = NULL;

		if (!slice_equal(json_text_at(doc->text, option), SLICE("\"rw\"")))
			continue;
		if (plan->explain)
			where = describe_option(planner, before, count);
		plan_replace_at(plan, PLAN_MOUNT, doc, &option, where, SLICE("\"ro\""),
				read_only);
		replaced = true;
	}
	if (!replaced) {
		auto_free char *where =
			plan->explain ? describe_option(planner, before, count) : NULL;

		plan_append_at(plan, PLAN_MOUNT, &options, where, SLICE("\"ro\""),
			       read_only);
	}
}

/* The options of a mount that a new one is like, with "ro". */
static void add_options(const struct spec *spec, const struct spec_mount *like,
			struct buffer *ret)
{
	const struct slice text = spec->doc.text;
	struct json_place options, option;
	size_t at = 0, count = 0;
	bool replaced = false;

	buffer_add(ret, SLICE(",\"options\":["));
	if (spec_find_member(spec, like->json, "options", &options))
		at = options.start + 1;
	for (; at && json_find_element(text, at, &option); at = option.end) {
		struct slice value = json_text_at(text, option);

		if (slice_equal(value, SLICE("\"rw\""))) {
			value = SLICE("\"ro\"");
			replaced = true;
		}
		buffer_add(ret, count++ ? SLICE(",") : SLICE(""));
		buffer_add(ret, value);
	}
	if (!like->read_only && !replaced)
		buffer_add(ret, count ? SLICE(",\"ro\"") : SLICE("\"ro\""));
	buffer_add(ret, SLICE("]"));
}

/* `index`: where in the new list. */
static void emit_added(struct planner *planner, const struct planned_mount *mount,
		       size_t index)
{
	const struct spec *spec = planner->in->spec;
	const struct json *doc = &spec->doc;
	struct json_place type;
	auto_buffer text = { 0 };

	buffer_add(&text, SLICE("{\"destination\":"));
	json_quote(&text, planned_mount_destination(mount));
	if (spec_find_member(spec, mount->before->json, "type", &type)) {
		buffer_add(&text, SLICE(",\"type\":"));
		buffer_add(&text, json_text_at(doc->text, type));
	}
	buffer_add(&text, SLICE(",\"source\":"));
	json_quote(&text, planned_mount_source(mount));
	add_options(spec, mount->before, &text);
	buffer_add(&text, SLICE("}"));
	if (node_given(mount->to))
		plan_insert(planner->plan, mount->rule, doc, spec->mounts_json,
			    mount->before->json, index, buffer_slice(&text),
			    planned_why(mount->why, mount->to));
	else
		plan_append(planner->plan, mount->rule, doc, spec->mounts_json, index,
			    buffer_slice(&text), planned_why(mount->why, mount->to));
}

/* What live mode does. */
static void emit_node(struct planner *planner, const struct planned_mount *mount)
{
	struct plan *plan = planner->plan;
	struct plan_node *node =
		array_append(plan->nodes, plan->n_nodes, plan->nodes_capacity);
	const struct map_entry *entry = planned_mount_entry(planner, mount);
	const struct spec_mount *before = mount->before;

	node->mount = true;
	if (mount->action != DEVICE_ADDED) {
		node->container_path = text_pool_add(&plan->texts, before->destination);
		node->old_source = text_pool_add(&plan->texts, before->source);
	}
	if (mount->action != DEVICE_REMOVED) {
		node->final_path =
			mount->moves ? mount->to->final_path : node->container_path;
		node->node = mount->to->path;
		node->number = mount->to->number;
	}
	if (!entry && !node_given(mount->to))
		return;
	annotation_add_node(&plan->annotation,
			    entry ? entry->container_path : node->container_path,
			    node->final_path, node->node, &node->number);
}

static void emit_mount(struct planner *planner, const struct planned_mount *mount,
		       size_t removed)
{
	const struct spec *spec = planner->in->spec;
	const struct spec_mount *before = mount->before;

	switch (mount->action) {
	case DEVICE_STAYS:
	case DEVICE_MERGED:
		return;
	case DEVICE_CHANGES:
		emit_path(planner, mount, "destination", before->destination,
			  planned_mount_destination(mount));
		emit_path(planner, mount, "source", before->source,
			  planned_mount_source(mount));
		emit_read_only(planner, before);
		break;
	case DEVICE_ADDED:
		emit_added(planner, mount,
			   node_given(mount->to)
				   ? mount_index(planner, before) + 1 - removed
				   : json_array_length(&spec->doc, spec->mounts_json) -
					     removed);
		break;
	case DEVICE_REMOVED:
		plan_remove(planner->plan, mount->rule, &spec->doc, spec->mounts_json,
			    before->json, planned_why(mount->why, mount->to));
		break;
	}
	emit_node(planner, mount);
}

void plan_mounts_emit(struct planner *planner)
{
	struct plan_result *result = &planner->plan->result;
	size_t removed = 0;

	for (size_t i = 0; i < planner->n_mounts; i++) {
		const struct planned_mount *mount = &planner->mounts[i];

		emit_mount(planner, mount, removed);
		removed += mount->action == DEVICE_REMOVED;
		if (mount->action == DEVICE_REMOVED || !planner->in->result)
			continue;
		*array_append(result->mounts, result->n_mounts, result->mounts_capacity) =
			(struct spec_mount) { .destination =
						      planned_mount_destination(mount),
					      .source = planned_mount_source(mount),
					      .read_only =
						      mount->action != DEVICE_STAYS ||
						      mount->before->read_only };
	}
}
