/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the environment. Rule 4. */
#include "planner.h"

static const struct request_function *find_host(
	const struct planner *planner, const struct pci_address *host,
	const struct inventory_function **ret_found)
{
	const struct request *request = planner->in->request;

	for (size_t i = 0; i < request->n_functions; i++) {
		if (pci_address_equal(&request->functions[i].map->host, host)) {
			*ret_found = &planner->in->inventory->functions[i];
			return &request->functions[i];
		}
	}
	return NULL;
}

static enum translation_result translate_address(struct planner *planner,
						 const struct pci_address *host,
						 char **ret, char **why)
{
	const struct inventory_function *found;
	const struct request_function *asked;
	char text[PCI_ADDRESS_SIZE];

	asked = find_host(planner, host, &found);
	if (!asked) {
		*why = xasprintf("no map entry names %s", pci_address_format(host, text));
		return TRANSLATION_NONE;
	}
	if (found->absent) {
		*why = xasprintf("%s: %s", asked->entry->where, found->absent);
		return TRANSLATION_NONE;
	}
	if (!pci_address_equal(host, &found->address))
		*ret = xstrdup(pci_address_format(&found->address, text));
	return TRANSLATION_DONE;
}

/* The node of an entry that only the environment names: the group of its functions. */
static char *find_group_path(const struct planner *planner, const struct map_entry *entry)
{
	const struct request *request = planner->in->request;

	for (size_t i = 0; i < request->n_functions; i++) {
		const struct inventory_function *found =
			&planner->in->inventory->functions[i];

		if (request->functions[i].entry == entry && !found->absent &&
		    found->has_group)
			return entry->final_path
				       ? xstrdup(entry->final_path)
				       : text_number("/dev/vfio/", found->group, "");
	}
	return NULL;
}

static enum translation_result translate_path(struct planner *planner, const char *path,
					      char **ret, char **why)
{
	const struct map_entry *entry =
		device_map_find(planner->in->map, slice_from(path));
	const struct resolved *by = plan_find_resolved(planner, entry);

	if (!entry) {
		*why = xasprintf("no map entry names %s", path);
		return TRANSLATION_NONE;
	}
	if (entry->type == DEVICE_VFIO_PCI_GK) {
		*why = xasprintf(
			"%s stays in it, a node that the container does not get: the guest kernel drives the device",
			path);
		return TRANSLATION_KEPT;
	}
	if (entry->type == DEVICE_VFIO_PCI)
		*ret = by->n_nodes ? xstrdup(by->nodes[0]->final_path)
				   : find_group_path(planner, entry);
	else if (by->n_nodes)
		*ret = xstrdup(by->nodes[0]->final_path);
	if (!*ret) {
		*why = xasprintf("%s: the node for %s is not known here", entry->where,
				 path);
		return TRANSLATION_NONE;
	}
	if (text_equal(*ret, path)) {
		free(*ret);
		*ret = NULL;
	}
	return TRANSLATION_DONE;
}

static enum translation_result translate(void *context, const struct env_reference *token,
					 char **ret, char **why)
{
	if (token->kind == ENV_PATH)
		return translate_path(context, token->path, ret, why);
	return translate_address(context, &token->address, ret, why);
}

/* Lists what was translated: of a variable that stays whole nothing is done. */
static void list_addresses(struct planner *planner, const struct env_variable *variable)
{
	for (size_t i = 0; i < variable->n_references; i++) {
		const struct env_reference *token = &variable->references[i];
		const struct inventory_function *found;

		if (token->kind != ENV_PATH &&
		    find_host(planner, &token->address, &found))
			annotation_add_address(&planner->plan->annotation,
					       &token->address, &found->address);
	}
}

void plan_environment(struct planner *planner)
{
	struct plan *plan = planner->plan;

	/* Without any map the spec is this machine's own: there is nothing to translate.
	 */
	if (!planner->in->map->exists)
		return;
	environment_translate(planner->in->environment, translate, planner, &plan->env,
			      planner->messages);
	for (size_t i = 0; i < plan->env.count; i++) {
		auto_buffer text = { 0 };

		list_addresses(planner, plan->env.items[i].variable);
		json_quote(&text, slice_from(plan->env.items[i].text));
		plan_replace(plan, PLAN_ENVIRONMENT, &planner->in->spec->doc,
			     plan->env.items[i].variable->source->json,
			     buffer_slice(&text),
			     "the device map gives these addresses of this machine");
	}
}
