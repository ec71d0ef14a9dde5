/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as values: how the parts of the planner record a change, and the annotation that
 * lists what was done. Decides nothing. */
#include "planner.h"

/* The same value comes again and again where there are many changes. */
static const char *keep_text(struct plan *plan, struct slice value)
{
	const size_t last = plan->kept_last;

	for (size_t i = 0; i < ARRAY_SIZE(plan->kept); i++) {
		if (plan->kept[i].data && slice_equal(plan->kept[i], value))
			return plan->kept[i].data;
	}
	plan->kept_last = (last + 1) % ARRAY_SIZE(plan->kept);
	plan->kept[last] =
		(struct slice) { text_pool_add(&plan->texts, value), value.length };
	return plan->kept[last].data;
}

static struct plan_change *add_change(struct plan *plan, enum plan_rule rule,
				      enum plan_edit edit, uint32_t json,
				      const char *text)
{
	struct plan_change *change =
		array_append(plan->changes, plan->n_changes, plan->changes_capacity);

	change->rule = rule;
	change->edit = edit;
	change->json = json;
	change->new_text = text;
	return change;
}

static void explain(struct plan *plan, struct slice where, struct slice old,
		    const char *why)
{
	struct plan_reason *reason =
		array_append(plan->reasons, plan->n_reasons, plan->reasons_capacity);

	reason->where = text_pool_add(&plan->texts, where);
	if (old.data)
		reason->old_text = text_pool_add(&plan->texts, old);
	reason->why = text_pool_add(&plan->texts, slice_from(why ? why : ""));
}

static void explain_node(struct plan *plan, const struct json *doc, uint32_t json,
			 const char *why)
{
	auto_free char *path = NULL;

	if (!plan->explain)
		return;
	path = json_path(doc, json);
	explain(plan, slice_from(path), json_raw(doc, json), why);
}

static void replace(struct plan *plan, enum plan_rule rule, const struct json *doc,
		    uint32_t json, const char *text, const char *why)
{
	const struct json_span *span = json_span(doc, json);

	add_change(plan, rule, PLAN_REPLACE, 0, text)->place =
		(struct json_place) { span->start, span->end };
	explain_node(plan, doc, json, why);
}

void plan_replace_variable(struct plan *plan, const struct json *doc,
			   struct env_change *change, const char *why)
{
	auto_buffer text = { 0 };
	auto_free char *owned = take_ptr(change->text), *where = NULL;
	const struct spec_variable *source = change->variable->source;
	const struct json_place place = variable_place(doc, source);

	json_quote(&text, slice_from(owned));
	if (plan->explain)
		where = text_number("process.env[", source->index, "]");
	plan_replace_at(plan, PLAN_ENVIRONMENT, doc, &place, where, buffer_slice(&text),
			why);
}

void plan_replace_at(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     const struct json_place *place, const char *where,
		     struct slice value, const char *why)
{
	add_change(plan, rule, PLAN_REPLACE, 0, keep_text(plan, value))->place = *place;
	if (plan->explain && where)
		explain(plan, slice_from(where), json_text_at(doc->text, *place), why);
}

void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, const char *why)
{
	add_change(plan, rule, PLAN_REMOVE, json, NULL)->array = array;
	explain_node(plan, doc, json, why);
}

static void explain_element(struct plan *plan, const struct json *doc, uint32_t array,
			    size_t index, const char *why)
{
	auto_free char *path = NULL, *where = NULL;

	if (!plan->explain)
		return;
	path = json_path(doc, array);
	where = xasprintf("%s[%zu]", path, index);
	explain(plan, slice_from(where), (struct slice) { 0 }, why);
}

void plan_append(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, size_t index, struct slice value, const char *why)
{
	add_change(plan, rule, PLAN_APPEND, array, keep_text(plan, value))->array = array;
	explain_element(plan, doc, array, index, why);
}

void plan_append_at(struct plan *plan, enum plan_rule rule,
		    const struct json_place *array, const char *where, struct slice value,
		    const char *why)
{
	add_change(plan, rule, PLAN_APPEND_AT, 0, keep_text(plan, value))->place = *array;
	if (plan->explain && where)
		explain(plan, slice_from(where), (struct slice) { 0 }, why);
}

void plan_insert(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, size_t index, struct slice value,
		 const char *why)
{
	add_change(plan, rule, PLAN_INSERT, json, keep_text(plan, value))->array = array;
	explain_element(plan, doc, array, index, why);
}

/* The text is the plan's. */
static void add_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		       uint32_t object, const char *key, const char *text,
		       const char *why)
{
	auto_free char *where = NULL;

	add_change(plan, rule, PLAN_ADD_MEMBER, object, text)->key = key;
	if (!plan->explain)
		return;
	where = json_path_of_member(doc, object, slice_from(key));
	explain(plan, slice_from(where), (struct slice) { 0 }, why);
}

static void set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		       uint32_t object, uint32_t position, const char *key,
		       const char *text, const char *why)
{
	uint32_t member = json_member_raw(doc, object, position);

	if (member)
		replace(plan, rule, doc, member, text, why);
	else
		add_member(plan, rule, doc, object, key, text, why);
}

void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice value, const char *why)
{
	set_member(plan, rule, doc, object, position, key, keep_text(plan, value), why);
}

void plan_set_key(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t object, const char *key, struct slice value, const char *why)
{
	struct json_place member;

	json_find_member(doc->text, json_span(doc, object)->start, slice_from(key),
			 &member);
	plan_set_at(plan, rule, doc, object, key, &member, value, why);
}

void plan_set_at(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t object, const char *key, const struct json_place *member,
		 struct slice value, const char *why)
{
	auto_free char *where = NULL;

	if (!member->end) {
		add_member(plan, rule, doc, object, key, keep_text(plan, value), why);
		return;
	}
	if (plan->explain)
		where = json_path_of_member(doc, object, slice_from(key));
	plan_replace_at(plan, rule, doc, member, where, value, why);
}

bool plan_rule_equal(const struct spec_rule *a, const struct spec_rule *b)
{
	return a->allow == b->allow && a->type == b->type && a->major == b->major &&
	       a->minor == b->minor && slice_equal(a->access, b->access);
}

void plan_add_annotation(struct plan *plan, const struct spec *spec, const uint8_t *key,
			 const struct annotation_binding *binding)
{
	const char *why =
		key ? "so that a second run knows what is done"
		    : "so that a second run knows what is done (apply adds the \"mac\" that proves who wrote it)";
	auto_buffer value = { 0 };
	size_t start;

	if (plan->n_changes == 0)
		return;
	if (!spec->annotations_json)
		buffer_add(&value, SLICE("{\"" ANNOTATION_KEY "\":"));
	start = value.length;
	annotation_format(&plan->annotation, key, binding, &value);
	json_quote_end(&value, start);
	if (!spec->annotations_json)
		buffer_add(&value, SLICE("}"));
	/* It may be as long as the spec: there is no second copy of it. */
	free(plan->annotation_value);
	plan->annotation_value = take_ptr(value.data);
	if (spec->annotations_json)
		set_member(plan, PLAN_ANNOTATION, &spec->doc, spec->annotations_json,
			   SPEC_ANNOTATION_OURS, ANNOTATION_KEY, plan->annotation_value,
			   why);
	else
		set_member(plan, PLAN_ANNOTATION, &spec->doc, 0, SPEC_ANNOTATIONS,
			   "annotations", plan->annotation_value, why);
}

bool plan_node_changes(const struct plan_node *node)
{
	if (!node->container_path || !node->final_path ||
	    !text_equal(node->container_path, node->final_path))
		return true;
	if (node->mount)
		return !node->old_source || !text_equal(node->old_source, node->node);
	return !plan_node_old(node) ||
	       !device_number_equal(plan_node_old(node), &node->number);
}

void plan_free(struct plan *plan)
{
	free(plan->changes);
	free(plan->reasons);
	free(plan->nodes);
	free(plan->numbers);
	free(plan->result.devices);
	free(plan->result.changed_rules);
	free(plan->result.mounts);
	env_changes_free(&plan->env);
	annotation_free(&plan->annotation);
	free(plan->annotation_value);
	text_pool_free(&plan->texts);
	*plan = (struct plan) { 0 };
}
