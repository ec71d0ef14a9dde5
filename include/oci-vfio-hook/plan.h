/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: everything that changes in a spec, why, and what the result must be. Pure:
 * made from spec, map and the answers of the machine before anything is changed. */
#ifndef OCI_VFIO_HOOK_PLAN_H
#define OCI_VFIO_HOOK_PLAN_H

#include "oci-vfio-hook/annotation_text.h"
#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/remedy.h"
#include "oci-vfio-hook/request.h"
#include "oci-vfio-hook/settings.h"
#include "oci-vfio-hook/spec_texts.h"
#include "oci-vfio-hook/splice.h"
#include "oci-vfio-hook/text_pool.h"

/* The rules, as numbered in the manual page. */
enum plan_rule {
	PLAN_DEVICE = 1,
	PLAN_RULE = 2,
	PLAN_MOUNT = 3,
	PLAN_ENVIRONMENT = 4,
	PLAN_CONTROL = 5,
	PLAN_GUEST_KERNEL = 6,
	PLAN_ANNOTATION = 8,
	PLAN_LEFTOVER = 9,
	PLAN_MEMORY_LOCK = 10,
};

enum plan_edit {
	PLAN_REPLACE,	 /* the value at `place` by `new_text` */
	PLAN_REMOVE,	 /* the element at `json` of the array */
	PLAN_APPEND,	 /* `new_text` to the array */
	PLAN_APPEND_AT,	 /* the same to the one at `place` */
	PLAN_INSERT,	 /* `new_text` into the array, after the element at `json` */
	PLAN_ADD_MEMBER, /* `key`: `new_text` to the object at `json` */
};

struct plan_change {
	enum plan_rule rule : 8;
	enum plan_edit edit : 8;
	union {
		struct {
			uint32_t json, array;
		};
		struct json_place place; /* in the spec's text */
	};
	const char *key;      /* PLAN_ADD_MEMBER; static */
	const char *new_text; /* JSON; NULL: removed; in plan.texts */
};

/* The same for the person; all in plan.texts. */
struct plan_reason {
	const char *where;    /* "linux.devices[2].path" */
	const char *old_text; /* JSON; NULL: there was none */
	const char *why;
};

/* A device node that the container gets another one for, or loses: what live mode does.
 */
struct plan_node {
	/* What the spec named, cleaned; NULL: new (control node). In plan.texts, as all
	 * that follows. */
	const char *container_path;
	const char *final_path; /* NULL: removed */
	const char *node;	/* on this machine; NULL with final_path */
	union {
		const char *old_source; /* of a mount; NULL: new */
		/* Of a device: the spec's that it is, or of one that is new, is like; NULL:
		 * like none. */
		const struct spec_device *device;
	};
	struct device_number number;
	bool mount; /* by a bind mount, not by linux.devices */
};

/* The numbers of the device in whose place it comes, or NULL: none. */
static inline const struct device_number *plan_node_old(const struct plan_node *node)
{
	return !node->mount && node->container_path && node->device->has_numbers
		       ? &node->device->number
		       : NULL;
}

/* A rule for a device that is not in linux.devices, which goes to other numbers or is removed:
 * what live mode does besides. */
struct plan_number {
	struct device_number old, number;
	bool has_new;
};

/* The spec's relevant parts as they must be afterwards; devices and mounts only where
 * plan_input.result asks for them. */
struct plan_result {
	struct spec_device *devices;
	size_t n_devices, devices_capacity;
	const struct spec_rule *rules;	 /* the spec's own, as long as none changes */
	struct spec_rule *changed_rules; /* else these; owned */
	size_t n_rules, rules_capacity;
	struct spec_mount *mounts; /* `json` and `options_json` are not set */
	size_t n_mounts, mounts_capacity;
};

/* How many texts of a list have names of the host that are replaced, and the index of the
 * first. */
struct plan_replaced {
	size_t count, first;
};

/* It borrows from what it was made from, too. */
struct plan {
	bool explain;
	struct plan_change *changes;
	size_t n_changes, changes_capacity;
	/* For each change, where plan_input.explain asks for them. */
	struct plan_reason *reasons;
	size_t n_reasons, reasons_capacity;
	struct plan_node *nodes;
	size_t n_nodes, nodes_capacity;
	struct plan_number *numbers;
	size_t n_numbers, numbers_capacity;
	struct plan_result result;
	struct env_changes env;
	/* What entries that the spec names want of memory to be locked, and the text of
	 * process.rlimits that says so; 0 and NULL: nothing, and what the spec has is enough. */
	uint64_t memory_lock;
	const char *rlimits;
	/* Their changes are in this order, and in that of each list. */
	struct plan_replaced replaced[SPEC_TEXTS_COUNT];
	struct annotation annotation; /* earlier runs' and this one's */
	char *annotation_value;	      /* the text of its change; owned */
	struct text_pool texts;	      /* what all this borrows */
	struct slice kept[4];	      /* of these, values that came last */
	size_t kept_last;
};

#define auto_plan __attribute__((cleanup(plan_free))) struct plan

/* All that a plan is made from; everything is borrowed. */
struct plan_input {
	const struct spec *spec;
	const struct environment *environment;
	const struct device_map *map;
	const struct annotation *annotation;
	const struct request *request;
	const struct inventory *inventory;
	enum unmapped_policy unmapped;
	enum remedy_style remedies; /* in error and messages */
	enum by_address_policy by_address;
	enum leftover_policy leftover;
	bool require_host_dev; /* entries of a machine map that the spec names need one */
	bool explain;	       /* the plan is going to be shown */
	bool result;  /* the new text is going to be verified, or a cgroup changed */
	bool bind;    /* functions that no VFIO driver has can still be bound */
	bool waiting; /* the last look was in vain: something is being hot-plugged */
};

/* Decides. ERROR_UNAVAILABLE: a function, group, node or identity isn't as asked for;
 * ERROR_DATA: spec and map contradict each other.
 *
 * -EAGAIN, with ERROR_UNAVAILABLE, if all that is wrong may change by itself while a
 * device is being hot-plugged: a function of a named entry isn't there, or its PCI path
 * isn't; it has no driver yet, or its group no node. Everything else is final: another
 * identity, a VFIO device that no entry names, the vm_path of a `node`; also another driver of the function or in its group, but with `waiting`: then
 * that driver was bound a moment ago, and udev's rules may replace it; or with `bind`. No message has
 * been added then. */
int plan_build(const struct plan_input *input, struct plan *ret,
	       struct messages *messages, struct error *err);

/* Tells, once, where a container gets a VFIO node, no entry says how much memory it may lock,
 * and that is less than the container's: the most frequent reason why a device can't be used.
 * `inherited` is what a process without a limit in the spec begins with; NULL: not known. */
void plan_tell_of_memory_lock(const struct plan *plan, const struct spec *spec,
			      const uint64_t *inherited, struct messages *messages);

/* The plan for a further process of a container that was created by an earlier run, whose
 * annotation is in the container's spec: it gets the variables that the container has.
 * `process` has an environment and nothing else. */
void plan_process(const struct spec *process, struct environment *environment,
		  const struct spec *container, const struct annotation *annotation,
		  struct plan *ret, struct messages *messages);

/* Adds the annotation as the last change, if there is any other. `key` NULL: without its
 * code, to be shown. */
void plan_add_annotation(struct plan *plan, const struct spec *spec, const uint8_t *key,
			 const struct annotation_binding *binding);

/* The edits of the spec's text, sorted. Each new value is parsed by itself. */
int plan_splices(const struct plan *plan, const struct spec *spec, struct splices *ret,
		 struct error *err);

/* Is the spec parsed from the new text what was planned? ERROR_INTERNAL where not. */
int plan_verify(const struct plan *plan, const struct spec *before,
		const struct spec *after, struct error *err);

/* Is it another node than the spec's, or the same under another path? An entry may map a
 * node to itself. */
bool plan_node_changes(const struct plan_node *node);

void plan_free(struct plan *plan);

#endif
