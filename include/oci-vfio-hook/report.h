/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: text and JSON. Pure. */
#ifndef OCI_VFIO_HOOK_REPORT_H
#define OCI_VFIO_HOOK_REPORT_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/plan.h"

/* A headline with the number of changes, then for each where, old and new value and why;
 * then warnings. `name` is that of the config.json. Where functions would have to be bound
 * first, these instead of changes. */
void report_text(const struct plan *plan, const struct binding *binding,
		 const struct messages *messages, const char *name, struct buffer *ret);

/* {"changed": bool, "changes": [{"rule", "where", "old", "new", "why"}], "warnings": []}
 * and a newline; old and new are JSON values, null where there is none. Before "changes", where
 * functions would have to be bound first: "bind": [{"function", "old", "new", "why"}]. */
void report_json(const struct plan *plan, const struct binding *binding,
		 const struct messages *messages, struct buffer *ret);

#endif
