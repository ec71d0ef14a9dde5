/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside, as messages and logs show it: the only place where that is decided.
 * Who writes a spec chooses its text, so it is cut, and it neither steers a terminal nor
 * ends a line nor looks like other text. */
#include "oci-vfio-hook/text.h"

/* Length of the UTF-8 sequence at the start of `text`, 0 if it isn't one (Unicode, table
 * 3-7, well-formed byte sequences). */
static size_t utf8_sequence(const unsigned char *text, size_t length)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	n = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (n > length)
		return 0;
	if (text[0] == 0xe0)
		low = 0xa0; /* overlong */
	if (text[0] == 0xed)
		high = 0x9f; /* surrogates */
	if (text[0] == 0xf0)
		low = 0x90; /* overlong */
	if (text[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (text[1] < low || text[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (text[i] < 0x80 || text[i] > 0xbf)
			return 0;
	}
	return n;
}

static bool is_ascii_word(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof word);
	return !(word & UINT64_C(0x8080808080808080));
}

bool text_is_utf8(struct slice text)
{
	const unsigned char *at = (const unsigned char *)text.data;
	size_t n, i = 0;

	/* Almost all text is ASCII: eight bytes at a time, the last ones with some before
	 * them, take 4 % off the time of a run with a large config. */
	while (i + 8 <= text.length && is_ascii_word(text.data + i))
		i += 8;
	if (i > 0 && i + 8 > text.length && is_ascii_word(text.data + text.length - 8))
		return true;
	for (; i < text.length; i += n) {
		n = utf8_sequence(at + i, text.length - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* Characters that steer a terminal, end a line, change the direction of other text, or
 * that nobody sees: controls, Unicode's Default_Ignorable_Code_Point, and U+2028 to
 * U+202E. In ascending order. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{ 0x0, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },
	{ 0x34f, 0x34f },     { 0x61c, 0x61c },	    { 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },
	{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
};

static uint32_t decode(const unsigned char *at, size_t n)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t character = at[0] & masks[n];

	for (size_t i = 1; i < n; i++)
		character = character << 6 | (at[i] & 0x3f);
	return character;
}

static bool is_hidden(uint32_t character)
{
	for (size_t i = 0; i < ARRAY_SIZE(hidden) && character >= hidden[i].first; i++) {
		if (character <= hidden[i].last)
			return true;
	}
	return false;
}

/* Appends the first character of the rest in a form that may be shown, and returns the
 * character's length. */
static size_t add_character(struct buffer *buffer, struct slice rest)
{
	const unsigned char *at = (const unsigned char *)rest.data;
	size_t n = utf8_sequence(at, rest.length);

	if (n > 0 && !is_hidden(decode(at, n))) {
		buffer_add(buffer, slice_from_to(rest, 0, n));
		return n;
	}
	n = n == 0 ? 1 : n;
	for (size_t i = 0; i < n; i++)
		buffer_printf(buffer, "\\x%02X", at[i]);
	return n;
}

static const bool plain_characters[256] = {
	[' ' ... '"' - 1] = true,
	['"' + 1 ... '\\' - 1] = true,
	['\\' + 1 ... '~'] = true,
};

size_t text_plain_end(struct slice text, size_t at)
{
	while (at < text.length && plain_characters[(unsigned char)text.data[at]])
		at++;
	return at;
}

void buffer_add_printable(struct buffer *buffer, struct slice text)
{
	for (size_t i = 0; i < text.length;) {
		size_t plain = text_plain_end(text, i);

		buffer_add(buffer, slice_from_to(text, i, plain));
		i = plain;
		if (i < text.length)
			i += add_character(buffer, slice_from_to(text, i, text.length));
	}
}

/* \uXXXX, of what is beyond 16 bits two (RFC 8259, 7). */
static void add_json_escape(struct buffer *buffer, uint32_t character)
{
	if (character > 0xffff)
		buffer_printf(buffer, "\\u%04x\\u%04x",
			      0xd800 + ((character - 0x10000) >> 10),
			      0xdc00 + ((character - 0x10000) & 0x3ff));
	else
		buffer_printf(buffer, "\\u%04x", character);
}

void buffer_add_json(struct buffer *buffer, struct slice json)
{
	size_t start = 0, n;

	for (size_t i = 0; i < json.length; i += n) {
		const unsigned char *at = (const unsigned char *)json.data + i;
		uint32_t character;

		n = utf8_sequence(at, json.length - i);
		character = n ? decode(at, n) : 0;
		n = n ? n : 1;
		/* White space between values is below. */
		if (character < 0x7f || !is_hidden(character))
			continue;
		buffer_add(buffer, slice_from_to(json, start, i));
		add_json_escape(buffer, character);
		start = i + n;
	}
	buffer_add(buffer, slice_from_to(json, start, json.length));
}

char *text_quote(struct slice text)
{
	struct buffer quoted = { 0 };
	size_t i = 0;

	buffer_add(&quoted, SLICE("\""));
	while (i < text.length && i < TEXT_SHOWN_MAX) {
		size_t plain = text_plain_end(text, i);

		plain = plain > TEXT_SHOWN_MAX ? TEXT_SHOWN_MAX : plain;
		buffer_add(&quoted, slice_from_to(text, i, plain));
		i = plain;
		if (i == text.length || i == TEXT_SHOWN_MAX)
			break;
		if (text.data[i] == '"' || text.data[i] == '\\')
			buffer_add(&quoted, SLICE("\\"));
		i += add_character(&quoted, slice_from_to(text, i, text.length));
	}
	buffer_add(&quoted, i < text.length ? SLICE("\"...") : SLICE("\""));
	return quoted.data;
}

static const bool name_characters[256] = {
	['+'] = true, ['-' ... ':'] = true, ['@' ... 'Z'] = true,
	['_'] = true, ['a' ... 'z'] = true,
};

static bool is_plain_name(struct slice name)
{
	if (name.length == 0 || name.length > TEXT_SHOWN_MAX)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		if (!name_characters[(unsigned char)name.data[i]])
			return false;
	}
	return true;
}

char *text_name(struct slice name)
{
	return is_plain_name(name) ? xstrndup(name.data, name.length) : text_quote(name);
}

char *path_display(const char *path)
{
	return text_name(slice_from(path));
}

void buffer_add_name(struct buffer *buffer, struct slice name)
{
	auto_free char *quoted = NULL;

	if (is_plain_name(name)) {
		buffer_add(buffer, name);
		return;
	}
	quoted = text_quote(name);
	buffer_add(buffer, slice_from(quoted));
}
