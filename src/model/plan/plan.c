/* SPDX-License-Identifier: Apache-2.0 */
/* Plans as values: how the parts of the planner record a change, and the annotation that
 * lists what was done. Decides nothing. */
#include "planner.h"

static struct plan_change *add_change(struct plan *plan, enum plan_rule rule,
				      enum plan_edit edit, uint32_t json, const char *why)
{
	struct plan_change *change =
		array_append(plan->changes, plan->n_changes, plan->changes_capacity);

	change->rule = rule;
	change->edit = edit;
	change->json = json;
	if (plan->explain)
		change->why = text_pool_add(&plan->texts, slice_from(why ? why : ""));
	return change;
}

static void explain_node(struct plan *plan, struct plan_change *change,
			 const struct json *doc, uint32_t json)
{
	auto_free char *path = NULL;

	if (!plan->explain)
		return;
	path = json_path(doc, json);
	change->where = text_pool_add(&plan->texts, slice_from(path));
	change->old_text = text_pool_add(&plan->texts, json_raw(doc, json));
}

void plan_replace(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t json, struct slice value, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_REPLACE, json, why);

	change->new_text = text_pool_add(&plan->texts, value);
	explain_node(plan, change, doc, json);
}

void plan_replace_text(struct plan *plan, const struct json *doc,
		       const struct spec_string *string, const char *where,
		       struct slice value, const char *why)
{
	struct plan_change *change =
		add_change(plan, PLAN_LEFTOVER, PLAN_REPLACE_TEXT, 0, why);

	change->string = *string;
	change->new_text = text_pool_add(&plan->texts, value);
	if (!plan->explain)
		return;
	change->where = text_pool_add(&plan->texts, slice_from(where));
	change->old_text = text_pool_add(
		&plan->texts, slice_from_to(doc->text, string->start, string->end));
}

void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_REMOVE, json, why);

	change->array = array;
	explain_node(plan, change, doc, json);
}

static void explain_element(struct plan *plan, struct plan_change *change,
			    const struct json *doc, size_t index)
{
	auto_free char *path = NULL, *where = NULL;

	if (!plan->explain)
		return;
	path = json_path(doc, change->array);
	where = xasprintf("%s[%zu]", path, index);
	change->where = text_pool_add(&plan->texts, slice_from(where));
}

void plan_append(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, size_t index, struct slice value, const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_APPEND, array, why);

	change->array = array;
	change->new_text = text_pool_add(&plan->texts, value);
	explain_element(plan, change, doc, index);
}

void plan_insert(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, size_t index, struct slice value,
		 const char *why)
{
	struct plan_change *change = add_change(plan, rule, PLAN_INSERT, json, why);

	change->array = array;
	change->new_text = text_pool_add(&plan->texts, value);
	explain_element(plan, change, doc, index);
}

void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice value, const char *why)
{
	uint32_t member = json_member_raw(doc, object, position);
	struct plan_change *change;
	auto_free char *where = NULL;

	if (member) {
		plan_replace(plan, rule, doc, member, value, why);
		return;
	}
	change = add_change(plan, rule, PLAN_ADD_MEMBER, object, why);
	change->key = key;
	change->new_text = text_pool_add(&plan->texts, value);
	if (!plan->explain)
		return;
	where = json_path_of_member(doc, object, slice_from(key));
	change->where = text_pool_add(&plan->texts, slice_from(where));
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
