/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: process.rlimits, for the memory that VFIO locks. Rule 10. */
#include "planner.h"

#include <inttypes.h>

#include "oci-vfio-hook/memory_lock.h"

/* The largest of what the named entries want; NULL: nothing. */
static const struct map_entry *find_largest(const struct planner *planner)
{
	const struct device_map *map = planner->in->map;
	const struct map_entry *found = NULL;

	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (planner->resolved[i].named && entry->memlock &&
		    (!found || entry->memlock > found->memlock))
			found = entry;
	}
	return found;
}

int plan_memory_lock(struct planner *planner)
{
	const struct map_entry *entry = find_largest(planner);
	const struct spec *spec = planner->in->spec;
	auto_free char *name = NULL, *why = NULL;
	auto_buffer text = { 0 };
	int r = 0;

	if (!entry || !spec->process_json)
		return 0;
	planner->plan->memory_lock = entry->memlock;
	if (spec->rlimits_json) {
		name = text_join(spec->doc.name, ": process.rlimits", NULL);
		r = memory_lock_raise(name, json_raw(&spec->doc, spec->rlimits_json),
				      entry->memlock, &text, planner->err);
	} else {
		memory_lock_format(entry->memlock, &text);
	}
	if (r < 0 || text.length == 0)
		return r;
	why = text_join(entry->where, ": memlock", NULL);
	planner->plan->rlimits =
		text_pool_add(&planner->plan->texts, buffer_slice(&text));
	plan_set_member(planner->plan, PLAN_MEMORY_LOCK, &spec->doc, spec->process_json,
			SPEC_PROCESS_RLIMITS, "rlimits", buffer_slice(&text), why);
	return 0;
}

static bool gives_vfio(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_nodes; i++) {
		const char *path = plan->nodes[i].node;

		if (path && path_is_vfio_node(slice_from(path)))
			return true;
	}
	return false;
}

/* What the process begins with, as far as that is known. */
static bool find_limit(const struct spec *spec, const uint64_t *inherited, uint64_t *ret,
		       bool *ret_is_own)
{
	auto_error ignored = { 0 };

	*ret_is_own = false;
	if (spec->rlimits_json &&
	    memory_lock_parse("", json_raw(&spec->doc, spec->rlimits_json), ret_is_own,
			      ret, &ignored) < 0)
		return false;
	if (!*ret_is_own && inherited)
		*ret = *inherited;
	return *ret_is_own || inherited;
}

void plan_tell_of_memory_lock(const struct plan *plan, const struct spec *spec,
			      const uint64_t *inherited, struct messages *messages)
{
	uint64_t limit, memory = MEMORY_LOCK_UNLIMITED;
	auto_error ignored = { 0 };
	bool is_own;

	if (plan->memory_lock || !spec->process_json ||
	    !find_limit(spec, inherited, &limit, &is_own) ||
	    limit == MEMORY_LOCK_UNLIMITED || !gives_vfio(plan))
		return;
	if (spec->resources_json &&
	    memory_limit_parse("", json_raw(&spec->doc, spec->resources_json), &memory,
			       &ignored) < 0)
		return;
	if (limit >= memory)
		return;
	messages_add(
		messages, MESSAGE_INFO,
		"%s: process.rlimits: RLIMIT_MEMLOCK is %" PRIu64
		" bytes (%s), less than the container's memory%s: without CAP_IPC_LOCK VFIO_MAP_DMA fails beyond it; set \"memlock\" in the map entry",
		spec->doc.name, limit, is_own ? "of the spec" : "inherited",
		memory == MEMORY_LOCK_UNLIMITED ? ", which is not limited" : "");
}
