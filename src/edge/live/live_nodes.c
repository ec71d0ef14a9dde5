/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of the plan in a created container: first all stale ones are set aside, then
 * all final ones are made, so that swaps and chains come out right. */
#include "live_internal.h"

#include <errno.h>
#include <sys/sysmacros.h>

/* The machine's file that the runtime may have bound there instead of a node. */
static const struct file_identity *source_of(const struct live_node *node)
{
	return node->has_source ? &node->source : NULL;
}

static bool is_stale(const struct found_node *found, const struct live_node *node)
{
	return found_node_is_stale(found, node->plan, source_of(node));
}

static int something_else(const struct live_place *place, const struct found_node *found,
			  struct error *err)
{
	auto_free char *name = path_display(place->path);

	if (found->number.type == 'c' || found->number.type == 'b')
		return error_set(
			err, ERROR_DATA,
			"%s in the container: is another device, %s, than the spec says; nothing was changed",
			name, DEVICE_NUMBER_TEXT(&found->number));
	return error_set(
		err, ERROR_DATA,
		"%s in the container: something is in the way that is no device node; nothing was changed",
		name);
}

static void tell_of_machine_dev(struct live *live, const struct live_place *place)
{
	auto_free char *name = path_display(place->path);

	if (!live->told_of_machine_dev)
		messages_add(
			live->messages, MESSAGE_WARNING,
			"%s in the container: its directory is this machine's own /dev, bound into the container: nothing is made or removed there",
			name);
	live->told_of_machine_dev = true;
}

static int detach(struct live *live, const struct live_place *place, struct error *err)
{
	int mount = live_mount_clone(place->directory, place->name), r;

	if (mount < 0)
		return live_error(place->path, "its mount can't be copied", -mount, err);
	r = live_undo_add(&live->undo, LIVE_DETACHED, place->directory, place->name,
			  mount);
	if (r == 0) {
		r = live_mount_detach(place->directory, place->name);
		if (r < 0)
			live_undo_drop(&live->undo);
	}
	return r < 0 ? live_error(place->path, "can't be unmounted", -r, err) : 0;
}

/* A step at a place without more to remember. */
static int add_step(struct live *live, enum live_step_kind kind,
		    const struct live_place *place)
{
	return live_undo_add(&live->undo, kind, place->directory, place->name, -1);
}

/* 0 or -errno. */
static int rename_aside(struct live *live, const struct live_place *place)
{
	int r = add_step(live, LIVE_SET_ASIDE, place);

	if (r == 0) {
		r = live_namespace_become_root(&live->mount_namespace);
		if (r == 0)
			r = live_undo_set_aside(place->directory, place->name);
		live_namespace_become_self(&live->mount_namespace);
		if (r < 0)
			live_undo_drop(&live->undo);
	}
	return r;
}

/* Is a name beside the place that of a node that the plan takes or makes? */
static bool is_planned(const struct live *live, const struct live_place *place,
		       const char *name)
{
	const struct slice parent =
		slice_from_to(slice_from(place->path), 0,
			      (size_t)(path_name(place->path) - place->path));

	for (size_t i = 0; i < live->n_nodes; i++) {
		const struct plan_node *plan = live->nodes[i].plan;
		const char *const paths[] = { plan->container_path, plan->final_path };

		for (size_t k = 0; k < ARRAY_SIZE(paths); k++)
			if (paths[k] != NULL &&
			    slice_starts(slice_from(paths[k]), parent) &&
			    text_equal(paths[k] + parent.length, name))
				return true;
	}
	return false;
}

static int in_the_way(const struct live_place *place, const char *what, struct error *err)
{
	auto_free char *name = path_display(place->path);
	auto_free char *shown = path_display(what);

	return error_set(
		err, ERROR_DATA,
		"%s in the container: %s beside it is in the way, and is none of ours; nothing was changed",
		name, shown);
}

/* Takes a node or the file of a mount away, and what a killed run has left under the name
 * that it gets meanwhile. */
static int take_away(struct live *live, const struct live_node *node,
		     const struct live_place *place, struct error *err)
{
	char aside[NAME_MAX + 1];
	struct live_place leftover = *place;
	struct found_node found;
	int r = live_undo_aside_name(place->name, aside);

	if (r == 0 && is_planned(live, place, aside))
		return in_the_way(place, aside, err);
	if (r == 0)
		r = rename_aside(live, place);
	if (r == -EEXIST) {
		leftover.name = aside;
		r = live_place_look(&leftover, &found, err);
		if (r < 0)
			return r;
		if (!found_node_is_leftover(&found, node->plan, source_of(node)))
			return in_the_way(place, aside, err);
		r = take_away(live, node, &leftover, err);
		if (r < 0)
			return r;
		r = rename_aside(live, place);
	}
	return r < 0 ? live_error(place->path, "the stale node can't be removed", -r, err)
		     : 0;
}

/* The stale node at a place of the container's own. */
static int remove_stale(struct live *live, struct live_node *node,
			const struct live_place *place, struct error *err)
{
	const struct plan_node *plan = node->plan;
	struct found_node found;
	int r = live_place_look(place, &found, err);

	if (r < 0 || found.number.type == 0)
		return r;
	if (plan->final_path != NULL &&
	    text_equal(plan->container_path, plan->final_path) &&
	    found_node_is_final(&found, plan))
		return 0;
	if (!is_stale(&found, node))
		return something_else(place, &found, err);
	if (!found.mounted) {
		r = live_label_read(place, &node->label, err);
		if (r < 0)
			return r;
	} else {
		r = detach(live, place, err);
		if (r == 0)
			r = live_place_look(place, &found, err);
		if (r < 0)
			return r;
		/* What is left is the file that the runtime mounted it on. */
		if (found.mounted ||
		    (found.number.type != 'f' && !is_stale(&found, node)))
			return something_else(place, &found, err);
	}
	return take_away(live, node, place, err);
}

static int set_aside(struct live *live, struct live_node *node, struct error *err)
{
	struct live_place place;
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

static int make_empty_file(const struct live *live, const struct live_place *place)
{
	int fd = -1, r = live_namespace_become_root(&live->mount_namespace);

	if (r == 0) {
		fd = openat(place->directory, place->name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		r = fd < 0 ? -errno : 0;
	}
	live_namespace_become_self(&live->mount_namespace);
	close_fd(&fd);
	return r;
}

static int make_placeholder(struct live *live, const struct live_place *place,
			    struct error *err)
{
	int r = add_step(live, LIVE_FILE, place);

	if (r == 0) {
		r = make_empty_file(live, place);
		if (r < 0)
			live_undo_drop(&live->undo);
	}
	return r < 0 ? live_error(place->path,
				  "the file to mount the node on can't be made", -r, err)
		     : 0;
}

static int attach(struct live *live, struct live_node *node,
		  const struct live_place *place, struct error *err)
{
	int r = add_step(live, LIVE_ATTACHED, place);

	if (r == 0) {
		/* The machine's own node, and not one that was made for the container. */
		r = live_mount_restrict(node->mount, node->scratch == NULL);
		if (r == 0)
			r = live_mount_attach(node->mount, place->directory, place->name);
		if (r < 0)
			live_undo_drop(&live->undo);
	}
	return r < 0 ? live_error(place->path, "the node can't be mounted", -r, err) : 0;
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
	r = add_step(live, LIVE_FILE, place);
	if (r < 0)
		return live_error(place->path, "the node can't be made", -r, err);
	r = live_sources_make_node(live, node->plan, place->directory, place->name, err);
	if (r < 0) {
		live_undo_drop(&live->undo);
		return r;
	}
	return live_label_set(live, place, &node->label, err);
}

static int make_final(struct live *live, struct live_node *node, struct error *err)
{
	const struct plan_node *plan = node->plan;
	struct found_node found = { 0 };
	struct live_place place;
	int r;

	if (plan->final_path == NULL)
		return 0;
	r = live_place_open(live, plan->final_path, true, &place, err);
	if (r == 0)
		r = live_place_look(&place, &found, err);
	if (r < 0 || found_node_is_final(&found, plan))
		return r;
	if (found.number.type != 0)
		return something_else(&place, &found, err);
	if (place.machines) {
		auto_free char *name = path_display(plan->final_path);

		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s in the container: is not there, and its directory is this machine's own /dev, where nothing is made; nothing was changed",
			name);
	}
	return put_node(live, node, &place, err);
}

/* For each node: a mount, a file and a leftover taken away; directories, a file and a mount
 * made. */
static size_t count_steps(const struct live *live)
{
	size_t count = 1;

	for (size_t i = 0; i < live->n_nodes; i++) {
		const char *path = live->nodes[i].plan->final_path;

		count += 5;
		for (; path != NULL && *path != '\0'; path++)
			count += *path == '/';
	}
	return count;
}

int live_nodes_change(struct live *live, struct error *err)
{
	int r;

	live_undo_reserve(&live->undo, count_steps(live));
	r = live_sources_clone(live, err);

	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = set_aside(live, &live->nodes[i], err);
	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = make_final(live, &live->nodes[i], err);
	return r;
}
