/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as values: collected where they arise, printed by cmd/. What ends a run is a
 * struct error instead. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_MESSAGE_H
#define OCI_VFIO_HOOK_MESSAGE_H

#include "oci-vfio-hook/memory.h"

enum message_level {
	MESSAGE_ERROR,
	MESSAGE_WARNING,
	MESSAGE_INFO,
	MESSAGE_DEBUG,
	MESSAGE_LEVELS,
};

/* Of each level: who writes a spec must not fill the machine's log with one container. */
#define MESSAGES_MAX 32

struct message {
	enum message_level level;
	char *text; /* one line; owned */
};

struct messages {
	struct message *items;
	size_t count, capacity;
	size_t counts[MESSAGE_LEVELS]; /* also of those that were left out */
};

#define auto_messages __attribute__((cleanup(messages_free))) struct messages

/* Adds a message, unless there are MESSAGES_MAX of the level; then, once, one that says
 * so. */
void messages_add(struct messages *messages, enum message_level level, const char *format,
		  ...) __attribute__((format(printf, 3, 4)));
/* Removes all but the first `count`, which were less than MESSAGES_MAX. */
void messages_cut(struct messages *messages, size_t count);
void messages_free(struct messages *messages);

#endif
