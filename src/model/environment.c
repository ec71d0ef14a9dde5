/* SPDX-License-Identifier: Apache-2.0 */
/* The device plugin's environment variables. */
#include "oci-vfio-hook/environment.h"

#include "oci-vfio-hook/splice.h"

static const struct slice info_suffix = { "_INFO", 5 };

static void add_token(struct env_variable *variable, struct env_reference token)
{
	*array_append(variable->references, variable->n_references, variable->capacity) =
		token;
}

/* PCIDEVICE_X: addresses joined by commas; what isn't an address is left alone. */
static void find_list_tokens(struct env_variable *variable)
{
	struct slice value = variable->source->value;
	size_t start = 0;

	for (size_t i = 0; i <= value.length; i++) {
		struct env_reference token = { .kind = ENV_ADDRESS,
					       .start = start,
					       .end = i };

		if (i < value.length && value.data[i] != ',')
			continue;
		if (pci_address_parse(slice_from_to(value, start, i), &token.address) ==
		    0)
			add_token(variable, token);
		start = i + 1;
	}
}

static void find_info_token(struct env_variable *variable, uint32_t json,
			    struct slice text)
{
	bool key = json_type(&variable->inner, json) == JSON_KEY;
	struct env_reference token = { .kind = key ? ENV_ADDRESS_KEY : ENV_ADDRESS,
				       .json = json };
	auto_free char *path = NULL;

	if (pci_address_parse(text, &token.address) == 0) {
		add_token(variable, token);
		return;
	}
	if (key || text.length == 0 || text.data[0] != '/')
		return;
	path = path_clean(text);
	if (path_is_vfio_node(slice_from(path))) {
		token.kind = ENV_PATH;
		token.path = take_ptr(path);
		add_token(variable, token);
	}
}

/* PCIDEVICE_X_INFO: keys and string values of a JSON object. */
static void find_info_tokens(struct env_variable *variable)
{
	const struct json *doc = &variable->inner;
	auto_error err = { 0 };

	variable->broken = json_parse("_INFO", variable->source->value, &json_any, NULL,
				      &variable->inner, &err) < 0 ||
			   json_type(doc, 0) != JSON_OBJECT;
	for (uint32_t json = 0; !variable->broken && json < doc->n_spans; json++) {
		enum json_type type = json_type(doc, json);
		struct slice text;

		if (type != JSON_KEY && type != JSON_STRING)
			continue;
		if (json_string(doc, json, &text, &err) < 0)
			variable->broken = true;
		else
			find_info_token(variable, json, text);
	}
}

/* The name of the variable that an _INFO belongs to. */
static struct slice base_name(struct slice name)
{
	return slice_from_to(name, 0, name.length - info_suffix.length);
}

static int compare_slices(struct slice a, struct slice b)
{
	size_t length = a.length < b.length ? a.length : b.length;
	int order = length ? memcmp(a.data, b.data, length) : 0;

	return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_names(const void *a, const void *b, void *context)
{
	const struct spec_variable *variables = context;

	return compare_slices(variables[*(const size_t *)a].name,
			      variables[*(const size_t *)b].name);
}

static void sort_names(const struct spec *spec, struct environment *environment)
{
	environment->by_name = xzalloc(environment->count * sizeof(size_t));
	for (size_t i = 0; i < environment->count; i++)
		environment->by_name[i] = i;
	if (environment->count > 1)
		qsort_r(environment->by_name, environment->count, sizeof(size_t),
			compare_names, spec->variables);
}

/* The first of the variables of this name in `by_name`; environment->count: none. */
static size_t find_name(const struct environment *environment,
			const struct spec_variable *variables, struct slice name)
{
	size_t low = 0, high = environment->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_slices(variables[environment->by_name[middle]].name, name) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < environment->count &&
			       slice_equal(variables[environment->by_name[low]].name,
					   name)
		       ? low
		       : environment->count;
}

/* A resource may itself be called *_INFO: then there is no variable without the suffix,
 * and its value is no object. */
static bool is_info(const struct environment *environment, const struct spec *spec,
		    const struct spec_variable *variable)
{
	return slice_ends(variable->name, info_suffix) &&
	       (slice_starts(variable->value, SLICE("{")) ||
		find_name(environment, spec->variables, base_name(variable->name)) <
			environment->count);
}

void environment_parse(const struct spec *spec, struct environment *ret)
{
	ret->count = spec->n_variables;
	ret->variables = xzalloc(ret->count * sizeof *ret->variables);
	sort_names(spec, ret);
	for (size_t i = 0; i < ret->count; i++) {
		struct env_variable *variable = &ret->variables[i];

		variable->source = &spec->variables[i];
		variable->info = is_info(ret, spec, variable->source);
		if (variable->info)
			find_info_tokens(variable);
		else
			find_list_tokens(variable);
	}
}

/* Its addresses tell; a variable that has none is told by its paths. */
static bool is_done(const struct env_variable *variable,
		    const struct annotation *annotation)
{
	size_t addresses = 0, paths = 0, guests = 0, finals = 0;

	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *token = &variable->references[i];

		if (token->kind == ENV_PATH) {
			paths++;
			finals += annotation_find_final(annotation,
							slice_from(token->path)) != NULL;
		} else {
			addresses++;
			guests += annotation_has_guest(annotation, &token->address);
		}
	}
	return addresses ? guests == addresses : paths && finals == paths;
}

void environment_mark_done(struct environment *environment,
			   const struct annotation *annotation)
{
	for (size_t i = 0; i < environment->count; i++)
		environment->variables[i].done =
			is_done(&environment->variables[i], annotation);
}

bool environment_has_addresses(const struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			if (variable->references[k].kind != ENV_PATH)
				return true;
		}
	}
	return false;
}

bool environment_has_address(const struct environment *environment,
			     const struct pci_address *address)
{
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			if (variable->references[k].kind != ENV_PATH &&
			    pci_address_equal(&variable->references[k].address, address))
				return true;
		}
	}
	return false;
}

void environment_free(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references; k++)
			free(variable->references[k].path);
		free(variable->references);
		json_free(&variable->inner);
	}
	free(environment->variables);
	free(environment->by_name);
	*environment = (struct environment) { 0 };
}

void env_changes_free(struct env_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		free(changes->items[i].text);
	free(changes->items);
	*changes = (struct env_changes) { 0 };
}

static void warn_left(const struct env_variable *variable, const char *why,
		      struct messages *messages)
{
	auto_free char *name = text_quote(variable->source->name);

	messages_add(messages, MESSAGE_WARNING,
		     "process.env[%zu]: %s is left as it is: %s", variable->source->index,
		     name, why);
}

/* Asks for each token's text and collects the edits of the value; false: left whole. */
static bool translate_tokens(const struct env_variable *variable,
			     environment_translate_fn *translate, void *context,
			     struct splices *edits, struct messages *messages)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *token = &variable->references[i];
		auto_free char *text = NULL, *why = NULL;
		auto_buffer quoted = { 0 };
		enum translation_result result = translate(context, token, &text, &why);

		if (result == TRANSLATION_NONE) {
			if (why)
				warn_left(variable, why, messages);
			return false;
		}
		if (why)
			messages_add(messages, MESSAGE_WARNING, "process.env[%zu]: %s",
				     variable->source->index, why);
		if (!text)
			continue;
		if (variable->info) {
			json_quote(&quoted, slice_from(text));
			splice_replace(edits, &variable->inner, token->json,
				       buffer_slice(&quoted));
		} else {
			splice_bytes(edits, token->start, token->end, slice_from(text));
		}
	}
	return true;
}

/* Is the edited inner text still an object without duplicate keys? */
static bool is_sound(const struct buffer *text)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };

	return json_parse("_INFO", buffer_slice(text), &json_any, NULL, &doc, &err) == 0;
}

/* Translates one variable whole, or leaves it whole and returns false. */
static bool translate_variable(const struct env_variable *variable,
			       environment_translate_fn *translate, void *context,
			       struct env_changes *ret, struct messages *messages)
{
	auto_splices edits = { 0 };
	auto_buffer value = { 0 };
	struct buffer entry = { 0 };
	auto_error err = { 0 };
	struct env_change *change;

	if (variable->done)
		return true;
	if (variable->broken) {
		warn_left(variable, "it is no JSON object without duplicate keys",
			  messages);
		return false;
	}
	if (!translate_tokens(variable, translate, context, &edits, messages))
		return false;
	if (edits.count == 0)
		return true;
	if (splices_sort(&edits, &err) < 0)
		return false;
	splices_apply(&edits, variable->source->value, &value);
	if (variable->info && !is_sound(&value)) {
		warn_left(variable, "two of its keys would become one", messages);
		return false;
	}
	change = array_append(ret->items, ret->count, ret->capacity);
	change->variable = variable;
	buffer_add(&entry, variable->source->name);
	buffer_add(&entry, SLICE("="));
	buffer_add(&entry, buffer_slice(&value));
	change->text = entry.data;
	return true;
}

/* Was every variable of this name translated? */
static bool all_translated(const struct environment *environment, const bool *translated,
			   struct slice name)
{
	/* All of them are of one spec. */
	const struct spec_variable *variables = environment->variables[0].source;
	size_t first = find_name(environment, variables, name), i;

	for (i = first; i < environment->count; i++) {
		if (!slice_equal(variables[environment->by_name[i]].name, name))
			break;
		if (!translated[environment->by_name[i]])
			return false;
	}
	return i > first;
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
	auto_free bool *translated = xzalloc(environment->count * sizeof(bool));

	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		if (!variable->info)
			translated[i] = translate_variable(variable, translate, context,
							   ret, messages);
	}
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		if (!variable->info)
			continue;
		if (all_translated(environment, translated,
				   base_name(variable->source->name)))
			translated[i] = translate_variable(variable, translate, context,
							   ret, messages);
		else if (variable->n_references || variable->broken)
			warn_left(variable,
				  "the variable without _INFO was not translated",
				  messages);
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_changes);
}
