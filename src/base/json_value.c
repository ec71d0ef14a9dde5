/* Reading an index: values, places and errors; writing strings.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/number.h"

uint32_t json_child(const struct json *doc, uint32_t node)
{
	/* Nodes are in the order of the text: the first child comes next, if there is
	 * one. */
	return node + 1 < doc->n_nodes &&
			       doc->nodes[node + 1].start < doc->nodes[node].end
		       ? node + 1
		       : 0;
}

bool json_is_inside(const struct json *doc, uint32_t node, uint32_t container)
{
	const struct json_node *outer = &doc->nodes[container],
			       *inner = &doc->nodes[node];

	return node != container && inner->start >= outer->start &&
	       inner->end <= outer->end;
}

size_t json_array_length(const struct json *doc, uint32_t array)
{
	return doc->nodes[array].extra;
}

uint32_t json_member_raw(const struct json *doc, uint32_t object, uint32_t position)
{
	uint32_t child = json_child(doc, object);

	while (child) {
		if (json_type(doc, child) == JSON_KEY)
			child = json_next(doc, child);
		else if (doc->nodes[child].position == position)
			return child;
		child = json_next(doc, child);
	}
	return 0;
}

uint32_t json_member(const struct json *doc, uint32_t object, uint32_t position)
{
	uint32_t member = json_member_raw(doc, object, position);

	return member && json_type(doc, member) != JSON_NULL ? member : 0;
}

static const char *type_name(enum json_type type)
{
	switch (type) {
	case JSON_NULL:
		return "null";
	case JSON_BOOL:
		return "true or false";
	case JSON_NUMBER:
		return "a number";
	case JSON_STRING:
		return "a string";
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_KEY:
		return "a key";
	}
	return "?";
}

int json_expect(const struct json *doc, uint32_t node, enum json_type type,
		struct error *err)
{
	enum json_type found = json_type(doc, node);

	if (found == type)
		return 0;
	return json_error(err, ERROR_DATA, doc, node, "must be %s, not %s",
			  type_name(type), type_name(found));
}

static struct slice decoded(const struct json *doc, uint32_t node)
{
	const struct json_node *at = &doc->nodes[node];
	uint32_t length;

	if (!at->escaped)
		return slice_from_to(doc->text, at->start + 1, at->end - 1);
	memcpy(&length, doc->decoded.data + at->extra, sizeof length);
	return (struct slice) { doc->decoded.data + at->extra + sizeof length, length };
}

/* The code unit of the \uXXXX at `at` (the backslash), or 0 where there is none. */
static unsigned int code_unit(struct slice raw, size_t at)
{
	uint64_t value;

	if (at + 6 > raw.length || raw.data[at] != '\\' || raw.data[at + 1] != 'u' ||
	    number_parse(slice_from_to(raw, at + 2, at + 6), 16, 4, 0xffff, &value) < 0)
		return 0;
	return (unsigned int)value;
}

static bool has_lone_surrogate(struct slice raw)
{
	for (size_t i = 0; i < raw.length; i++) {
		unsigned int unit, next;

		if (raw.data[i] != '\\')
			continue;
		unit = code_unit(raw, i);
		if (unit >= 0xd800 && unit <= 0xdfff) {
			next = code_unit(raw, i + 6);
			if (unit >= 0xdc00 || next < 0xdc00 || next > 0xdfff)
				return true;
			i += 11;
		} else {
			i++; /* the escaped character, which may be a backslash */
		}
	}
	return false;
}

int json_string(const struct json *doc, uint32_t node, struct slice *ret,
		struct error *err)
{
	struct slice text;
	int r;

	if (json_type(doc, node) != JSON_KEY) {
		r = json_expect(doc, node, JSON_STRING, err);
		if (r < 0)
			return r;
	}
	text = decoded(doc, node);
	if (json_node(doc, node)->escaped) {
		if (memchr(text.data, '\0', text.length))
			return json_error(err, ERROR_DATA, doc, node,
					  "has a NUL (\\u0000)");
		if (has_lone_surrogate(json_raw(doc, node)))
			return json_error(
				err, ERROR_DATA, doc, node,
				"has half a surrogate pair (\\uD800 to \\uDFFF)");
	}
	if (!text_is_utf8(text))
		return json_error(err, ERROR_DATA, doc, node, "is not UTF-8");
	*ret = text;
	return 0;
}

int json_integer(const struct json *doc, uint32_t node, int64_t min, int64_t max,
		 int64_t *ret, struct error *err)
{
	int r = json_expect(doc, node, JSON_NUMBER, err);

	if (r < 0)
		return r;
	if (number_parse_integer(json_raw(doc, node), min, max, ret) < 0) {
		auto_free char *quoted = text_quote(json_raw(doc, node));

		return json_error(
			err, ERROR_DATA, doc, node,
			"must be an integer from %lld to %lld in plain digits, not %s",
			(long long)min, (long long)max, quoted);
	}
	return 0;
}

int json_bool(const struct json *doc, uint32_t node, bool *ret, struct error *err)
{
	int r = json_expect(doc, node, JSON_BOOL, err);

	if (r < 0)
		return r;
	*ret = doc->text.data[json_node(doc, node)->start] == 't';
	return 0;
}

static bool is_plain_key(struct slice key)
{
	for (size_t i = 0; i < key.length; i++) {
		char c = key.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
			return false;
	}
	return key.length > 0;
}

static void add_key(struct buffer *path, struct slice key)
{
	auto_free char *quoted = NULL;

	if (is_plain_key(key)) {
		buffer_add(path, path->length ? SLICE(".") : SLICE(""));
		buffer_add(path, key);
		return;
	}
	quoted = text_quote(key);
	buffer_printf(path, "[%s]", quoted);
}

static void add_index(struct buffer *path, uint32_t index)
{
	buffer_add(path, SLICE("["));
	buffer_add_number(path, index);
	buffer_add(path, SLICE("]"));
}

char *json_path(const struct json *doc, uint32_t node)
{
	const struct json_shape *shape = doc->shape;
	struct buffer path = { 0 };
	uint32_t at = 0;

	buffer_add(&path, SLICE(""));
	while (at != node) {
		bool in_array = json_type(doc, at) == JSON_ARRAY;
		uint32_t child = json_child(doc, at), key = 0;

		/* Nodes are in the order of the text, so the child to enter is the last
		 * one that isn't behind the node; a key belongs to the value behind it.
		 */
		for (;;) {
			uint32_t next = json_next(doc, child);

			if (!next || next > node)
				break;
			key = json_type(doc, child) == JSON_KEY ? child : 0;
			child = next;
		}
		if (json_type(doc, child) == JSON_KEY)
			key = child;
		if (in_array)
			add_index(&path, doc->nodes[child].position);
		else if (key)
			add_key(&path, decoded(doc, key));
		else
			add_key(&path, shape->members[doc->nodes[child].position].key);
		shape = in_array ? shape->elements
			: key	 ? shape->others
				 : shape->members[doc->nodes[child].position].shape;
		at = child;
	}
	return path.data;
}

char *json_path_of_member(const struct json *doc, uint32_t object, struct slice key)
{
	auto_free char *path = json_path(doc, object);
	struct buffer member = { 0 };

	buffer_add(&member, slice_from(path));
	add_key(&member, key);
	return member.data;
}

int json_error(struct error *err, enum error_class class, const struct json *doc,
	       uint32_t node, const char *format, ...)
{
	auto_free char *path = json_path(doc, node);
	auto_free char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = memory_vprintf(format, arguments);
	va_end(arguments);
	return error_set(err, class, "%s: %s%s%s", doc->name, path, *path ? ": " : "",
			 message);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t json_skip_space(struct slice text, size_t at)
{
	while (at < text.length && is_space(text.data[at]))
		at++;
	return at;
}

size_t json_skip_space_back(struct slice text, size_t at)
{
	while (at > 0 && is_space(text.data[at - 1]))
		at--;
	return at;
}

void json_add_compact(struct buffer *buffer, struct slice text)
{
	bool in_string = false;

	for (size_t i = 0; i < text.length; i++) {
		char c = text.data[i];

		if (!in_string && is_space(c))
			continue;
		buffer_add(buffer, slice_from_to(text, i, i + 1));
		if (in_string && c == '\\')
			buffer_add(buffer, slice_from_to(text, i + 1, i + 2)), i++;
		else if (c == '"')
			in_string = !in_string;
	}
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
