/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the index of a JSON text: which texts are taken, and that each span is the value
 * that it says. The first byte chooses the shape. */
#include "fuzz.h"
#include "json_grammar.h"

#include "oci-vfio-hook/json.h"

static bool starts_with_p(const void *context, struct slice text)
{
	(void)context;
	return slice_starts(text, SLICE("P"));
}

static const struct json_shape strings = { .wanted = starts_with_p };
static const struct json_shape list = { .elements = &strings };
static const struct json_shape closed;
static const struct json_member members[] = {
	JSON_MEMBER("a", &json_any),	 JSON_MEMBER("kids", &list),
	JSON_MEMBER("key", &json_value), JSON_MEMBER("no", NULL),
	JSON_MEMBER("closed", &closed),
};
static const struct json_shape closed = { .members = members,
					  .n_members = 5,
					  .closed = true };
static const struct json_shape mixed = {
	.members = members, .n_members = 5, .others = &mixed, .elements = &mixed
};
static const struct json_shape map = {
	.members = members, .n_members = 5, .map = true, .elements = &mixed
};
static const struct json_shape *const shapes[] = { &json_value, &json_any, &mixed, &map,
						   &closed };

/* Does the first byte of a value's span fit its type, and does it parse by itself? */
static void check_value(const struct json *doc, uint32_t json)
{
	static const char *const firsts[] = {
		[JSON_NULL] = "n",    [JSON_BOOL] = "tf",  [JSON_NUMBER] = "-0123456789",
		[JSON_STRING] = "\"", [JSON_OBJECT] = "{", [JSON_ARRAY] = "[",
		[JSON_KEY] = "\"",
	};
	struct slice raw = json_raw(doc, json);

	fuzz_check(raw.length > 0 && strchr(firsts[json_type(doc, json)], raw.data[0]),
		   "node %u of type %d is %.*s", json, (int)json_type(doc, json),
		   (int)raw.length, raw.data);
	fuzz_check(strchr(" \t\r\n", raw.data[raw.length - 1]) == NULL,
		   "node %u ends with space", json);
	fuzz_check(json_grammar_holds(raw, JSON_DEPTH_MAX),
		   "node %u is not a value: %.*s", json, (int)raw.length, raw.data);
}

/* Children are in the order of the text and within their parent. Returns their number. */
static size_t check_children(const struct json *doc, uint32_t parent)
{
	uint32_t at = json_span(doc, parent)->start;
	size_t count = 0;

	for (uint32_t json = json_child(doc, parent); json; json = json_next(doc, json)) {
		const struct json_span *child = json_span(doc, json);

		fuzz_check(json > parent && child->start > at &&
				   child->end > child->start,
			   "node %u is out of order", json);
		fuzz_check(child->start >= json_span(doc, parent)->start &&
				   child->end <= json_span(doc, parent)->end,
			   "node %u is outside", json);
		if (json_type(doc, parent) == JSON_ARRAY)
			fuzz_check(child->position < json_array_length(doc, parent),
				   "element %u of an array of %zu", child->position,
				   json_array_length(doc, parent));
		at = child->end;
		count++;
	}
	return count;
}

static void check_texts(const struct json *doc, uint32_t json)
{
	auto_free char *path = json_path(doc, json);
	auto_buffer quoted = { 0 };
	auto_error err = { 0 };
	auto_json again = { 0 };
	struct slice text, same;
	int64_t number;
	bool truth;

	fuzz_check(text_is_utf8(slice_from(path)), "path isn't UTF-8: %s", path);
	if (json_type(doc, json) == JSON_NUMBER &&
	    json_integer(doc, json, -5, UINT32_MAX, &number, &err) == 0)
		fuzz_check(number >= -5 && number <= UINT32_MAX, "out of range");
	if (json_type(doc, json) == JSON_BOOL)
		fuzz_check(json_bool(doc, json, &truth, &err) == 0, "no bool");
	if (json_type(doc, json) != JSON_STRING && json_type(doc, json) != JSON_KEY)
		return;
	if (json_string(doc, json, &text, &err) < 0)
		return;
	/* What we quote is read as the same text. */
	fuzz_check(text_is_utf8(text) && !memchr(text.data, '\0', text.length),
		   "bad text");
	json_quote(&quoted, text);
	fuzz_check(json_parse("again", buffer_slice(&quoted), &json_value, NULL, &again,
			      &err) == 0 &&
			   json_string(&again, 0, &same, &err) == 0 &&
			   slice_equal(text, same),
		   "%s is another text", quoted.data);
}

static void check_index(const struct json *doc)
{
	size_t children = 1;

	fuzz_check(doc->n_spans > 0, "no node");
	for (uint32_t json = 0; json < doc->n_spans; json++) {
		check_value(doc, json);
		children += check_children(doc, json);
		if (json < 64)
			check_texts(doc, json);
	}
	fuzz_check(children == doc->n_spans, "%zu nodes, %zu are reached", doc->n_spans,
		   children);
}

/* Values that are spliced in are checked by themselves, however deep they are. */
static void check_alone(struct slice text)
{
	auto_error err = { 0 };
	bool holds = json_grammar_holds(text, 10000);
	int r = json_check_value(text, &err);

	fuzz_check_error(r, &err);
	fuzz_check(r < 0 || holds, "checked although it is not JSON");
	fuzz_check(r == 0 || !holds || !text_is_utf8(text),
		   "refused although it is JSON: %s", err.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_shape *shape;
	auto_free char *copy = NULL;
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice text;
	bool holds;
	int r;

	if (size == 0)
		return 0;
	shape = shapes[data[0] % ARRAY_SIZE(shapes)];
	text = (struct slice) { (const char *)data + 1, size - 1 };
	text.data = copy = fuzz_copy(text);
	check_alone(text);
	holds = json_grammar_holds(text, JSON_DEPTH_MAX);
	r = json_parse("fuzz", text, shape, NULL, &doc, &err);
	fuzz_check_error(r, &err);
	if (r < 0) {
		/* Duplicate and unknown keys aside, what is JSON is taken. */
		fuzz_check(!holds || !text_is_utf8(text) || strstr(err.message, " key"),
			   "refused although it is JSON: %s", err.message);
		return 0;
	}
	fuzz_check(holds, "taken although it is not JSON");
	check_index(&doc);
	return 0;
}
