/* SPDX-License-Identifier: Apache-2.0 */
/* What the stories of a run share. */
#ifndef OCI_VFIO_HOOK_HOOK_INTERNAL_H
#define OCI_VFIO_HOOK_HOOK_INTERNAL_H

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/hook.h"

/* What earlier runs did, if the spec's annotation is ours; else it is only somebody's
 * claim, and counts as absent. */
void hook_read_annotation(struct hook_run *run);

/* Messages on the memory that the container may lock. `created`: it is, and its runtime may set
 * limits again; `at_start`: what it inherits we have, too. */
void hook_tell_of_memory_lock(struct hook_run *run, bool created, bool at_start);

/* From the parsed spec on to the plan. */
int hook_plan_spec(struct hook_run *run, const struct hook_options *options,
		   enum hook_purpose purpose, struct error *err);

/* Looks at the machine until the plan of the request can be made: binds what --bind is for,
 * and waits for what is being hot-plugged. As plan_build() but for -EAGAIN: in its place
 * ERROR_TIMEOUT, or -ENODEV where nothing is waited for. To be shown, with functions to be bound: no plan, but run->binding. */
int hook_look(struct hook_run *run, struct plan_input *input, struct error *err);

/* When all waiting of this run for devices ends, whatever it is for and how often it is planned:
 * --timeout after the first time that this is asked. */
static inline uint64_t hook_wait_end(struct hook_run *run)
{
	if (run->wait_end == 0)
		run->wait_end =
			clock_end(run->settings.timeout * CLOCK_SECOND, run->deadline);
	return run->wait_end;
}

/* With --bind, before what was looked up is believed: keeps other runs from changing it until
 * this one ends. 1: look again, one may just have done so. ERROR_TIMEOUT. */
int hook_claim(struct hook_run *run, bool show, struct error *err);

/* Binds what the plan only lacks a driver for, or with `show` says what that would be. 1:
 * done, look again; 0: shown; -EAGAIN: it lacks something else, and `err`, which has what,
 * stays. */
int hook_bind(struct hook_run *run, bool show, struct error *err);

/* The plan for the text of the bundle, with the options that the run had. */
int hook_plan_text(struct hook_run *run, struct error *err);
/* Frees what hook_plan_text() made, and what was said of it; what was bound for it goes
 * back. */
void hook_forget_plan(struct hook_run *run);

#endif
