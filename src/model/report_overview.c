/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: a line for each device, variable and other value. */
#include "report_part.h"

#include "oci-vfio-hook/table.h"

/* A cell wider than this makes no column of other lines wider. */
#define CELL_MOST 64
/* More functions of a node, or addresses of a variable, than this are counted. */
#define NAMED_MOST 4

/* A function of a node of this machine. */
struct member {
	enum vfio_kind kind;
	uint32_t number; /* of the group or handle */
	uint32_t index;	 /* in request.functions */
};

struct overview {
	const struct report *report;
	struct table table;
	struct member *members; /* sorted; owned */
	size_t n_members, capacity;
	struct device_number *before, *after; /* of exact rules; sorted; owned */
	size_t n_before, n_after;
};

static int compare_members(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void collect_members(struct overview *overview)
{
	const struct report *report = overview->report;

	for (size_t i = 0; i < report->inventory->n_functions; i++) {
		const struct inventory_function *found = &report->inventory->functions[i];

		if (!report->request->functions[i].named || found->absent)
			continue;
		if (found->has_group)
			*array_append(overview->members, overview->n_members,
				      overview->capacity) =
				(struct member) { VFIO_GROUP, found->group, (uint32_t)i };
		if (found->handle.exists)
			*array_append(overview->members, overview->n_members,
				      overview->capacity) =
				(struct member) { VFIO_HANDLE, found->handle.handle,
						  (uint32_t)i };
	}
	if (overview->n_members)
		array_sort(overview->members, overview->n_members, compare_members);
}

static int compare_numbers(const void *a, const void *b)
{
	return device_number_compare(a, b);
}

/* The numbers of the rules that allow one device; the caller frees. */
static struct device_number *collect_rules(const struct spec_rule *rules, size_t count,
					   size_t *ret_count)
{
	struct device_number *numbers = array_zalloc(count + 1, numbers);
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (rules[i].allow && rules[i].major >= 0 && rules[i].minor >= 0)
			numbers[n++] =
				(struct device_number) { rules[i].type,
							 (uint32_t)rules[i].major,
							 (uint32_t)rules[i].minor };
	}
	array_sort(numbers, n, compare_numbers);
	*ret_count = n;
	return numbers;
}

static size_t count_equal(const struct device_number *numbers, size_t count,
			  const struct device_number *number)
{
	size_t n;

	array_find_equal(numbers, count, sizeof *numbers, number, compare_numbers, &n);
	return n;
}

/* "0000:3b:02.0 is 0000:01:00.0, 06/00" */
static void add_member(const struct report *report, size_t index, struct buffer *ret)
{
	const struct request_function *asked = &report->request->functions[index];
	const struct inventory_function *found = &report->inventory->functions[index];
	char host[DEVICE_NAME_SIZE], name[DEVICE_NAME_SIZE];

	device_name_format(&found->name, name);
	buffer_printf(ret, "%s is %s", device_name_format(&asked->map->host, host), name);
	if (!text_equal(asked->map->guest_text, name))
		buffer_printf(ret, ", %s", asked->map->guest_text);
}

/* Which functions of the map are at this node? */
static void add_members(const struct overview *overview, const char *node,
			struct buffer *ret)
{
	struct member key = { .index = 0 };
	size_t count = 0;

	if (path_find_group(slice_from(node), &key.number))
		key.kind = VFIO_GROUP;
	else if (path_is_vfio_handle(slice_from(node), &key.number))
		key.kind = VFIO_HANDLE;
	else
		return;
	for (size_t i = 0; i < overview->n_members; i++) {
		const struct member *member = &overview->members[i];

		if (member->kind != key.kind || member->number != key.number)
			continue;
		if (count++ >= NAMED_MOST)
			continue;
		buffer_add(ret, count > 1 ? SLICE("; ") : SLICE("("));
		add_member(overview->report, member->index, ret);
	}
	if (count > NAMED_MOST)
		buffer_printf(ret, "; %zu more", count - NAMED_MOST);
	if (count)
		buffer_add(ret, SLICE(")"));
}

/* "/dev/vfio/45 243:5": without what every device is, a character device. */
static void add_place(const char *path, const struct device_number *number,
		      struct buffer *ret)
{
	buffer_add_name(ret, slice_from(path));
	if (number && number->type == 'c')
		buffer_printf(ret, " %u:%u", number->major, number->minor);
	else if (number)
		buffer_printf(ret, " %s", DEVICE_NUMBER_TEXT(number));
}

static void add_parts(const struct overview *overview, const struct plan_node *node,
		      struct buffer *ret)
{
	const struct device_number *number =
		node->final_path ? &node->number : plan_node_old(node);
	size_t before, after, rules;

	buffer_add(ret, node->mount ? SLICE("mount") : SLICE("node"));
	if (!number)
		return;
	before = count_equal(overview->before, overview->n_before, number);
	after = count_equal(overview->after, overview->n_after, number);
	rules = after > before ? after - before : before - after;
	if (rules)
		buffer_printf(ret, ", %zu rule%s", rules, rules == 1 ? "" : "s");
}

/* "/dev/vfio/45 243:5 -> /dev/vfio/3 242:0"; of a mount that stays in its place, "/run/nic:
 * /dev/vfio/45 -> /dev/vfio/3 242:0". */
static void add_places(const struct plan_node *node, struct buffer *ret)
{
	const char *old = node->container_path, *final = node->final_path;

	if (old && final && node->mount && node->old_source && text_equal(old, final) &&
	    plan_node_changes(node)) {
		add_place(old, NULL, ret);
		buffer_add(ret, SLICE(": "));
		old = node->old_source;
		final = node->node;
	}
	if (old)
		add_place(old, plan_node_old(node), ret);
	if (old && final && plan_node_changes(node))
		buffer_add(ret, SLICE(" -> "));
	if (final && (!old || plan_node_changes(node)))
		add_place(final, &node->number, ret);
}

static void add_node(struct overview *overview, const struct plan_node *node)
{
	auto_buffer places = { 0 }, detail = { 0 }, parts = { 0 };

	add_places(node, &places);
	if (!node->final_path)
		buffer_add(&detail, SLICE("removed"));
	else if (!node->container_path)
		buffer_add(&detail, SLICE("added"));
	else if (!plan_node_changes(node))
		buffer_add(&detail, SLICE("stays: it is the same here"));
	else
		add_members(overview, node->node, &detail);
	if (plan_node_changes(node))
		add_parts(overview, node, &parts);
	table_begin_row(&overview->table);
	table_add(&overview->table, buffer_slice(&places));
	table_add(&overview->table, buffer_slice(&detail));
	table_add(&overview->table, buffer_slice(&parts));
}

static void add_row(struct overview *overview, const char *name, struct slice text)
{
	auto_buffer quoted = { 0 };

	buffer_add_name(&quoted, slice_from(name));
	table_begin_row(&overview->table);
	table_add(&overview->table, buffer_slice(&quoted));
	table_add(&overview->table, text);
}

/* What a rule for a device that isn't in linux.devices becomes. */
static void add_number(struct overview *overview, const struct plan_number *number)
{
	auto_buffer text = { 0 };

	if (number->has_new)
		buffer_printf(&text, "%s -> %s", DEVICE_NUMBER_TEXT(&number->old),
			      DEVICE_NUMBER_TEXT(&number->number));
	else
		buffer_printf(&text, "%s removed", DEVICE_NUMBER_TEXT(&number->old));
	add_row(overview, "rule", buffer_slice(&text));
}

/* "0000:3b:02.0 -> 0000:01:00.0, ..." */
static void add_variable(struct overview *overview, const struct env_variable *variable)
{
	const struct annotation *pairs = &overview->report->plan->annotation;
	auto_free char *name = xstrndup(variable_name(variable->source).data,
					variable_name(variable->source).length);
	const struct annotation_address *last = NULL;
	auto_buffer text = { 0 };
	size_t count = 0;

	for (uint32_t i = 0; i < variable->n_references; i++) {
		const struct annotation_address *pair = NULL;
		struct device_name host;
		char from[DEVICE_NAME_SIZE], to[DEVICE_NAME_SIZE];

		if (env_reference_get_name(&variable->references[i], &host))
			pair = annotation_find_host(pairs, &host);
		if (!pair || device_name_equal(&pair->guest, &host) || pair == last)
			continue;
		last = pair;
		if (count++ < NAMED_MOST)
			buffer_printf(&text, "%s%s -> %s", count > 1 ? ", " : "",
				      device_name_format(&pair->host, from),
				      device_name_format(&pair->guest, to));
	}
	if (count > NAMED_MOST)
		buffer_printf(&text, ", %zu more", count - NAMED_MOST);
	if (count == 0)
		buffer_add(&text, SLICE("paths of nodes"));
	add_row(overview, name, buffer_slice(&text));
}

/* Changes that are of no device and no variable: by where they are. */
static void add_others(struct overview *overview)
{
	const struct plan *plan = overview->report->plan;

	for (size_t i = 0; i < plan->n_changes; i++) {
		switch (plan->changes[i].rule) {
		case PLAN_ANNOTATION:
			add_row(overview, plan->reasons[i].where,
				SLICE("what is done, for a second run"));
			break;
		case PLAN_LEFTOVER:
		case PLAN_MEMORY_LOCK:
			add_row(overview, plan->reasons[i].where,
				slice_from(plan->reasons[i].why));
			break;
		case PLAN_DEVICE:
		case PLAN_RULE:
		case PLAN_MOUNT:
		case PLAN_ENVIRONMENT:
		case PLAN_CONTROL:
		case PLAN_GUEST_KERNEL:
			break;
		}
	}
}

/* Those that change come before all else, the others after it. */
static void add_nodes(struct overview *overview, bool changing)
{
	const struct plan *plan = overview->report->plan;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan_node_changes(&plan->nodes[i]) == changing)
			add_node(overview, &plan->nodes[i]);
	}
}

static void add_changes(struct overview *overview)
{
	const struct plan *plan = overview->report->plan;

	add_nodes(overview, true);
	for (size_t i = 0; i < plan->n_numbers; i++)
		add_number(overview, &plan->numbers[i]);
	for (size_t i = 0; i < plan->env.count; i++)
		add_variable(overview, plan->env.items[i].variable);
	add_others(overview);
}

/* Why a device that may be VFIO's stays as it is; NULL: nobody asks. */
static const char *why_device_stays(const struct report *report,
				    const struct spec_device *device)
{
	const struct vfio_node *node =
		device->has_numbers
			? inventory_find_vfio_node(report->inventory, &device->number)
			: NULL;

	if (device_is_done(report->annotation, device))
		return "stays: an earlier run mapped it";
	if (node && slice_equal(slice_from(node->path), device->path))
		return "stays: it is this machine's own";
	if (path_is_control_node(device->path))
		return "stays: the control node is the same here";
	if (!node && !path_is_vfio_node(device->path))
		return NULL;
	return report->request->unmapped == UNMAPPED_KEEP
		       ? "stays: --unmapped=keep"
		       : "stays: it is this machine's own";
}

static int compare_paths(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void add_devices_that_stay(struct overview *overview)
{
	const struct report *report = overview->report;
	const struct plan *plan = report->plan;
	auto_free struct slice *paths = array_zalloc(plan->n_nodes + 1, paths);
	size_t count = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (plan->nodes[i].container_path)
			paths[count++] = slice_from(plan->nodes[i].container_path);
	}
	array_sort(paths, count, compare_paths);
	for (size_t i = 0; i < report->spec->n_devices; i++) {
		const struct spec_device *device = &report->spec->devices[i];
		const char *why = why_device_stays(report, device);
		auto_buffer place = { 0 };

		if (!why || (count && bsearch(&device->path, paths, count, sizeof *paths,
					      compare_paths)))
			continue;
		buffer_add_name(&place, device->path);
		if (device->has_numbers)
			buffer_printf(&place, " %u:%u", device->number.major,
				      device->number.minor);
		table_begin_row(&overview->table);
		table_add(&overview->table, buffer_slice(&place));
		table_add(&overview->table, slice_from(why));
	}
}

/* Those that had to stay have a warning. */
static void add_variables_that_stay(struct overview *overview)
{
	const struct environment *environment = overview->report->environment;
	const struct env_changes *changes = &overview->report->plan->env;
	size_t next = 0;

	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];
		auto_free char *name = NULL;

		if (next < changes->count && changes->items[next].variable == variable) {
			next++;
			continue;
		}
		if (variable->n_references == 0 || (changes->left && changes->left[i]))
			continue;
		name = xstrndup(variable_name(variable->source).data,
				variable_name(variable->source).length);
		add_row(overview, name,
			variable->done ? SLICE("stays: an earlier run translated it")
				       : SLICE("stays: nothing in it is another here"));
	}
}

static void free_overview(struct overview *overview)
{
	table_free(&overview->table);
	free(overview->members);
	free(overview->before);
	free(overview->after);
}

void report_text(const struct report *report, struct buffer *ret)
{
	struct overview overview = { .report = report };

	if (report->binding->count) {
		report_binding(report, ret);
		report_warnings(report, ret);
		return;
	}
	collect_members(&overview);
	overview.before = collect_rules(report->spec->rules, report->spec->n_rules,
					&overview.n_before);
	overview.after = collect_rules(report->plan->result.rules,
				       report->plan->result.n_rules, &overview.n_after);
	report_headline(report, ret);
	add_changes(&overview);
	add_nodes(&overview, false);
	add_devices_that_stay(&overview);
	add_variables_that_stay(&overview);
	if (overview.table.count == 0)
		buffer_add(ret, SLICE("The spec names no VFIO device, and no address or "
				      "path of one in its variables.\n"));
	table_print(&overview.table, CELL_MOST, ret);
	report_warnings(report, ret);
	free_overview(&overview);
}
