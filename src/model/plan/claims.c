/* SPDX-License-Identifier: Apache-2.0 */
/* Which VFIO devices and mounts no entry names, and which function the spec's variables pair
 * them with; and how a claim ends that goes. */
#include "claims.h"

#include "oci-vfio-hook/rule_index.h"

/* What an earlier run put there: nobody's claim, but a VFIO node of the spec all the same. */
static void note_done(const struct planner *planner, const struct request_place *place,
		      struct claims *claims)
{
	const struct inventory_node *found = plan_find_node(planner, place->node);

	if (found && !found->absent && found->has_group)
		*array_append(claims->done_groups, claims->n_done,
			      claims->done_capacity) = found->group;
}

static void claim_devices(struct planner *planner, struct claims *claims)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];
		bool vfio = path_is_vfio_node(device->path);
		struct claim claim = { .path = device->path,
				       .json = device->json,
				       .index = i };

		if (plan_device_entry(planner, i) || path_is_control_node(device->path))
			continue;
		if (device_is_done(planner->in->annotation, device)) {
			note_done(planner, &planner->in->request->devices[i], claims);
			continue;
		}
		if (!vfio && device->number.type == 'c' && device->has_numbers)
			claim.disguised = inventory_find_vfio_node(planner->in->inventory,
								   &device->number);
		if (!vfio && !claim.disguised)
			continue;
		claim.found =
			plan_find_node(planner, planner->in->request->devices[i].node);
		claim.is_own = vfio && plan_device_is_own(planner, i);
		*array_append(claims->items, claims->count, claims->capacity) = claim;
	}
}

/* A noiommu group may be shown without that word. */
static bool shows_as_itself(const struct spec_mount *mount)
{
	const struct slice prefix = SLICE("/dev/vfio/noiommu-");
	struct slice name;

	if (slice_equal(mount->source, mount->destination) ||
	    (!path_is_vfio_node(mount->destination) &&
	     !path_is_control_node(mount->destination)))
		return true;
	if (!slice_starts(mount->source, prefix))
		return false;
	name = slice_from_to(mount->source, prefix.length, mount->source.length);
	return slice_ends(mount->destination, name) &&
	       mount->destination.length == strlen("/dev/vfio/") + name.length;
}

static void claim_mounts(struct planner *planner, struct claims *claims)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		bool vfio = path_is_vfio_node(mount->source);
		struct claim claim = { .path = mount->source,
				       .json = mount->json,
				       .is_mount = true,
				       .index = i };

		if (plan_mount_entry(planner, i) || path_is_control_node(mount->source))
			continue;
		if (mount_is_done(planner->in->annotation, mount)) {
			note_done(planner, &planner->in->request->mounts[i], claims);
			continue;
		}
		claim.found =
			plan_find_node(planner, planner->in->request->mounts[i].node);
		if (!vfio && claim.found && !claim.found->absent)
			claim.disguised = inventory_find_vfio_node(planner->in->inventory,
								   &claim.found->number);
		if (!vfio && !claim.disguised)
			continue;
		claim.is_own = vfio && claim.found && !claim.found->absent &&
			       shows_as_itself(mount);
		*array_append(claims->items, claims->count, claims->capacity) = claim;
	}
}

void claims_collect(struct planner *planner, struct claims *ret)
{
	claim_devices(planner, ret);
	claim_mounts(planner, ret);
}

/* Of several names for one node, one that isn't here tells most, and then VFIO's. */
static int rank(const struct inventory_own *function)
{
	return !function ? 0 : !function->exists ? 3 : function->vfio ? 2 : 1;
}

bool claim_is_of(const struct claim *claim, const struct inventory_own *function)
{
	uint32_t handle;

	if (path_is_vfio_handle(claim->path, &handle))
		return function->handle.exists && function->handle.handle == handle;
	return claim->found->has_group && function->has_group &&
	       claim->found->group == function->group;
}

/* The name says whose node the claim is; another group than an earlier one is a
 * contradiction, and of a handle another function. */
static void pair(struct claim *claim, const struct env_variable *variable,
		 const struct device_name *name, const struct inventory_own *function)
{
	if (claim->function && claim->function->has_group && function->has_group)
		claim->contradicts |= claim_is_handle(claim)
					      ? claim->function != function
					      : claim->function->group != function->group;
	if (rank(function) <= rank(claim->function))
		return;
	claim->variable = variable;
	claim->name = name;
	claim->function = function;
}

/* The paths that stand in the value of one address, a key of the variable's object. */
static void pair_value(const struct planner *planner, struct claims *claims,
		       const struct slice_index *paths,
		       const struct env_variable *variable, size_t key)
{
	const struct env_reference *references = variable->references;
	const struct inventory *inventory = planner->in->inventory;
	const struct request *request = planner->in->request;
	const struct device_name name = device_name_of(&references[key].address);
	const struct inventory_own *function =
		inventory_find_own(inventory, request, &name);

	for (size_t i = key + 1; function && i < variable->n_references; i++) {
		const struct slice_place *places;
		struct slice path = env_reference_text(&references[i]);
		size_t count;

		if (references[i].start >= references[key].value_end)
			break;
		if (references[i].kind != ENV_PATH || !path_is_vfio_node(path))
			continue;
		claims->has_pairs = true;
		claims->paired[function - inventory->own] = true;
		places = slice_index_find(paths, path, &count);
		if (count > 0)
			pair(&claims->items[places->place], variable,
			     &request->own[function - inventory->own], function);
	}
}

/* What is said of one claim. */
static void copy_pair(struct claim *claim, const struct claim *from)
{
	claim->variable = from->variable;
	claim->name = from->name;
	claim->function = from->function;
	claim->contradicts = from->contradicts;
}

/* Do all VFIO-bound functions that the variables name have one group? Then a single node is
 * theirs; a handle is that of one of them. */
static void pair_single(const struct planner *planner, struct claim *claim)
{
	const struct request *request = planner->in->request;
	const struct inventory_own *own = planner->in->inventory->own;
	const bool is_handle = claim_is_handle(claim);
	size_t at = 0, count = 0;
	bool is_found = false;

	for (size_t i = 0; i < request->n_own; i++) {
		if (!own[i].vfio || !own[i].has_group)
			continue;
		if (count++ && own[at].group != own[i].group)
			return;
		if (is_found)
			continue;
		at = i;
		is_found = is_handle && claim_is_of(claim, &own[i]);
	}
	if (count == 0)
		return;
	claim->name = &request->own[at];
	claim->function = &own[at];
	claim->contradicts = is_handle && !is_found && count > 1;
}

/* Each path is judged by its first claim: what is said of it is said of all. */
static void share_pairs(const struct planner *planner, struct claims *claims,
			const struct slice_index *paths)
{
	struct claim *first = NULL;
	bool single = paths->count > 0 && claims->n_done == 0 &&
		      slice_index_run_end(paths, 0) == paths->count;

	for (size_t i = 0; i < paths->count; i++) {
		struct claim *claim = &claims->items[paths->items[i].place];

		if (first && slice_equal(first->path, claim->path)) {
			copy_pair(claim, first);
			continue;
		}
		first = claim;
		if (single && !claim->function)
			pair_single(planner, claim);
	}
}

void claims_pair(const struct planner *planner, struct claims *claims)
{
	const struct environment *environment = planner->in->environment;
	auto_slice_index paths = { 0 };

	claims->paired = xzalloc(planner->in->request->n_own);
	for (size_t i = 0; i < claims->count; i++) {
		if (path_is_vfio_node(claims->items[i].path))
			slice_index_add(&paths, claims->items[i].path, i);
	}
	slice_index_sort(&paths);
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			if (variable->references[k].kind == ENV_ADDRESS_KEY)
				pair_value(planner, claims, &paths, variable, k);
		}
	}
	share_pairs(planner, claims, &paths);
}

bool plan_allows_all(const struct spec *spec)
{
	const unsigned int ways = ACCESS_READ | ACCESS_WRITE;

	for (size_t i = spec->n_rules; i-- > 0;) {
		const struct spec_rule *rule = &spec->rules[i];

		if (rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
		    (rule_access(rule) & ways) == ways)
			return rule->allow;
	}
	return spec->n_rules == 0;
}

void claim_drop(struct planner *planner, const struct claim *claim, const char *why)
{
	auto_free char *path = text_quote(claim->path);

	if (claim->is_mount)
		plan_mount_state(planner, claim->index)->dropped = true;
	else
		plan_device_state(planner, claim->index)->dropped = true;
	planner->removes = true;
	messages_add(planner->messages, MESSAGE_WARNING, "%s is removed: %s", path, why);
}

void claims_free(struct claims *claims)
{
	free(claims->items);
	free(claims->paired);
	free(claims->done_groups);
	*claims = (struct claims) { 0 };
}
