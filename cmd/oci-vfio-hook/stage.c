/* The hook stages: JSON on stdin.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/state.h"

#define OTHER_WAYS                                                                       \
	"use a front end that acts before: precreate (podman), the wrapper "             \
	"oci-vfio-runtime, "                                                             \
	"or apply"

static int read_stdin(size_t max, char **ret, size_t *ret_length, struct error *err)
{
	return file_read(STDIN_FILENO, "stdin", 0, max, ret, ret_length, err);
}

int command_precreate(const struct command_line *line, struct hook_run *run,
		      struct error *err)
{
	size_t length;
	int r = read_stdin(SPEC_SIZE_MAX, &run->input, &length, err);

	if (r == 0)
		r = hook_plan(run, &line->hook, "config.json on stdin",
			      (struct slice) { run->input, length }, HOOK_START, err);
	if (r == 0)
		r = hook_write_fd(run, STDOUT_FILENO, "stdout", err);
	return r;
}

/* The environment of the first process has been read by the runtime: nobody changes it now. */
static int check_environment(struct hook_run *run, struct error *err)
{
	if (run->plan.env.count == 0)
		return 0;
	if (!run->settings.env_warn)
		return error_set(
			err, ERROR_DATA,
			"%s: process.env[%zu]: the environment has to change, which "
			"is too late at this stage: " OTHER_WAYS
			"; or accept it with --env=warn",
			run->bundle.name, run->plan.env.items[0].variable->source->index);
	messages_add(
		&run->messages, MESSAGE_WARNING,
		"%s: the environment of the container's first process keeps the host's "
		"addresses: " OTHER_WAYS,
		run->bundle.name);
	return 0;
}

static int rewrite_bundle(const struct command_line *line, struct hook_run *run,
			  struct slice text, struct error *err)
{
	auto_state state = { 0 };
	int r = state_parse(text, &state, err);

	if (r == 0)
		r = hook_plan_bundle(run, &line->hook, state.bundle, "config.json",
				     HOOK_START, err);
	if (r == 0)
		r = check_environment(run, err);
	if (r == 0)
		r = hook_replace(run, err);
	if (r == 0 && run->plan.n_changes)
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s: rewritten, but the created container is not touched in this "
			"version and keeps its old devices: " OTHER_WAYS,
			run->bundle.name);
	return r;
}

int command_create_runtime(const struct command_line *line, struct hook_run *run,
			   struct error *err)
{
	size_t length;
	int r = read_stdin(STATE_SIZE_MAX, &run->input, &length, err);

	return r < 0 ? r
		     : rewrite_bundle(line, run, (struct slice) { run->input, length },
				      err);
}

void drain_stdin(void)
{
	char rest[65536];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, rest, sizeof rest);
	} while (n > 0 || (n < 0 && errno == EINTR));
}
