/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper: rewrites the bundle that a runtime is about to read, then becomes the
 * runtime. It never forks and never reads stdin: descriptors, console and signals reach
 * the runtime as they came. */
#include <errno.h>
#include <stdio.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/runtime_call.h"
#include "oci-vfio-hook/runtime_search.h"

#define PROGRAM "oci-vfio-runtime"
#define RUNTIME_DEFAULT "runc"

/* Two logs: the engine's, of which it shows the errors, and our own, as
 * oci-vfio-hook's. */
static void say(const struct runtime_call *call, const struct settings *settings,
		struct log_record record)
{
	const struct log_record plain = { .level = record.level,
					  .text = record.text,
					  .plan = record.plan,
					  .duration_us = record.duration_us };
	const struct log engine = { .level = settings->log_level < MESSAGE_WARNING
						     ? settings->log_level
						     : MESSAGE_WARNING,
				    .file = call->log_json ? call->log : NULL,
				    .json = true };
	const struct log own = { .level = settings->log_level,
				 .file = settings->log,
				 .json = settings->log_json,
				 .system = true };
	auto_error ignored = { 0 };

	record.program = PROGRAM;
	record.stage = call->subcommand;
	record.container = call->container;
	record.bundle = call->bundle;
	log_write(&engine, &plain, &ignored);
	log_write(&own, &record, &ignored);
}

/* Not on stderr, which becomes the container's. */
static void say_messages(const struct runtime_call *call, const struct hook_run *run)
{
	for (size_t i = 0; i < run->messages.count; i++)
		say(call, &run->settings,
		    (struct log_record) { .level = run->messages.items[i].level,
					  .text = run->messages.items[i].text });
}

static void say_end(const struct runtime_call *call, const struct hook_run *run,
		    const struct error *err, uint64_t started)
{
	say(call, &run->settings, hook_summarize(run, err, started));
}

static int rewrite(const struct runtime_call *call, struct hook_run *run,
		   struct error *err)
{
	const struct hook_options options = { 0 };
	int r = 0;

	switch (call->action) {
	case RUNTIME_PASS:
		return 0;
	case RUNTIME_BUNDLE:
		r = hook_plan_bundle(run, &options, call->bundle, call->config,
				     HOOK_START, err);
		break;
	case RUNTIME_PROCESS:
		r = hook_plan_process(run, call->process, err);
		break;
	}
	return r < 0 ? r : hook_replace(run, err);
}

/* Everything up to the moment before exec; *ret_runtime is the path to run. */
static int prepare(int argc, char **argv, struct runtime_call *call, struct hook_run *run,
		   char **ret_runtime, struct error *err)
{
	const struct hook_options options = { .remedies = REMEDY_KEY };
	const char *name = argc > 0 ? runtime_of_program(argv[0]) : NULL;
	int r = runtime_call_parse(argc, argv, call, err);

	if (r == 0 && (!name || call->action != RUNTIME_PASS))
		r = hook_configure(run, &options, err);
	if (r < 0)
		return r;
	if (!name)
		name = run->settings.runtime ? run->settings.runtime : RUNTIME_DEFAULT;
	/* First, so that nothing is rewritten for a runtime that isn't there. */
	r = runtime_search(name, ret_runtime, err);
	if (r == 0)
		r = rewrite(call, run, err);
	say_messages(call, run);
	return r;
}

static void out_of_memory(void)
{
	dprintf(STDERR_FILENO, PROGRAM ": out of memory\n");
	_exit(1);
}

int main(int argc, char **argv)
{
	/* Nothing is freed: the process ends, or becomes another. */
	struct runtime_call call = { 0 };
	struct hook_run run = HOOK_RUN_INIT;
	const uint64_t started = clock_read();
	struct error err = { 0 };
	struct buffer line = { 0 };
	char *nothing[] = { NULL, NULL }, *runtime = NULL;
	int r;

	memory_on_failure(out_of_memory);
	r = prepare(argc, argv, &call, &run, &runtime, &err);
	if (r == 0) {
		char **arguments = argc > 0 ? argv : nothing;

		if (call.action != RUNTIME_PASS)
			say_end(&call, &run, &err, started);
		arguments[0] = runtime;
		execv(runtime, arguments);
		error_set(&err, ERROR_IO, "%s: can't be run: %s", runtime,
			  strerror(errno));
	}
	say_end(&call, &run, &err, started);
	buffer_add_printable(&line, slice_from(err.message));
	fprintf(stderr, PROGRAM ": %s\n", line.data);
	/* A code of ours would read as the container's after `run`. */
	exit(1);
}
