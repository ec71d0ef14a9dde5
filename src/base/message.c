/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that don't end a run, as values. */
#include "oci-vfio-hook/message.h"

#include <stdio.h>
#include <string.h>

#define LEFT_OUT "%zu further messages of this level are left out"

static struct message_kind *find_kind(struct messages *messages, enum message_level level,
				      const char *format)
{
	struct message_kind *kind;

	for (size_t i = 0; i < messages->n_kinds; i++) {
		kind = &messages->kinds[i];
		if (kind->format == format && kind->level == level)
			return kind;
	}
	kind = array_append(messages->kinds, messages->n_kinds, messages->kinds_capacity);
	kind->level = level;
	kind->format = format;
	return kind;
}

static void add_text(struct messages *messages, enum message_level level,
		     const char *format, char *text)
{
	*array_append(messages->items, messages->count, messages->capacity) =
		(struct message) { level, format, text };
}

/* The number stands in the same line, which has room for any. */
static void leave_out(struct messages *messages, enum message_level level, size_t count)
{
	const size_t size = sizeof LEFT_OUT + sizeof "18446744073709551615";
	struct message *line = NULL;

	if (count == 0)
		return;
	for (size_t i = 0; messages->left_out[level] && !line; i++) {
		if (messages->items[i].level == level && !messages->items[i].format)
			line = &messages->items[i];
	}
	if (!line) {
		add_text(messages, level, NULL, xzalloc(size));
		line = &messages->items[messages->count - 1];
	}
	messages->left_out[level] += count;
	snprintf(line->text, size, LEFT_OUT, messages->left_out[level]);
}

bool messages_leave_out(struct messages *messages, enum message_level level,
			const char *format)
{
	struct message_kind *kind = find_kind(messages, level, format);

	if (kind->count < MESSAGES_MAX)
		return false;
	kind->count++;
	messages->counts[level]++;
	leave_out(messages, level, 1);
	return true;
}

/* It has room. */
static void count_message(struct messages *messages, enum message_level level,
			  const char *format)
{
	find_kind(messages, level, format)->count++;
	messages->counts[level]++;
}

void messages_add(struct messages *messages, enum message_level level, const char *format,
		  ...)
{
	va_list arguments;

	if (messages_leave_out(messages, level, format))
		return;
	count_message(messages, level, format);
	va_start(arguments, format);
	add_text(messages, level, format, xvasprintf(format, arguments));
	va_end(arguments);
}

void messages_move(struct messages *messages, struct messages *from)
{
	for (size_t i = 0; i < from->count; i++) {
		struct message *message = &from->items[i];

		if (!message->format ||
		    messages_leave_out(messages, message->level, message->format))
			continue;
		count_message(messages, message->level, message->format);
		add_text(messages, message->level, message->format,
			 take_ptr(message->text));
	}
	for (unsigned int level = 0; level < MESSAGE_LEVELS; level++) {
		messages->counts[level] += from->left_out[level];
		leave_out(messages, level, from->left_out[level]);
	}
	messages_free(from);
}

void messages_cut(struct messages *messages, size_t count)
{
	while (messages->count > count)
		free(messages->items[--messages->count].text);
	memset(messages->counts, 0, sizeof messages->counts);
	memset(messages->left_out, 0, sizeof messages->left_out);
	messages->n_kinds = 0;
	for (size_t i = 0; i < count; i++)
		count_message(messages, messages->items[i].level,
			      messages->items[i].format);
}

void messages_free(struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		free(messages->items[i].text);
	free(messages->items);
	free(messages->kinds);
	*messages = (struct messages) { 0 };
}
