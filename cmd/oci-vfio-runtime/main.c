/* The wrapper: rewrites the bundle that a runtime is about to read, then becomes the runtime.
 * It never forks and never reads stdin: descriptors, console and signals reach the runtime as
 * they came.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/log.h"
#include "oci-vfio-hook/runtime_call.h"
#include "oci-vfio-hook/runtime_search.h"

#define PROGRAM "oci-vfio-runtime"
#define RUNTIME_DEFAULT "runc"

/* Engines read a runtime's errors from the JSON lines of the file of --log. */
static void log_line(const struct runtime_call *call, const char *level, const char *text)
{
	auto_error ignored = { 0 };

	if (call->log && call->log_json)
		log_append(call->log, true, level, text, &ignored);
}

/* Warnings go to the engine's log only: stderr becomes the container's. */
static void log_messages(const struct runtime_call *call, const struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++) {
		if (messages->items[i].level == MESSAGE_WARNING)
			log_line(call, "warning", messages->items[i].text);
	}
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
	const struct hook_options options = { 0 };
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
	log_messages(call, &run->messages);
	return r;
}

int main(int argc, char **argv)
{
	/* Nothing is freed: the process ends, or becomes another. */
	struct runtime_call call = { 0 };
	struct hook_run run = HOOK_RUN_INIT;
	struct error err = { 0 };
	struct buffer line = { 0 };
	char *nothing[] = { NULL, NULL }, *runtime = NULL;
	int r = prepare(argc, argv, &call, &run, &runtime, &err);

	if (r == 0) {
		char **arguments = argc > 0 ? argv : nothing;

		arguments[0] = runtime;
		execv(runtime, arguments);
		error_set(&err, ERROR_IO, "%s: can't be run: %s", runtime,
			  strerror(errno));
	}
	log_line(&call, "error", err.message);
	buffer_add_printable(&line, slice_from(err.message));
	fprintf(stderr, PROGRAM ": %s\n", line.data);
	/* A code of ours would read as the container's after `run`. */
	exit(1);
}
