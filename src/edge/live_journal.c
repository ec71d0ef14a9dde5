/* What was done to the nodes of a container, step by step: undone in reverse, or made final.
 * SPDX-License-Identifier: Apache-2.0 */
#include "live_internal.h"

#include <errno.h>
#include <stdio.h>

struct live_step *live_journal_add(struct live_journal *journal, enum live_step_kind kind,
				   int directory, const char *name)
{
	struct live_step *step =
		memory_append(journal->items, journal->count, journal->capacity);

	step->kind = kind;
	step->directory = fcntl(directory, F_DUPFD_CLOEXEC, 0);
	step->name = memory_copy_string(name);
	step->mount = -1;
	return step;
}

static void free_step(struct live_step *step)
{
	close_fd(&step->directory);
	close_fd(&step->mount);
	memory_free(step->name);
	memory_free(step->aside);
}

void live_journal_drop(struct live_journal *journal)
{
	free_step(&journal->items[--journal->count]);
}

static int rename_back(const struct live_namespace *namespace,
		       const struct live_step *step)
{
	int r = live_namespace_become_root(namespace);

	if (r == 0 &&
	    renameat(step->directory, step->aside, step->directory, step->name) < 0)
		r = -errno;
	live_namespace_become_self(namespace);
	return r;
}

static int undo_step(const struct live_namespace *namespace, struct live_step *step)
{
	int r;

	switch (step->kind) {
	case LIVE_DETACHED:
		return live_mount_attach(step->mount, step->directory, step->name);
	case LIVE_SET_ASIDE:
		return rename_back(namespace, step);
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

void live_journal_undo(struct live_journal *journal,
		       const struct live_namespace *namespace, struct messages *messages)
{
	while (journal->count > 0) {
		struct live_step *step = &journal->items[journal->count - 1];
		int r = undo_step(namespace, step);

		if (r < 0) {
			auto_free char *name = path_display(step->name);

			messages_add(messages, MESSAGE_WARNING,
				     "%s in the container could not be put back: %s",
				     name, strerror(-r));
		}
		live_journal_drop(journal);
	}
}

void live_journal_finish(struct live_journal *journal, struct messages *messages)
{
	for (size_t i = 0; i < journal->count; i++) {
		struct live_step *step = &journal->items[i];

		if (step->kind != LIVE_SET_ASIDE ||
		    unlinkat(step->directory, step->aside, 0) == 0)
			continue;
		messages_add(
			messages, MESSAGE_WARNING,
			"%s, a stale node of the container, could not be removed: %s",
			step->aside, strerror(errno));
	}
	live_journal_free(journal);
}

void live_journal_free(struct live_journal *journal)
{
	for (size_t i = 0; i < journal->count; i++)
		free_step(&journal->items[i]);
	memory_free(journal->items);
	*journal = (struct live_journal) { 0 };
}
