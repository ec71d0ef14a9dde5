/* SPDX-License-Identifier: Apache-2.0 */
/* Text: slices and growing buffers. */
#include "oci-vfio-hook/text.h"

#include <stdio.h>

char *xstrndup(const char *data, size_t length)
{
	char *copy = xmalloc(length + 1);

	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

bool slice_cut(struct slice *rest, char separator, struct slice *ret)
{
	const char *at;

	if (!rest->data)
		return false;
	at = memchr(rest->data, separator, rest->length);
	if (at) {
		size_t length = (size_t)(at - rest->data);

		*ret = slice_from_to(*rest, 0, length);
		*rest = slice_from_to(*rest, length + 1, rest->length);
	} else {
		*ret = *rest;
		*rest = (struct slice) { 0 };
	}
	return true;
}

int slice_compare(struct slice a, struct slice b)
{
	size_t length = a.length < b.length ? a.length : b.length;
	int order = length ? memcmp(a.data, b.data, length) : 0;

	return order ? order : (a.length > b.length) - (a.length < b.length);
}

char *text_join(const char *first, ...)
{
	struct buffer joined = { 0 };
	va_list rest;

	va_start(rest, first);
	for (const char *text = first; text; text = va_arg(rest, const char *))
		buffer_add(&joined, slice_from(text));
	va_end(rest);
	return joined.data;
}

char *text_number(const char *before, uint64_t number, const char *after)
{
	struct buffer text = { 0 };

	buffer_add(&text, slice_from(before));
	buffer_add_number(&text, number);
	buffer_add(&text, slice_from(after));
	return text.data;
}

void buffer_add(struct buffer *buffer, struct slice text)
{
	char *at = buffer_room(buffer, text.length + 1);

	if (text.length)
		memcpy(at, text.data, text.length);
	buffer->length += text.length;
	buffer->data[buffer->length] = '\0';
}

struct slice number_format(uint64_t number, char digits[static NUMBER_DIGITS])
{
	size_t start = NUMBER_DIGITS;

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return (struct slice) { digits + start, NUMBER_DIGITS - start };
}

void buffer_add_number(struct buffer *buffer, uint64_t number)
{
	char digits[NUMBER_DIGITS];

	buffer_add(buffer, number_format(number, digits));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
	auto_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	buffer_add(buffer, slice_from(text));
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer) { 0 };
}
