/* Messages that are no errors, as values.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/message.h"

void messages_add(struct messages *messages, enum message_level level, const char *format,
		  ...)
{
	struct message *message =
		memory_append(messages->items, messages->count, messages->capacity);
	va_list arguments;

	message->level = level;
	va_start(arguments, format);
	message->text = memory_vprintf(format, arguments);
	va_end(arguments);
}

void messages_free(struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		memory_free(messages->items[i].text);
	memory_free(messages->items);
	*messages = (struct messages) { 0 };
}
