/* SPDX-License-Identifier: Apache-2.0 */
/* Text as borrowed slices, a growing buffer, quoting for messages, lexical path cleaning
 * and strict UTF-8. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_TEXT_H
#define OCI_VFIO_HOOK_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "oci-vfio-hook/memory.h"

/* `length` bytes that somebody else owns; they needn't be followed by a NUL. */
struct slice {
	const char *data;
	size_t length;
};

#define SLICE(literal) ((struct slice) { (literal), sizeof(literal) - 1 })

static inline struct slice slice_from(const char *text)
{
	return (struct slice) { text, strlen(text) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.length == b.length &&
	       (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* An order by the bytes, as strcmp() has it. */
int slice_compare(struct slice a, struct slice b);

static inline bool slice_starts(struct slice text, struct slice prefix)
{
	return text.length >= prefix.length &&
	       (prefix.length == 0 || memcmp(text.data, prefix.data, prefix.length) == 0);
}

static inline bool slice_ends(struct slice text, struct slice suffix)
{
	return text.length >= suffix.length &&
	       memcmp(text.data + text.length - suffix.length, suffix.data,
		      suffix.length) == 0;
}

static inline bool slice_contains(struct slice text, struct slice part)
{
	for (; text.length >= part.length; text.data++, text.length--) {
		if (slice_starts(text, part))
			return true;
	}
	return false;
}

static inline struct slice slice_from_to(struct slice text, size_t start, size_t end)
{
	return (struct slice) { text.data + start, end - start };
}

/* Cuts the part before the next separator, or what is left without one, off *rest and into
 * *ret. Begins with a text that isn't NULL; false once all is cut off, *rest.data is NULL
 * then. Empty parts count. */
bool slice_cut(struct slice *rest, char separator, struct slice *ret);

/* Returns a copy of `length` bytes, a NUL in them too, with a NUL after them. Never NULL; the
 * caller frees. */
char *xstrndup(const char *data, size_t length);
char *xstrdup(const char *text);

static inline bool text_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Returns the strings one after the other; the last argument is NULL. The caller frees. */
char *text_join(const char *first, ...) __attribute__((sentinel));

/* Returns the number in decimal between the two strings. The caller frees. */
char *text_number(const char *before, uint64_t number, const char *after);

/* A growing text; once anything was added, `data` has a NUL at `length`. It owns `data`:
 * begin with { 0 }, and let nothing but these functions set it. */
struct buffer {
	char *data;
	size_t length;
	size_t capacity;
};

#define auto_buffer __attribute__((cleanup(buffer_free))) struct buffer

void buffer_add(struct buffer *buffer, struct slice text);
/* Returns where the next `size` bytes go, which the caller writes and adds to
 * `length`. */
static inline char *buffer_room(struct buffer *buffer, size_t size)
{
	array_grow(&buffer->data, &buffer->capacity, buffer->length + size, 1);
	return buffer->data + buffer->length;
}
/* Writes the number in decimal to `digits`, and returns where: without a NUL. */
#define NUMBER_DIGITS 20
struct slice number_format(uint64_t number, char digits[static NUMBER_DIGITS]);
void buffer_add_number(struct buffer *buffer, uint64_t number);
void buffer_printf(struct buffer *buffer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static inline struct slice buffer_slice(const struct buffer *buffer)
{
	return (struct slice) { buffer->data ? buffer->data : "", buffer->length };
}
void buffer_free(struct buffer *buffer);

/* Where the run of characters from `at` on ends that need no care anywhere, not even in
 * quotes: printable ASCII but " and \. */
size_t text_plain_end(struct slice text, size_t at);

/* How much of a text from outside a message shows, in bytes. */
#define TEXT_SHOWN_MAX 256

/* Returns the text in double quotes, safe on a terminal and in a one-line message: ", \
 * and what buffer_add_printable() escapes as \", \\ and \xNN; cut after TEXT_SHOWN_MAX
 * bytes, with "..." after it. The caller frees. */
char *text_quote(struct slice text);

/* Returns or appends a name that came from outside: as it is if it can't be taken for
 * anything else (letters, digits and /._:@+-), else quoted. The caller frees. */
char *text_name(struct slice name);
void buffer_add_name(struct buffer *buffer, struct slice name);

/* text_name() of a file's path. */
char *path_display(const char *path);

/* Appends the whole text with what must not be shown as \xNN of its bytes: control
 * characters, those that change the direction of text or can't be seen, bytes that are not
 * valid UTF-8. For text that was put together from quoted parts, and for data. */
void buffer_add_printable(struct buffer *buffer, struct slice text);

/* Appends a JSON text as what it was, but that those characters are written \uXXXX: they can only
 * be in strings. */
void buffer_add_json(struct buffer *buffer, struct slice json);

/* Is every byte part of a valid UTF-8 sequence (no overlong forms, no surrogates)? */
bool text_is_utf8(struct slice text);

/* The path's last element: what follows its last slash. Borrowed from `path`. */
const char *path_name(const char *path);

/* Is `path` already as path_clean() would leave it? */
bool path_is_clean(struct slice path);

/* Returns the path cleaned as from the root, without looking at any file system: one
 * leading slash, no empty, "." or ".." element, no trailing slash. The caller frees. */
char *path_clean(struct slice path);

#endif
