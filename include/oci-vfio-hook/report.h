/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: text and JSON. Pure. */
#ifndef OCI_VFIO_HOOK_REPORT_H
#define OCI_VFIO_HOOK_REPORT_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/plan.h"

/* What is told: the plan, what it was made from, and what was said meanwhile. All is
 * borrowed. */
struct report {
	const char *name; /* of the config.json */
	const struct plan *plan;
	const struct splices *splices; /* the plan's edits */
	const struct binding *binding;
	const struct messages *messages;
	const struct spec *spec;
	const struct environment *environment;
	const struct device_map *map;
	const struct annotation *annotation; /* what earlier runs did */
	const struct request *request;
	const struct inventory *inventory;
};

/* A headline with the number of changes, then a line for each device, variable and other
 * value: what becomes of it, or why it stays; then warnings. Where functions would have to
 * be bound first, these instead. */
void report_text(const struct report *report, struct buffer *ret);

/* The same headline, then for each change its place, old and new value, rule and reason;
 * what of sysfs led to each function; entries of the map that the spec doesn't name; and
 * warnings. */
void report_details(const struct report *report, struct buffer *ret);

/* The changes as a unified diff of the spec, indented before and after; nothing where there is
 * none. */
void report_diff(const struct report *report, struct buffer *ret);

/* {"changed": bool, "changes": [{"rule", "where", "old", "new", "why"}], "warnings": []}
 * and a newline; old and new are JSON values, null where there is none. Before "changes", where
 * functions would have to be bound first: "bind": [{"function", "old", "new", "why"}]. */
void report_json(const struct report *report, struct buffer *ret);

#endif
