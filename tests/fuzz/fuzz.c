/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share. */
#include "fuzz.h"

#include <stdio.h>

void fuzz_check(bool truth, const char *format, ...)
{
	va_list arguments;

	if (truth)
		return;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs("\n", stderr);
	abort();
}

void fuzz_check_null(char *wrong)
{
	fuzz_check(!wrong, "%s", wrong);
}

void fuzz_check_error(int r, const struct error *err)
{
	if (r >= 0) {
		fuzz_check(err->class == ERROR_NONE && !err->message,
			   "success with an error: %s", err->message);
		return;
	}
	fuzz_check(err->class != ERROR_NONE && err->message, "failed without an error");
	fuzz_check(err->class != ERROR_INTERNAL, "internal error: %s", err->message);
	for (const char *at = err->message; *at; at++)
		fuzz_check((unsigned char)*at >= 0x20 && *at != 0x7f,
			   "a control byte in the message: %s", err->message);
	fuzz_check(text_is_utf8(slice_from(err->message)), "message isn't UTF-8: %s",
		   err->message);
}

char *fuzz_copy(struct slice text)
{
	char *copy = malloc(text.length ? text.length : 1);

	if (!copy)
		abort();
	if (text.length)
		memcpy(copy, text.data, text.length);
	return copy;
}

struct slice fuzz_part(struct slice *rest)
{
	const char *at = rest->length ? memchr(rest->data, 0xff, rest->length) : NULL;
	struct slice part = *rest;

	if (!at) {
		*rest = slice_from_to(*rest, rest->length, rest->length);
		return part;
	}
	part.length = (size_t)(at - rest->data);
	*rest = slice_from_to(*rest, part.length + 1, rest->length);
	return part;
}

uint32_t fuzz_hash(struct slice text)
{
	uint32_t hash = 5381;

	for (size_t i = 0; i < text.length; i++)
		hash = hash * 33 + (unsigned char)text.data[i];
	return hash;
}
