/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: VFIO devices and mounts that no entry names, by the policy for them. */
#include "claims.h"

#include <errno.h>

/* What an entry for the claim needs besides. */
static const char *entry_text(const struct planner *planner, const struct claim *claim)
{
	return claim_is_handle(claim) &&
			       !planner->in->inventory->control[VFIO_HANDLE].exists
		       ? " with \"node\": \"group\" (this kernel has no iommufd handles) and the function that it stands for"
		       : "";
}

static int refuse(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	auto_free char *own = remedy_setting(planner->in->remedies, "unmapped", "own");
	auto_free char *drop = remedy_setting(planner->in->remedies, "unmapped", "drop");

	if (claim->disguised)
		return claim_refuse_disguised(planner, claim->json, claim_key(claim),
					      claim->path, claim->disguised);
	if (claim->is_own && planner->in->map->exists)
		return claim_error(
			planner, claim,
			"no map entry names the VFIO device %s, which is this machine's own; if this machine's engine means it, set %s, else add an entry to a device map",
			path, own);
	if (plan_allows_all(planner->in->spec))
		return claim_error(
			planner, claim,
			"no map entry names the VFIO device %s; add one to a device map%s, or, if this is a privileged container's list of all that the host has, remove what no entry names with %s",
			path, entry_text(planner, claim), drop);
	return claim_error(
		planner, claim,
		"no map entry names the VFIO device %s; add one to a device map%s, or keep the device as it is with %s",
		path, entry_text(planner, claim), keep);
}

static int drop_all(struct planner *planner, const struct claims *claims)
{
	bool allows_all = plan_allows_all(planner->in->spec);

	for (size_t i = 0; i < claims->count; i++) {
		if (!allows_all)
			return refuse(planner, &claims->items[i]);
		claim_drop(planner, &claims->items[i],
			   "no map entry names it, and all devices are allowed");
	}
	return 0;
}

static void keep_all(struct planner *planner, const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		plan_note_stays(planner, claims->items[i].path);
}

int plan_unmapped(struct planner *planner)
{
	auto_claims claims = { 0 };
	int r;

	claims_collect(planner, &claims);
	if (claims.count && planner->in->request->match) {
		r = plan_match(planner, &claims);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
	}
	if (claims.count == 0)
		return 0;
	switch (planner->in->request->unmapped) {
	case UNMAPPED_KEEP:
		keep_all(planner, &claims);
		return 0;
	case UNMAPPED_DROP:
		return drop_all(planner, &claims);
	case UNMAPPED_OWN:
		return claims_judge_own(planner, &claims);
	case UNMAPPED_AUTO:
	case UNMAPPED_ERROR:
		break;
	}
	return refuse(planner, &claims.items[0]);
}
