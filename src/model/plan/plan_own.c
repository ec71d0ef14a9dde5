/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: a spec that is this machine's own, perhaps of an earlier boot: whether its nodes
 * are still those of the functions that its own variables name. A variable can make a start
 * fail, but gives a device only where the administrator has said so. */
#include "claims.h"

#include "oci-vfio-hook/number.h"

struct judgement {
	struct planner *planner;
	const struct claims *claims;
	bool is_privileged;		/* the spec's rules allow all devices */
	bool looked_for_pod, found_pod; /* of the annotations */
};

static bool is_pods(struct judgement *judgement)
{
	if (!judgement->looked_for_pod)
		judgement->found_pod = spec_is_pods(judgement->planner->in->spec);
	judgement->looked_for_pod = true;
	return judgement->found_pod;
}

static bool is_host_of_entry(const struct planner *planner,
			     const struct device_name *name)
{
	for (size_t i = 0; i < planner->in->request->n_functions; i++) {
		if (device_name_equal(&planner->in->request->functions[i].map->host,
				      name))
			return true;
	}
	return false;
}

/* Is it what an entry that this spec names, or named before an earlier run, has of the host? */
static bool is_host_of_named(const struct planner *planner,
			     const struct device_name *name)
{
	const struct request *request = planner->in->request;
	const struct annotation *done = planner->in->annotation;

	for (size_t i = 0; i < request->n_functions; i++) {
		const struct map_entry *entry = request->functions[i].entry;

		if (device_name_equal(&request->functions[i].map->host, name) &&
		    plan_find_resolved(planner, entry)->named)
			return true;
	}
	for (size_t i = 0; i < done->n_addresses; i++) {
		if (device_name_equal(&done->addresses[i].host, name))
			return true;
	}
	return false;
}

/* ---- refusals */

/* What an entry for the claim needs besides. */
static const char *entry_text(const struct planner *planner, const struct claim *claim)
{
	const struct inventory_group *group =
		inventory_find_group(planner->in->inventory, claim->function->group);

	if (group && group->noiommu)
		return claim_is_handle(claim)
			       ? ", \"node\": \"group\" and \"allow_noiommu\": true"
			       : " and \"allow_noiommu\": true";
	return claim_is_handle(claim) && !claim->function->handle.exists
		       ? " and \"node\": \"group\""
		       : "";
}

static int refuse_foreign(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path),
		       *said = claim_describe_pair(claim);

	if (claim->name->bus == DEVICE_BUS_MDEV)
		return claim_error(
			planner, claim,
			"%s: %s, a mediated device that this machine doesn't have; make it again (mdevctl), or, if the spec is another machine's, write a device map for it",
			path, said);
	return claim_error(
		planner, claim,
		"%s: %s, which this machine doesn't have: the spec is another machine's; write a device map for it",
		path, said);
}

/* The address' function is in another group today than the one that the spec names. */
static int refuse_address(struct planner *planner, const struct claim *claim,
			  const char *why)
{
	auto_free char *path = text_quote(claim->path),
		       *said = claim_describe_pair(claim);
	auto_free char *node = claim_node_path(planner, claim);
	auto_free char *remap =
		remedy_setting(planner->in->remedies, "by-address", "remap");
	char name[DEVICE_NAME_SIZE];

	device_name_format(claim->name, name);
	return claim_error(
		planner, claim,
		"%s: %s, whose node is %s today; %s%s%s, or write a device map entry with \"container_path\": %s and \"options\": [\"%s=%s\"]%s",
		path, said, node, why ? why : "set ", why ? "" : remap,
		why ? "" : " to have that one", path, name, name,
		entry_text(planner, claim));
}

/* What the pair says of the function makes nobody's node of the spec's. */
static int refuse_unbound(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path),
		       *said = claim_describe_pair(claim);
	char name[DEVICE_NAME_SIZE];

	device_name_format(claim->name, name);
	return claim_error(
		planner, claim,
		"%s: %s, which %s; bind it: driverctl set-override %s vfio-pci", path,
		said,
		claim->function->has_group
			? "is not bound to a VFIO driver, and has another node"
			: "is in no IOMMU group",
		name);
}

static int refuse_not_own(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	auto_free char *why = NULL;

	if (claim->found && !claim->found->absent && claim->is_mount)
		return claim_error(
			planner, claim,
			"it shows this machine's %s under another VFIO node's path; write a device map, or keep it with %s",
			path, keep);
	if (claim->found && !claim->found->absent)
		return claim_error(
			planner, claim,
			"the VFIO device %s is %s on this machine, the spec says otherwise, and no map entry names it; write one, or keep the device with %s",
			path, DEVICE_NUMBER_TEXT(&claim->found->number), keep);
	if (claim->found)
		why = inventory_node_why(planner->in->inventory, planner->in->request,
					 claim->found);
	return claim_error(
		planner, claim,
		"the VFIO device %s is not one of this machine (%s), and no map entry names it; write one, or keep the device with %s",
		path, why ? why : "it was not found", keep);
}

/* ---- what becomes of a claim */

/* A claim whose function is here: is the node that function's? */
static int judge_paired(struct judgement *judgement, const struct claim *claim)
{
	struct planner *planner = judgement->planner;
	const struct inventory_own *function = claim->function;
	const char *objection;

	if (claim->contradicts)
		return refuse_address(
			planner, claim,
			claim_is_handle(claim)
				? "the variables name other functions for it as well; correct them"
				: "other variables name functions of other groups for it; correct them");
	if (claim->is_own && claim_is_of(claim, function)) {
		plan_note_stays(planner, claim->path);
		return 0;
	}
	if (!function->vfio || !function->has_group)
		return refuse_unbound(planner, claim);
	/* What would stand in the way is said at once, not when its remedy was followed. */
	objection = claim_find_objection(planner, claim, is_pods(judgement));
	if (planner->in->by_address != BY_ADDRESS_REMAP || objection)
		return refuse_address(planner, claim, objection);
	return claim_remap(planner, claim);
}

static int judge(struct judgement *judgement, const struct claim *claim)
{
	struct planner *planner = judgement->planner;
	const struct inventory_own *function = claim->function;

	if (claim->disguised)
		return claim_refuse_disguised(planner, claim->json, claim_key(claim),
					      claim->path, claim->disguised);
	if (function && !function->exists && !is_host_of_entry(planner, claim->name))
		return refuse_foreign(planner, claim);
	if (function && function->exists)
		return judge_paired(judgement, claim);
	if (claim->is_own) {
		plan_note_stays(planner, claim->path);
		return 0;
	}
	if (!judgement->claims->has_pairs && judgement->is_privileged) {
		claim_drop(
			planner, claim,
			"it is not this machine's, and the list of a privileged container is the machine's of some day");
		return 0;
	}
	return refuse_not_own(planner, claim);
}

/* A handle of which no variable names the function: it is none of those in its group that they
 * do name. */
static bool is_stranger(const struct planner *planner, const struct claim *claim)
{
	const struct inventory *inventory = planner->in->inventory;

	if (!claim_is_handle(claim))
		return false;
	for (size_t i = 0; i < inventory->n_own; i++) {
		if (claim_is_of(claim, &inventory->own[i]))
			return false;
	}
	return true;
}

/* The groups of the nodes that the container gets, sorted; room for all claims and what was done.
 * Returns how many. */
static size_t list_groups(const struct judgement *judgement, uint32_t *ret)
{
	const struct planner *planner = judgement->planner;
	size_t count = 0;

	for (size_t i = 0; i < judgement->claims->count; i++) {
		const struct claim *claim = &judgement->claims->items[i];
		const struct resolved_node *node =
			claim->is_mount ? plan_mount_node(planner, claim->index)
					: plan_device_node(planner, claim->index);

		if (node)
			ret[count++] = node->group;
		else if (claim->is_own && claim->found->has_group &&
			 !is_stranger(planner, claim))
			ret[count++] = claim->found->group;
	}
	for (size_t i = 0; i < judgement->claims->n_done; i++)
		ret[count++] = judgement->claims->done_groups[i];
	qsort(ret, count, sizeof *ret, number_compare_u32);
	return count;
}

/* The functions that no variable pairs with a node must be those whose nodes the spec has; and
 * where none of all is VFIO's here, one that isn't here makes the spec another machine's. */
static int check_groups(const struct judgement *judgement)
{
	struct planner *planner = judgement->planner;
	const struct request *request = planner->in->request;
	auto_free uint32_t *groups = xzalloc(
		(judgement->claims->count + judgement->claims->n_done) * sizeof *groups);
	size_t count = list_groups(judgement, groups), absent = request->n_own;
	struct claim claim = judgement->claims->items[0];
	bool any_vfio = false;

	claim.variable = NULL;
	for (size_t i = 0; i < request->n_own; i++) {
		const struct inventory_own *own = &planner->in->inventory->own[i];

		any_vfio |= own->vfio;
		if (!own->exists && !is_host_of_entry(planner, &request->own[i]))
			absent = i;
		if (!own->vfio || !own->has_group || judgement->claims->paired[i] ||
		    bsearch(&own->group, groups, count, sizeof *groups,
			    number_compare_u32) ||
		    is_host_of_named(planner, &request->own[i]))
			continue;
		claim.name = &request->own[i];
		claim.function = own;
		return refuse_address(planner, &claim,
				      "the spec has no node of that group; correct it");
	}
	if (any_vfio || absent == request->n_own)
		return 0;
	claim.name = &request->own[absent];
	return refuse_foreign(planner, &claim);
}

int claims_judge_own(struct planner *planner, struct claims *claims)
{
	struct judgement judgement = {
		.planner = planner,
		.claims = claims,
		.is_privileged = planner->in->spec->n_rules > 0 &&
				 plan_allows_all(planner->in->spec),
	};
	int r = 0;

	claims_pair(planner, claims);
	for (size_t i = 0; i < claims->count && r == 0; i++)
		r = judge(&judgement, &claims->items[i]);
	return r < 0 ? r : check_groups(&judgement);
}
