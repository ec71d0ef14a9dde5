/* SPDX-License-Identifier: Apache-2.0 */
/* Translating variables: those that belong together whole, or not at all. */
#include "oci-vfio-hook/environment.h"

#include "oci-vfio-hook/splice.h"

void env_changes_free(struct env_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->items[i].text);
	free(changes->items);
	free(changes->left);
	*changes = (struct env_changes) { 0 };
}

static void warn_left(const struct env_variable *variable, const char *why,
		      struct messages *messages)
{
	auto_free char *name = text_quote(variable_name(variable->source));

	messages_add(messages, MESSAGE_WARNING,
		     "process.env[%u]: %s is left as it is: %s", variable->source->index,
		     name, why);
}

/* The edits of a variable: of its name and of its value. */
struct edits {
	struct splices name, value;
};

static void add_edit(const struct env_variable *variable,
		     const struct env_reference *reference, const char *text,
		     struct edits *ret)
{
	auto_buffer quoted = { 0 };

	if (reference->in_name || !variable->is_json) {
		splice_bytes(reference->in_name ? &ret->name : &ret->value,
			     reference->start, reference->end, slice_from(text));
		return;
	}
	json_quote(&quoted, slice_from(text));
	splice_bytes(&ret->value, reference->start, reference->end,
		     buffer_slice(&quoted));
}

/* Asks for each reference's text and collects the edits; false: left whole. */
static bool translate_references(const struct env_variable *variable,
				 environment_translate_fn *translate, void *context,
				 struct edits *ret, struct messages *messages)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *reference = &variable->references[i];
		auto_free char *text = NULL, *why = NULL;
		enum translation_result result =
			translate(context, variable, reference, &text, &why);

		if (result == TRANSLATION_NONE) {
			if (why)
				warn_left(variable, why, messages);
			return false;
		}
		if (why)
			messages_add(messages, MESSAGE_WARNING, "process.env[%u]: %s",
				     variable->source->index, why);
		if (text)
			add_edit(variable, reference, text, ret);
	}
	return true;
}

/* Is the edited inner text still JSON without duplicate keys? */
static bool is_sound(struct slice text)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };

	return json_parse("_INFO", text, &json_any, NULL, &doc, &err) == 0;
}

/* Adds the variable's new text, if it differs. False: it has to stay. */
static bool add_change(const struct env_variable *variable, const struct edits *edits,
		       struct env_changes *ret, struct messages *messages)
{
	struct buffer entry = { 0 };
	struct env_change *change;
	size_t value;

	if (edits->name.count == 0 && edits->value.count == 0)
		return true;
	splices_apply(&edits->name, variable_name(variable->source), &entry);
	buffer_add(&entry, SLICE("="));
	value = entry.length;
	splices_apply(&edits->value, variable_value(variable->source), &entry);
	if (variable->is_json &&
	    !is_sound(slice_from_to(buffer_slice(&entry), value, entry.length))) {
		warn_left(variable, "two of its keys would become one", messages);
		buffer_free(&entry);
		return false;
	}
	change = array_append(ret->items, ret->count, ret->capacity);
	change->variable = variable;
	/* A buffer is large, and there may be many. */
	change->text = xrealloc(entry.data, entry.length + 1);
	return true;
}

static bool translate_variable(const struct env_variable *variable,
			       environment_translate_fn *translate, void *context,
			       struct env_changes *ret, struct messages *messages)
{
	struct edits edits = { 0 };
	bool translated;

	if (variable->broken) {
		warn_left(
			variable,
			variable->info
				? "it is not a JSON object, or has a key twice"
				: "it begins as JSON, but is not JSON, or has a key twice",
			messages);
		return false;
	}
	translated =
		translate_references(variable, translate, context, &edits, messages) &&
		add_change(variable, &edits, ret, messages);
	splices_free(&edits.name);
	splices_free(&edits.value);
	return translated;
}

/* One variable of which only paths change. */
static void replace_paths(const struct env_variable *variable,
			  environment_path_fn *find_path, const void *context,
			  struct env_changes *ret, struct messages *messages)
{
	struct edits edits = { 0 };

	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *reference = &variable->references[i];
		const char *path =
			reference->kind == ENV_PATH
				? find_path(context, env_reference_text(reference))
				: NULL;

		if (path)
			add_edit(variable, reference, path, &edits);
	}
	add_change(variable, &edits, ret, messages);
	splices_free(&edits.name);
	splices_free(&edits.value);
}

void environment_replace_paths(const struct environment *environment,
			       environment_path_fn *find_path, const void *context,
			       struct env_changes *ret, struct messages *messages)
{
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		if (!variable->done && !variable->broken)
			replace_paths(variable, find_path, context, ret, messages);
	}
}

/* The others stay too, since what they say would no longer fit. */
static void leave_group(const struct environment *environment, size_t leader,
			size_t because, struct env_changes *ret,
			struct messages *messages)
{
	for (size_t i = leader; i < environment->count;
	     i = environment->variables[i].next) {
		const struct env_variable *variable = &environment->variables[i];

		if (variable->done || (variable->n_references == 0 && !variable->broken))
			continue;
		ret->left[i] = true;
		if (i != because) {
			auto_free char *why = xasprintf(
				"process.env[%u], which it goes with, has to stay",
				environment->variables[because].source->index);

			warn_left(variable, why, messages);
		}
	}
}

static void translate_group(const struct environment *environment, size_t leader,
			    environment_translate_fn *translate, void *context,
			    struct env_changes *ret, struct messages *messages)
{
	const size_t before = ret->count;

	for (size_t i = leader; i < environment->count;
	     i = environment->variables[i].next) {
		const struct env_variable *variable = &environment->variables[i];
		bool translated = false;

		if (variable->done || (variable->orphan && variable->n_references == 0 &&
				       !variable->broken))
			continue;
		if (variable->orphan)
			warn_left(
				variable,
				"the variable without _INFO, which it belongs to, is not there",
				messages);
		else
			translated = translate_variable(variable, translate, context, ret,
							messages);
		if (translated)
			continue;
		while (ret->count > before)
			free(ret->items[--ret->count].text);
		leave_group(environment, leader, i, ret, messages);
		return;
	}
}

static int compare_changes(const void *a, const void *b)
{
	const struct env_change *x = a, *y = b;

	return x->variable < y->variable ? -1 : x->variable > y->variable;
}

void environment_translate(const struct environment *environment,
			   environment_translate_fn *translate, void *context,
			   struct env_changes *ret, struct messages *messages)
{
	ret->left = xzalloc(environment->count * sizeof *ret->left);
	for (size_t i = 0; i < environment->count; i++) {
		if (environment->variables[i].leader == i)
			translate_group(environment, i, translate, context, ret,
					messages);
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_changes);
}
