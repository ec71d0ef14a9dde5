/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text: white space between tokens, and writing strings. */
#include "oci-vfio-hook/json.h"

size_t json_skip_space_back(struct slice text, size_t at)
{
	while (at > 0 && json_is_space(text.data[at - 1]))
		at--;
	return at;
}

/* Is the quote after an odd number of backslashes? */
static bool is_escaped(struct slice text, size_t quote)
{
	size_t slashes = 0;

	while (slashes < quote && text.data[quote - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 1;
}

size_t json_string_start(struct slice text, size_t end)
{
	size_t at = end - 1;

	while (at > 0) {
		at--;
		if (text.data[at] == '"' && !is_escaped(text, at))
			break;
	}
	return at;
}

size_t json_string_end(struct slice text, size_t start)
{
	const char *quote;
	size_t at = start;

	do {
		quote = memchr(text.data + at + 1, '"', text.length - at - 1);
		if (!quote)
			return text.length;
		at = (size_t)(quote - text.data);
	} while (is_escaped(text, at));
	return at + 1;
}

/* What follows the backslash of each character that needs one. */
static const char escapes[256] = {
	[0 ... '\t' - 1] = 'u',	   ['\t'] = 't', ['\n'] = 'n',
	['\n' + 1 ... 0x1f] = 'u', ['"'] = '"',	 ['\\'] = '\\',
};

/* Puts the escape of a character; returns where the next one goes. */
static char *put_escape(char *at, unsigned char c)
{
	*at++ = '\\';
	*at++ = escapes[c];
	if (escapes[c] == 'u') {
		*at++ = '0';
		*at++ = '0';
		*at++ = "0123456789abcdef"[c >> 4];
		*at++ = "0123456789abcdef"[c & 0xf];
	}
	return at;
}

/* How much longer a text becomes. (Without a table and a branch: the compiler counts many
 * characters at once.) */
static size_t find_growth(const char *text, size_t length)
{
	uint32_t growth = 2;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		growth += (c == '"') + (c == '\\') + (c == '\t') + (c == '\n') +
			  5U * (c < 0x20 && c != '\t' && c != '\n');
	}
	return growth;
}

void json_quote(struct buffer *buffer, struct slice text)
{
	/* Room for the longest escape at each place, two quotes and the NUL. */
	char *at = buffer_room(buffer, 6 * text.length + 3);

	*at++ = '"';
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (escapes[c])
			at = put_escape(at, c);
		else
			*at++ = (char)c;
	}
	*at++ = '"';
	*at = '\0';
	buffer->length = (size_t)(at - buffer->data);
}

void json_quote_any(struct buffer *buffer, struct slice text)
{
	auto_buffer printable = { 0 };

	if (text_is_utf8(text)) {
		json_quote(buffer, text);
		return;
	}
	buffer_add_printable(&printable, text);
	json_quote(buffer, buffer_slice(&printable));
}

void json_quote_end(struct buffer *buffer, size_t start)
{
	const size_t length = buffer->length - start;
	const size_t grown = find_growth(buffer->data + start, length);
	char *first, *from, *to;

	buffer_room(buffer, grown + 1);
	first = buffer->data + start;
	from = first + length;
	to = from + grown;
	buffer->length += grown;
	*to = '\0';
	*--to = '"';
	/* From the end: what isn't quoted yet is never overwritten. */
	while (from > first) {
		unsigned char c = (unsigned char)*--from;

		if (escapes[c]) {
			to -= escapes[c] == 'u' ? 6 : 2;
			put_escape(to, c);
		} else {
			*--to = (char)c;
		}
	}
	*first = '"';
}
