/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as values: how the parts of the planner record a change, and the annotation that
 * lists what was done. Decides nothing. */
#include "planner.h"

static struct plan_change *add_change(struct plan *plan, enum plan_rule rule,
				      enum plan_edit edit, uint32_t json,
				      struct slice value)
{
	struct plan_change *change =
		array_append(plan->changes, plan->n_changes, plan->changes_capacity);

	change->rule = rule;
	change->edit = edit;
	change->json = json;
	if (value.data)
		change->new_text = text_pool_add(&plan->texts, value);
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

void plan_replace(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t json, struct slice value, const char *why)
{
	add_change(plan, rule, PLAN_REPLACE, json, value);
	explain_node(plan, doc, json, why);
}

void plan_replace_text(struct plan *plan, const struct json *doc,
		       const struct spec_string *string, const char *where,
		       struct slice value, const char *why)
{
	add_change(plan, PLAN_LEFTOVER, PLAN_REPLACE_TEXT, 0, value)->string = *string;
	if (plan->explain)
		explain(plan, slice_from(where),
			slice_from_to(doc->text, string->start, string->end), why);
}

void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, const char *why)
{
	add_change(plan, rule, PLAN_REMOVE, json, (struct slice) { 0 })->array = array;
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
	add_change(plan, rule, PLAN_APPEND, array, value)->array = array;
	explain_element(plan, doc, array, index, why);
}

void plan_insert(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, size_t index, struct slice value,
		 const char *why)
{
	add_change(plan, rule, PLAN_INSERT, json, value)->array = array;
	explain_element(plan, doc, array, index, why);
}

void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice value, const char *why)
{
	uint32_t member = json_member_raw(doc, object, position);
	auto_free char *where = NULL;

	if (member) {
		plan_replace(plan, rule, doc, member, value, why);
		return;
	}
	add_change(plan, rule, PLAN_ADD_MEMBER, object, value)->key = key;
	if (!plan->explain)
		return;
	where = json_path_of_member(doc, object, slice_from(key));
	explain(plan, slice_from(where), (struct slice) { 0 }, why);
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
	auto_buffer text = { 0 }, value = { 0 };

	if (plan->n_changes == 0)
		return;
	annotation_format(&plan->annotation, key, binding, &text);
	if (!spec->annotations_json)
		buffer_add(&value, SLICE("{\"" ANNOTATION_KEY "\":"));
	json_quote(&value, buffer_slice(&text));
	/* It may be as long as the spec. */
	buffer_free(&text);
	if (spec->annotations_json) {
		plan_set_member(plan, PLAN_ANNOTATION, &spec->doc, spec->annotations_json,
				SPEC_ANNOTATION_OURS, ANNOTATION_KEY,
				buffer_slice(&value), why);
		return;
	}
	buffer_add(&value, SLICE("}"));
	plan_set_member(plan, PLAN_ANNOTATION, &spec->doc, 0, SPEC_ANNOTATIONS,
			"annotations", buffer_slice(&value), why);
}

bool plan_node_changes(const struct plan_node *node)
{
	if (!node->container_path || !node->final_path ||
	    !text_equal(node->container_path, node->final_path))
		return true;
	if (node->mount)
		return !node->old_source || !text_equal(node->old_source, node->node);
	return !node->has_old || !device_number_equal(&node->old, &node->number);
}

void plan_free(struct plan *plan)
{
	free(plan->changes);
	free(plan->reasons);
	free(plan->nodes);
	free(plan->numbers);
	free(plan->result.devices);
	free(plan->result.rules);
	free(plan->result.mounts);
	env_changes_free(&plan->env);
	annotation_free(&plan->annotation);
	text_pool_free(&plan->texts);
	*plan = (struct plan) { 0 };
}
