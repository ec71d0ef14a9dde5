/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that don't end a run, as values. */
#include "oci-vfio-hook/message.h"

#include <string.h>

void messages_add(struct messages *messages, enum message_level level, const char *format,
		  ...)
{
	struct message *message;
	va_list arguments;

	if (messages->counts[level]++ > MESSAGES_MAX)
		return;
	message = array_append(messages->items, messages->count, messages->capacity);
	message->level = level;
	if (messages->counts[level] > MESSAGES_MAX) {
		message->text = xstrdup("further messages of this level are left out");
		return;
	}
	va_start(arguments, format);
	message->text = xvasprintf(format, arguments);
	va_end(arguments);
}

void messages_cut(struct messages *messages, size_t count)
{
	while (messages->count > count) {
		struct message *last = &messages->items[--messages->count];

		free(last->text);
	}
	memset(messages->counts, 0, sizeof messages->counts);
	for (size_t i = 0; i < count; i++)
		messages->counts[messages->items[i].level]++;
}

void messages_free(struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		free(messages->items[i].text);
	free(messages->items);
	*messages = (struct messages) { 0 };
}
