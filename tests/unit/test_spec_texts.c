/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a spec, found in its JSON. */
#include "helpers.h"
#include "plan_run.h"

static void parse(const char *text, struct spec *ret)
{
	auto_error err = { 0 };

	check_done(text, plan_run_parse(slice_from(text), ret, &err), &err);
}

static void add_string(const struct spec *spec, const struct json_place *string,
		       struct buffer *ret)
{
	buffer_add(ret, slice_from_to(spec->doc.text, string->start, string->end));
}

/* Each text as "INDEX[ KEY:] STRING;" or "INDEX KEY: STRING;". */
static void list(const struct spec *spec, enum spec_text_list which, struct buffer *ret)
{
	struct spec_texts texts;
	struct spec_text text;

	spec_texts_begin(spec, which, &texts);
	while (spec_texts_next(&texts, &text)) {
		buffer_printf(ret, "%zu ", text.index);
		if (text.is_key)
			buffer_add(ret, SLICE("key "));
		else if (which == SPEC_TEXTS_ANNOTATIONS)
			add_string(spec, &text.key, ret);
		add_string(spec, &text.string, ret);
		buffer_add(ret,
			   spec_text_is_ours(spec, &text) ? SLICE("! ") : SLICE("; "));
	}
	assert_false(spec_texts_next(&texts, &text));
	buffer_add(ret, SLICE(""));
}

static void test_lists(void **state)
{
	static const struct {
		const char *spec;
		enum spec_text_list list;
		const char *expected;
	} rows[] = {
		{ "{\"process\":{\"args\":[\"a\",\"b\"]}}", SPEC_TEXTS_ARGS,
		  "0 \"a\"; 1 \"b\"; " },
		{ "{\"process\":{\"args\":[]}}", SPEC_TEXTS_ARGS, "" },
		{ "{\"process\":{\"args\":null}}", SPEC_TEXTS_ARGS, "" },
		{ "{\"process\":{\"args\":\"a\"}}", SPEC_TEXTS_ARGS, "" },
		{ "{\"process\":{\"args\":{\"a\":\"b\"}}}", SPEC_TEXTS_ARGS, "" },
		{ "{\"process\":{}}", SPEC_TEXTS_ARGS, "" },
		{ "{}", SPEC_TEXTS_ARGS, "" },
		{ "{}", SPEC_TEXTS_ENV, "" },
		{ "{}", SPEC_TEXTS_ANNOTATIONS, "" },
		{ "{\"process\" : {\"args\" :\n[ \"a,\\\"]\" ,\t\"\\\\\" , \"\" ] }}",
		  SPEC_TEXTS_ARGS, "0 \"a,\\\"]\"; 1 \"\\\\\"; 2 \"\"; " },
		{ "{\"process\":{\"args\":[null,[\"x\",\"y\"],{\"x\":\"y\",\"z\":1},1.5,true,\"a\"]}}",
		  SPEC_TEXTS_ARGS, "5 \"a\"; " },
		{ "{\"process\":{\"env\":[\"A=1\",null,\"PCIDEVICE_A=\",\"B\"]}}",
		  SPEC_TEXTS_ENV, "0 \"A=1\"; 2 \"PCIDEVICE_A=\"; 3 \"B\"; " },
		{ "{\"annotations\":{\"a\":\"1\", \"b\" : \"2\",\"c\":null,\"d\":{\"x\":\"y\"},\"e\":\"\"}}",
		  SPEC_TEXTS_ANNOTATIONS,
		  "0 key \"a\"; 0 \"a\"\"1\"; 1 key \"b\"; 1 \"b\"\"2\"; 2 key \"c\"; 3 key \"d\"; 4 key \"e\"; 4 \"e\"\"\"; " },
		{ "{\"annotations\":{\"" ANNOTATION_KEY "\":\"x\",\"a\":\"" ANNOTATION_KEY
		  "\"}}",
		  SPEC_TEXTS_ANNOTATIONS,
		  "0 key \"" ANNOTATION_KEY "\"! 0 \"" ANNOTATION_KEY
		  "\"\"x\"! 1 key \"a\"; 1 \"a\"\"" ANNOTATION_KEY "\"; " },
		{ "{\"annotations\":{\"\\u0069o.github.oci-vfio-hook.applied\" : null}}",
		  SPEC_TEXTS_ANNOTATIONS,
		  "0 key \"\\u0069o.github.oci-vfio-hook.applied\"! " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer found = { 0 };
		auto_spec spec = { 0 };

		parse(rows[i].spec, &spec);
		list(&spec, rows[i].list, &found);
		check_text(rows[i].spec, buffer_slice(&found), rows[i].expected);
	}
}

/* A process alone has no lists. */
static void test_process(void **state)
{
	const struct slice text = SLICE("{\"args\":[\"a\"],\"env\":[\"A=1\"]}");
	const struct env_prefixes prefixes = { .families = true };
	auto_error err = { 0 };
	auto_buffer found = { 0 };
	auto_spec spec = { 0 };

	(void)state;
	check_done(text.data, spec_parse_process("p", text, &prefixes, &spec, &err),
		   &err);
	list(&spec, SPEC_TEXTS_ARGS, &found);
	list(&spec, SPEC_TEXTS_ENV, &found);
	check_text(text.data, buffer_slice(&found), "");
}

/* Every place in turn, and some again. */
static void test_find(void **state)
{
	static const char text[] =
		"{\"process\":{\"args\":[ \"a\", [\"n\"] ,\"bc\\\"\" , 1]}}";
	auto_spec spec = { 0 };
	struct spec_texts texts;

	(void)state;
	parse(text, &spec);
	spec_texts_begin(&spec, SPEC_TEXTS_ARGS, &texts);
	for (size_t at = 0; at < strlen(text); at++) {
		const size_t a = (size_t)(strstr(text, "\"a\"") - text),
			     b = (size_t)(strstr(text, "\"bc") - text);
		const bool in_a = at >= a && at < a + 3, in_b = at >= b && at < b + 6;

		for (unsigned int again = 0; again < 2; again++) {
			struct spec_text found = { 0 };

			assert_int_equal(spec_texts_find(&texts, at, &found),
					 in_a || in_b);
			if (in_a || in_b) {
				assert_int_equal(found.string.start, in_a ? a : b);
				assert_int_equal(found.string.end, in_a ? a + 3 : b + 6);
				assert_int_equal(found.index, in_a ? 0 : 2);
			}
		}
	}
}

static void test_read(void **state)
{
	static const struct {
		const char *spec, *text;
		bool whole;
	} rows[] = {
		{ "{\"process\":{\"args\":[\"\"]}}", "", true },
		{ "{\"process\":{\"args\":[\"a\xc3\xa9\"]}}", "a\xc3\xa9", true },
		{ "{\"process\":{\"args\":[\"a\\n\\u0041\\/\"]}}", "a\nA/", true },
		{ "{\"process\":{\"args\":[\"\\ud83d\\ude00\"]}}", "\xf0\x9f\x98\x80",
		  true },
		{ "{\"process\":{\"args\":[\"\\ud83dx\"]}}", NULL, false },
		{ "{\"process\":{\"args\":[\"x\\u0000y\"]}}", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spec_texts texts;
		struct spec_text text;
		auto_spec spec = { 0 };
		auto_json doc = { 0 };
		struct slice found;

		parse(rows[i].spec, &spec);
		spec_texts_begin(&spec, SPEC_TEXTS_ARGS, &texts);
		assert_true(spec_texts_next(&texts, &text));
		assert_int_equal(spec_string_read(&spec, &text.string, &doc, &found),
				 rows[i].whole);
		if (rows[i].text)
			check_text(rows[i].spec, found, rows[i].text);
		else
			assert_non_null(memchr(found.data, 'x', found.length));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
