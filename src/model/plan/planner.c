/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: the order of the rules. Each rule has a file of its own. */
#include "planner.h"

#include <errno.h>

/* What earlier runs did stays in the annotation. */
static void keep_annotation(struct plan *plan, const struct annotation *earlier)
{
	for (size_t i = 0; i < earlier->n_nodes; i++) {
		const struct annotation_node *node = &earlier->nodes[i];

		annotation_add_node(&plan->annotation, node->container_path,
				    node->final_path, node->node, &node->number);
	}
	for (size_t i = 0; i < earlier->n_addresses; i++)
		annotation_add_address(&plan->annotation, &earlier->addresses[i].host,
				       &earlier->addresses[i].guest);
	for (size_t i = 0; i < earlier->n_rules; i++)
		annotation_add_rule(&plan->annotation, &earlier->rules[i]);
}

/* The list of what was done, complete.
 *
 * An entry may be named by the source of a mount of which the destination is another
 * entry's: there is no node of its own, but a second run must find it, too. */
static void complete_annotation(struct planner *planner)
{
	struct annotation *annotation = &planner->plan->annotation;
	const struct device_map *map = planner->in->map;
	auto_free const char **unlisted = NULL;
	size_t count = 0, capacity = 0;

	annotation_sort(annotation);
	for (size_t i = 0; i < map->n_entries; i++) {
		const char *path = map->entries[i].container_path;

		if (planner->resolved[i].named &&
		    !annotation_find_container_path(annotation, slice_from(path)))
			*array_append(unlisted, count, capacity) = path;
	}
	for (size_t i = 0; i < count; i++)
		annotation_add_node(annotation, unlisted[i], NULL, NULL, NULL);
	if (count)
		annotation_sort(annotation);
}

/* What is in the spec, and what it becomes. Something may not be there yet: then what the
 * spec has besides is looked at all the same, because what is wrong for good is said at
 * once. */
static int classify(struct planner *planner)
{
	struct messages *said = planner->messages;
	auto_messages unsaid = { 0 };
	int r;

	/* Whether something isn't there yet is known later then. */
	if (planner->in->request->match)
		planner->messages = &unsaid;
	r = plan_names(planner);
	if (r == 0)
		r = plan_aliases(planner);
	if (r == 0)
		r = plan_resolve(planner);
	if (planner->pending.message)
		planner->messages = &unsaid;
	if (r == 0)
		r = plan_unmapped(planner);
	if (r == 0)
		r = plan_devices_classify(planner);
	if (r == 0)
		r = plan_mounts_classify(planner);
	planner->messages = said;
	if (!planner->pending.message)
		messages_move(said, &unsaid);
	if (r < 0 || !planner->pending.message)
		return r;
	*planner->err = planner->pending;
	planner->pending = (struct error) { 0 };
	return -EAGAIN;
}

static int decide(struct planner *planner)
{
	int r = classify(planner);

	if (r == 0)
		r = plan_control_nodes(planner);
	if (r == 0)
		r = plan_devices_merge(planner);
	if (r == 0)
		r = plan_mounts_check(planner);
	if (r < 0)
		return r;
	plan_devices_emit(planner);
	r = plan_rules(planner);
	if (r < 0)
		return r;
	plan_mounts_emit(planner);
	plan_environment(planner);
	r = plan_memory_lock(planner);
	/* They may be many, and nobody needs them any more. */
	free(take_ptr(planner->mounts));
	planner->n_mounts = 0;
	if (r == 0)
		r = plan_leftovers(planner);
	if (r < 0)
		return r;
	complete_annotation(planner);
	return 0;
}

static void planner_free(struct planner *planner)
{
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		struct resolved *resolved = &planner->resolved[i];

		for (size_t k = 0; k < resolved->n_nodes; k++)
			free(resolved->nodes[k]);
		free(resolved->nodes);
		free(resolved->why);
	}
	for (size_t i = 0; i < planner->n_own; i++)
		free(planner->own[i]);
	free(planner->own);
	free(planner->resolved);
	free(planner->states);
	free(planner->given);
	free(planner->devices);
	free(planner->mounts);
	error_free(&planner->pending);
}

int plan_build(const struct plan_input *input, struct plan *ret,
	       struct messages *messages, struct error *err)
{
	auto_plan plan = { .explain = input->explain };
	struct planner planner = {
		.in = input,
		.plan = &plan,
		.messages = messages,
		.err = err,
		.resolved = array_zalloc(input->map->n_entries, planner.resolved),
		.states = array_zalloc(input->spec->n_devices + input->spec->n_mounts,
				       planner.states),
	};
	int r;

	keep_annotation(&plan, input->annotation);
	r = decide(&planner);
	planner_free(&planner);
	if (r < 0)
		return r;
	*ret = plan;
	plan = (struct plan) { 0 };
	return 0;
}
