/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a created container: open everything, join, change, come back, change the
 * cgroup; or undo. */
#include "live_internal.h"

#include <errno.h>

static int prepare_cgroup(struct live *live, const struct live_request *request,
			  struct messages *messages, struct error *err)
{
	auto_free struct device_change *changes = NULL;
	size_t count;
	int r;

	plan_device_changes(live->plan, request->spec, &changes, &count);
	if (count == 0)
		return 0;
	r = device_cgroup_open(live->mount_namespace.proc, live->mount_namespace.pid,
			       &live->cgroup, err);
	return r < 0 ? r
		     : device_cgroup_prepare(live->cgroup, changes, count,
					     request->deadline, messages, err);
}

/* Everything that can be done and can fail while nothing is changed. */
static int prepare(struct live *live, const struct live_request *request,
		   struct messages *messages, struct error *err)
{
	int r = live_namespace_open(request->pid, request->process,
				    &live->mount_namespace, err);

	if (r == 0)
		r = live_machine_dev_find(live->mount_namespace.proc, &live->machine_dev,
					  err);
	if (r < 0)
		return r;
	live_nodes_prepare(live);
	r = live_sources_prepare(live, err);
	if (r == 0)
		r = prepare_cgroup(live, request, messages, err);
	error_reserve(err);
	error_reserve(&live->undo_error);
	return r;
}

/* The same in the container's namespace. */
static int look_around(struct live *live, const struct live_request *request,
		       struct error *err)
{
	int r = live_namespace_open_rootfs(&live->mount_namespace, request->rootfs,
					   &live->rootfs, err);

	return r < 0 ? r : live_labels_read(live, err);
}

static void live_free(struct live *live)
{
	live_nodes_free(live);
	close_fd(&live->rootfs);
	close_fd(&live->scratch);
	device_cgroup_free(live->cgroup);
	live_namespace_close(&live->mount_namespace);
	error_free(&live->undo_error);
	free(live);
}

/* The memory that the process may lock, as the plan has it. */
static int raise_limit(struct live *live, struct error *err)
{
	const pid_t pid = live->mount_namespace.pid;
	const uint64_t want = live->plan->memory_lock;
	struct process_limit limit;
	int r;

	if (!live->plan->rlimits)
		return 0;
	r = process_limit_read(pid, &limit);
	live->limit_before = limit;
	if (r == 0 && limit.soft >= want && limit.hard >= want)
		return 0;
	limit.soft = limit.soft < want ? want : limit.soft;
	limit.hard = limit.hard < want ? want : limit.hard;
	if (r == 0)
		r = process_limit_set(pid, &limit);
	live->limit_raised = r == 0;
	return r == 0 ? 0
		      : error_set(
				err, error_class_of_errno(-r),
				"RLIMIT_MEMLOCK of the container's process can't be raised: %s",
				strerror(-r));
}

static int undo_nodes(struct live *live)
{
	int r = 0;

	if (live->steps.count > 0 && !live->mount_namespace.joined)
		r = live_namespace_join(&live->mount_namespace, &live->undo_error);
	if (!live->mount_namespace.joined)
		return r;
	live_steps_undo(&live->steps, &live->mount_namespace);
	return live_namespace_leave(&live->mount_namespace, &live->undo_error);
}

static void undo(struct live *live)
{
	if (live->limit_raised)
		live->limit_undone =
			process_limit_set(live->mount_namespace.pid, &live->limit_before);
	live->cgroup_undone = device_cgroup_undo(live->cgroup);
	live->nodes_undone = undo_nodes(live);
}

static void report_machine_dev(const struct live *live, struct messages *messages)
{
	if (live->left_on_machine_dev)
		messages_add(
			messages, MESSAGE_WARNING,
			"%s in the container: its directory is this machine's own /dev, bound into the container: nothing is made or removed there",
			live->left_on_machine_dev);
}

/* After undo(): says of the error what came of it, and reports what could not be put back. */
static void report(struct live *live, struct messages *messages, struct error *err)
{
	const bool undone = live->cgroup_undone == 0 && live->limit_undone == 0 &&
			    live->nodes_undone == 0 && live_steps_is_undone(&live->steps);

	error_append(err, undone ? "; nothing was changed"
				 : "; not all that was changed could be put back");
	report_machine_dev(live, messages);
	if (live->cgroup_undone < 0)
		messages_add(messages, MESSAGE_WARNING,
			     "the container's device cgroup could not be put back: %s",
			     strerror(-live->cgroup_undone));
	if (live->limit_undone < 0)
		messages_add(
			messages, MESSAGE_WARNING,
			"RLIMIT_MEMLOCK of the container's process could not be put back: %s",
			strerror(-live->limit_undone));
	live_steps_report(&live->steps, true, messages);
	if (live->nodes_undone < 0)
		messages_add(messages, MESSAGE_WARNING, "%s", live->undo_error.message);
	live_free(live);
}

int live_change(const struct live_request *request, struct live **ret,
		struct messages *messages, struct error *err)
{
	struct live *live = xzalloc(sizeof(*live));
	mode_t mask = umask(0);
	int r;

	*live = (struct live) {
		.plan = request->plan,
		.mount_namespace = LIVE_NAMESPACE_INIT,
		.rootfs = -1,
		.scratch = -1,
	};
	r = prepare(live, request, messages, err);
	if (r == 0)
		r = live_namespace_join(&live->mount_namespace, err);
	if (r == 0)
		r = look_around(live, request, err);
	if (r == 0)
		r = live_nodes_change(live, err);
	if (r == 0)
		r = live_namespace_leave(&live->mount_namespace, err);
	if (r == 0)
		r = device_cgroup_commit(live->cgroup, err);
	if (r == 0)
		r = raise_limit(live, err);
	if (r < 0)
		undo(live);
	umask(mask);
	if (r == 0) {
		*ret = live;
		return 0;
	}
	report(live, messages, err);
	return r;
}

void live_finish(struct live *live, struct messages *messages)
{
	live_steps_finish(&live->steps);
	live_steps_report(&live->steps, false, messages);
	report_machine_dev(live, messages);
	live_free(live);
}

void live_undo(struct live *live, struct messages *messages, struct error *err)
{
	undo(live);
	report(live, messages, err);
}
