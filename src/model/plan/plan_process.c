/* SPDX-License-Identifier: Apache-2.0 */
/* The planner for a further process of a container: its environment, by what the
 * container's annotation lists. No map, and nothing is looked up. */
#include "planner.h"

/* What is asked for again and again, sorted. */
struct lookup {
	const struct annotation *annotation;
	struct annotation_address *addresses;	/* by host */
	const struct annotation_node **nodes;	/* by container path */
	const struct spec_variable **variables; /* of the container, by name and value */
	size_t n_variables;
};

static int compare_slices(struct slice a, struct slice b)
{
	size_t length = a.length < b.length ? a.length : b.length;
	int order = length ? memcmp(a.data, b.data, length) : 0;

	return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_variables(const void *a, const void *b)
{
	const struct spec_variable *x = *(const struct spec_variable *const *)a;
	const struct spec_variable *y = *(const struct spec_variable *const *)b;
	int order = compare_slices(x->name, y->name);

	return order ? order : compare_slices(x->value, y->value);
}

static int compare_nodes(const void *a, const void *b)
{
	return strcmp((*(const struct annotation_node *const *)a)->container_path,
		      (*(const struct annotation_node *const *)b)->container_path);
}

static uint64_t order_of(const struct pci_address *address)
{
	return (uint64_t)address->domain << 16 | (uint64_t)address->bus << 8 |
	       (uint64_t)address->slot << 3 | address->function;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct annotation_address *x = a, *y = b;
	const uint64_t left = order_of(&x->host), right = order_of(&y->host);

	return (left > right) - (left < right);
}

static void lookup_open(const struct annotation *annotation, const struct spec *container,
			struct lookup *ret)
{
	*ret = (struct lookup) {
		.annotation = annotation,
		.addresses = xzalloc(annotation->n_addresses * sizeof(*ret->addresses)),
		.nodes = xzalloc(annotation->n_nodes * sizeof(const void *)),
		.variables = xzalloc(container->n_variables * sizeof(const void *)),
		.n_variables = container->n_variables,
	};
	for (size_t i = 0; i < annotation->n_addresses; i++)
		ret->addresses[i] = annotation->addresses[i];
	for (size_t i = 0; i < annotation->n_nodes; i++)
		ret->nodes[i] = &annotation->nodes[i];
	for (size_t i = 0; i < container->n_variables; i++)
		ret->variables[i] = &container->variables[i];
	if (annotation->n_addresses > 1)
		qsort(ret->addresses, annotation->n_addresses, sizeof(*ret->addresses),
		      compare_addresses);
	if (annotation->n_nodes > 1)
		qsort(ret->nodes, annotation->n_nodes, sizeof(const void *),
		      compare_nodes);
	if (container->n_variables > 1)
		qsort(ret->variables, container->n_variables, sizeof(const void *),
		      compare_variables);
}

static void lookup_close(struct lookup *lookup)
{
	free(lookup->addresses);
	free(lookup->nodes);
	free(lookup->variables);
}

static const struct annotation_address *find_host(const struct lookup *lookup,
						  const struct pci_address *host)
{
	const struct annotation_address key = { .host = *host };

	if (lookup->annotation->n_addresses == 0)
		return NULL;
	return bsearch(&key, lookup->addresses, lookup->annotation->n_addresses,
		       sizeof(*lookup->addresses), compare_addresses);
}

static enum translation_result translate_address(const struct lookup *lookup,
						 const struct env_reference *reference,
						 char **ret, char **why)
{
	const struct annotation_address *found = find_host(lookup, &reference->address);
	char text[PCI_ADDRESS_SIZE];

	if (!found) {
		*why = xasprintf("the container's annotation doesn't list %s",
				 pci_address_format(&reference->address, text));
		return TRANSLATION_NONE;
	}
	if (!pci_address_equal(&found->host, &found->guest))
		*ret = xstrdup(pci_address_format(&found->guest, text));
	return TRANSLATION_DONE;
}

/* The nodes of this container path: the first, and how many there are. */
static const struct annotation_node *const *find_nodes(const struct lookup *lookup,
						       const char *path,
						       size_t *ret_count)
{
	size_t low = 0, high = lookup->annotation->n_nodes;
	const size_t end = high;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(lookup->nodes[middle]->container_path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (high < end && text_equal(lookup->nodes[high]->container_path, path))
		high++;
	*ret_count = high - low;
	return lookup->nodes + low;
}

static enum translation_result translate_path(const struct lookup *lookup,
					      const char *path, char **ret, char **why)
{
	size_t count;
	const struct annotation_node *const *nodes = find_nodes(lookup, path, &count);

	if (count == 0) {
		*why = xasprintf("the container's annotation doesn't list %s", path);
		return TRANSLATION_NONE;
	}
	if (count > 1) {
		*why = xasprintf("the container has several nodes for %s", path);
		return TRANSLATION_NONE;
	}
	/* The guest kernel drives the device: the run that created the container has said
	 * so. */
	if (!nodes[0]->final_path)
		return TRANSLATION_KEPT;
	if (!text_equal(nodes[0]->final_path, path))
		*ret = xstrdup(nodes[0]->final_path);
	return TRANSLATION_DONE;
}

static enum translation_result translate(void *context,
					 const struct env_reference *reference,
					 char **ret, char **why)
{
	if (reference->kind == ENV_PATH)
		return translate_path(context, reference->path, ret, why);
	return translate_address(context, reference, ret, why);
}

static bool is_of_container(const struct lookup *lookup,
			    const struct spec_variable *variable)
{
	return lookup->n_variables > 0 &&
	       bsearch(&variable, lookup->variables, lookup->n_variables,
		       sizeof(const void *), compare_variables);
}

/* Is it this machine's word, and could be nothing else? */
static bool is_final(const struct lookup *lookup, const struct env_reference *reference)
{
	size_t count = 0;

	if (reference->kind != ENV_PATH)
		return annotation_has_guest(lookup->annotation, &reference->address) &&
		       !find_host(lookup, &reference->address);
	find_nodes(lookup, reference->path, &count);
	return count == 0 &&
	       annotation_find_final(lookup->annotation, slice_from(reference->path));
}

static bool all_final(const struct lookup *lookup, const struct env_variable *variable)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		if (!is_final(lookup, &variable->references[i]))
			return false;
	}
	return variable->n_references > 0;
}

/* What the container itself has was translated when it was created, or left with a
 * warning. Only this tells for an address that is a host's and a guest's. A variable that
 * has this machine's words alone stays, too; one with both kinds has a host's among
 * them. */
static void mark_done(const struct lookup *lookup, struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++) {
		struct env_variable *variable = &environment->variables[i];

		variable->done = is_of_container(lookup, variable->source) ||
				 all_final(lookup, variable);
	}
}

void plan_process(const struct spec *process, struct environment *environment,
		  const struct spec *container, const struct annotation *annotation,
		  struct plan *ret, struct messages *messages)
{
	struct lookup lookup;

	lookup_open(annotation, container, &lookup);
	mark_done(&lookup, environment);
	environment_translate(environment, translate, &lookup, &ret->env, messages);
	for (size_t i = 0; i < ret->env.count; i++) {
		auto_buffer text = { 0 };

		json_quote(&text, slice_from(ret->env.items[i].text));
		plan_replace(ret, PLAN_ENVIRONMENT, &process->doc,
			     ret->env.items[i].variable->source->json,
			     buffer_slice(&text),
			     "the container's annotation has these addresses");
	}
	lookup_close(&lookup);
}
