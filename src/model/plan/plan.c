/* The planner: the order of the rules, and changes as values. Each rule has a file of its
 * own. SPDX-License-Identifier: Apache-2.0 */
#include "planner.h"

#include <errno.h>

/* The plan outlives the planner and borrows its strings: it frees them. */
static void keep_string(struct plan *plan, char *text)
{
	*memory_append(plan->strings, plan->n_strings, plan->strings_capacity) = text;
}

static char *copy(struct slice text)
{
	return memory_copy(text.data, text.length);
}

static struct plan_change *add_change(struct plan *plan, enum plan_rule rule,
				      enum plan_edit edit, uint32_t node, const char *why)
{
	struct plan_change *change =
		memory_append(plan->changes, plan->n_changes, plan->changes_capacity);

	change->rule = rule;
	change->edit = edit;
	change->node = node;
	if (plan->explain)
		change->why = memory_copy(why, strlen(why));
	return change;
}

static void explain_node(const struct plan *plan, struct plan_change *change,
			 const struct json *doc, uint32_t node)
{
	if (!plan->explain)
		return;
	change->where = json_path(doc, node);
	change->old = copy(json_raw(doc, node));
}

void plan_replace(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t node, struct slice new, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_REPLACE, node, why);

	change->new = copy(new);
	explain_node(plan, change, doc, node);
}

void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t node, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_REMOVE, node, why);

	explain_node(plan, change, doc, node);
}

void plan_append(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, size_t index, struct slice new, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_APPEND, array, why);
	auto_free char *path = NULL;

	change->new = copy(new);
	if (!plan->explain)
		return;
	path = json_path(doc, array);
	change->where = memory_printf("%s[%zu]", path, index);
}

void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice new, const char *why)
{
	uint32_t member = json_member_raw(doc, object, position);
	struct plan_change *change;

	if (member) {
		plan_replace(plan, rule, doc, member, new, why);
		return;
	}
	change = add_change(plan, rule, PLAN_ADD_MEMBER, object, why);
	change->key = key;
	change->new = copy(new);
	if (!plan->explain)
		return;
	change->where = json_path_of_member(doc, object, slice_from(key));
}

/* What earlier runs did stays in the annotation. */
static void keep_applied(struct plan *plan, const struct applied *earlier)
{
	for (size_t i = 0; i < earlier->n_nodes; i++) {
		const struct applied_node *node = &earlier->nodes[i];

		applied_add_node(&plan->applied, node->container_path, node->final_path,
				 node->node, node->type, node->major, node->minor);
	}
	for (size_t i = 0; i < earlier->n_addresses; i++)
		applied_add_address(&plan->applied, &earlier->addresses[i].host,
				    &earlier->addresses[i].guest);
}

/* An entry may be named by the source of a mount of which the destination is another
 * entry's: there is no node of its own, but a second run must find it, too. */
static void list_named(struct planner *planner)
{
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		const char *path = planner->in->map->entries[i].container_path;

		if (planner->resolved[i].named &&
		    !applied_has_container_path(&planner->plan->applied,
						slice_from(path)))
			applied_add_node(&planner->plan->applied, path, NULL, NULL, 0, 0,
					 0);
	}
}

/* What is in the spec, and what it becomes. Something may not be there yet: then what the
 * spec has besides is looked at all the same, because what is wrong for good is said at
 * once. */
static int classify(struct planner *planner)
{
	auto_messages unsaid = { 0 };
	int r = plan_resolve(planner);

	if (planner->pending.message)
		planner->messages = &unsaid;
	if (r == 0)
		r = plan_devices_classify(planner);
	if (r == 0)
		r = plan_mounts_classify(planner);
	if (r < 0 || !planner->pending.message)
		return r;
	*planner->err = planner->pending;
	planner->pending = (struct error) { 0 };
	return -EAGAIN;
}

static int decide(struct planner *planner)
{
	int r = classify(planner);

	if (r == 0)
		r = plan_control(planner);
	if (r == 0)
		r = plan_devices_merge(planner);
	if (r == 0)
		r = plan_mounts_check(planner);
	if (r < 0)
		return r;
	plan_devices_emit(planner);
	r = plan_rules(planner);
	if (r < 0)
		return r;
	plan_mounts_emit(planner);
	plan_environment(planner);
	list_named(planner);
	return 0;
}

static void planner_free(struct planner *planner)
{
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		struct resolved *resolved = &planner->resolved[i];

		if (resolved->final_path)
			keep_string(planner->plan, resolved->final_path);
		if (resolved->node)
			keep_string(planner->plan, resolved->node);
		memory_free(resolved->why);
	}
	memory_free(planner->resolved);
	memory_free(planner->devices);
	memory_free(planner->ours);
	error_free(&planner->pending);
}

int plan_build(const struct plan_input *input, struct plan *ret,
	       struct messages *messages, struct error *err)
{
	auto_plan plan = { .explain = input->explain };
	struct planner planner = {
		.in = input,
		.plan = &plan,
		.messages = messages,
		.err = err,
		.resolved =
			memory_zalloc(input->map->n_entries * sizeof *planner.resolved),
	};
	int r;

	keep_applied(&plan, input->applied);
	r = decide(&planner);
	planner_free(&planner);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct plan) { 0 };
	return 0;
}

void plan_add_applied(struct plan *plan, const struct spec *spec, const char *token)
{
	const char *why = "so that a second run knows what is done";
	auto_buffer text = { 0 }, value = { 0 };

	if (plan->n_changes == 0)
		return;
	applied_format(&plan->applied, token, &text);
	json_quote(&value, buffer_slice(&text));
	if (spec->annotations_node) {
		plan_set_member(plan, PLAN_APPLIED, &spec->json, spec->annotations_node,
				SPEC_ANNOTATION_APPLIED, APPLIED_KEY,
				buffer_slice(&value), why);
		return;
	}
	buffer_free(&text);
	buffer_add(&text, SLICE("{\"" APPLIED_KEY "\":"));
	buffer_add(&text, buffer_slice(&value));
	buffer_add(&text, SLICE("}"));
	plan_set_member(plan, PLAN_APPLIED, &spec->json, 0, SPEC_ANNOTATIONS,
			"annotations", buffer_slice(&text), why);
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_changes; i++) {
		memory_free(plan->changes[i].where);
		memory_free(plan->changes[i].old);
		memory_free(plan->changes[i].new);
		memory_free(plan->changes[i].why);
	}
	for (size_t i = 0; i < plan->n_nodes; i++) {
		memory_free(plan->nodes[i].container_path);
		memory_free(plan->nodes[i].old_source);
		memory_free(plan->nodes[i].final_path);
		memory_free(plan->nodes[i].node);
	}
	for (size_t i = 0; i < plan->n_strings; i++)
		memory_free(plan->strings[i]);
	memory_free(plan->changes);
	memory_free(plan->nodes);
	memory_free(plan->strings);
	memory_free(plan->result.devices);
	memory_free(plan->result.rules);
	memory_free(plan->result.mounts);
	env_changes_free(&plan->env);
	applied_free(&plan->applied);
	*plan = (struct plan) { 0 };
}
