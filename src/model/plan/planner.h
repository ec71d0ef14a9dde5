/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the planner share. Internal to the model. */
#ifndef OCI_VFIO_HOOK_PLANNER_H
#define OCI_VFIO_HOOK_PLANNER_H

#include "oci-vfio-hook/plan.h"

/* A node of this machine that a container gets. */
struct resolved_node {
	const char *final_path; /* what the container sees; in plan.texts, as below */
	const char *path;	/* on this machine */
	struct device_number number;
	const char *why;
	const struct map_entry *entry; /* NULL: by the spec's own address */
	bool control;		       /* a control node, which comes with the others */
	bool vfio;		       /* then, */
	enum vfio_kind kind;
	bool has_group;
	uint32_t group;	 /* that it is, or that the function is in, */
	uint32_t handle; /* VFIO_HANDLE */
};

/* What a named entry turned out to be on this machine: nothing for vfio-pci-gk, else a node,
 * or several where its functions are in several groups. */
struct resolved {
	bool named;
	struct resolved_node **nodes; /* owned */
	size_t n_nodes, nodes_capacity;
	char *why; /* of the entry as a whole */
};

enum device_action {
	DEVICE_STAYS,
	DEVICE_CHANGES,
	DEVICE_ADDED,	/* after the one at `place`, or at the end */
	DEVICE_MERGED,	/* becomes one with an earlier device */
	DEVICE_REMOVED, /* vfio-pci-gk; no control node needed; --unmapped=drop */
};

struct planned_device {
	/* The spec's device that it is, or, of one that is added, that it is like and comes
	 * after; NULL: a new one at the end. */
	const struct spec_device *place;
	const struct resolved_node *to; /* what it becomes; NULL: it goes, or stays */
	const char *why;		/* NULL: to->why */
	enum device_action action : 8;
	enum plan_rule rule : 8;
	bool added; /* it isn't in the spec, whatever becomes of it */
};

/* A bind mount as it will be; in the order of the spec, and those that are added after what
 * they are like. */
struct planned_mount {
	const struct spec_mount *before; /* DEVICE_ADDED: like this one */
	const struct resolved_node *to;	 /* what it shows; NULL: it goes, or stays */
	const char *why;		 /* NULL: to->why */
	enum device_action action : 8;
	enum plan_rule rule : 8;
	bool moves; /* to the final path of what it shows */
};

/* What is known of a device or mount of the spec. */
struct place_state {
	bool named : 1;	  /* by the entry that has its path */
	bool dropped : 1; /* no entry names it, and it goes */
};

struct planner {
	const struct plan_input *in;
	struct plan *plan;
	struct messages *messages;
	struct error *err;
	struct error pending; /* the first thing that isn't there yet, but may come */
	bool only_unbound;    /* that is a function to be bound */
	/* For each entry of the map. */
	struct resolved *resolved;
	/* For each device of the spec, and then for each mount. */
	struct place_state *states;
	/* The same: the node of this machine that its own address leads to, or NULL; NULL as
	 * long as there is none. */
	const struct resolved_node **given;
	struct resolved_node **own; /* that these point to; owned */
	size_t n_own, own_capacity;
	struct resolved_node control[VFIO_KINDS]; /* of this machine */
	struct planned_device *devices;
	size_t n_devices, devices_capacity;
	struct planned_mount *mounts;
	size_t n_mounts, mounts_capacity;
	struct {
		bool by_device; /* this run puts one into linux.devices */
		bool by_mount;	/* ... into mounts */
		bool stays;	/* one was there, and remains */
		bool goes;	/* one is removed, or becomes one of the other kind */
	} kinds[VFIO_KINDS];	/* of VFIO nodes */
	bool removes;		/* this run removes nodes */
	bool matched;		/* this run gives the only group to the only device */
};

/* Each of these does one part; 0 or a negative number with planner->err set. */
int plan_names(struct planner *planner);
int plan_aliases(struct planner *planner);
int plan_resolve(struct planner *planner);
int plan_unmapped(struct planner *planner);
int plan_devices_classify(struct planner *planner);
int plan_mounts_classify(struct planner *planner);
int plan_control_nodes(struct planner *planner);
int plan_devices_merge(struct planner *planner);
int plan_mounts_check(struct planner *planner);
void plan_devices_emit(struct planner *planner);
int plan_rules(struct planner *planner);
void plan_mounts_emit(struct planner *planner);
void plan_environment(struct planner *planner);
int plan_memory_lock(struct planner *planner);
int plan_leftovers(struct planner *planner);

/* Of the device or mount of this index in the spec. */
static inline struct place_state *plan_device_state(const struct planner *planner,
						    size_t index)
{
	return &planner->states[index];
}
static inline struct place_state *plan_mount_state(const struct planner *planner,
						   size_t index)
{
	return &planner->states[planner->in->spec->n_devices + index];
}

/* The entry that names it, or NULL. */
static inline const struct map_entry *plan_device_entry(const struct planner *planner,
							size_t index)
{
	return plan_device_state(planner, index)->named
		       ? planner->in->request->devices[index].entry
		       : NULL;
}
static inline const struct map_entry *plan_mount_entry(const struct planner *planner,
						       size_t index)
{
	return plan_mount_state(planner, index)->named
		       ? planner->in->request->mounts[index].entry
		       : NULL;
}

/* The node that its own address leads to, or NULL. */
static inline const struct resolved_node *plan_device_node(const struct planner *planner,
							   size_t index)
{
	return planner->given ? planner->given[index] : NULL;
}
static inline const struct resolved_node *plan_mount_node(const struct planner *planner,
							  size_t index)
{
	return planner->given ? planner->given[planner->in->spec->n_devices + index]
			      : NULL;
}

/* What was resolved for an entry of the map. */
const struct resolved *plan_find_resolved(const struct planner *planner,
					  const struct map_entry *entry);

/* What was found of the node that was asked for on behalf of a place of the spec, or NULL: it
 * was not asked for. */
const struct inventory_node *plan_find_node(const struct planner *planner, uint32_t node);

/* Is the device by path, type and numbers a VFIO node of this machine? (A noiommu group may be
 * shown without that word: the device plugin does.) */
bool plan_device_is_own(const struct planner *planner, size_t index);

/* The entry that names it, or NULL. */
const struct map_entry *planned_device_entry(const struct planner *planner,
					     const struct planned_device *device);
const struct map_entry *planned_mount_entry(const struct planner *planner,
					    const struct planned_mount *mount);

/* The node that an entry or its own address gives it, or NULL: none, or a control node. */
static inline const struct resolved_node *node_given(const struct resolved_node *to)
{
	return to && !to->control ? to : NULL;
}

/* Why a planned device or mount becomes what it does; NULL: nothing says so. */
static inline const char *planned_why(const char *why, const struct resolved_node *to)
{
	return why ? why : to ? to->why : NULL;
}

/* What it is afterwards; of one that goes, what it was. Here, because it is asked for often, and
 * then for one member. */
static inline struct spec_device planned_device_after(const struct planned_device *device)
{
	struct spec_device after = { .mode = 0666 };

	if (device->place)
		after = *device->place;
	if (!device->to)
		return after;
	after.path = slice_from(device->to->final_path);
	after.number = device->to->number;
	after.has_numbers = true;
	return after;
}

struct slice planned_mount_source(const struct planned_mount *mount);
struct slice planned_mount_destination(const struct planned_mount *mount);

/* This run puts this node there, NULL: none, for what the spec has at `before`. */
void plan_note_change(struct planner *planner, struct slice before,
		      const struct resolved_node *by, bool is_mount);
/* What is at this path of the machine stays in the container. */
void plan_note_stays(struct planner *planner, struct slice path);

/* Do the spec's rules allow all devices, or are there none: a privileged container, or what
 * Kata makes of one? */
bool plan_allows_all(const struct spec *spec);

/* More of a list than this tells nobody more. */
#define PLAN_LIST_MAX 2048

/* Returns what keeps the group from being viable, with the remedies. The caller frees. */
char *plan_describe_offenders(const struct inventory_group *group);

/* Do both rules say the same? */
bool plan_rule_equal(const struct spec_rule *a, const struct spec_rule *b);

/* Adds a change of a variable; its text, of which there is no need any more, goes. */
void plan_replace_variable(struct plan *plan, const struct json *doc,
			   struct env_change *change, const char *why);
/* Adds one of a value that the index doesn't have. */
void plan_replace_at(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     const struct json_place *place, const char *where,
		     struct slice value, const char *why);
void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, const char *why);
/* `index`: where in the new array. */
void plan_append(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, size_t index, struct slice value, const char *why);
/* The same to an array that the index doesn't have. */
void plan_append_at(struct plan *plan, enum plan_rule rule,
		    const struct json_place *array, const char *where, struct slice value,
		    const char *why);
/* After the element at `json` of an array; the same. */
void plan_insert(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, uint32_t json, size_t index, struct slice value,
		 const char *why);
/* Replaces the member at `position`, null or not, or adds it with `key`. */
void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice value, const char *why);
/* The same with an object of which the members are not in the index: a device, rule or mount. */
void plan_set_key(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t object, const char *key, struct slice value, const char *why);
/* The same where it is known where the member is; zeros: it isn't there. */
void plan_set_at(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t object, const char *key, const struct json_place *member,
		 struct slice value, const char *why);

#endif
