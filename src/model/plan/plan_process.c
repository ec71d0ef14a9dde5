/* SPDX-License-Identifier: Apache-2.0 */
/* The planner for a further process of a container: its environment, by what the
 * container's annotation lists. No map, and nothing is looked up. */
#include "planner.h"

/* What is asked for again and again. */
struct lookup {
	const struct annotation *annotation;
	const struct spec_variable **variables; /* of the container, by name and value */
	size_t n_variables;
};

static int compare_variables(const void *a, const void *b)
{
	const struct spec_variable *x = *(const struct spec_variable *const *)a;
	const struct spec_variable *y = *(const struct spec_variable *const *)b;
	int order = slice_compare(variable_name(x), variable_name(y));

	return order ? order : slice_compare(variable_value(x), variable_value(y));
}

static void lookup_open(const struct annotation *annotation, const struct spec *container,
			struct lookup *ret)
{
	*ret = (struct lookup) {
		.annotation = annotation,
		.variables = xzalloc(container->n_variables * sizeof(const void *)),
		.n_variables = container->n_variables,
	};
	for (size_t i = 0; i < container->n_variables; i++)
		ret->variables[i] = &container->variables[i];
	if (container->n_variables > 1)
		qsort(ret->variables, container->n_variables, sizeof(const void *),
		      compare_variables);
}

static void lookup_close(struct lookup *lookup)
{
	free(lookup->variables);
}

static enum translation_result translate_device(const struct lookup *lookup,
						const struct env_reference *reference,
						char **ret, char **why)
{
	const struct annotation_address *found = NULL;
	char text[DEVICE_NAME_SIZE];
	struct device_name name;

	if (env_reference_get_name(reference, &name))
		found = annotation_find_host(lookup->annotation, &name);
	if (!found) {
		*why = xasprintf("the container's annotation doesn't list %s",
				 device_name_format(&name, text));
		return TRANSLATION_NONE;
	}
	if (device_name_equal(&found->host, &found->guest))
		return TRANSLATION_DONE;
	*ret = env_reference_spell(reference, &found->guest);
	if (*ret)
		return TRANSLATION_DONE;
	*why = xasprintf("the mediated device %s is a PCI function here",
			 device_name_format(&name, text));
	return TRANSLATION_NONE;
}

static enum translation_result translate_path(const struct lookup *lookup,
					      struct slice path, char **ret, char **why)
{
	const struct annotation *annotation = lookup->annotation;
	const struct annotation_node *node = annotation_find_container_path(annotation,
									    path),
				     *end = annotation->nodes + annotation->n_nodes;
	auto_free char *name = NULL;

	if (!node && !path_is_vfio_node(path))
		return TRANSLATION_DONE;
	if (!node) {
		name = text_name(path);
		*why = xasprintf("the container's annotation doesn't list %s", name);
		return TRANSLATION_NONE;
	}
	if (node + 1 < end && slice_equal(slice_from(node[1].container_path), path)) {
		name = text_name(path);
		*why = xasprintf("the container has several nodes for %s", name);
		return TRANSLATION_NONE;
	}
	/* The guest kernel drives the device: the run that created the container has said
	 * so. */
	if (!node->final_path)
		return TRANSLATION_KEPT;
	if (!slice_equal(slice_from(node->final_path), path))
		*ret = xstrdup(node->final_path);
	return TRANSLATION_DONE;
}

static enum translation_result translate(void *context,
					 const struct env_variable *variable,
					 const struct env_reference *reference,
					 char **ret, char **why)
{
	(void)variable;
	switch (reference->kind) {
	case ENV_ADDRESS:
	case ENV_ADDRESS_KEY:
	case ENV_UUID:
		break;
	case ENV_PATH:
		return translate_path(context, env_reference_text(reference), ret, why);
	}
	return translate_device(context, reference, ret, why);
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
	const struct annotation *annotation = lookup->annotation;
	struct device_name name;

	switch (reference->kind) {
	case ENV_ADDRESS:
	case ENV_ADDRESS_KEY:
	case ENV_UUID:
		break;
	case ENV_PATH:
		return !annotation_find_container_path(annotation,
						       env_reference_text(reference)) &&
		       (!path_is_vfio_node(env_reference_text(reference)) ||
			annotation_find_final(annotation, env_reference_text(reference)));
	}
	return env_reference_get_name(reference, &name) &&
	       annotation_has_guest(annotation, &name) &&
	       !annotation_find_host(annotation, &name);
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
	for (size_t i = 0; i < ret->env.count; i++)
		plan_replace_variable(ret, &process->doc, &ret->env.items[i],
				      "the container's annotation has these addresses");
	lookup_close(&lookup);
}
