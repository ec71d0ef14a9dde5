/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the planner share. Internal to the model. */
#ifndef OCI_VFIO_HOOK_PLAN_INTERNAL_H
#define OCI_VFIO_HOOK_PLAN_INTERNAL_H

#include "oci-vfio-hook/plan.h"

/* What a named entry turned out to be on this machine. */
struct resolved {
	bool named;
	char *final_path; /* what the container sees; NULL for vfio-pci-gk; owned, as
			     below */
	char *node;	  /* on this machine */
	struct device_number number;
	char *why;
};

enum action {
	DEVICE_STAYS,
	DEVICE_CHANGES,
	DEVICE_MERGED,	/* becomes one with an earlier device */
	DEVICE_REMOVED, /* vfio-pci-gk */
};

struct planned_device {
	const struct spec_device *before; /* NULL: the control node is added */
	struct spec_device after;
	enum action action;
	enum plan_rule rule;
	const struct map_entry *entry; /* NULL: control node, or not ours */
	const struct resolved *by;
};

struct planner {
	const struct plan_input *in;
	struct plan *plan;
	struct messages *messages;
	struct error *err;
	struct error pending; /* the first thing that isn't there yet, but may come */
	struct resolved *resolved; /* for each entry of the map */
	struct planned_device *devices;
	size_t n_devices;
	size_t *affected; /* indexes of the devices that change or go */
	size_t n_affected;
	bool group_by_device; /* this run puts a VFIO group into linux.devices */
	bool group_by_mount;  /* ... into mounts */
	bool removes;	      /* this run takes nodes out (vfio-pci-gk) */
	bool vfio_stays;      /* a VFIO node remains */
};

/* Each of these does one part; 0 or a negative number with planner->err set. */
int plan_resolve(struct planner *planner);
int plan_devices_classify(struct planner *planner);
int plan_mounts_classify(struct planner *planner);
int plan_control_node(struct planner *planner);
int plan_devices_merge(struct planner *planner);
void plan_devices_emit(struct planner *planner);
int plan_rules(struct planner *planner);
int plan_mounts_check(struct planner *planner);
void plan_mounts_emit(struct planner *planner);
void plan_environment(struct planner *planner);

/* What was resolved for an entry of the map. */
const struct resolved *plan_find_resolved(const struct planner *planner,
					  const struct map_entry *entry);

/* A mount of the spec as it will be; NULL where it goes. */
const struct spec_mount *plan_mount_after(const struct plan_result *result,
					  const struct spec *spec, size_t index);

/* Do both rules say the same? */
bool plan_rule_equal(const struct spec_rule *a, const struct spec_rule *b);

/* Adds a change of the value at a node. */
void plan_replace(struct plan *plan, enum plan_rule rule, const struct json *doc,
		  uint32_t json, struct slice value, const char *why);
void plan_remove(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t json, const char *why);
/* `index`: where in the new array. */
void plan_append(struct plan *plan, enum plan_rule rule, const struct json *doc,
		 uint32_t array, size_t index, struct slice value, const char *why);
/* Replaces the member at `position`, null or not, or adds it with `key`. */
void plan_set_member(struct plan *plan, enum plan_rule rule, const struct json *doc,
		     uint32_t object, uint32_t position, const char *key,
		     struct slice value, const char *why);

#endif
