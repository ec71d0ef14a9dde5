/* SPDX-License-Identifier: Apache-2.0 */
/* What the environment variables name and which of them belong together. Which are done is in
 * environment_done.c, how they are translated in environment_translate.c. */
#include "oci-vfio-hook/environment.h"

#include "oci-vfio-hook/slice_index.h"
#include "variable_name.h"

static const struct slice info_suffix = { "_INFO", 5 };

/* The search of one variable. */
struct search {
	struct environment *environment;
	struct env_variable *variable;
	size_t first; /* of its references among the environment's */
};

static struct env_reference *reference_at(const struct search *search, size_t index)
{
	return &search->environment->references[search->first + index];
}

static struct env_reference *add_reference(struct search *search,
					   enum env_reference_kind kind, size_t start,
					   size_t end)
{
	struct environment *environment = search->environment;
	struct env_reference *reference =
		array_append(environment->references, environment->n_references,
			     environment->references_capacity);

	reference->kind = kind;
	reference->start = (uint32_t)start;
	reference->end = (uint32_t)end;
	reference->owner = search->variable->n_references++;
	return reference;
}

static void find_in_name(struct search *search)
{
	struct env_reference *reference;
	struct pci_spelling spelling;
	struct pci_address address;
	size_t start, end;

	if (!variable_find_address(variable_name(search->variable->source), &start, &end,
				   &address, &spelling))
		return;
	reference = add_reference(search, ENV_ADDRESS, start, end);
	reference->in_name = true;
	reference->address = address;
	reference->spelling = spelling;
}

/* The text, or a copy where it is not the spec's own. */
static void keep_text(struct search *search, struct env_reference *reference,
		      struct slice text, bool borrow)
{
	reference->text_data =
		borrow ? text.data : text_pool_add(&search->environment->texts, text);
	reference->text_length = (uint32_t)text.length;
}

static void add_path(struct search *search, struct slice text, bool borrow, size_t start,
		     size_t end)
{
	struct env_reference *reference = add_reference(search, ENV_PATH, start, end);
	auto_free char *clean = NULL;

	if (!path_is_clean(text)) {
		clean = path_clean(text);
		text = slice_from(clean);
	}
	keep_text(search, reference, text, borrow && !clean);
	/* Of a list in a variable whose name has an address. */
	if (reference_at(search, 0)->in_name)
		reference->owner = 0;
}

static bool is_address(struct slice text, struct pci_address *ret,
		       struct pci_spelling *ret_spelling)
{
	return text.length &&
	       pci_address_scan(text, 0, ret, ret_spelling) == text.length &&
	       !ret_spelling->underscores;
}

/* One element of a list, or one string of JSON; anything else than an address, a path or,
 * where they are expected, a UUID is left alone. */
static void find_in_text(struct search *search, enum env_reference_kind kind,
			 struct slice text, bool borrow, size_t start, size_t end)
{
	struct pci_spelling spelling;
	struct pci_address address;
	struct env_reference *reference;
	struct uuid uuid;

	if (is_address(text, &address, &spelling)) {
		reference = add_reference(search, kind, start, end);
		reference->address = address;
		reference->spelling = spelling;
	} else if (kind == ENV_ADDRESS && slice_starts(text, SLICE("/")) &&
		   !path_is_control_node(text)) {
		add_path(search, text, borrow, start, end);
	} else if (kind == ENV_ADDRESS && uuid_parse(text, &uuid) == 0 &&
		   variable_has_uuids(variable_name(search->variable->source))) {
		reference = add_reference(search, ENV_UUID, start, end);
		keep_text(search, reference, text, borrow);
	}
}

/* What separates the elements of a list; it stays as it is. */
static bool is_separator(char c)
{
	return c == ',' || c == ';' || c == ' ' || (c >= '\t' && c <= '\r');
}

static void find_in_list(struct search *search)
{
	struct slice value = variable_value(search->variable->source);
	size_t start = 0;

	for (size_t i = 0; i <= value.length; i++) {
		if (i < value.length && !is_separator(value.data[i]))
			continue;
		find_in_text(search, ENV_ADDRESS, slice_from_to(value, start, i), true,
			     start, i);
		start = i + 1;
	}
}

/* Members that are open, of which the key is an address. */
struct open_members {
	struct {
		uint32_t end, reference;
	} items[JSON_DEPTH_MAX];
	size_t count;
};

/* After a string was added: what it is said of, or, of a key, what is said of it. */
static void find_owner(const struct search *search, const struct json *doc, uint32_t json,
		       size_t first, struct open_members *open)
{
	const uint32_t start = json_span(doc, json)->start;
	struct env_reference *reference;

	while (open->count && open->items[open->count - 1].end <= start)
		open->count--;
	if (first == search->variable->n_references)
		return;
	reference = reference_at(search, first);
	if (reference->kind != ENV_ADDRESS_KEY) {
		if (open->count)
			reference->owner = open->items[open->count - 1].reference;
		return;
	}
	reference->value_end = json_span(doc, json_next(doc, json))->end;
	open->items[open->count].end = reference->value_end;
	open->items[open->count++].reference = (uint32_t)first;
}

/* Keys and string values. */
static void find_in_json(struct search *search)
{
	struct env_variable *variable = search->variable;
	struct open_members open = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	variable->broken = json_parse("_INFO", variable_value(variable->source),
				      &json_any, NULL, &doc, &err) < 0 ||
			   (variable->info && json_type(&doc, 0) != JSON_OBJECT);
	for (uint32_t json = 0; !variable->broken && json < doc.n_spans; json++) {
		const struct json_span *span = json_span(&doc, json);
		const size_t first = variable->n_references;
		struct slice text;

		if (span->type != JSON_KEY && span->type != JSON_STRING)
			continue;
		if (json_string(&doc, json, &text, &err) < 0) {
			variable->broken = true;
			break;
		}
		find_in_text(search,
			     span->type == JSON_KEY ? ENV_ADDRESS_KEY : ENV_ADDRESS, text,
			     !span->escaped, span->start, span->end);
		find_owner(search, &doc, json, first, &open);
	}
}

/* The first variable of this name, as an index into spec.variables; n_variables: none. */
static size_t find_name(const struct slice_index *names, struct slice name)
{
	size_t count;
	const struct slice_place *found = slice_index_find(names, name, &count);

	return count ? found->place : names->count;
}

/* Whether the variable is an _INFO, and one for all of those that belong together. A
 * resource may itself be called *_INFO: then there is no variable without the suffix, and
 * its value isn't JSON. By name, what a name without suffix leads to is known already. */
static void find_leader(const struct slice_index *names, size_t index,
			struct env_variable *variables)
{
	struct env_variable *variable = &variables[index];
	struct slice name = variable_name(variable->source);
	size_t base = names->count;

	if (slice_ends(name, info_suffix)) {
		base = find_name(names, slice_from_to(name, 0,
						      name.length - info_suffix.length));
		variable->info = variable->is_json || base < names->count;
		variable->is_json = variable->info;
	}
	if (base == names->count)
		base = find_name(names, name);
	variable->leader = base == index ? (uint32_t)index : variables[base].leader;
}

static void find_leaders(struct environment *environment)
{
	auto_free uint32_t *first = xzalloc(environment->count * sizeof *first);
	auto_slice_index names = { 0 };

	for (size_t i = 0; i < environment->count; i++)
		slice_index_add(&names, variable_name(environment->variables[i].source),
				i);
	slice_index_sort(&names);
	for (size_t i = 0; i < environment->count; i++) {
		find_leader(&names, names.items[i].place, environment->variables);
		first[i] = (uint32_t)environment->count;
	}
	for (size_t i = environment->count; i-- > 0;) {
		struct env_variable *variable = &environment->variables[i];

		variable->orphan = environment->variables[variable->leader].info;
		variable->next = first[variable->leader];
		first[variable->leader] = (uint32_t)i;
	}
	for (size_t i = 0; i < environment->count; i++)
		environment->variables[i].leader =
			first[environment->variables[i].leader];
}

bool env_reference_get_name(const struct env_reference *reference,
			    struct device_name *ret)
{
	switch (reference->kind) {
	case ENV_ADDRESS:
	case ENV_ADDRESS_KEY:
		*ret = device_name_of(&reference->address);
		return true;
	case ENV_UUID:
		ret->bus = DEVICE_BUS_MDEV;
		return uuid_parse(env_reference_text(reference), &ret->uuid) == 0;
	case ENV_PATH:
		break;
	}
	return false;
}

char *env_reference_spell(const struct env_reference *reference,
			  const struct device_name *name)
{
	char text[DEVICE_NAME_SIZE];

	if (name->bus == DEVICE_BUS_PCI && env_reference_is_address(reference))
		pci_address_spell(&name->address, reference->spelling, text);
	else if (name->bus == DEVICE_BUS_MDEV && reference->kind == ENV_UUID)
		device_name_format(name, text);
	else
		return NULL;
	return xstrdup(text);
}

static int compare_uuids(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

static void collect_uuids(struct environment *environment, size_t count)
{
	struct device_name name;

	free(environment->uuids);
	environment->uuids = xmalloc(count * sizeof *environment->uuids);
	environment->n_uuids = 0;
	for (size_t i = 0; i < environment->count && count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			if (env_reference_get_name(&variable->references[k], &name) &&
			    name.bus == DEVICE_BUS_MDEV)
				environment->uuids[environment->n_uuids++] = name.uuid;
		}
	}
	if (environment->n_uuids > 1)
		qsort(environment->uuids, environment->n_uuids,
		      sizeof *environment->uuids, compare_uuids);
}

void environment_collect_names(struct environment *environment)
{
	size_t count = 0, n_uuids = 0;

	free(environment->addresses);
	environment->addresses =
		xmalloc(environment->n_references * sizeof *environment->addresses);
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			const struct env_reference *reference = &variable->references[k];

			if (env_reference_is_address(reference))
				environment->addresses[count++] = reference->address;
			n_uuids += reference->kind == ENV_UUID;
		}
	}
	environment->n_addresses = count;
	if (count > 1)
		qsort(environment->addresses, count, sizeof *environment->addresses,
		      pci_address_order);
	collect_uuids(environment, n_uuids);
}

void environment_parse(const struct spec *spec, struct environment *ret)
{
	ret->count = spec->n_variables;
	ret->variables = xzalloc(ret->count * sizeof *ret->variables);
	for (size_t i = 0; i < ret->count; i++) {
		struct slice value = variable_value(&spec->variables[i]);

		ret->variables[i].source = &spec->variables[i];
		ret->variables[i].is_json = slice_starts(value, SLICE("{")) ||
					    slice_starts(value, SLICE("["));
	}
	find_leaders(ret);
	for (size_t i = 0; i < ret->count; i++) {
		struct search search = { ret, &ret->variables[i], ret->n_references };

		find_in_name(&search);
		if (search.variable->is_json)
			find_in_json(&search);
		else
			find_in_list(&search);
	}
	/* They stay where they are now. */
	for (size_t i = 0, first = 0; i < ret->count && ret->references; i++) {
		ret->variables[i].references = ret->references + first;
		first += ret->variables[i].n_references;
	}
	environment_collect_names(ret);
}

bool environment_has_names(const struct environment *environment)
{
	return environment->n_addresses || environment->n_uuids;
}

bool environment_has_name(const struct environment *environment,
			  const struct device_name *name)
{
	if (name->bus == DEVICE_BUS_MDEV)
		return environment->n_uuids &&
		       bsearch(&name->uuid, environment->uuids, environment->n_uuids,
			       sizeof *environment->uuids, compare_uuids);
	return environment->n_addresses &&
	       bsearch(&name->address, environment->addresses, environment->n_addresses,
		       sizeof *environment->addresses, pci_address_order);
}

void environment_free(struct environment *environment)
{
	free(environment->variables);
	free(environment->references);
	free(environment->addresses);
	free(environment->uuids);
	text_pool_free(&environment->texts);
	*environment = (struct environment) { 0 };
}
