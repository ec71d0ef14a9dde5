/* SPDX-License-Identifier: Apache-2.0 */
/* A scanner of TOML. It goes over a value by its brackets and strings, and looks into none. */
#include "oci-vfio-hook/toml.h"

#include <stdio.h>

#define DEPTH_MAX 64
#define FAILED ((size_t)-1)

void toml_free(struct toml *toml)
{
	buffer_free(&toml->path);
	*toml = (struct toml) { 0 };
}

static char byte_at(struct slice text, size_t at)
{
	if (at >= text.length)
		return '\0';
	return text.data[at];
}

static bool starts_at(struct slice text, size_t at, struct slice prefix)
{
	return slice_starts(slice_from_to(text, at, text.length), prefix);
}

static size_t skip_blanks(struct slice text, size_t at)
{
	while (byte_at(text, at) == ' ' || byte_at(text, at) == '\t')
		at++;
	return at;
}

static size_t skip_comment(struct slice text, size_t at)
{
	if (byte_at(text, at) == '#') {
		while (at < text.length && text.data[at] != '\n')
			at++;
	}
	return at;
}

/* Over blanks, ends of lines and comments. */
static size_t skip_space(struct slice text, size_t at)
{
	for (;;) {
		size_t start = at;

		at = skip_comment(text, skip_blanks(text, at));
		if (starts_at(text, at, SLICE("\r\n")))
			at += 2;
		else if (byte_at(text, at) == '\n')
			at++;
		if (at == start)
			return at;
	}
}

static bool is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* After the string at `at`, which may have several lines if `lines`. */
static size_t skip_string(struct slice text, size_t at, bool lines)
{
	const char quote = text.data[at];
	const char triple[] = { quote, quote, quote };
	const struct slice end = { triple, sizeof triple };
	const bool is_long = lines && starts_at(text, at, end);

	at += is_long ? 3 : 1;
	for (; at < text.length; at++) {
		if (text.data[at] == '\n' && !is_long)
			return FAILED;
		if (text.data[at] == '\\' && quote == '"') {
			at++;
		} else if (is_long && starts_at(text, at, end)) {
			/* Up to two quotes may come before the three that end it. */
			at += 3;
			for (size_t i = 0; i < 2 && byte_at(text, at) == quote; i++)
				at++;
			return at;
		} else if (!is_long && text.data[at] == quote) {
			return at + 1;
		}
	}
	return FAILED;
}

/* What is left: numbers, dates, truth values. */
static size_t skip_word(struct slice text, size_t at)
{
	size_t start = at, end = at;

	for (; at < text.length; at++) {
		const char c = text.data[at];

		if (is_bare(c) || c == '+' || c == '.' || c == ':')
			end = at + 1;
		else if (c != ' ' || at == start)
			break;
	}
	return end == start ? FAILED : end;
}

/* After the key at `at`, which is appended to *path (if that isn't NULL). */
static size_t skip_key(struct slice text, size_t at, struct buffer *path)
{
	for (bool first = true;; first = false) {
		size_t start = at = skip_blanks(text, at);
		auto_free char *name = NULL;

		if (byte_at(text, at) == '"' || byte_at(text, at) == '\'') {
			at = skip_string(text, at, false);
			if (at == FAILED)
				return FAILED;
			name = toml_string(slice_from_to(text, start, at));
		} else {
			while (is_bare(byte_at(text, at)))
				at++;
			if (at > start)
				name = xstrndup(text.data + start, at - start);
		}
		if (!name)
			return FAILED;
		if (path) {
			size_t i = 0;

			while (is_bare(name[i]))
				i++;
			if (!first || path->length)
				buffer_add(path, SLICE("."));
			if (i > 0 && !name[i])
				buffer_add(path, slice_from(name));
			else
				toml_quote(path, slice_from(name));
		}
		at = skip_blanks(text, at);
		if (byte_at(text, at) != '.')
			return at;
		at++;
	}
}

static size_t skip_value(struct slice text, size_t at, unsigned depth);

/* An array or an inline table. */
static size_t skip_list(struct slice text, size_t at, unsigned depth)
{
	const bool is_table = text.data[at] == '{';
	const char end = is_table ? '}' : ']';

	for (at = skip_space(text, at + 1); byte_at(text, at) != end;) {
		if (is_table) {
			at = skip_key(text, at, NULL);
			if (at == FAILED || byte_at(text, at) != '=')
				return FAILED;
			at++;
		}
		at = skip_value(text, skip_space(text, at), depth + 1);
		if (at == FAILED)
			return FAILED;
		at = skip_space(text, at);
		if (byte_at(text, at) == ',')
			at = skip_space(text, at + 1);
		else if (byte_at(text, at) != end)
			return FAILED;
	}
	return at + 1;
}

/* After the value at `at`. */
static size_t skip_value(struct slice text, size_t at, unsigned depth)
{
	switch (byte_at(text, at)) {
	case '"':
	case '\'':
		return skip_string(text, at, true);
	case '[':
	case '{':
		return depth < DEPTH_MAX ? skip_list(text, at, depth) : FAILED;
	default:
		return skip_word(text, at);
	}
}

/* A table's header; `at` is its first bracket. */
static size_t read_header(struct toml *toml, size_t at, struct toml_statement *ret)
{
	const bool is_array = byte_at(toml->text, at + 1) == '[';

	ret->kind = is_array ? TOML_ARRAY_TABLE : TOML_TABLE;
	toml->path.length = 0;
	at = skip_key(toml->text, at + (is_array ? 2 : 1), &toml->path);
	toml->table_length = toml->path.length;
	if (at == FAILED ||
	    !starts_at(toml->text, at, is_array ? SLICE("]]") : SLICE("]")))
		return FAILED;
	return at + (is_array ? 2 : 1);
}

static size_t read_value(struct toml *toml, size_t at, struct toml_statement *ret)
{
	size_t start;

	ret->kind = TOML_VALUE;
	toml->path.length = toml->table_length;
	at = skip_key(toml->text, at, &toml->path);
	if (at == FAILED || byte_at(toml->text, at) != '=')
		return FAILED;
	start = skip_blanks(toml->text, at + 1);
	at = skip_value(toml->text, start, 0);
	if (at != FAILED)
		ret->value = slice_from_to(toml->text, start, at);
	return at;
}

int toml_next(struct toml *toml, struct toml_statement *ret, struct error *err)
{
	size_t start = skip_space(toml->text, toml->at), end;

	for (; toml->at < start; toml->at++)
		toml->newlines += toml->text.data[toml->at] == '\n';
	*ret = (struct toml_statement) { .line = toml->newlines + 1 };
	if (start >= toml->text.length)
		return 0;
	end = toml->text.data[start] == '[' ? read_header(toml, start, ret)
					    : read_value(toml, start, ret);
	if (end != FAILED) {
		end = skip_comment(toml->text, skip_blanks(toml->text, end));
		if (starts_at(toml->text, end, SLICE("\r\n")))
			end++;
		if (end < toml->text.length && toml->text.data[end] != '\n')
			end = FAILED;
	}
	if (end == FAILED)
		return error_set(err, ERROR_DATA,
				 "%s: line %zu: not TOML as it is known here", toml->name,
				 ret->line);
	for (; toml->at < end; toml->at++)
		toml->newlines += toml->text.data[toml->at] == '\n';
	ret->path = buffer_slice(&toml->path);
	ret->table = slice_from_to(ret->path, 0, toml->table_length);
	if (ret->kind == TOML_VALUE)
		ret->key = slice_from_to(ret->path,
					 toml->table_length + (toml->table_length > 0),
					 ret->path.length);
	return 1;
}

bool toml_element(struct slice array, size_t *at, struct slice *ret)
{
	size_t start = *at, end;

	if (start == 0) {
		if (byte_at(array, 0) != '[')
			return false;
		start = 1;
	}
	start = skip_space(array, start);
	if (byte_at(array, start) == ',')
		start = skip_space(array, start + 1);
	if (start >= array.length || array.data[start] == ']')
		return false;
	end = skip_value(array, start, 1);
	if (end == FAILED)
		return false;
	*ret = slice_from_to(array, start, end);
	*at = end;
	return true;
}

char *toml_string(struct slice value)
{
	static const char escapes[] = "b\bt\tn\nf\fr\r\"\"\\\\";
	auto_buffer text = { 0 };
	char quote = byte_at(value, 0);

	if ((quote != '"' && quote != '\'') || value.length < 2 ||
	    skip_string(value, 0, false) != value.length)
		return NULL;
	for (size_t i = 1; i < value.length - 1; i++) {
		char c = value.data[i];

		if (c == '\0')
			return NULL;
		if (c == '\\' && quote == '"') {
			const char *found = NULL;

			c = value.data[++i];
			for (size_t k = 0; k < sizeof escapes - 1; k += 2) {
				if (escapes[k] == c)
					found = &escapes[k + 1];
			}
			if (!found)
				return NULL;
			c = *found;
		}
		buffer_add(&text, (struct slice) { &c, 1 });
	}
	buffer_add(&text, SLICE(""));
	return xstrndup(buffer_slice(&text).data, text.length);
}

void toml_quote(struct buffer *buffer, struct slice text)
{
	buffer_add(buffer, SLICE("\""));
	for (size_t i = 0; i < text.length; i++) {
		const unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			buffer_printf(buffer, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buffer_printf(buffer, "\\u%04x", c);
		else
			buffer_add(buffer, (struct slice) { &text.data[i], 1 });
	}
	buffer_add(buffer, SLICE("\""));
}
