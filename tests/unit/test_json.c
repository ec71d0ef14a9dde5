/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a JSON text: spans, shapes, keys, what is refused, places in messages. */
#include "helpers.h"

/* Parses by `shape` and compares the index with `dump` (see dump_index()). */
static void check_index(const char *text, const struct json_shape *shape,
			const char *dump)
{
	auto_buffer found = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	check_done(text, json_parse("doc", slice_from(text), shape, NULL, &doc, &err),
		   &err);
	dump_index(&doc, &found);
	check_text(text, buffer_slice(&found), dump);
}

/* The text is refused; an input of exactly its size, so that ASan sees a read past its end.
 */
static void check_refused(struct slice text, const struct json_shape *shape,
			  const char *part)
{
	auto_free char *quoted = text_quote(text);
	char *copy = malloc(text.length ? text.length : 1);
	auto_error err = { 0 };
	auto_json doc = { 0 };
	int r;

	assert_non_null(copy);
	if (text.length)
		memcpy(copy, text.data, text.length);
	r = json_parse("doc", (struct slice) { copy, text.length }, shape, NULL, &doc,
		       &err);
	free(copy);
	check_error(quoted, r, &err, ERROR_DATA, part);
	assert_null(doc.spans);
}

static void test_spans(void **state)
{
	static const struct {
		const char *text, *dump;
	} rows[] = {
		{ "null", "Znull" },
		{ "true", "Btrue" },
		{ "false", "Bfalse" },
		{ "\"\"", "S\"\"" },
		{ "\"a b\"", "S\"a b\"" },
		{ "{}", "O{}" },
		{ "[]", "A[]" },
		{ "{ }", "O{ }" },
		{ "[ \n ]", "A[ \n ]" },
		{ " \t\r\n{}\n ", "O{}" },
		{ " \"x\" ", "S\"x\"" },
		{ " true ", "Btrue" },
		{ "\nnull\n", "Znull" },
		{ "[null,true,false,1,\"s\",{},[]]",
		  "A[null,true,false,1,\"s\",{},[]]|Znull|Btrue|Bfalse|N1|S\"s\"|O{}|A[]" },
		{ "[ null , true , false , 1 , \"s\" , { } , [ ] ]",
		  "A[ null , true , false , 1 , \"s\" , { } , [ ] ]|Znull|Btrue|Bfalse|N1|S\"s\"|O{ }|A[ ]" },
		{ "{\"k\":1}", "O{\"k\":1}|K\"k\"|N1" },
		{ "{\n\t\"k\" : \"v\"\n}", "O{\n\t\"k\" : \"v\"\n}|K\"k\"|S\"v\"" },
		{ "{\"a\":{\"b\":[0]},\"c\":null}",
		  "O{\"a\":{\"b\":[0]},\"c\":null}|K\"a\"|O{\"b\":[0]}|K\"b\"|A[0]|N0|K\"c\"|Znull" },
		{ "[[[]],[]]", "A[[[]],[]]|A[[]]|A[]|A[]" },
		{ "[\"a\\\"\",\"\\\\\",\"b\"]",
		  "A[\"a\\\"\",\"\\\\\",\"b\"]|S\"a\\\"\"|S\"\\\\\"|S\"b\"" },
		{ "[\"\\\\\\\\\\\"\",\"\\\"\\\\\"]",
		  "A[\"\\\\\\\\\\\"\",\"\\\"\\\\\"]|S\"\\\\\\\\\\\"\"|S\"\\\"\\\\\"" },
		{ "{\"\\\"\\\\\":\"\\u0041\"}",
		  "O{\"\\\"\\\\\":\"\\u0041\"}|K\"\\\"\\\\\"|S\"\\u0041\"" },
		{ "[\"\xc3\xa9\",\"\xf0\x9d\x84\x9e\"]",
		  "A[\"\xc3\xa9\",\"\xf0\x9d\x84\x9e\"]|S\"\xc3\xa9\"|S\"\xf0\x9d\x84\x9e\"" },
		{ "[\"\\u00e9\\ud834\\udd1e\"]",
		  "A[\"\\u00e9\\ud834\\udd1e\"]|S\"\\u00e9\\ud834\\udd1e\"" },
		{ "[\"\",\"\"]", "A[\"\",\"\"]|S\"\"|S\"\"" },
		{ "{\"\":\"\"}", "O{\"\":\"\"}|K\"\"|S\"\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_index(rows[i].text, &json_any, rows[i].dump);
}

static void test_number_spans(void **state)
{
	static const char *const numbers[] = {
		"0",	    "-0",
		"-1",	    "42",
		"1.0",	    "-1.5",
		"1e9",	    "1E+9",
		"1.25e-10", "18446744073709551615",
		"1e999",    "0.0e0",
		"-0.0",	    "123456789012345678901234567890",
	};
	static const struct {
		const char *before, *after;
	} frames[] = {
		{ "[", "]" },	   { "[ ", " ]" },     { "[\n", "\n]" }, { "[0,", "]" },
		{ "[", " , 1 ]" }, { "{\"k\":", "}" }, { "", "" },	 { "", " " },
		{ "", "\n" },	   { " ", "" },	       { "\n\t", "" },	 { " ", " \r\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(frames); k++) {
			auto_free char *text = xasprintf("%s%s%s", frames[k].before,
							 numbers[i], frames[k].after);
			size_t start = strlen(frames[k].before);
			bool found = false;
			auto_error err = { 0 };
			auto_json doc = { 0 };

			check_done(text,
				   json_parse("doc", slice_from(text), &json_any, NULL,
					      &doc, &err),
				   &err);
			for (uint32_t json = 0; json < doc.n_spans; json++)
				found |= json_type(&doc, json) == JSON_NUMBER &&
					 json_span(&doc, json)->start == start &&
					 json_span(&doc, json)->end ==
						 start + strlen(numbers[i]);
			if (!found)
				fail_row(text,
					 "no number has the span of %s; root: %u to %u",
					 numbers[i], json_span(&doc, 0)->start,
					 json_span(&doc, 0)->end);
		}
	}
}

static const struct json_member known_members[] = {
	JSON_MEMBER("kept", &json_value),
	JSON_MEMBER("deep", &json_any),
	JSON_MEMBER("spelt", NULL),
};
static const struct json_shape known = { .members = known_members, .n_members = 3 };
static const struct json_shape known_map = { .members = known_members,
					     .n_members = 3,
					     .map = true };
static const struct json_shape known_closed = { .members = known_members,
						.n_members = 3,
						.closed = true };
static const struct json_shape known_others = { .members = known_members,
						.n_members = 3,
						.others = &json_value };

static void test_shapes(void **state)
{
	static const char text[] =
		"{\"x\":[1],\"kept\":{\"y\":2},\"deep\":{\"z\":3},\"spelt\":[4]}";

	(void)state;
	check_index("[1,{\"a\":2}]", &json_value, "A[1,{\"a\":2}]");
	check_index("{\"a\":2}", &json_value, "O{\"a\":2}");
	check_index(
		text, &known,
		"O{\"x\":[1],\"kept\":{\"y\":2},\"deep\":{\"z\":3},\"spelt\":[4]}|O{\"y\":2}|O{\"z\":3}|K\"z\"|N3");
	check_index(
		text, &known_map,
		"O{\"x\":[1],\"kept\":{\"y\":2},\"deep\":{\"z\":3},\"spelt\":[4]}|O{\"y\":2}|O{\"z\":3}|K\"z\"|N3");
	check_index(
		text, &known_others,
		"O{\"x\":[1],\"kept\":{\"y\":2},\"deep\":{\"z\":3},\"spelt\":[4]}|K\"x\"|A[1]|O{\"y\":2}|O{\"z\":3}|K\"z\"|N3");
	check_refused(slice_from(text), &known_closed, "unknown key \"x\"");
	check_index("{\"spelt\":1,\"kept\":2}", &known_closed,
		    "O{\"spelt\":1,\"kept\":2}|N2");
}

static void test_members(void **state)
{
	static const char text[] =
		"{\"x\":0,\"deep\":null,\"\\u006bept\":1,\"y\":[{\"kept\":5}]}";
	static const struct json_shape *const shapes[] = { &known, &known_others,
							   &known_map };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		auto_error err = { 0 };
		auto_json doc = { 0 };
		uint32_t kept, deep;

		check_done(text,
			   json_parse("doc", slice_from(text), shapes[i], NULL, &doc,
				      &err),
			   &err);
		kept = json_member(&doc, 0, 0);
		assert_int_not_equal(kept, 0);
		check_text("kept", json_raw(&doc, kept), "1");
		assert_int_equal(json_member_raw(&doc, 0, 0), kept);
		deep = json_member_raw(&doc, 0, 1);
		assert_int_not_equal(deep, 0);
		assert_int_equal(json_type(&doc, deep), JSON_NULL);
		assert_int_equal(json_member(&doc, 0, 1), 0);
		assert_int_equal(json_member_raw(&doc, 0, 2), 0);
	}
}

static void test_member_string(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *value; /* NULL: what was there before */
	} rows[] = {
		{ "{\"kept\":\"a\\u0062\"}", 0, "ab" }, { "{\"kept\":\"\"}", 0, "" },
		{ "{\"kept\":null}", 0, NULL },		{ "{\"x\":\"other\"}", 0, NULL },
		{ "{\"kept\":7}", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice text = SLICE("before");
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &known, NULL, &doc,
				      &err),
			   &err);
		if (rows[i].r == 0)
			check_done(rows[i].text,
				   json_member_string(&doc, 0, 0, &text, &err), &err);
		else
			check_error(rows[i].text,
				    json_member_string(&doc, 0, 0, &text, &err), &err,
				    ERROR_DATA, "doc: kept: must be a string");
		check_text(rows[i].text, text, rows[i].value ? rows[i].value : "before");
	}
}

static bool starts_with_p(const void *context, struct slice text)
{
	return slice_starts(text, slice_from(context));
}

static void test_wanted(void **state)
{
	static const struct json_shape string = { .wanted = starts_with_p };
	static const struct json_shape list = { .elements = &string };
	static const char text[] =
		"[ \"P1\", \"q\", 7, \"\\u0050\\n2\", [\"P\"], \"q\\n\", null, \"P3\" ]";
	static const uint32_t positions[] = { 0, 2, 3, 4, 6, 7 };
	auto_error err = { 0 };
	auto_json doc = { 0 };
	auto_buffer dump = { 0 };
	uint32_t json;
	size_t i = 0;

	(void)state;
	check_done(text,
		   json_parse("doc", slice_from(text), &list, (char[]) { "P" }, &doc,
			      &err),
		   &err);
	dump_index(&doc, &dump);
	check_text("wanted", slice_from(dump.data + strlen(text) + 1),
		   "|S\"P1\"|N7|S\"\\u0050\\n2\"|A[\"P\"]|Znull|S\"P3\"");
	for (json = json_child(&doc, 0); json; json = json_next(&doc, json))
		assert_int_equal(json_span(&doc, json)->position, positions[i++]);
	assert_int_equal(i, ARRAY_SIZE(positions));
	assert_int_equal(json_array_length(&doc, 0), 8);
}

/* Adds its member "kept", as text; it stays if that isn't false. */
static int read_object(void *context, const struct json *doc, uint32_t object,
		       bool *ret_kept, struct error *err)
{
	uint32_t kept = json_member(doc, object, 0);
	struct buffer *read = context;

	assert_int_equal(doc->text.data[json_span(doc, object)->end - 1], '}');
	buffer_add(read, kept ? json_raw(doc, kept) : SLICE("-"));
	*ret_kept = !kept || !slice_equal(json_raw(doc, kept), SLICE("false"));
	return kept && json_type(doc, kept) == JSON_NUMBER
		       ? json_error(err, ERROR_DATA, doc, kept, "is a number")
		       : 0;
}

/* What is read leaves nothing but its own span, or nothing at all: neither spans nor links nor
 * decoded text. */
static void test_read(void **state)
{
	static const struct json_member inner_members[] = {
		JSON_MEMBER("kept", &json_any),
		JSON_MEMBER("more", &json_any),
	};
	static const struct json_shape inner = { .members = inner_members,
						 .n_members = 2,
						 .read = read_object };
	static const struct json_shape list = { .elements = &inner };
	static const struct json_member members[] = {
		JSON_MEMBER("list", &list),
		JSON_MEMBER("after", &json_any),
		JSON_MEMBER("object", &inner),
	};
	static const struct json_shape shape = { .members = members, .n_members = 3 };
	static const struct {
		const char *text, *read, *dump;
		const char *positions; /* of the elements of the list, in digits */
		size_t length;
	} rows[] = {
		{ "{\"list\":[{\"kept\":false}],\"after\":1}", "false",
		  "|A[{\"kept\":false}]|N1", "", 1 },
		{ "{\"list\":[{\"kept\":true},{\"kept\":false,\"more\":[{\"\\n\":\"\\u0041\"}]},{\"kept\":\"\\u0042\"}],\"after\":\"\\u0043\"}",
		  "truefalse\"\\u0042\"",
		  "|A[{\"kept\":true},{\"kept\":false,\"more\":[{\"\\n\":\"\\u0041\"}]},{\"kept\":\"\\u0042\"}]|O{\"kept\":true}|O{\"kept\":\"\\u0042\"}|S\"\\u0043\"",
		  "02", 3 },
		{ "{\"list\":[{\"more\":{}},{\"kept\":false}, 7, {\"kept\":false,\"kept2\":1}]}",
		  "-falsefalse",
		  "|A[{\"more\":{}},{\"kept\":false}, 7, {\"kept\":false,\"kept2\":1}]|O{\"more\":{}}|N7",
		  "02", 4 },
		/* It is asked of elements alone. */
		{ "{\"object\":{\"kept\":false}}", "", "|O{\"kept\":false}|Bfalse", "",
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_json doc = { 0 };
		auto_buffer dump = { 0 }, positions = { 0 }, read = { 0 };
		uint32_t array, json;
		struct slice text;

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &shape, &read,
				      &doc, &err),
			   &err);
		check_text(rows[i].text, buffer_slice(&read), rows[i].read);
		dump_index(&doc, &dump);
		check_text(rows[i].text, slice_from(dump.data + strlen(rows[i].text) + 1),
			   rows[i].dump);
		array = json_member(&doc, 0, 0);
		json = array ? json_child(&doc, array) : 0;
		for (; json; json = json_next(&doc, json))
			buffer_add_number(&positions, json_span(&doc, json)->position);
		check_text(rows[i].text, buffer_slice(&positions), rows[i].positions);
		if (array)
			assert_int_equal(json_array_length(&doc, array), rows[i].length);
		json = json_member(&doc, 0, 1);
		if (json && json_type(&doc, json) == JSON_STRING) {
			check_done("after", json_string(&doc, json, &text, &err), &err);
			check_text("after", text, "C");
		}
	}
}

/* Who reads may refuse: the rest isn't looked at. */
static void test_read_refused(void **state)
{
	static const struct json_member inner_members[] = {
		JSON_MEMBER("kept", &json_any),
	};
	static const struct json_shape inner = { .members = inner_members,
						 .n_members = 1,
						 .read = read_object };
	static const struct json_shape list = { .elements = &inner };
	auto_buffer read = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	check_error("refused",
		    json_parse("doc", SLICE("[{},{\"kept\":1},{\"kept\":2}]"), &list,
			       &read, &doc, &err),
		    &err, ERROR_DATA, "doc: [1].kept: is a number");
	check_text("refused", buffer_slice(&read), "-1");
}

static void test_tree(void **state)
{
	static const char text[] = "[[1,2],{\"a\":3},4]";
	auto_error err = { 0 };
	auto_json doc = { 0 };
	uint32_t inner, object;

	(void)state;
	check_done(text, json_parse("doc", slice_from(text), &json_any, NULL, &doc, &err),
		   &err);
	inner = json_child(&doc, 0);
	object = json_next(&doc, inner);
	check_text("inner", json_raw(&doc, inner), "[1,2]");
	check_text("object", json_raw(&doc, object), "{\"a\":3}");
	check_text("last", json_raw(&doc, json_next(&doc, object)), "4");
	assert_int_equal(json_next(&doc, json_next(&doc, object)), 0);
	assert_int_equal(json_array_length(&doc, inner), 2);
	assert_int_equal(json_child(&doc, find_node(&doc, "1")), 0);
}

static void test_strings(void **state)
{
	static const struct {
		const char *text, *decoded;
	} rows[] = {
		{ "\"\"", "" },
		{ "\"plain\"", "plain" },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
		{ "\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac" },
		{ "\"\\ud834\\udd1e\"", "\xf0\x9d\x84\x9e" },
		{ "\"\\uD834\\uDD1E!\"", "\xf0\x9d\x84\x9e!" },
		{ "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
		{ "\"\\ud800\\udc00\"", "\xf0\x90\x80\x80" },
		{ "\"\\u005cud834\"", "\\ud834" },
		{ "\"\\\\ud834\"", "\\ud834" },
		{ "\"\\\\\\\\ud834\"", "\\\\ud834" },
		{ "\"\\ud7ff\\ue000\"", "\xed\x9f\xbf\xee\x80\x80" },
		{ "\"\\uffff\\u0001\"", "\xef\xbf\xbf\x01" },
		{ "\"\xc3\xa9\\n\"", "\xc3\xa9\n" },
		{ "\"\x7f\"", "\x7f" },
		{ "\"a\\\\\"", "a\\" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_json doc = { 0 };
		struct slice text;

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &json_value, NULL,
				      &doc, &err),
			   &err);
		check_done(rows[i].text, json_string(&doc, 0, &text, &err), &err);
		check_text(rows[i].text, text, rows[i].decoded);
	}
}

static void test_strings_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "\"\\u0000\"", "doc: has a NUL (\\u0000)" },
		{ "\"a\\u0000b\"", "has a NUL" },
		{ "\"\\ud834\"", "half a surrogate pair" },
		{ "\"\\udd1e\"", "half a surrogate pair" },
		{ "\"\\ud834x\"", "half a surrogate pair" },
		{ "\"\\ud834\\n\"", "half a surrogate pair" },
		{ "\"\\ud834\\u0041\"", "half a surrogate pair" },
		{ "\"\\ud834\\ud834\"", "half a surrogate pair" },
		{ "\"\\udd1e\\ud834\"", "half a surrogate pair" },
		{ "\"\\ud834\\ud834\\udd1e\"", "half a surrogate pair" },
		{ "\"\\ud834\\udd1e\\udd1e\"", "half a surrogate pair" },
		{ "\"\\ud834\\\\udd1e\"", "half a surrogate pair" },
		{ "\"\\\\\\ud834\"", "half a surrogate pair" },
		{ "\"\xc0\xaf\"", "is not UTF-8" },
		{ "\"\xed\xa0\x80\"", "is not UTF-8" },
		{ "\"\xf4\x90\x80\x80\"", "is not UTF-8" },
		{ "\"\\n\xed\xa0\x80\"", "is not UTF-8" },
		{ "1", "must be a string, not a number" },
		{ "null ", "must be a string, not null" },
		{ "true", "must be a string, not true or false" },
		{ "{}", "must be a string, not an object" },
		{ "[]", "must be a string, not an array" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice text = { "untouched", 9 };
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &json_value, NULL,
				      &doc, &err),
			   &err);
		check_error(rows[i].text, json_string(&doc, 0, &text, &err), &err,
			    ERROR_DATA, rows[i].part);
		check_text(rows[i].text, text, "untouched");
	}
}

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "0 ", 0 },	 { "-1 ", 0 },		{ "4294967295 ", 0 },
		{ "-2 ", -1 },	 { "4294967296 ", -1 }, { "1.0 ", -1 },
		{ "1e0 ", -1 },	 { "-0 ", -1 },		{ "18446744073709551616 ", -1 },
		{ "\"1\"", -1 }, { "null", -1 },	{ "true", -1 },
		{ "[1]", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t value = 77, expected = 77;
		auto_error err = { 0 };
		auto_json doc = { 0 };
		int r;

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &json_value, NULL,
				      &doc, &err),
			   &err);
		r = json_integer(&doc, 0, -1, UINT32_MAX, &value, &err);
		if (rows[i].r == 0) {
			check_done(rows[i].text, r, &err);
			expected = strtoll(rows[i].text, NULL, 10);
		} else {
			check_error(rows[i].text, r, &err, ERROR_DATA, "doc: must be ");
		}
		assert_int_equal(value, expected);
	}
}

static void test_bools(void **state)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };
	bool value = false;

	(void)state;
	check_done("bools",
		   json_parse("doc", SLICE("[true,false,1]"), &json_any, NULL, &doc,
			      &err),
		   &err);
	assert_int_equal(json_bool(&doc, 1, &value, &err), 0);
	assert_true(value);
	assert_int_equal(json_bool(&doc, 2, &value, &err), 0);
	assert_false(value);
	check_error("number", json_bool(&doc, 3, &value, &err), &err, ERROR_DATA,
		    "doc: [2]: must be true or false, not a number");
}

static void test_not_json(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"\n",
		"{",
		"}",
		"[",
		"]",
		"[1",
		"[1,",
		"[1,]",
		"[,1]",
		"[1 2]",
		"[1,,2]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{,\"a\":1}",
		"{\"a\" 1}",
		"{\"a\":1 \"b\":2}",
		"{a:1}",
		"{'a':1}",
		"{1:1}",
		"{\"a\":1",
		"{\"a\":",
		"{\"a\"",
		"{\"a",
		"\"",
		"\"a",
		"\"\\",
		"\"\\\"",
		"\"\\x41\"",
		"\"\\u12\"",
		"\"\\u123g\"",
		"\"\\u",
		"\"a\nb\"",
		"\"a\tb\"",
		"\"\x01\"",
		"\"\x1f\"",
		"tru",
		"True",
		"truex",
		"nul",
		"nan",
		"Infinity",
		"01",
		"-",
		"+1",
		".5",
		"1.",
		"1.e1",
		"1e",
		"1e+",
		"0x1",
		"--1",
		"1 2",
		"{} {}",
		"{}x",
		"{}]",
		"{},",
		"[]\"",
		"[] \"open",
		"{} \"\\",
		"{}\ntru",
		"{} -",
		"{} 1",
		"null null",
		"/**/{}",
		"{}/**/",
		"{} // x",
		"[1,/*x*/2]",
		"[1]\v",
		"\f{}",
		"[1,\f2]",
		"[1,\v2]",
		"\xef\xbb\xbf{}",
		"\xa0{}",
		"\"\xff\"",
		"\"\xc3\"",
		"\"\xe2\x82\"",
		"\"\x80\"",
		"\xff",
		"[\xc3\xa9]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check_refused(slice_from(rows[i]), &json_any, "doc: ");
		check_refused(slice_from(rows[i]), &json_value, "doc: ");
	}
	check_refused((struct slice) { "{}\0", 3 }, &json_any, "doc: ");
	check_refused((struct slice) { "\0", 1 }, &json_any, "doc: ");
	check_refused((struct slice) { "[1,\0 2]", 7 }, &json_any, "doc: ");
	check_refused((struct slice) { "\"a\0b\"", 5 }, &json_any, "doc: ");
	check_refused((struct slice) { NULL, 0 }, &json_any, "doc: is empty");
}

static void test_place_of_syntax_error(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "[x]", "doc: line 1, column " },
		{ "[x]", ": invalid JSON: invalid char in json text" },
		{ "{\n\t\"a\": x\n}", "doc: line 2, column " },
		{ "{\n\t\"a\": 1",
		  "doc: line 2, column 8: invalid JSON: unexpected end of file" },
		{ "{}\n\"never ends",
		  "doc: line 2, column 1: invalid JSON: trailing text" },
		{ "{} {}", "invalid JSON: trailing text" },
		{ "[1 2]", "invalid JSON: ',' or ']' expected after an element" },
		{ "{\"a\":1 \"b\":2}",
		  "invalid JSON: ',' or '}' expected after a member" },
		{ "{\"a\" 1}",
		  "invalid JSON: object key and value must be separated by a colon (':')" },
		{ "[,]", "invalid JSON: unexpected token" },
		{ "{1:2}", "invalid JSON: invalid object key (must be a string)" },
		{ "[1\f]", "doc: invalid JSON: it has a vertical tab or a form feed" },
		{ "{\"a\":1,\n\"a\":2}", "doc: line 2, column 7: duplicate key \"a\"" },
		{ "{\"b\":{\"a\":1,\"\\u0061\":2}}", "b: duplicate key \"a\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_refused(slice_from(rows[i].text), &json_any, rows[i].part);
}

/* An object with `count` keys k0, k1, ... and, if `last`, that one after them. */
static void make_keys(struct buffer *text, size_t count, const char *last)
{
	buffer_add(text, SLICE("{"));
	for (size_t i = 0; i < count; i++)
		buffer_printf(text, "%s\"k%zu\":%zu", i ? "," : "", i, i);
	if (last)
		buffer_printf(text, ",%s:0", last);
	buffer_add(text, SLICE("}"));
}

static void test_duplicate_keys(void **state)
{
	static const size_t counts[] = { 1, 2, 15, 16, 17, 18, 40, 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		auto_buffer unique = { 0 }, first = { 0 }, last = { 0 }, escaped = { 0 };
		auto_free char *name = xasprintf("\"k%zu\"", counts[i] - 1);
		auto_error err = { 0 };
		auto_json doc = { 0 };

		make_keys(&unique, counts[i], "\"K0\"");
		check_done("unique",
			   json_parse("doc", buffer_slice(&unique), &json_any, NULL, &doc,
				      &err),
			   &err);
		make_keys(&first, counts[i], "\"k0\"");
		check_refused(buffer_slice(&first), &json_any, "duplicate key \"k0\"");
		make_keys(&last, counts[i], name);
		check_refused(buffer_slice(&last), &json_any, "duplicate key \"k");
		make_keys(&escaped, counts[i], "\"\\u006b\\u0030\"");
		check_refused(buffer_slice(&escaped), &json_any, "duplicate key \"k0\"");
		/* In an object that is indexed alone, and in one that is read by name. */
		check_refused(buffer_slice(&escaped), &json_value,
			      "duplicate key \"k0\"");
		check_refused(buffer_slice(&escaped), &known, "duplicate key \"k0\"");
	}
}

static void test_duplicate_keys_elsewhere(void **state)
{
	(void)state;
	/* Each object for itself. */
	check_index("[{\"a\":1},{\"a\":2},{\"b\":{\"a\":3},\"a\":4}]", &json_value,
		    "A[{\"a\":1},{\"a\":2},{\"b\":{\"a\":3},\"a\":4}]");
	check_index(
		"{\"a\":{\"a\":{\"a\":1}}}", &json_any,
		"O{\"a\":{\"a\":{\"a\":1}}}|K\"a\"|O{\"a\":{\"a\":1}}|K\"a\"|O{\"a\":1}|K\"a\"|N1");
	/* Not in the parts that nobody reads. */
	check_index("{\"x\":{\"a\":1,\"a\":2}}", &known, "O{\"x\":{\"a\":1,\"a\":2}}");
	check_refused(SLICE("{\"deep\":{\"a\":1,\"a\":2}}"), &known,
		      "deep: duplicate key \"a\"");
	check_refused(SLICE("{\"x\":1,\"x\":2}"), &known, "duplicate key \"x\"");
	check_refused(SLICE("{\"x\":1,\"x\":2}"), &known_map, "duplicate key \"x\"");
	/* A key with NUL in it is another one for some readers and the same for
	 * others. */
	check_refused(SLICE("{\"a\":1,\"a\\u0000\":2}"), &json_value,
		      "key \"a\\x00\" has a NUL (\\u0000); remove it");
	check_refused(SLICE("{\"a\":1,\"\\u0000\":2}"), &known,
		      "key \"\\x00\" has a NUL");
	check_index("{\"x\":{\"\\u0000\":1}}", &known, "O{\"x\":{\"\\u0000\":1}}");
}

/* Keys that are alike: of one length, the beginning of each other, empty. */
static void test_similar_keys(void **state)
{
	static const char *const keys[] = { "",	  "a",	 "b",	"aa",	   "ab",
					    "ba", "aaa", "aab", "\xc3\xa9" };

	(void)state;
	for (size_t n = 2; n <= ARRAY_SIZE(keys); n++) {
		for (size_t more = 0; more <= 20; more += 20) {
			auto_buffer text = { 0 }, twice = { 0 };
			auto_error err = { 0 };
			auto_json doc = { 0 };

			buffer_add(&text, SLICE("{\"z\":0"));
			for (size_t i = 0; i < n; i++)
				buffer_printf(&text, ",\"%s\":1", keys[i]);
			for (size_t i = 0; i < more; i++)
				buffer_printf(&text, ",\"%c\":1", (int)('A' + i));
			buffer_printf(&twice, "%s,\"%s\":2}", text.data, keys[n - 1]);
			buffer_add(&text, SLICE("}"));
			check_done(text.data,
				   json_parse("doc", buffer_slice(&text), &json_value,
					      NULL, &doc, &err),
				   &err);
			check_refused(buffer_slice(&twice), &json_value,
				      "duplicate key ");
		}
	}
}

static void test_letter_case(void **state)
{
	static const struct json_member members[] = {
		JSON_MEMBER("kiss", &json_value),
		JSON_MEMBER("uid", &json_value),
		JSON_MEMBER("a_b.0", &json_value),
	};
	static const struct json_shape shape = { .members = members, .n_members = 3 };
	static const struct json_shape map = { .members = members,
					       .n_members = 3,
					       .map = true };
	static const char *const folded[] = {
		"Kiss",
		"KISS",
		"kisS",
		"\xe2\x84\xaaiss",
		"ki\xc5\xbf\xc5\xbf",
		"\\u212aISs",
		"kis\\u017f",
		"UID",
		"Uid",
	};
	static const char *const others[] = {
		"kis",
		"kisss",
		"k\\u0131ss",
		"ki\xc3\x9f",
		"uld",
		"\\uff4biss",
		"kiss\\u0001",
		("a\x7f"
		 "b.0"),
		"a_b\\u000e0",
		"a_b.\\u0010",
		"u",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folded); i++) {
		auto_free char *text = xasprintf("{\"%s\":1}", folded[i]);
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_refused(slice_from(text), &shape, " must be spelled \"");
		check_done(text,
			   json_parse("doc", slice_from(text), &map, NULL, &doc, &err),
			   &err);
		assert_int_equal(json_member_raw(&doc, 0, 0), 0);
		assert_int_equal(json_member_raw(&doc, 0, 1), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		auto_free char *text = xasprintf("{\"%s\":1}", others[i]);
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(text,
			   json_parse("doc", slice_from(text), &shape, NULL, &doc, &err),
			   &err);
		assert_int_equal(doc.n_spans, 1);
	}
}

/* `depth` containers, arrays and objects in turn. */
static void make_deep(struct buffer *text, unsigned int depth, const char *open)
{
	for (unsigned int i = 0; i < depth; i++)
		buffer_printf(text, "%s", open[i % 2] == '[' ? "[" : "{\"a\":");
	buffer_add(text, SLICE("1"));
	while (depth-- > 0)
		buffer_add(text, open[depth % 2] == '[' ? SLICE("]") : SLICE("}"));
}

static void test_depth(void **state)
{
	static const char *const opens[] = { "[[", "{{", "[{", "{[" };
	static const struct json_shape *const shapes[] = { &json_any, &json_value, &known,
							   &known_others };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(shapes); k++) {
			auto_buffer fits = { 0 }, deep = { 0 }, deeper = { 0 };
			auto_error err = { 0 };
			auto_json doc = { 0 };

			make_deep(&fits, 128, opens[i]);
			check_done(opens[i],
				   json_parse("doc", buffer_slice(&fits), shapes[k], NULL,
					      &doc, &err),
				   &err);
			make_deep(&deep, 129, opens[i]);
			check_refused(buffer_slice(&deep), shapes[k],
				      "nested more than 128 levels deep");
			make_deep(&deeper, 100000, opens[i]);
			check_refused(buffer_slice(&deeper), shapes[k],
				      "nested more than 128 levels deep");
		}
	}
}

static void test_depth_of_siblings(void **state)
{
	auto_buffer text = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	/* Depth counts what is open, not what there is. */
	buffer_add(&text, SLICE("[0"));
	for (int i = 0; i < 1000; i++)
		buffer_add(&text, SLICE(",[[]],{\"a\":{}}"));
	buffer_add(&text, SLICE("]"));
	check_done("siblings",
		   json_parse("doc", buffer_slice(&text), &json_any, NULL, &doc, &err),
		   &err);
	assert_int_equal(json_array_length(&doc, 0), 2001);
}

/* Where find_node(raw) is, as json_path() has it. */
static void check_path(const char *text, const struct json_shape *shape, const char *raw,
		       const char *expected)
{
	auto_free char *path = NULL;
	auto_error err = { 0 };
	auto_json doc = { 0 };

	check_done(text, json_parse("doc", slice_from(text), shape, NULL, &doc, &err),
		   &err);
	path = json_path(&doc, find_node(&doc, raw));
	check_text(text, slice_from(path), expected);
}

static void test_path(void **state)
{
	static const char any[] =
		"{\"a\":1,\"b\":{\"c\":[10,[11,{\"d\":12}],13],\"e\":14},\"\":15,\"x y\":{\"\\u0001\":16},\"f-1_\":17,\"a.b\":[[[18]]]}";
	static const char mixed[] =
		"{\"x\":{\"kept\":1},\"deep\":[{\"y\":2}],\"kept\":3,\"z\":4,\"spelt\":5}";
	static const struct json_shape element = { .members = known_members,
						   .n_members = 3,
						   .others = &element,
						   .elements = &element };

	(void)state;
	check_path(any, &json_any, any, "");
	check_path(any, &json_any, "1", "a");
	check_path(any, &json_any, "\"a\"", "a");
	check_path(any, &json_any, "\"b\"", "b");
	check_path(any, &json_any, "10", "b.c[0]");
	check_path(any, &json_any, "11", "b.c[1][0]");
	check_path(any, &json_any, "12", "b.c[1][1].d");
	check_path(any, &json_any, "\"d\"", "b.c[1][1].d");
	check_path(any, &json_any, "13", "b.c[2]");
	check_path(any, &json_any, "14", "b.e");
	check_path(any, &json_any, "15", "[\"\"]");
	check_path(any, &json_any, "16", "[\"x y\"][\"\\x01\"]");
	check_path(any, &json_any, "17", "f-1_");
	check_path(any, &json_any, "18", "a.b[0][0][0]");
	check_path(mixed, &known, "3", "kept");
	check_path(mixed, &known, "2", "deep[0].y");
	check_path(mixed, &known_others, "4", "z");
	check_path(mixed, &known_others, "3", "kept");
	check_path(mixed, &element, "1", "x.kept");
	check_path(mixed, &element, "2", "deep[0].y");
	check_path("[{\"q\":{\"deep\":[7]}}]", &element, "7", "[0].q.deep[0]");
	check_path("{\"a\":{},\"b\":[],\"c\":9}", &json_any, "9", "c");
}

static void test_path_of_unindexed(void **state)
{
	static const struct json_shape string = { .wanted = starts_with_p };
	static const struct json_shape list = { .elements = &string };
	static const struct json_member members[] = { JSON_MEMBER("env", &list) };
	static const struct json_shape shape = { .members = members, .n_members = 1 };
	auto_free char *path = NULL;
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	check_done("env",
		   json_parse("doc", SLICE("{\"env\":[\"a\",\"P\",\"b\",\"Q\",\"P2\"]}"),
			      &shape, (char[]) { "P" }, &doc, &err),
		   &err);
	path = json_path(&doc, find_node(&doc, "\"P2\""));
	check_text("env", slice_from(path), "env[4]");
}

static void test_quote(void **state)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "/dev/vfio/1", "\"/dev/vfio/1\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\n\t", "\"\\n\\t\"" },
		{ "\x01\x1f\b\f\r", "\"\\u0001\\u001f\\u0008\\u000c\\u000d\"" },
		{ "\xc3\xa9\x7f", "\"\xc3\xa9\x7f\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer quoted = { 0 };
		auto_error err = { 0 };
		auto_json doc = { 0 };
		struct slice text;

		json_quote(&quoted, slice_from(rows[i].text));
		check_text(rows[i].text, buffer_slice(&quoted), rows[i].quoted);
		check_done(rows[i].text,
			   json_parse("doc", buffer_slice(&quoted), &json_value, NULL,
				      &doc, &err),
			   &err);
		check_done(rows[i].text, json_string(&doc, 0, &text, &err), &err);
		check_text(rows[i].text, text, rows[i].text);
	}
}

static void test_quote_end(void **state)
{
	static const struct {
		const char *before, *end, *both;
	} rows[] = {
		{ "", "", "\"\"" },
		{ "\"", "a", "\"\"a\"" },
		{ "{\"key\":", "a\"\\", "{\"key\":\"a\\\"\\\\\"" },
		{ "", "\"\"\"", "\"\\\"\\\"\\\"\"" },
		{ "x", "\x01\n\x02y", "x\"\\u0001\\n\\u0002y\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer text = { 0 };

		buffer_add(&text, slice_from(rows[i].before));
		buffer_add(&text, slice_from(rows[i].end));
		json_quote_end(&text, strlen(rows[i].before));
		check_text(rows[i].end, buffer_slice(&text), rows[i].both);
		assert_int_equal(text.data[text.length], '\0');
	}
}

/* CVE-2017-16516: an escaped half of a surrogate pair at the end of the input made yajl
 * read past its buffer. */
static void test_truncated_surrogates(void **state)
{
	static const char text[] = "[\"\\uD834\\uDD1E\\uD834\\u\\\"]";

	(void)state;
	for (size_t length = 0; length < sizeof text - 1; length++)
		check_refused((struct slice) { text, length }, &json_any, "doc: ");
	check_refused(SLICE("\"\\uD834\\\""), &json_any, "doc: ");
	check_refused(SLICE("\"\\uD834\\u\""), &json_any, "doc: ");
	check_refused(SLICE("\"\\uD834\\uD\""), &json_any, "doc: ");
	check_index("\"\\uD834\"", &json_any, "S\"\\uD834\"");
	check_index("[\"\\uD834\"]", &json_any, "A[\"\\uD834\"]|S\"\\uD834\"");
	check_index("\"\\uD834\\n\"", &json_any, "S\"\\uD834\\n\"");
	check_index("{\"\\uD834\":\"\\uDD1E\"}", &json_any,
		    "O{\"\\uD834\":\"\\uDD1E\"}|K\"\\uD834\"|S\"\\uDD1E\"");
}

/* CVE-2022-24795: the buffer of a decoded string grew by doubling until it overflowed. A
 * small variant: strings of all the lengths at which it grows. */
static void test_growing_strings(void **state)
{
	(void)state;
	for (size_t length = 1; length <= (size_t)1 << 20; length *= 2) {
		for (size_t more = 0; more < 3; more++) {
			auto_buffer text = { 0 };
			auto_error err = { 0 };
			auto_json doc = { 0 };
			struct slice decoded;

			buffer_add(&text, SLICE("\"\\n"));
			for (size_t i = 0; i + 2 < length + more; i++)
				buffer_add(&text, SLICE("x"));
			buffer_add(&text, SLICE("\\n\""));
			check_done("long string",
				   json_parse("doc", buffer_slice(&text), &json_value,
					      NULL, &doc, &err),
				   &err);
			check_done("long string", json_string(&doc, 0, &decoded, &err),
				   &err);
			assert_int_equal(decoded.length, text.length - 4);
			assert_int_equal(decoded.data[decoded.length - 1], '\n');
		}
	}
}

/* CVE-2023-33460: what yajl had allocated leaked where a document ended in an error. LSan
 * sees it when the process ends. */
static void test_errors_do_not_leak(void **state)
{
	static const char *const rows[] = {
		"{\"a\\n\":[1,{\"b\\t\":\"c\\n",
		"[\"\\u0041\\u0042\\u0043\",x",
		"{\"a\\n\":1,\"a\\n\":2}",
		"[[[[[[\"\\n\"]]]]]",
		"{\"deep\":{\"k\\n\":{\"l\\n\":{\"l\\n\":1,\"l\\u000a\":2}}}}",
		"[\"\\n\"] \"\\n",
		"1 2",
		"12",
	};

	(void)state;
	for (int again = 0; again < 100; again++) {
		for (size_t i = 0; i < ARRAY_SIZE(rows) - 1; i++) {
			check_refused(slice_from(rows[i]), &json_any, "doc: ");
			check_refused(slice_from(rows[i]), &known,
				      i == 2 ? NULL : "doc: ");
		}
		check_index(rows[ARRAY_SIZE(rows) - 1], &json_any, "N12");
	}
}

static void test_check_value(void **state)
{
	static const char *const good[] = {
		"null",
		"true",
		"0",
		"-1.5e3",
		"\"\"",
		"\"a\\n\"",
		"{}",
		"[]",
		"{\"a\":[1,{}]}",
		" [1] ",
		"12",
		"-7",
		"\"/dev/vfio/3\"",
		"\"a\\\\\"",
		"\"\x7f\xc3\xa4\"",
		"1234567890123456789012",
		"\"a\\\"b\"",
		"\"{\\\"a\\\\\\\"\\\"}\\n\"",
		"\"\\\\\"",
		"false",
		"{\"a\":\"b\\\"\\\\\",\"c\":0,\"d\":true,\"e\":false,\"f\":17}",
		"{\"a\":null}",
		"{\"a\":[]}",
		"{\"a\":{}}",
		"{ \"a\":1}",
		"{\"a\" :1}",
		"{\"a\": 1}",
		"{\"a\":1 }",
		"{\"a\":1, \"b\":-2}",
		"{\"a\":1e5}",
		"{\"a\":\"\\u0041\"}",
	};
	static const char *const bad[] = {
		"",
		" ",
		"1 2",
		"1,2",
		"[1",
		"1]",
		"{\"a\":}",
		"{}{}",
		"x",
		"\"open",
		"nul",
		"\"a\\\"",
		"}",
		"[1,]",
		"-",
		"[}",
		"\"\n\"",
		"01",
		"-01",
		"1 \"open",
		"{} \"open",
		"\"a\"\"b\"",
		"\"a\"b\"",
		"\"",
		"\"\xff\"",
		"\"\t\"",
		"[]\v",
		"1\f",
		"1a",
		"+1",
		"\"\\\"",
		"\"a\\\\\"b\"",
		"\"\\\"\\x\"",
		"\"\\\"\n\"",
		"\"\\\"\\u\"",
		"\"\\\\",
		"{",
		"{\"a",
		"{\"a\"",
		"{\"a\"}",
		"{\"a\":",
		"{\"a\":1",
		"{\"a\":1,",
		"{\"a\":1,}",
		"{\"a\":1,2}",
		"{\"a\":1}}",
		"{\"a\":1},",
		"{\"a\":01}",
		"{\"a\":\"}",
		"{\"a\":tru}",
		"{\"a\":truee}",
		"{a:1}",
		"{,\"a\":1}",
		"{1:1}",
		"{\"a\":x}",
		"{\"a\":\"\\x\"}",
		"{\"a\"1}",
		"{\"a\":1\"b\":2}",
		"{\"a\":1;\"b\":2}",
		"{\"a\":1]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		auto_error err = { 0 };

		check_done(good[i], json_check_value(slice_from(good[i]), &err), &err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		auto_free char *quoted = text_quote(slice_from(bad[i]));
		auto_free char *part = xasprintf("%s is not one JSON value", quoted);
		auto_error err = { 0 };

		check_error(bad[i], json_check_value(slice_from(bad[i]), &err), &err,
			    ERROR_DATA, part);
	}
}

/* Where the members and elements that no index has begin and end. */
static void test_find(void **state)
{
	static const struct {
		const char *text, *found; /* of the member "k", NULL: it has none */
	} rows[] = {
		{ "{}", NULL },
		{ "{ \n }", NULL },
		{ "{\"a\":\"k\",\"b\":{\"k\":1}}", NULL },
		{ "{\"k\":1}", "1" },
		{ "{\"a\":[\"]\",{\"}\":\"\\\\\"}],\"k\":null,\"b\":2}", "null" },
		{ " { \"a\\\"\" : -1.5e3 , \"k\" : \"\\\"k\" } ", "\"\\\"k\"" },
		{ "{\"\\u006b\"\n:\t[ 1, {} ]}", "[ 1, {} ]" },
		{ "{\"\\u006bk\":1,\"k\":true}", "true" },
	};
	static const char array[] = "[ 1,[2,\"]\"] , \"\\\",\" ,null,{\"a\":[]}\n]";
	static const char *const elements[] = { "1", "[2,\"]\"]", "\"\\\",\"", "null",
						"{\"a\":[]}" };
	struct json_place place;
	size_t i = 0;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct slice text = slice_from(rows[i].text);
		size_t start = json_skip_space(text, 0);

		assert_int_equal(json_find_member(text, start, SLICE("k"), &place),
				 rows[i].found != NULL);
		if (rows[i].found)
			check_text(rows[i].text, json_text_at(text, place),
				   rows[i].found);
	}
	i = 0;
	for (size_t at = 1; json_find_element(slice_from(array), at, &place);
	     at = place.end) {
		assert_true(i < ARRAY_SIZE(elements));
		check_text(array, json_text_at(slice_from(array), place), elements[i++]);
	}
	assert_int_equal(i, ARRAY_SIZE(elements));
	assert_false(json_find_element(SLICE("[ ]"), 1, &place));
}

static void test_path_of_member(void **state)
{
	static const char text[] = "{\"a\":[{}],\"b\":1}";
	auto_free char *root = NULL, *inner = NULL, *odd = NULL;
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	check_done(text, json_parse("doc", slice_from(text), &json_any, NULL, &doc, &err),
		   &err);
	root = json_path_of_member(&doc, 0, SLICE("b"));
	check_text("root", slice_from(root), "b");
	inner = json_path_of_member(&doc, find_node(&doc, "{}"), SLICE("new"));
	check_text("inner", slice_from(inner), "a[0].new");
	odd = json_path_of_member(&doc, 0, SLICE("x y"));
	check_text("odd", slice_from(odd), "[\"x y\"]");
}

static void test_too_large(void **state)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice text = { "{}", JSON_SIZE_MAX + 1 };

	(void)state;
	check_error("512 MiB", json_parse("doc", text, &json_any, NULL, &doc, &err), &err,
		    ERROR_DATA, "doc: is larger than 512 MiB");
}

/* Where a string begins and ends, by its quotes. */
static void test_string_bounds(void **state)
{
	static const char *const rows[] = {
		"\"\"",
		"\"a\"",
		"\"a,]}\"",
		"\"\\\"\"",
		"\"\\\\\"",
		"\"\\\\\\\"\\\\\"",
		"\"\\\"x\\\"\\u0022\"",
		"\"\xc3\xa9\\n\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf("[\"x\\\\\",%s,\"\\\\\"]", rows[i]);
		const size_t start = strlen("[\"x\\\\\","), end = start + strlen(rows[i]);

		if (json_string_end(slice_from(text), start) != end ||
		    json_string_start(slice_from(text), end) != start)
			fail_row(rows[i], "%zu to %zu",
				 json_string_start(slice_from(text), end),
				 json_string_end(slice_from(text), start));
	}
	/* One that never ends, which no parsed text has. */
	assert_int_equal(json_string_end(SLICE("\"a\\\""), 0), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_number_spans),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_member_string),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_refused),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_strings_refused),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_bools),
		cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_place_of_syntax_error),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_duplicate_keys_elsewhere),
		cmocka_unit_test(test_similar_keys),
		cmocka_unit_test(test_letter_case),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_of_siblings),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_path_of_unindexed),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_end),
		cmocka_unit_test(test_string_bounds),
		cmocka_unit_test(test_truncated_surrogates),
		cmocka_unit_test(test_growing_strings),
		cmocka_unit_test(test_errors_do_not_leak),
		cmocka_unit_test(test_check_value),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_path_of_member),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
