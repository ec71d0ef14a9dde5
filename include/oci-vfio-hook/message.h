/* SPDX-License-Identifier: Apache-2.0 */
/* Messages as values: collected where they arise, printed by cmd/. What ends a run is a
 * struct error instead. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_MESSAGE_H
#define OCI_VFIO_HOOK_MESSAGE_H

#include <stdbool.h>

#include "oci-vfio-hook/memory.h"

enum message_level {
	MESSAGE_ERROR,
	MESSAGE_WARNING,
	MESSAGE_INFO,
	MESSAGE_DEBUG,
	MESSAGE_LEVELS,
};

/* Of each kind, which is what has one format: who writes a spec must neither fill the machine's
 * log with one container, nor hide one warning among many of another kind. */
#define MESSAGES_MAX 32

struct message {
	enum message_level level;
	const char *format; /* its kind; NULL: says how many of the level are left out */
	char *text;	    /* one line; owned */
};

struct message_kind {
	enum message_level level;
	const char *format;
	size_t count; /* also of those that were left out, as all counts */
};

struct messages {
	struct message *items;
	size_t count, capacity;
	size_t counts[MESSAGE_LEVELS], left_out[MESSAGE_LEVELS];
	struct message_kind *kinds;
	size_t n_kinds, kinds_capacity;
};

#define auto_messages __attribute__((cleanup(messages_free))) struct messages

/* Adds a message, unless there are MESSAGES_MAX of its kind; then one, once a level, that says
 * how many were left out. */
void messages_add(struct messages *messages, enum message_level level, const char *format,
		  ...) __attribute__((format(printf, 3, 4)));
/* Would one of this format be left out? Then it is, without being made. */
bool messages_leave_out(struct messages *messages, enum message_level level,
			const char *format);
/* Adds those of another list, which has none then. */
void messages_move(struct messages *messages, struct messages *from);
/* Removes all but the first `count`. */
void messages_cut(struct messages *messages, size_t count);
void messages_free(struct messages *messages);

#endif
