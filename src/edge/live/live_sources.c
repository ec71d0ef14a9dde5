/* SPDX-License-Identifier: Apache-2.0 */
/* Where the nodes of a container come from: made there, bound from this machine, or made
 * on our own tmpfs and bound from there. */
#include "live_internal.h"

#include <errno.h>
#include <sys/sysmacros.h>

/* Which file of the machine may the runtime have bound over the stale node's place? */
static void find_source(struct live_node *node)
{
	const char *path =
		node->plan->mount ? node->plan->old_source : node->plan->container_path;
	struct stat status;

	if (path == NULL || stat(path, &status) < 0)
		return;
	node->has_source = true;
	node->source = (struct file_identity) { status.st_dev, status.st_ino };
}

static int clone_machines_node(struct live_node *node, struct error *err)
{
	const struct plan_node *plan = node->plan;
	auto_free char *name = path_display(plan->node);
	struct stat status;
	mode_t type = plan->number.type == 'b' ? S_IFBLK : S_IFCHR;

	node->mount = live_mount_clone(AT_FDCWD, plan->node);
	if (node->mount < 0)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: this machine's node can't be bound into the container: %s",
			name, strerror(-node->mount));
	if (fstat(node->mount, &status) < 0 || (status.st_mode & S_IFMT) != type ||
	    status.st_rdev != makedev(plan->number.major, plan->number.minor))
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: is not the node %s that it should be on this machine", name,
			DEVICE_NUMBER_TEXT(&plan->number));
	return 0;
}

int live_sources_make_node(const struct live_node *node, int directory, const char *name,
			   struct error *err)
{
	const struct plan_node *plan = node->plan;
	mode_t type = plan->number.type == 'b' ? S_IFBLK : S_IFCHR;
	int r;

	if (mknodat(directory, name, type | (plan->device ? plan->device->mode : 0666),
		    makedev(plan->number.major, plan->number.minor)) < 0)
		return live_error(node->final.shown, "the node can't be made", errno,
				  err);
	if (fchownat(directory, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = live_error(node->final.shown, "the node can't be given its owner", errno,
		       err);
	unlinkat(directory, name, 0);
	return r;
}

/* A user namespace's own file systems have no devices, and the machine's node may be
 * closed to its users: the node is made on our own tmpfs, from where it is bound. */
static int make_scratch_node(struct live *live, struct live_node *node, struct error *err)
{
	if (live->scratch < 0) {
		int fd = live_mount_scratch();

		if (fd < 0)
			return error_set(
				err, ERROR_UNAVAILABLE,
				"no tmpfs can be made for the nodes of a container with a user namespace: %s",
				strerror(-fd));
		live->scratch = fd;
	}
	node->scratch = xasprintf("%zu", (size_t)(node - live->nodes));
	return live_sources_make_node(node, live->scratch, node->scratch, err);
}

static int prepare(struct live *live, struct live_node *node, struct error *err)
{
	bool plain = live->mount_namespace.privileged && !live->mount_namespace.foreign;
	const struct spec_device *device;
	int r;

	if (node->plan->mount || !plain)
		find_source(node);
	if (node->plan->final_path == NULL)
		return 0;
	if (node->plan->mount || !live->mount_namespace.privileged)
		return clone_machines_node(node, err);
	device = node->plan->device;
	r = live_namespace_find_owner(&live->mount_namespace, device ? device->uid : 0,
				      device ? device->gid : 0, &node->uid, &node->gid,
				      err);
	return r < 0 || plain ? r : make_scratch_node(live, node, err);
}

int live_sources_prepare(struct live *live, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = prepare(live, &live->nodes[i], err);
	return r;
}

static int mount_scratch(struct live *live)
{
	int mount = fcntl(live->scratch, F_DUPFD_CLOEXEC, 0), r;

	if (mount < 0)
		return -errno;
	r = live_steps_add(&live->steps, LIVE_SCRATCH, live->rootfs, ".", mount);
	if (r < 0)
		return r;
	r = live_mount_attach(live->scratch, live->rootfs, ".");
	if (r < 0)
		live_steps_drop(&live->steps);
	return r;
}

/* No part of a mount that isn't attached anywhere can be cloned: it is attached to the rootfs
 * meanwhile. */
int live_sources_clone(struct live *live, struct error *err)
{
	int r = 0, ended;

	if (live->scratch < 0)
		return 0;
	r = mount_scratch(live);
	if (r < 0)
		return live_error("/", "the nodes' tmpfs can't be mounted", -r, err);
	for (size_t i = 0; r >= 0 && i < live->n_nodes; i++) {
		struct live_node *node = &live->nodes[i];

		if (node->scratch == NULL)
			continue;
		r = live_mount_clone(live->scratch, node->scratch);
		if (r >= 0)
			node->mount = r;
	}
	ended = live_mount_detach_root(live->scratch);
	if (ended == 0)
		live_steps_drop(&live->steps);
	if (r >= 0)
		r = ended;
	return r < 0 ? live_error("/", "the nodes' tmpfs can't be used", -r, err) : 0;
}
