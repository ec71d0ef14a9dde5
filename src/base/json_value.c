/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an index: values, places and errors. */
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/number.h"

uint32_t json_child(const struct json *doc, uint32_t json)
{
	/* Spans are in the order of the text: the first child comes next, if there is
	 * one. */
	return json + 1 < doc->n_spans &&
			       doc->spans[json + 1].start < doc->spans[json].end
		       ? json + 1
		       : 0;
}

/* The span's extra, which it has. */
static uint32_t find_extra(const struct json *doc, uint32_t json)
{
	size_t low = 0, high = doc->n_extras;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (doc->extras[middle].json <= json)
			low = middle;
		else
			high = middle;
	}
	return doc->extras[low].value;
}

size_t json_array_length(const struct json *doc, uint32_t array)
{
	return find_extra(doc, array);
}

uint32_t json_member_raw(const struct json *doc, uint32_t object, uint32_t position)
{
	uint32_t child = json_child(doc, object);

	while (child) {
		if (json_type(doc, child) == JSON_KEY)
			child = json_next(doc, child);
		else if (doc->spans[child].position == position)
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

void json_members(const struct json *doc, uint32_t object, size_t count, uint32_t *ret)
{
	for (uint32_t json = json_child(doc, object); json; json = json_next(doc, json)) {
		const struct json_span *span = &doc->spans[json];

		if (span->type == JSON_KEY)
			json = span->next;
		else if (span->position < count && span->type != JSON_NULL)
			ret[span->position] = json;
	}
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

int json_expect(const struct json *doc, uint32_t json, enum json_type type,
		struct error *err)
{
	enum json_type found = json_type(doc, json);

	if (found == type)
		return 0;
	return json_error(err, ERROR_DATA, doc, json, "must be %s, not %s",
			  type_name(type), type_name(found));
}

struct slice json_decoded(const struct json *doc, uint32_t json)
{
	const struct json_span *at = &doc->spans[json];
	const char *found;
	uint32_t length;

	if (!at->escaped)
		return slice_from_to(doc->text, at->start + 1, at->end - 1);
	found = doc->decoded.data + find_extra(doc, json);
	memcpy(&length, found, sizeof length);
	return (struct slice) { found + sizeof length, length };
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

static int check_escaped(const struct json *doc, uint32_t json, struct slice text,
			 struct error *err)
{
	if (memchr(text.data, '\0', text.length))
		return json_error(err, ERROR_DATA, doc, json,
				  "has a NUL (\\u0000); remove it");
	if (has_lone_surrogate(json_raw(doc, json)))
		return json_error(err, ERROR_DATA, doc, json,
				  "has half a surrogate pair (\\uD800 to \\uDFFF)");
	return 0;
}

int json_string(const struct json *doc, uint32_t json, struct slice *ret,
		struct error *err)
{
	const struct json_span *span = json_span(doc, json);
	struct slice text;
	int r = 0;

	if (span->type != JSON_STRING && span->type != JSON_KEY)
		return json_expect(doc, json, JSON_STRING, err);
	text = slice_from_to(doc->text, span->start + 1, span->end - 1);
	if (span->escaped) {
		text = json_decoded(doc, json);
		r = check_escaped(doc, json, text, err);
	}
	if (r < 0)
		return r;
	if (!text_is_utf8(text))
		return json_error(err, ERROR_DATA, doc, json, "is not UTF-8");
	*ret = text;
	return 0;
}

int json_member_string(const struct json *doc, uint32_t object, uint32_t position,
		       struct slice *ret, struct error *err)
{
	uint32_t json = json_member(doc, object, position);

	return json ? json_string(doc, json, ret, err) : 0;
}

int json_integer(const struct json *doc, uint32_t json, int64_t min, int64_t max,
		 int64_t *ret, struct error *err)
{
	int r = json_expect(doc, json, JSON_NUMBER, err);

	if (r < 0)
		return r;
	if (number_parse_integer(json_raw(doc, json), min, max, ret) < 0) {
		auto_free char *quoted = text_quote(json_raw(doc, json));

		return json_error(
			err, ERROR_DATA, doc, json,
			"must be an integer from %lld to %lld in plain digits, not %s",
			(long long)min, (long long)max, quoted);
	}
	return 0;
}

int json_bool(const struct json *doc, uint32_t json, bool *ret, struct error *err)
{
	int r = json_expect(doc, json, JSON_BOOL, err);

	if (r < 0)
		return r;
	*ret = doc->text.data[json_span(doc, json)->start] == 't';
	return 0;
}

static bool is_plain_key(struct slice key)
{
	if (key.length == 0 || key.length > TEXT_SHOWN_MAX)
		return false;
	for (size_t i = 0; i < key.length; i++) {
		char c = key.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '.')
			return false;
	}
	return true;
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

char *json_path(const struct json *doc, uint32_t json)
{
	const struct json_shape *shape = doc->shape;
	struct buffer path = { 0 };
	uint32_t at = 0;

	buffer_add(&path, SLICE(""));
	while (at != json && path.length <= TEXT_SHOWN_MAX) {
		bool in_array = json_type(doc, at) == JSON_ARRAY;
		uint32_t child = json_child(doc, at), key = 0;

		/* Spans are in the order of the text, so the child to enter is the last
		 * one that doesn't come after the span; a key belongs to the value after
		 * it. */
		for (;;) {
			uint32_t next = json_next(doc, child);

			if (!next || next > json)
				break;
			key = json_type(doc, child) == JSON_KEY ? child : 0;
			child = next;
		}
		if (json_type(doc, child) == JSON_KEY)
			key = child;
		if (in_array)
			add_index(&path, doc->spans[child].position);
		else if (key)
			add_key(&path, json_decoded(doc, key));
		else
			add_key(&path, shape->members[doc->spans[child].position].key);
		shape = in_array ? shape->elements
			: key	 ? shape->others
				 : shape->members[doc->spans[child].position].shape;
		at = child;
	}
	if (at != json)
		buffer_add(&path, SLICE("..."));
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

__attribute__((format(printf, 5, 0))) static int refuse(
	struct error *err, enum error_class class, const struct json *doc,
	const char *path, const char *format, va_list arguments)
{
	auto_free char *message = xvasprintf(format, arguments);

	return error_set(err, class, "%s: %s%s%s", doc->name, path, *path ? ": " : "",
			 message);
}

int json_error(struct error *err, enum error_class class, const struct json *doc,
	       uint32_t json, const char *format, ...)
{
	auto_free char *path = json_path(doc, json);
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = refuse(err, class, doc, path, format, arguments);
	va_end(arguments);
	return r;
}

int json_error_member(struct error *err, enum error_class class, const struct json *doc,
		      uint32_t object, const char *key, const char *format, ...)
{
	auto_free char *path = key ? json_path_of_member(doc, object, slice_from(key))
				   : json_path(doc, object);
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = refuse(err, class, doc, path, format, arguments);
	va_end(arguments);
	return r;
}
