/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a runtime's `exec --process FILE`: the engine's copy of the variables gets
 * the addresses that the container has. */
#ifndef OCI_VFIO_HOOK_PROCESS_H
#define OCI_VFIO_HOOK_PROCESS_H

#include "oci-vfio-hook/container_bundle.h"
#include "oci-vfio-hook/hook.h"

/* The plan and its edits for the process file at `path`, as hook_plan_bundle(): its
 * environment alone. By the annotation in the container's bundle, which says what this
 * container got, or where it has none by the machine's maps. */
int process_plan(struct hook_run *run, const char *path,
		 const struct container_reference *container, struct error *err);

#endif
