/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory a container's process may lock: RLIMIT_MEMLOCK in process.rlimits
 * (runtime-spec, config.md). VFIO counts against it what it maps for a device. Pure. */
#ifndef OCI_VFIO_HOOK_MEMORY_LOCK_H
#define OCI_VFIO_HOOK_MEMORY_LOCK_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* As RLIM_INFINITY in a spec. */
#define MEMORY_LOCK_UNLIMITED UINT64_MAX

/* Of all of these `rlimits` is the text of that array, and `name` says in messages whose it
 * is; ERROR_DATA names the place in it. */

/* *ret_soft is what the process begins with; *ret_has: it says anything. */
int memory_lock_parse(const char *name, struct slice rlimits, bool *ret_has,
		      uint64_t *ret_soft, struct error *err);

/* Appends the text in which both limits are at least `want`, or nothing where they are. */
int memory_lock_raise(const char *name, struct slice rlimits, uint64_t want,
		      struct buffer *ret, struct error *err);

/* Appends an array with this limit alone. */
void memory_lock_format(uint64_t want, struct buffer *ret);

/* `resources` is the text of linux.resources: *ret is the container's memory.limit, or
 * MEMORY_LOCK_UNLIMITED. */
int memory_limit_parse(const char *name, struct slice resources, uint64_t *ret,
		       struct error *err);

#endif
