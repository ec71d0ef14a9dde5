/* SPDX-License-Identifier: Apache-2.0 */
/* What was done to the nodes of a container, step by step: undone in reverse, or made
 * final. */
#include "live_internal.h"

#include <errno.h>
#include <stdio.h>

void live_steps_prepare(struct live_steps *steps, size_t count)
{
	array_grow(&steps->items, &steps->capacity, count, sizeof(*steps->items));
}

int live_steps_add(struct live_steps *steps, enum live_step_kind kind, int directory,
		   const char *name, int mount)
{
	size_t length = strlen(name);
	struct live_step *step;

	if (length >= sizeof(step->name) || steps->count == steps->capacity) {
		close_fd(&mount);
		return length >= sizeof(step->name) ? -ENAMETOOLONG : -ENOMEM;
	}
	step = &steps->items[steps->count++];
	*step = (struct live_step) { .kind = kind,
				     .directory = directory,
				     .mount = mount };
	memcpy(step->name, name, length + 1);
	return 0;
}

void live_steps_drop(struct live_steps *steps)
{
	close_fd(&steps->items[--steps->count].mount);
}

int live_steps_aside_name(const char *name, char ret[static NAME_MAX + 1])
{
	int length = snprintf(ret, NAME_MAX + 1, ".%s" LIVE_ASIDE_SUFFIX, name);

	return length < 0 || length > NAME_MAX ? -ENAMETOOLONG : 0;
}

bool live_steps_is_aside_name(const char *name)
{
	return name[0] == '.' && slice_ends(slice_from(name), SLICE(LIVE_ASIDE_SUFFIX));
}

static int rename_new(int directory, const char *from, const char *to)
{
	return renameat2(directory, from, directory, to, RENAME_NOREPLACE) < 0 ? -errno
									       : 0;
}

int live_steps_set_aside(int directory, const char *name)
{
	char aside[NAME_MAX + 1];
	int r = live_steps_aside_name(name, aside);

	return r < 0 ? r : rename_new(directory, name, aside);
}

static int rename_back(const struct live_namespace *mount_namespace,
		       const struct live_step *step)
{
	char aside[NAME_MAX + 1];
	int r = live_steps_aside_name(step->name, aside);

	if (r == 0)
		r = live_namespace_become_root(mount_namespace);
	if (r == 0)
		r = rename_new(step->directory, aside, step->name);
	live_namespace_become_self(mount_namespace);
	return r;
}

static int undo_step(const struct live_namespace *mount_namespace, struct live_step *step)
{
	int r;

	switch (step->kind) {
	case LIVE_SCRATCH:
		return live_mount_detach_root(step->mount);
	case LIVE_DETACHED:
		return live_mount_attach(step->mount, step->directory, step->name);
	case LIVE_SET_ASIDE:
		return rename_back(mount_namespace, step);
	case LIVE_DIRECTORY:
		r = unlinkat(step->directory, step->name, AT_REMOVEDIR);
		return r < 0 ? -errno : 0;
	case LIVE_FILE:
		return unlinkat(step->directory, step->name, 0) < 0 ? -errno : 0;
	case LIVE_ATTACHED:
		return live_mount_detach(step->directory, step->name);
	}
	return -EINVAL;
}

void live_steps_undo(struct live_steps *steps,
		     const struct live_namespace *mount_namespace)
{
	for (size_t i = steps->count; i-- > 0;) {
		struct live_step *step = &steps->items[i];
		int r = undo_step(mount_namespace, step);

		step->error = r < 0 ? -r : 0;
		close_fd(&step->mount);
	}
}

bool live_steps_is_undone(const struct live_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		if (steps->items[i].error)
			return false;
	}
	return true;
}

void live_steps_finish(struct live_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++) {
		struct live_step *step = &steps->items[i];
		char aside[NAME_MAX + 1];

		if (step->kind == LIVE_SET_ASIDE &&
		    live_steps_aside_name(step->name, aside) == 0 &&
		    unlinkat(step->directory, aside, 0) < 0)
			step->error = errno;
	}
}

void live_steps_report(const struct live_steps *steps, bool undone,
		       struct messages *messages)
{
	for (size_t i = steps->count; i-- > 0;) {
		const struct live_step *step = &steps->items[i];
		auto_free char *name = NULL;

		if (step->error == 0)
			continue;
		name = path_display(step->name);
		if (undone)
			messages_add(messages, MESSAGE_WARNING,
				     "%s in the container could not be put back: %s",
				     name, strerror(step->error));
		else
			messages_add(
				messages, MESSAGE_WARNING,
				"%s in the container: the stale node could not be removed, and is beside it under another name: %s",
				name, strerror(step->error));
	}
}

void live_steps_free(struct live_steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		close_fd(&steps->items[i].mount);
	free(steps->items);
	*steps = (struct live_steps) { 0 };
}
