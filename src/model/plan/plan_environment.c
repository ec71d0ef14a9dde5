/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the environment. Rule 4. */
#include "plan_resolve.h"

#include "oci-vfio-hook/slice_index.h"

/* A function that was asked for, by its name on the host. */
struct host {
	struct device_name name;
	size_t function; /* index into request.functions */
	bool listed;	 /* its pair is in the annotation */
	size_t named;	 /* the variable that was last said to name it, plus 1 */
};

struct lookup {
	struct planner *planner;
	struct host *hosts; /* sorted */
};

static int compare_hosts(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int order = device_name_compare(&x->name, &y->name);

	return order ? order : (x->function > y->function) - (x->function < y->function);
}

static void lookup_open(struct planner *planner, struct lookup *ret)
{
	const struct request *request = planner->in->request;

	ret->planner = planner;
	ret->hosts = xzalloc(request->n_functions * sizeof *ret->hosts);
	for (size_t i = 0; i < request->n_functions; i++) {
		ret->hosts[i].name = request->functions[i].map->host;
		ret->hosts[i].function = i;
	}
	if (request->n_functions > 1)
		qsort(ret->hosts, request->n_functions, sizeof *ret->hosts,
		      compare_hosts);
}

static struct host *find_host(const struct lookup *lookup, const struct device_name *name)
{
	size_t low = 0, high = lookup->planner->in->request->n_functions;
	const size_t count = high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (device_name_compare(&lookup->hosts[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && device_name_equal(&lookup->hosts[low].name, name)
		       ? &lookup->hosts[low]
		       : NULL;
}

static const struct inventory_function *find_function(const struct lookup *lookup,
						      const struct host *host)
{
	return &lookup->planner->in->inventory->functions[host->function];
}

static const struct map_entry *find_entry(const struct lookup *lookup,
					  const struct host *host)
{
	return lookup->planner->in->request->functions[host->function].entry;
}

/* The function that a reference names, if an entry has it. */
static struct host *find_referenced(const struct lookup *lookup,
				    const struct env_reference *reference)
{
	struct device_name name;

	return env_reference_get_name(reference, &name) ? find_host(lookup, &name) : NULL;
}

static char *describe_unknown(const struct env_reference *reference)
{
	char text[DEVICE_NAME_SIZE];
	struct device_name name;

	env_reference_get_name(reference, &name);
	device_name_format(&name, text);
	if (reference->kind == ENV_UUID)
		return xasprintf(
			"no map entry names the mediated device %s, which means nothing here",
			text);
	return xasprintf("no map entry names %s", text);
}

static enum translation_result translate_device(struct lookup *lookup,
						const struct env_reference *reference,
						char **ret, char **why)
{
	const struct host *host = find_referenced(lookup, reference);
	const struct inventory_function *found;
	char name[DEVICE_NAME_SIZE], text[DEVICE_NAME_SIZE];

	if (!host) {
		*why = describe_unknown(reference);
		return TRANSLATION_NONE;
	}
	found = find_function(lookup, host);
	if (found->absent) {
		*why = xasprintf("%s: %s", find_entry(lookup, host)->where,
				 found->absent);
		return TRANSLATION_NONE;
	}
	if (device_name_equal(&host->name, &found->name))
		return TRANSLATION_DONE;
	*ret = env_reference_spell(reference, &found->name);
	if (*ret)
		return TRANSLATION_DONE;
	*why = xasprintf(
		"the mediated device %s is the PCI function %s here, which a UUID is not replaced by",
		device_name_format(&host->name, name),
		device_name_format(&found->name, text));
	return TRANSLATION_NONE;
}

/* The node of this function of the entry; NULL: it isn't known. */
static char *find_node_path(const struct lookup *lookup, const struct map_entry *entry,
			    const struct device_name *name)
{
	const struct host *host = find_host(lookup, name);
	const struct inventory_function *found =
		host ? find_function(lookup, host) : NULL;

	if (!found || find_entry(lookup, host) != entry || found->absent)
		return NULL;
	return entry->final_path ? xstrdup(entry->final_path)
				 : plan_kind_path(lookup->planner, entry, found);
}

/* The node of an entry that the spec names: that of the function which the path is said of,
 * where its functions have several. */
static char *find_named_path(const struct lookup *lookup, const struct resolved *by,
			     const struct device_name *owner)
{
	const struct host *host = owner ? find_host(lookup, owner) : NULL;

	for (size_t i = 0; i < by->n_nodes && host; i++) {
		if (plan_kind_is_of(by->nodes[i], find_function(lookup, host)))
			return xstrdup(by->nodes[i]->final_path);
	}
	return xstrdup(by->nodes[0]->final_path);
}

/* What the container sees instead of an entry's path; NULL: it isn't known. */
static char *find_final_path(const struct lookup *lookup, const struct map_entry *entry,
			     const struct device_name *owner)
{
	const struct resolved *by = plan_find_resolved(lookup->planner, entry);
	char *path = NULL;

	if (by->n_nodes)
		return find_named_path(lookup, by, owner);
	if (entry->type == DEVICE_NODE)
		return xstrdup(entry->final_path ? entry->final_path
						 : entry->container_path);
	if (entry->type != DEVICE_VFIO_PCI)
		return NULL;
	/* Only the environment names it: the function that the path is said of, or the
	 * first that is known. */
	if (owner)
		path = find_node_path(lookup, entry, owner);
	for (size_t i = 0; !path && i < entry->n_functions; i++)
		path = find_node_path(lookup, entry, &entry->functions[i].host);
	return path;
}

static enum translation_result translate_path(struct lookup *lookup, struct slice path,
					      const struct device_name *owner, char **ret,
					      char **why)
{
	const struct map_entry *entry = device_map_find(lookup->planner->in->map, path);
	auto_free char *name = NULL;

	if (!entry && !path_is_vfio_node(path))
		return TRANSLATION_DONE;
	if (!entry) {
		name = text_name(path);
		*why = xasprintf("no map entry names %s", name);
		return TRANSLATION_NONE;
	}
	if (entry->type == DEVICE_VFIO_PCI_GK) {
		name = text_name(path);
		*why = xasprintf(
			"%s stays in it, a node that the container does not get: the guest kernel drives the device",
			name);
		return TRANSLATION_KEPT;
	}
	*ret = find_final_path(lookup, entry, owner);
	if (!*ret) {
		name = text_name(path);
		*why = xasprintf("%s: the node for %s is not known here", entry->where,
				 name);
		return TRANSLATION_NONE;
	}
	if (slice_equal(slice_from(*ret), path)) {
		free(*ret);
		*ret = NULL;
	}
	return TRANSLATION_DONE;
}

static enum translation_result translate(void *context,
					 const struct env_variable *variable,
					 const struct env_reference *reference,
					 char **ret, char **why)
{
	const struct env_reference *owner = &variable->references[reference->owner];
	struct device_name name;

	switch (reference->kind) {
	case ENV_ADDRESS:
	case ENV_ADDRESS_KEY:
	case ENV_UUID:
		return translate_device(context, reference, ret, why);
	case ENV_PATH:
		break;
	}
	return translate_path(
		context, env_reference_text(reference),
		owner != reference && env_reference_get_name(owner, &name) ? &name : NULL,
		ret, why);
}

static void list_addresses(struct lookup *lookup, const struct env_variable *variable)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *reference = &variable->references[i];
		struct host *host = find_referenced(lookup, reference);

		if (!host || host->listed)
			continue;
		host->listed = true;
		annotation_add_address(&lookup->planner->plan->annotation, &host->name,
				       &find_function(lookup, host)->name);
	}
}

/* How many functions one message names. */
#define NAMED_MAX 8

/* Adds a function, once, if it is one that the container drives and has no node for. */
static void add_without_node(const struct lookup *lookup, size_t leader,
			     const struct env_reference *reference, struct buffer *ret,
			     size_t *count)
{
	const struct plan_input *in = lookup->planner->in;
	struct host *host = find_referenced(lookup, reference);
	const struct map_entry *entry;
	char text[DEVICE_NAME_SIZE];

	if (!host || host->named == leader + 1)
		return;
	entry = find_entry(lookup, host);
	if (plan_find_resolved(lookup->planner, entry)->named ||
	    in->request->entries[entry - in->map->entries].followed ||
	    entry->type != DEVICE_VFIO_PCI)
		return;
	host->named = leader + 1;
	if ((*count)++ >= NAMED_MAX)
		return;
	buffer_printf(ret, "%s%s (", ret->length ? ", " : "",
		      device_name_format(&host->name, text));
	buffer_add_name(ret, slice_from(entry->container_path));
	buffer_add(ret, SLICE(")"));
}

/* The container can't open what it is told of: the last place that sees both sides. */
static void warn_of_missing_nodes(const struct lookup *lookup, size_t leader)
{
	const struct environment *environment = lookup->planner->in->environment;
	const struct env_variable *first = &environment->variables[leader];
	auto_free char *name = NULL;
	auto_buffer functions = { 0 };
	size_t count = 0;

	for (size_t i = leader; i < environment->count;
	     i = environment->variables[i].next) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references; k++)
			add_without_node(lookup, leader, &variable->references[k],
					 &functions, &count);
	}
	if (count == 0)
		return;
	if (count > NAMED_MAX)
		buffer_printf(&functions, " and %zu more", count - NAMED_MAX);
	name = text_quote(variable_name(first->source));
	messages_add(
		lookup->planner->messages, MESSAGE_WARNING,
		"process.env[%u]: %s names functions whose VFIO nodes are not in the spec, so the container can't open them: %s; have the engine add these devices",
		first->source->index, name, functions.data);
}

/* Lists what was translated: of variables that stay whole nothing is done. What belongs to
 * a changed one is done too, though its own text may be right as it is. */
static void list_changes(struct lookup *lookup)
{
	const struct environment *environment = lookup->planner->in->environment;
	const struct env_changes *env = &lookup->planner->plan->env;
	auto_free bool *changed = xzalloc(environment->count * sizeof *changed);

	for (size_t i = 0; i < env->count; i++)
		changed[env->items[i].variable->leader] = true;
	for (size_t i = 0; i < environment->count; i++) {
		if (changed[environment->variables[i].leader])
			list_addresses(lookup, &environment->variables[i]);
	}
}

static void emit(struct planner *planner, const char *why)
{
	struct plan *plan = planner->plan;

	for (size_t i = 0; i < plan->env.count; i++)
		plan_replace_variable(plan, &planner->in->spec->doc, &plan->env.items[i],
				      why);
}

/* What this machine's own nodes are that were given by an address: by the paths of the spec. */
struct moved {
	const struct planner *planner;
	struct slice_index paths;
};

static void add_moved(struct moved *moved, struct slice path, size_t place)
{
	const struct resolved_node *node = moved->planner->given[place];

	if (node && !slice_equal(slice_from(node->path), path))
		slice_index_add(&moved->paths, path, place);
}

static const char *find_moved(const void *context, struct slice path)
{
	const struct moved *moved = context;
	size_t count;
	const struct slice_place *place = slice_index_find(&moved->paths, path, &count);

	return place ? moved->planner->given[place->place]->path : NULL;
}

/* What said whose node it is says it of the node of today: the address is right, and need not be
 * translated. */
static void replace_own_paths(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;
	struct moved moved = { .planner = planner };

	if (!planner->given)
		return;
	for (size_t i = 0; i < spec->n_devices; i++)
		add_moved(&moved, spec->devices[i].path, i);
	for (size_t i = 0; i < spec->n_mounts; i++)
		add_moved(&moved, spec->mounts[i].source, spec->n_devices + i);
	slice_index_sort(&moved.paths);
	environment_replace_paths(planner->in->environment, find_moved, &moved,
				  &planner->plan->env, planner->messages);
	slice_index_free(&moved.paths);
	emit(planner, "this is the address' node today");
}

void plan_environment(struct planner *planner)
{
	const struct environment *environment = planner->in->environment;
	struct lookup lookup = { 0 };

	if (environment->count == 0)
		return;
	/* Without any map the spec is this machine's own: no address is to be translated. */
	if (!planner->in->map->exists && !planner->matched) {
		replace_own_paths(planner);
		return;
	}
	lookup_open(planner, &lookup);
	environment_translate(environment, translate, &lookup, &planner->plan->env,
			      planner->messages);
	list_changes(&lookup);
	emit(planner, "the device map gives these addresses of this machine");
	/* A process alone says nothing of nodes. */
	for (size_t i = 0; i < environment->count && !planner->in->spec->process_only;
	     i++) {
		if (environment->variables[i].leader == i &&
		    !environment->variables[i].done)
			warn_of_missing_nodes(&lookup, i);
	}
	free(lookup.hosts);
}
