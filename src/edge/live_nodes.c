/* The nodes of the plan in a created container: first all stale ones are set aside, then all
 * final ones are made, so that swaps and chains come out right.
 * SPDX-License-Identifier: Apache-2.0 */
#include "live_internal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>

static bool has_numbers(const struct live_found *found, char type, uint32_t major,
			uint32_t minor)
{
	return found->type == type && found->major == major && found->minor == minor;
}

static bool is_final(const struct live_found *found, const struct plan_node *plan)
{
	return has_numbers(found, plan->type, plan->major, plan->minor);
}

/* Is it what the spec let the runtime make, or what it bound there instead? */
static bool is_stale(const struct live_found *found, const struct live_node *node)
{
	const struct plan_node *plan = node->plan;

	if (plan->has_old &&
	    has_numbers(found, plan->old_type, plan->old_major, plan->old_minor))
		return true;
	return node->has_source && found->mounted &&
	       found->device == node->source_device && found->inode == node->source_inode;
}

static int something_else(const struct live_place *place, const struct live_found *found,
			  struct error *err)
{
	auto_free char *name = path_display(place->path);

	if (found->type == 'c' || found->type == 'b')
		return error_set(err, ERROR_DATA,
				 "%s in the container: is another device, %c %u:%u, than "
				 "the spec says; nothing was changed",
				 name, found->type, found->major, found->minor);
	return error_set(err, ERROR_DATA,
			 "%s in the container: something is in the way that is no device "
			 "node; nothing was changed",
			 name);
}

/* ---- before the namespace is joined */

/* Which file of the machine may the runtime have bound over the stale node's place? */
static void find_source(struct live_node *node)
{
	const char *path =
		node->plan->mount ? node->plan->old_source : node->plan->container_path;
	struct stat status;

	if (path == NULL || stat(path, &status) < 0)
		return;
	node->has_source = true;
	node->source_device = status.st_dev;
	node->source_inode = status.st_ino;
}

static int clone_machines_node(struct live_node *node, struct error *err)
{
	const struct plan_node *plan = node->plan;
	auto_free char *name = path_display(plan->node);
	struct stat status;
	mode_t type = plan->type == 'b' ? S_IFBLK : S_IFCHR;

	node->mount = live_mount_clone(AT_FDCWD, plan->node);
	if (node->mount < 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s: this machine's node can't be bound into the "
				 "container: %s",
				 name, strerror(-node->mount));
	if (fstat(node->mount, &status) < 0 || (status.st_mode & S_IFMT) != type ||
	    status.st_rdev != makedev(plan->major, plan->minor))
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s: is not the node %c %u:%u that it should be on this "
				 "machine",
				 name, plan->type, plan->major, plan->minor);
	return 0;
}

static int make_node(const struct live *live, const struct plan_node *plan, int directory,
		     const char *name, struct error *err)
{
	mode_t type = plan->type == 'b' ? S_IFBLK : S_IFCHR;
	uid_t uid;
	gid_t gid;
	int r = live_namespace_find_owner(&live->namespace, plan->uid, plan->gid, &uid,
					  &gid, err);

	if (r < 0)
		return r;
	if (mknodat(directory, name, type | plan->mode,
		    makedev(plan->major, plan->minor)) < 0)
		return live_error(plan->final_path, "the node can't be made", errno, err);
	if (fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = live_error(plan->final_path, "the node can't be given its owner", errno, err);
	unlinkat(directory, name, 0);
	return r;
}

/* A user namespace's own file systems have no devices, and the machine's node may be closed to
 * its users: the node is made on a tmpfs of ours, from where it is bound. */
static int make_scratch_node(struct live *live, struct live_node *node, struct error *err)
{
	if (live->scratch < 0) {
		int fd = live_mount_scratch();

		if (fd < 0)
			return error_set(err, ERROR_UNAVAILABLE,
					 "no tmpfs can be made for the nodes of a "
					 "container with a user namespace: %s",
					 strerror(-fd));
		live->scratch = fd;
	}
	node->scratch = memory_printf("%zu", (size_t)(node - live->nodes));
	return make_node(live, node->plan, live->scratch, node->scratch, err);
}

static int prepare(struct live *live, struct live_node *node, struct error *err)
{
	bool plain = live->namespace.privileged && !live->namespace.foreign;

	if (node->plan->mount || !plain)
		find_source(node);
	if (node->plan->final_path == NULL)
		return 0;
	if (node->plan->mount || !live->namespace.privileged)
		return clone_machines_node(node, err);
	return plain ? 0 : make_scratch_node(live, node, err);
}

int live_nodes_prepare(struct live *live, struct error *err)
{
	int r = 0;

	live->n_nodes = live->plan->n_nodes;
	live->nodes = memory_zalloc(live->n_nodes * sizeof(*live->nodes));
	for (size_t i = 0; i < live->n_nodes; i++) {
		live->nodes[i].plan = &live->plan->nodes[i];
		live->nodes[i].mount = -1;
	}
	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = prepare(live, &live->nodes[i], err);
	return r;
}

/* ---- in the container */

/* Of a mount that isn't attached anywhere no part can be cloned: it is attached to the rootfs
 * meanwhile. */
static int clone_scratch_nodes(struct live *live, struct error *err)
{
	int r = 0, ended;

	if (live->scratch < 0)
		return 0;
	r = live_mount_attach(live->scratch, live->rootfs, ".");
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
	if (r >= 0)
		r = ended;
	return r < 0 ? live_error("/", "the nodes' tmpfs can't be used", -r, err) : 0;
}

static void tell_of_machine_dev(struct live *live, const struct live_place *place)
{
	auto_free char *name = path_display(place->path);

	if (!live->told_of_machine_dev)
		messages_add(live->messages, MESSAGE_WARNING,
			     "%s in the container: its directory is this machine's own "
			     "/dev, bound into the container: nothing is made or removed "
			     "there",
			     name);
	live->told_of_machine_dev = true;
}

static int detach(struct live *live, const struct live_place *place, struct error *err)
{
	int mount = live_mount_clone(place->directory, place->name), r;

	if (mount < 0)
		return live_error(place->path, "its mount can't be copied", -mount, err);
	live_journal_add(&live->journal, LIVE_DETACHED, place->directory, place->name)
		->mount = mount;
	r = live_mount_detach(place->directory, place->name);
	if (r == 0)
		return 0;
	live_journal_drop(&live->journal);
	return live_error(place->path, "can't be unmounted", -r, err);
}

static int rename_aside(struct live *live, const struct live_place *place,
			struct error *err)
{
	char aside[64];
	int r;

	snprintf(aside, sizeof(aside), ".oci-vfio-hook.%d.%zu", getpid(),
		 live->journal.count);
	live_journal_add(&live->journal, LIVE_SET_ASIDE, place->directory, place->name)
		->aside = memory_copy_string(aside);
	r = live_namespace_become_root(&live->namespace);
	if (r == 0 && renameat2(place->directory, place->name, place->directory, aside,
				RENAME_NOREPLACE) < 0)
		r = -errno;
	live_namespace_become_self(&live->namespace);
	if (r == 0)
		return 0;
	live_journal_drop(&live->journal);
	return live_error(place->path, "the stale node can't be removed", -r, err);
}

/* The stale node at a place of the container's own. */
static int remove_stale(struct live *live, struct live_node *node,
			const struct live_place *place, struct error *err)
{
	const struct plan_node *plan = node->plan;
	struct live_found found;
	int r = live_place_look(place, &found, err);

	if (r < 0 || found.type == 0)
		return r;
	if (plan->final_path != NULL &&
	    strcmp(plan->container_path, plan->final_path) == 0 && is_final(&found, plan))
		return 0;
	if (!is_stale(&found, node))
		return something_else(place, &found, err);
	if (!found.mounted)
		live_label_read(place, &node->label);
	if (found.mounted) {
		r = detach(live, place, err);
		if (r == 0)
			r = live_place_look(place, &found, err);
		if (r < 0)
			return r;
		/* What is left is the file that the runtime mounted it on. */
		if (found.mounted || (found.type != 'f' && !is_stale(&found, node)))
			return something_else(place, &found, err);
	}
	return rename_aside(live, place, err);
}

static int set_aside(struct live *live, struct live_node *node, struct error *err)
{
	auto_live_place place = LIVE_PLACE_INIT;
	int r;

	if (node->plan->container_path == NULL)
		return 0;
	r = live_place_open(live, node->plan->container_path, false, &place, err);
	if (r < 0 || place.directory < 0)
		return r;
	if (place.machines) {
		tell_of_machine_dev(live, &place);
		return 0;
	}
	return remove_stale(live, node, &place, err);
}

static int make_placeholder(struct live *live, const struct live_place *place,
			    struct error *err)
{
	int fd = -1, r = live_namespace_become_root(&live->namespace);

	live_journal_add(&live->journal, LIVE_FILE, place->directory, place->name);
	if (r == 0) {
		fd = openat(place->directory, place->name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		r = fd < 0 ? -errno : 0;
	}
	live_namespace_become_self(&live->namespace);
	close_fd(&fd);
	if (r == 0)
		return 0;
	live_journal_drop(&live->journal);
	return live_error(place->path, "the file to mount the node on can't be made", -r,
			  err);
}

static int attach(struct live *live, struct live_node *node,
		  const struct live_place *place, struct error *err)
{
	int r;

	live_journal_add(&live->journal, LIVE_ATTACHED, place->directory, place->name);
	live_mount_restrict(node->mount);
	r = live_mount_attach(node->mount, place->directory, place->name);
	if (r == 0)
		return 0;
	live_journal_drop(&live->journal);
	return live_error(place->path, "the node can't be mounted", -r, err);
}

static int put_node(struct live *live, struct live_node *node,
		    const struct live_place *place, struct error *err)
{
	int r;

	if (node->mount >= 0) {
		r = make_placeholder(live, place, err);
		if (r == 0)
			r = attach(live, node, place, err);
		/* The machine's own node keeps its label. */
		return r < 0 || node->scratch == NULL
			       ? r
			       : live_label_set(live, place, &node->label, err);
	}
	live_journal_add(&live->journal, LIVE_FILE, place->directory, place->name);
	r = make_node(live, node->plan, place->directory, place->name, err);
	if (r < 0) {
		live_journal_drop(&live->journal);
		return r;
	}
	return live_label_set(live, place, &node->label, err);
}

static int make_final(struct live *live, struct live_node *node, struct error *err)
{
	const struct plan_node *plan = node->plan;
	auto_live_place place = LIVE_PLACE_INIT;
	struct live_found found;
	int r;

	if (plan->final_path == NULL)
		return 0;
	r = live_place_open(live, plan->final_path, true, &place, err);
	if (r == 0)
		r = live_place_look(&place, &found, err);
	if (r < 0 || is_final(&found, plan))
		return r;
	if (found.type != 0)
		return something_else(&place, &found, err);
	if (place.machines) {
		auto_free char *name = path_display(plan->final_path);

		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s in the container: is not there, and its directory is "
			"this machine's own /dev, where nothing is made; nothing "
			"was changed",
			name);
	}
	return put_node(live, node, &place, err);
}

int live_nodes_change(struct live *live, struct error *err)
{
	int r = clone_scratch_nodes(live, err);

	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = set_aside(live, &live->nodes[i], err);
	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = make_final(live, &live->nodes[i], err);
	return r;
}

void live_nodes_free(struct live *live)
{
	for (size_t i = 0; i < live->n_nodes; i++) {
		close_fd(&live->nodes[i].mount);
		memory_free(live->nodes[i].scratch);
		live_label_free(&live->nodes[i].label);
	}
	memory_free(live->nodes);
}
