/* SPDX-License-Identifier: Apache-2.0 */
/* What there is to say of the memory that a container may lock. */
#include "hook_internal.h"

#include "oci-vfio-hook/memory_lock.h"
#include "oci-vfio-hook/process_limit.h"

/* runc gives the first process the spec's limits after this stage, from what it has read. */
static void warn_of_later(struct hook_run *run)
{
	const struct spec *spec = &run->spec;
	auto_error ignored = { 0 };
	uint64_t soft;
	bool has = false;

	if (!run->plan.rlimits || !spec->rlimits_json ||
	    memory_lock_parse("", json_raw(&spec->doc, spec->rlimits_json), &has, &soft,
			      &ignored) < 0 ||
	    !has)
		return;
	messages_add(
		&run->messages, MESSAGE_WARNING,
		"%s: process.rlimits: the spec has a RLIMIT_MEMLOCK of its own, which runc sets again after this stage, so that \"memlock\" has no effect there: remove it from the spec, or " HOOK_EARLIER,
		spec->doc.name);
}

void hook_tell_of_memory_lock(struct hook_run *run, bool created, bool at_start)
{
	struct process_limit own;
	bool known;

	if (created)
		warn_of_later(run);
	/* Whom a runtime or an engine starts has its limits, and so has the container. Almost all
	 * have one that is low: only those who ask for such lines are told. */
	known = at_start && run->settings.shown_level >= MESSAGE_INFO &&
		process_limit_read(0, &own) == 0;
	plan_tell_of_memory_lock(&run->plan, &run->spec, known ? &own.soft : NULL,
				 &run->messages);
}
