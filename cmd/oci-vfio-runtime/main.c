/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper: rewrites the bundle that a runtime is about to read, then becomes the
 * runtime. It never forks and never reads stdin, but for the resources of `update`:
 * descriptors, console and signals reach the runtime as they came. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/process.h"
#include "oci-vfio-hook/runtime_call.h"
#include "oci-vfio-hook/runtime_search.h"
#include "oci-vfio-hook/update.h"

#define PROGRAM "oci-vfio-runtime"
#define RUNTIME_DEFAULT "runc"

static const struct hook_options hook_options = { .remedies = REMEDY_KEY };

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
	struct log_record record = hook_summarize(run, err, started);

	/* Each liveness probe of a pod is an exec. */
	if (call->action == RUNTIME_PROCESS && record.level == MESSAGE_INFO)
		record.level = MESSAGE_DEBUG;
	say(call, &run->settings, record);
}

/* What goes wrong before exec is told, but the container runs already, and its engine
 * takes a failure for the container's: the runtime is run. */
static void excuse(struct runtime_call *call, struct hook_run *run, struct error *err)
{
	messages_add(&run->messages, MESSAGE_WARNING,
		     "the process keeps its variables as they are: %s", err->message);
	error_free(err);
	call->action = RUNTIME_PASS;
}

/* The runtime gets resources without the engine's device rules. */
static int filter_resources(const struct runtime_call *call, char **argv,
			    struct hook_run *run, struct error *err)
{
	char **argument = &argv[call->target_at];
	struct update update;
	int r = update_filter(call->resources, &update, err);

	if (r < 0)
		return r;
	if (update.removed)
		messages_add(
			&run->messages, MESSAGE_DEBUG,
			"removed \"devices\" from the resources: they are rules for the host's device numbers");
	if (update.fd < 0)
		return 0;
	if (!text_equal(call->resources, RESOURCES_STDIN)) {
		*argument = xasprintf("%.*s/proc/self/fd/%d",
				      (int)(call->resources - *argument), *argument,
				      update.fd);
	} else if (dup2(update.fd, STDIN_FILENO) < 0 || close(update.fd) < 0) {
		return error_set(err, ERROR_IO, "stdin: can't be replaced: %s",
				 strerror(errno));
	}
	return 0;
}

static int rewrite_bundle(const struct runtime_call *call, struct hook_run *run,
			  struct error *err)
{
	int r = hook_plan_bundle(run, &hook_options, call->bundle, call->config,
				 HOOK_START, err);

	if (r == 0)
		r = hook_lock(run, err);
	if (r == 0 && text_equal(call->subcommand, "restore"))
		r = hook_check_restore(run, err);
	if (r == 0)
		r = hook_replace(run, err);
	hook_unlock(run);
	return r;
}

static void rewrite_process(struct runtime_call *call, const char *runtime,
			    struct hook_run *run)
{
	const struct container_reference container = { .runtime = runtime,
						       .root = call->root,
						       .id = call->container };
	auto_error err = { 0 };
	int r = process_plan(run, call->process, &container, &err);

	if (r == 0)
		r = hook_replace(run, &err);
	if (r < 0)
		excuse(call, run, &err);
}

static int rewrite(struct runtime_call *call, char **argv, const char *runtime,
		   struct hook_run *run, struct error *err)
{
	switch (call->action) {
	case RUNTIME_PASS:
		break;
	case RUNTIME_BUNDLE:
		return rewrite_bundle(call, run, err);
	case RUNTIME_PROCESS:
		rewrite_process(call, runtime, run);
		break;
	case RUNTIME_RESOURCES:
		return filter_resources(call, argv, run, err);
	}
	return 0;
}

/* Reads the configuration where it says something: which runtime (`name` is NULL), what to
 * rewrite, where to log. Broken, it stops no container that runs already. */
static int configure(struct runtime_call *call, const char *name, struct hook_run *run,
		     struct error *err)
{
	auto_error reason = { 0 };

	if (name && call->action == RUNTIME_PASS && run->messages.count == 0)
		return 0;
	if (!name || call->action == RUNTIME_BUNDLE)
		return hook_configure(run, &hook_options, err);
	if (hook_configure(run, &hook_options, &reason) == 0)
		return 0;
	settings_free(&run->settings);
	settings_init(&run->settings);
	if (call->action == RUNTIME_PROCESS)
		excuse(call, run, &reason);
	else
		messages_add(&run->messages, MESSAGE_WARNING, "%s", reason.message);
	return 0;
}

/* Everything up to the moment before exec; *ret_runtime is the path to run. */
static int prepare(int argc, char **argv, struct runtime_call *call, struct hook_run *run,
		   char **ret_runtime, struct error *err)
{
	const char *name = argc > 0 ? runtime_of_program(argv[0]) : NULL;
	int r = runtime_call_parse(argc, argv, call, err);

	if (r < 0 && call->action == RUNTIME_PROCESS) {
		excuse(call, run, err);
		r = 0;
	}
	if (r == 0)
		r = configure(call, name, run, err);
	if (r < 0)
		return r;
	if (!name)
		name = run->settings.runtime ? run->settings.runtime : RUNTIME_DEFAULT;
	/* First, so that nothing is rewritten for a runtime that isn't there. */
	r = runtime_search(name, ret_runtime, err);
	if (r == 0)
		r = rewrite(call, argv, *ret_runtime, run, err);
	if (r < 0)
		hook_put_back(run);
	say_messages(call, run);
	return r;
}

/* What can't be written is an error like any other; the runtime gets these as they were. */
static const int ignored_signals[] = { SIGPIPE, SIGXFSZ };

struct signal_actions {
	struct sigaction items[ARRAY_SIZE(ignored_signals)];
};

static void ignore_signals(struct signal_actions *ret)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	for (size_t i = 0; i < ARRAY_SIZE(ignored_signals); i++)
		sigaction(ignored_signals[i], &ignore, &ret->items[i]);
}

static void restore_signals(const struct signal_actions *actions)
{
	for (size_t i = 0; i < ARRAY_SIZE(ignored_signals); i++)
		sigaction(ignored_signals[i], &actions->items[i], NULL);
}

static void out_of_memory(void *run)
{
	hook_abandon(run);
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
	char *nothing[] = { NULL, NULL }, *runtime = NULL, *name;
	struct signal_actions actions;
	int r;

	memory_on_failure(out_of_memory, &run);
	ignore_signals(&actions);
	r = prepare(argc, argv, &call, &run, &runtime, &err);
	if (r == 0) {
		char **arguments = argc > 0 ? argv : nothing;

		if (call.action == RUNTIME_BUNDLE || call.action == RUNTIME_PROCESS)
			say_end(&call, &run, &err, started);
		arguments[0] = runtime;
		restore_signals(&actions);
		execv(runtime, arguments);
		/* What was bound stays: the bundle names it now. */
		r = errno;
		ignore_signals(&actions);
		name = path_display(runtime);
		error_set(&err, ERROR_IO, "%s: can't be run: %s", name, strerror(r));
	}
	say_end(&call, &run, &err, started);
	log_record_message(&(struct log_record) { .text = err.message }, &line);
	fprintf(stderr, PROGRAM ": %s\n", line.data);
	/* Our own code would read as the container's after `run`. */
	exit(1);
}
