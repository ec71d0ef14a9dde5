/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a created container: open everything, join, change, come back, change the
 * cgroup; or undo. */
#include "live_internal.h"

#include <errno.h>

static int prepare_cgroup(struct live *live, const struct spec *spec, struct error *err)
{
	auto_free struct device_change *changes = NULL;
	size_t count;
	int r;

	plan_device_changes(live->plan, spec, &changes, &count);
	if (count == 0)
		return 0;
	r = device_cgroup_open(live->mount_namespace.proc, live->mount_namespace.pid,
			       &live->cgroup, err);
	return r < 0 ? r
		     : device_cgroup_prepare(live->cgroup, changes, count, live->messages,
					     err);
}

/* Everything that can be done and can fail while nothing is changed. */
static int prepare(struct live *live, const struct live_request *request,
		   struct error *err)
{
	int r = live_namespace_open(request->pid, request->process,
				    &live->mount_namespace, err);

	if (r == 0)
		r = live_machine_dev_find(live->mount_namespace.proc, &live->machine_dev,
					  err);
	if (r == 0)
		r = live_sources_prepare(live, err);
	return r < 0 ? r : prepare_cgroup(live, request->spec, err);
}

static int change(struct live *live, const struct live_request *request,
		  struct error *err)
{
	int r = live_namespace_open_rootfs(&live->mount_namespace, request->rootfs,
					   &live->rootfs, err);

	return r < 0 ? r : live_nodes_change(live, err);
}

static void live_free(struct live *live)
{
	live_undo_free(&live->undo);
	live_place_close_all(live);
	live_sources_free(live);
	close_fd(&live->rootfs);
	close_fd(&live->scratch);
	device_cgroup_free(live->cgroup);
	live_namespace_close(&live->mount_namespace);
	free(live);
}

/* Undoes everything and reports what could not be. */
static void undo(struct live *live)
{
	auto_error err = { 0 };
	int r = device_cgroup_undo(live->cgroup);

	if (r < 0)
		messages_add(live->messages, MESSAGE_WARNING,
			     "the container's device cgroup could not be put back: %s",
			     strerror(-r));
	r = 0;
	if (live->undo.count > 0 && !live->mount_namespace.joined)
		r = live_namespace_join(&live->mount_namespace, &err);
	if (live->mount_namespace.joined) {
		live_undo_undo(&live->undo, &live->mount_namespace, live->messages);
		r = live_namespace_leave(&live->mount_namespace, &err);
	}
	if (r < 0)
		messages_add(live->messages, MESSAGE_WARNING, "%s", err.message);
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
		.messages = messages,
	};
	r = prepare(live, request, err);
	if (r == 0)
		r = live_namespace_join(&live->mount_namespace, err);
	if (r == 0)
		r = change(live, request, err);
	if (r == 0)
		r = live_namespace_leave(&live->mount_namespace, err);
	if (r == 0)
		r = device_cgroup_commit(live->cgroup, err);
	if (r < 0)
		undo(live);
	umask(mask);
	if (r < 0)
		live_free(live);
	else
		*ret = live;
	return r;
}

void live_finish(struct live *live, struct messages *messages)
{
	/* Directories are open: no namespace is needed for removing files in them. */
	live_undo_finish(&live->undo, messages);
	live_free(live);
}

void live_undo(struct live *live, struct messages *messages)
{
	live->messages = messages;
	undo(live);
	live_free(live);
}
