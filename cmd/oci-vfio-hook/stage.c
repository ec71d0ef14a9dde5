/* SPDX-License-Identifier: Apache-2.0 */
/* The hook stages: JSON on stdin. */
#include <errno.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/live.h"
#include "oci-vfio-hook/state_bundle.h"

/* How long a stage may take that gets a state: Kata's agent kills a guest hook after 10 s, also
 * while it is changing the container. --timeout may ask for longer: then somebody knows of a
 * longer limit, and there is as much time for the rest as by default. */
#define STAGE_SECONDS UINT64_C(9)
#define STAGE_REST_SECONDS UINT64_C(6)

static uint64_t stage_deadline(const struct settings *settings)
{
	const uint64_t longer = settings->timeout + STAGE_REST_SECONDS;

	return clock_end((settings->timeout > STAGE_SECONDS ? longer : STAGE_SECONDS) *
				 CLOCK_SECOND,
			 0);
}

static int read_stdin(size_t max, char **ret, size_t *ret_length, struct error *err)
{
	return file_read(STDIN_FILENO, "stdin", 0, max, ret, ret_length, err);
}

int command_precreate(const struct command_line *line, struct hook_run *run,
		      struct error *err)
{
	size_t length;
	int r = read_stdin(SPEC_SIZE_MAX, &run->input, &length, err);

	if (r == 0 && length == 0)
		return error_set(
			err, ERROR_DATA,
			"stdin is empty: precreate gets the container's config there; by hand use apply or plan");
	if (r == 0)
		r = hook_plan(run, &line->hook, "config.json on stdin",
			      (struct slice) { run->input, length }, HOOK_START, err);
	if (r == 0)
		r = hook_write_fd(run, STDOUT_FILENO, "stdout", err);
	return r;
}

/* Finds the rootfs as the container's process sees it: crun's state has it, else the spec.
 * A relative path starts at the bundle, or, where crun doesn't say which that is, at the
 * process' working directory. */
static int find_rootfs(const struct hook_run *run, const struct state *state,
		       const struct state_bundle *bundle, char **ret, struct error *err)
{
	const struct slice root = run->spec.root_path;
	auto_free char *path =
		state->root ? xstrdup(state->root) : xstrndup(root.data, root.length);

	if (*path == '\0')
		return error_set(err, ERROR_DATA,
				 "%s: root.path: is missing; it must name the rootfs",
				 run->bundle.name);
	if (bundle->guessed && !slice_equal(root, slice_from(path)))
		return error_set(
			err, ERROR_DATA,
			"%s: root.path: differs from the state's \"root\", so this is another container's config, and the state doesn't name the bundle of this one: " HOOK_EARLIER,
			run->bundle.name);
	if (*path == '/' || bundle->guessed)
		*ret = take_ptr(path);
	else if (*state->bundle == '/')
		*ret = text_join(state->bundle, "/", path, NULL);
	else
		return error_set(err, ERROR_DATA,
				 "state: bundle: must be an absolute path");
	return 0;
}

/* Changes the created container, but not with --root, which is another machine or a
 * picture of one. */
static int change_container(struct hook_run *run, int process,
			    const struct state_bundle *bundle, struct live **ret,
			    struct error *err)
{
	const struct state *state = &run->state;
	struct live_request request = { .pid = state->pid,
					.process = process,
					.deadline = run->deadline,
					.plan = &run->plan,
					.spec = &run->spec };
	auto_free char *rootfs = NULL;
	int r;

	if (run->plan.n_changes == 0)
		return 0;
	if (!run->sysroot.real) {
		messages_add(
			&run->messages, MESSAGE_WARNING,
			"%s: rewritten, but the created container is left as it is: --root is another machine than the one it runs on",
			run->bundle.name);
		return 0;
	}
	r = find_rootfs(run, state, bundle, &rootfs, err);
	request.rootfs = rootfs;
	return r < 0 ? r : live_change(&request, ret, &run->messages, err);
}

/* config.json comes last, so that later readers only see what the container has. */
static int finish(struct hook_run *run, const struct state_bundle *bundle,
		  struct live *live, struct error *err)
{
	int r = live ? hook_commit(run, err) : hook_commit_alone(run, err);

	if (live && r < 0)
		live_undo(live, &run->messages, err);
	else if (live)
		live_finish(live, &run->messages);
	if (r == 0 && bundle->read_only && run->plan.n_changes)
		messages_add(&run->messages, MESSAGE_INFO,
			     "%s: is not rewritten: it is crun's copy", run->bundle.name);
	return r;
}

static int run_state(const struct command_line *line, struct hook_run *run,
		     struct slice text, struct error *err)
{
	struct hook_options options = line->hook;
	struct state *state = &run->state;
	auto_state_bundle bundle = { 0 };
	struct live *live = NULL;
	auto_close int process = -1;
	int r = state_parse(text, state, err);

	if (r < 0)
		return r;
	process = live_open_process(state->pid);
	options.created = true;
	run->deadline = stage_deadline(&run->settings);
	r = state_bundle_find(state, &bundle, err);
	if (r == 0)
		r = hook_plan_bundle(run, &options, bundle.path, "config.json",
				     HOOK_START, err);
	/* Before the container is changed: it gets what config.json will say, and all that can
	 * go wrong with that but the last step. */
	if (r == 0 && !bundle.read_only)
		r = hook_lock(run, err);
	if (r == 0 && !bundle.read_only)
		r = hook_write(run, err);
	if (r == 0)
		r = change_container(run, process, &bundle, &live, err);
	if (r == 0)
		r = finish(run, &bundle, live, err);
	hook_unlock(run);
	return r;
}

int command_create_runtime(const struct command_line *line, struct hook_run *run,
			   struct error *err)
{
	size_t length;
	int r = read_stdin(STATE_SIZE_MAX, &run->input, &length, err);

	if (r < 0)
		return error_prefix(
			err, "not a container's state (a config is for precreate)");
	return run_state(line, run, (struct slice) { run->input, length }, err);
}

void drain_stdin(void)
{
	char rest[65536];

	while (fd_read(STDIN_FILENO, rest, sizeof rest) > 0)
		;
}
