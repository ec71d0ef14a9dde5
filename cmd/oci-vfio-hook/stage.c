/* The hook stages: JSON on stdin.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/state.h"

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

static int rewrite_bundle(const struct command_line *line, struct hook_run *run,
			  struct slice text, struct error *err)
{
	struct hook_options options = line->hook;
	auto_state state = { 0 };
	int r = state_parse(text, &state, err);

	options.created = true;
	if (r == 0)
		r = hook_plan_bundle(run, &options, state.bundle, "config.json",
				     HOOK_START, err);
	if (r == 0)
		r = hook_replace(run, err);
	if (r == 0 && run->plan.n_changes)
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s: rewritten, but the created container is not touched in this "
			"version and keeps its old devices: " HOOK_EARLIER,
			run->bundle.name);
	return r;
}

int command_create_runtime(const struct command_line *line, struct hook_run *run,
			   struct error *err)
{
	size_t length;
	int r = read_stdin(STATE_SIZE_MAX, &run->input, &length, err);

	if (r < 0)
		return error_prefix(err,
				    "no container state (a config is for precreate)");
	return rewrite_bundle(line, run, (struct slice) { run->input, length }, err);
}

void drain_stdin(void)
{
	char rest[65536];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, rest, sizeof rest);
	} while (n > 0 || (n < 0 && errno == EINTR));
}
