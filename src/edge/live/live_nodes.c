/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes of the plan in a created container: first all stale ones are set aside, then
 * all final ones are made, so that swaps and chains come out right. */
#include "live_internal.h"

#include <errno.h>
#include <limits.h>

#include "oci-vfio-hook/slice_index.h"

static struct live_path show(const char *path)
{
	return (struct live_path) { path, path ? path_display(path) : NULL };
}

static int compare_paths(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static void note_aside_path(struct live *live, const char *path)
{
	if (path && live_steps_is_aside_name(path_name(path)))
		*array_append(live->aside_paths, live->n_aside_paths,
			      live->aside_paths_capacity) = slice_from(path);
}

/* At most: our tmpfs, and for each node a mount and files removed, directories, a file and a
 * mount made. */
static size_t count_steps(const struct live *live)
{
	size_t count = 1;

	for (size_t i = 0; i < live->n_nodes; i++) {
		const char *path = live->nodes[i].final.path;

		count += 1 + LIVE_ASIDE_LEVELS + 2;
		for (; path != NULL && *path != '\0'; path++)
			count += *path == '/';
	}
	return count;
}

void live_nodes_prepare(struct live *live)
{
	const struct plan *plan = live->plan;

	live->n_nodes = plan->n_nodes;
	live->nodes = xzalloc(live->n_nodes * sizeof *live->nodes);
	for (size_t i = 0; i < live->n_nodes; i++) {
		live->nodes[i] = (struct live_node) {
			.plan = &plan->nodes[i],
			.old = show(plan->nodes[i].container_path),
			.final = show(plan->nodes[i].final_path),
			.mount = -1,
		};
		note_aside_path(live, plan->nodes[i].container_path);
		note_aside_path(live, plan->nodes[i].final_path);
	}
	if (live->n_aside_paths > 0)
		qsort(live->aside_paths, live->n_aside_paths, sizeof *live->aside_paths,
		      compare_paths);
	live_directories_prepare(live);
	live_steps_prepare(&live->steps, count_steps(live));
}

void live_nodes_free(struct live *live)
{
	for (size_t i = 0; i < live->n_nodes; i++) {
		struct live_node *node = &live->nodes[i];

		close_fd(&node->mount);
		free(node->scratch);
		free(node->old.shown);
		free(node->final.shown);
		live_label_free(&node->label);
	}
	free(live->nodes);
	free(live->aside_paths);
	live_label_free(&live->neighbour);
	live_directories_close(live);
	live_steps_free(&live->steps);
}

static int something_else(const struct live_place *place, const struct found_node *found,
			  struct error *err)
{
	if (found->number.type == 'c' || found->number.type == 'b')
		return error_set(
			err, ERROR_DATA,
			"%s in the container: is device %s, which is not what the spec says",
			place->shown, DEVICE_NUMBER_TEXT(&found->number));
	return error_set(
		err, ERROR_DATA,
		"%s in the container: something is in the way that is not a device node",
		place->shown);
}

static int detach(struct live *live, const struct live_place *place, struct error *err)
{
	int mount = live_mount_clone(place->directory, place->name), r;

	if (mount < 0)
		return live_error(place->shown, "its mount can't be copied", -mount, err);
	r = live_steps_add(&live->steps, LIVE_DETACHED, place->directory, place->name,
			   mount);
	if (r == 0) {
		r = live_mount_detach(place->directory, place->name);
		if (r < 0)
			live_steps_drop(&live->steps);
	}
	return r < 0 ? live_error(place->shown, "can't be unmounted", -r, err) : 0;
}

/* A step at a place, without a mount to keep. */
static int add_step(struct live *live, enum live_step_kind kind,
		    const struct live_place *place)
{
	return live_steps_add(&live->steps, kind, place->directory, place->name, -1);
}

/* 0 or -errno. */
static int rename_aside(struct live *live, const struct live_place *place)
{
	int r = add_step(live, LIVE_SET_ASIDE, place);

	if (r == 0) {
		r = live_namespace_become_root(&live->mount_namespace);
		if (r == 0)
			r = live_steps_set_aside(place->directory, place->name);
		live_namespace_become_self(&live->mount_namespace);
		if (r < 0)
			live_steps_drop(&live->steps);
	}
	return r;
}

/* Is a name beside the place that of a node that the plan removes or makes? */
static bool is_planned(const struct live *live, const struct live_place *place,
		       const char *name)
{
	size_t parent = (size_t)(path_name(place->path) - place->path);
	char path[PATH_MAX + NAME_MAX];
	struct slice wanted = { path, parent + strlen(name) };

	if (live->n_aside_paths == 0 || wanted.length >= sizeof path)
		return false;
	memcpy(path, place->path, parent);
	memcpy(path + parent, name, wanted.length - parent);
	return bsearch(&wanted, live->aside_paths, live->n_aside_paths,
		       sizeof *live->aside_paths, compare_paths);
}

static int in_the_way(const struct live_place *place, const char *what, struct error *err)
{
	const bool plain = what[text_plain_end(slice_from(what), 0)] == '\0';

	return error_set(
		err, ERROR_DATA,
		"%s in the container: %s beside it is in the way, and was not left by an earlier run",
		place->shown, plain ? what : "another file");
}

/* Sets a node or the file of a mount aside, and before that what a killed run has left under
 * the name that it gets there. */
static int take_away(struct live *live, const struct live_node *node,
		     const struct live_place *place, struct error *err)
{
	char aside[NAME_MAX + 1];
	struct live_place leftover = *place;
	struct found_node found;
	int r = live_steps_aside_name(place->name, aside);

	if (r == 0 && is_planned(live, place, aside))
		return in_the_way(place, aside, err);
	if (r == 0)
		r = rename_aside(live, place);
	if (r == -EEXIST) {
		leftover.name = aside;
		r = live_place_look(&leftover, &found, err);
		if (r < 0)
			return r;
		if (!found_node_is_leftover(&found, node->plan, live_node_source(node)))
			return in_the_way(place, aside, err);
		r = take_away(live, node, &leftover, err);
		if (r < 0)
			return r;
		r = rename_aside(live, place);
	}
	return r < 0 ? live_error(place->shown, "the stale node can't be removed", -r,
				  err)
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
	if (!found_node_is_stale(&found, node->plan, live_node_source(node)))
		return something_else(place, &found, err);
	if (found.mounted) {
		r = detach(live, place, err);
		if (r == 0)
			r = live_place_look(place, &found, err);
		if (r < 0)
			return r;
		/* What is left is the file that the runtime mounted it on. */
		if (found.mounted ||
		    (found.number.type != 'f' &&
		     !found_node_is_stale(&found, node->plan, live_node_source(node))))
			return something_else(place, &found, err);
	}
	return take_away(live, node, place, err);
}

static int set_aside(struct live *live, struct live_node *node, struct error *err)
{
	struct live_place place;
	int r;

	if (!node->old.path)
		return 0;
	r = live_place_open(live, &node->old, false, &place, err);
	if (r < 0 || place.directory < 0)
		return r;
	if (place.machines) {
		if (!live->left_on_machine_dev)
			live->left_on_machine_dev = place.shown;
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
			live_steps_drop(&live->steps);
	}
	return r < 0 ? live_error(place->shown,
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
			live_steps_drop(&live->steps);
	}
	return r < 0 ? live_error(place->shown, "the node can't be mounted", -r, err) : 0;
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
		return live_error(place->shown, "the node can't be made", -r, err);
	r = live_sources_make_node(node, place->directory, place->name, err);
	if (r < 0) {
		live_steps_drop(&live->steps);
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

	if (!node->final.path)
		return 0;
	r = live_place_open(live, &node->final, true, &place, err);
	if (r == 0)
		r = live_place_look(&place, &found, err);
	if (r < 0 || found_node_is_final(&found, plan))
		return r;
	if (found.number.type != 0)
		return something_else(&place, &found, err);
	if (place.machines)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s in the container: is not there, and its directory is this machine's own /dev, where nothing is made",
			place.shown);
	return put_node(live, node, &place, err);
}

int live_nodes_change(struct live *live, struct error *err)
{
	int r = live_sources_clone(live, err);

	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = set_aside(live, &live->nodes[i], err);
	for (size_t i = 0; r == 0 && i < live->n_nodes; i++)
		r = make_final(live, &live->nodes[i], err);
	return r;
}
