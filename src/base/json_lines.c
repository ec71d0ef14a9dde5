/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text indented. */
#include "oci-vfio-hook/json_lines.h"

#include "oci-vfio-hook/json.h"

/* Where the string or the word that begins at `at` ends. */
static size_t skip_scalar(struct slice text, size_t at)
{
	if (text.data[at] != '"') {
		while (at < text.length && !strchr(" \t\r\n,:]}", text.data[at]))
			at++;
		return at;
	}
	return json_string_end(text, at);
}

static void begin_line(struct json_lines *lines, size_t depth, size_t source)
{
	struct json_line *line;

	if (lines->text.length)
		buffer_add(&lines->text, SLICE("\n"));
	line = array_append(lines->items, lines->count, lines->capacity);
	*line = (struct json_line) { lines->text.length, source };
	for (size_t i = 0; i < depth; i++)
		buffer_add(&lines->text, SLICE("  "));
}

void json_lines_make(struct slice text, struct json_lines *ret)
{
	size_t depth = 0, at = json_skip_space(text, 0);

	*ret = (struct json_lines) { 0 };
	begin_line(ret, 0, at);
	while (at < text.length) {
		const char byte = text.data[at];
		const struct slice token = { text.data + at, 1 };
		size_t next = json_skip_space(text, at + 1);

		switch (byte) {
		case '{':
		case '[':
			buffer_add(&ret->text, token);
			if (next < text.length && text.data[next] == byte + 2) {
				buffer_add(&ret->text,
					   (struct slice) { text.data + next, 1 });
				next = json_skip_space(text, next + 1);
			} else {
				begin_line(ret, ++depth, next);
			}
			break;
		case '}':
		case ']':
			begin_line(ret, --depth, at);
			buffer_add(&ret->text, token);
			break;
		case ',':
			buffer_add(&ret->text, token);
			begin_line(ret, depth, next);
			break;
		case ':':
			buffer_add(&ret->text, SLICE(": "));
			break;
		default:
			next = skip_scalar(text, at);
			buffer_add(&ret->text, slice_from_to(text, at, next));
			next = json_skip_space(text, next);
		}
		at = next;
	}
}

struct slice json_lines_get(const struct json_lines *lines, size_t index)
{
	const struct slice text = buffer_slice(&lines->text);

	return slice_from_to(text, lines->items[index].start,
			     index + 1 < lines->count ? lines->items[index + 1].start - 1
						      : text.length);
}

size_t json_lines_find(const struct json_lines *lines, size_t offset)
{
	size_t low = 0, high = lines->count;

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (lines->items[middle].source <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void json_lines_free(struct json_lines *lines)
{
	buffer_free(&lines->text);
	free(lines->items);
	*lines = (struct json_lines) { 0 };
}
