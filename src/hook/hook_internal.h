/* SPDX-License-Identifier: Apache-2.0 */
/* What the stories of a run share. */
#ifndef OCI_VFIO_HOOK_HOOK_INTERNAL_H
#define OCI_VFIO_HOOK_HOOK_INTERNAL_H

#include "oci-vfio-hook/hook.h"

/* What earlier runs did, if the spec's annotation is ours; else it is only somebody's
 * claim, and counts as absent. */
void hook_read_annotation(struct hook_run *run);

/* From the parsed spec on to the plan. */
int hook_plan_spec(struct hook_run *run, const struct hook_options *options, bool explain,
		   struct error *err);

/* The plan for the text of the bundle, with the options that the run had. */
int hook_plan_text(struct hook_run *run, struct error *err);
/* Frees what hook_plan_text() made, and what was said of it. */
void hook_forget_plan(struct hook_run *run);

#endif
