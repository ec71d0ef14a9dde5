/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO devices and bind mounts of a spec that no entry names, and what the spec's own variables
 * say of them. */
#ifndef OCI_VFIO_HOOK_CLAIMS_H
#define OCI_VFIO_HOOK_CLAIMS_H

#include "planner.h"

/* A VFIO device or bind mount of the spec. */
struct claim {
	struct slice path; /* of the device, or of the mount's source */
	uint32_t json;	   /* the device or mount itself */
	bool is_mount;
	size_t index; /* into spec.devices or spec.mounts */
	/* By another path than its own: the node of this machine that has its numbers. */
	const struct vfio_node *disguised;
	const struct inventory_node *found;
	bool is_own; /* by path, type and numbers */
	/* What the spec's variables say: the function whose node it is. */
	const struct env_variable
		*variable; /* that pairs both; NULL: it is the only one */
	const struct device_name *name;
	const struct inventory_own *function;
	bool contradicts; /* two variables name functions that have different nodes */
};

struct claims {
	struct claim *items; /* owned */
	size_t count, capacity;
	uint32_t *done_groups; /* of VFIO nodes that earlier runs put there; owned */
	size_t n_done, done_capacity;
	/* For each function of request.own: does a variable pair it with a VFIO node? */
	bool *paired;	/* owned */
	bool has_pairs; /* some is */
};

#define auto_claims __attribute__((cleanup(claims_free))) struct claims

/* All of them, in the order of the spec. */
void claims_collect(struct planner *planner, struct claims *ret);

/* Sets what the variables say. */
void claims_pair(const struct planner *planner, struct claims *claims);

void claims_free(struct claims *claims);

/* The claim is not among what the container gets, with a warning. */
void claim_drop(struct planner *planner, const struct claim *claim, const char *why);

/* Which member of the device a message is about; NULL: the mount itself. */
const char *claim_key(const struct claim *claim);

/* ERROR_UNAVAILABLE about the claim. */
int claim_error(struct planner *planner, const struct claim *claim, const char *format,
		...) __attribute__((format(printf, 3, 4)));

/* It has the numbers of a VFIO node of this machine, but another path. */
int claim_refuse_disguised(struct planner *planner, uint32_t json, const char *key,
			   struct slice path, const struct vfio_node *node);

/* Is the claim's node of this function: its handle, or its group? */
bool claim_is_of(const struct claim *claim, const struct inventory_own *function);

/* Returns "process.env[2] pairs 0000:89:05.2 with it". The caller frees. */
char *claim_describe_pair(const struct claim *claim);

/* Is it a handle's device or mount, by its path? */
bool claim_is_handle(const struct claim *claim);

/* The path of today's node of the claim's function: of the claim's kind, where it has one. The
 * caller frees. */
char *claim_node_path(const struct planner *planner, const struct claim *claim);

/* Is a device claimed that can't be VFIO's: not a character device, or one of this machine's
 * others by its numbers? (A mount never is.) */
bool claim_stands_in(const struct planner *planner, const struct claim *claim);

/* Gives the device or mount of the claim, with this number, the handle where its path is a handle's,
 * else the node of the group. Its reason is to be set. The planner's own. */
struct resolved_node *claim_give(struct planner *planner, const struct claim *claim,
				 uint32_t group, uint32_t handle,
				 const struct device_number *number);

/* Why that node may not be given by its address, or NULL; and gives it. */
const char *claim_find_objection(const struct planner *planner, const struct claim *claim,
				 bool is_pod);
int claim_remap(struct planner *planner, const struct claim *claim);

/* Gives this machine's only group that no entry names to the only device that none names, and
 * takes its claims off the list. -EAGAIN with planner->pending: there is no such group yet. */
int plan_match(struct planner *planner, struct claims *claims);

/* Judges the claims of a spec that is this machine's own. */
int claims_judge_own(struct planner *planner, struct claims *claims);

#endif
