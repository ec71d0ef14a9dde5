/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text indented, and where its lines come from. */
#include "helpers.h"

#include "oci-vfio-hook/json_lines.h"

static void test_indent(void **state)
{
	static const struct {
		const char *text, *lines;
	} rows[] = {
		{ " 1.0 ", "1.0" },
		{ "[ ]", "[]" },
		{ "{\n}", "{}" },
		{ "[1 ,\"a\\\\\", {\"b\\\"}\" : [ null,true ] }\n]",
		  "[\n  1,\n  \"a\\\\\",\n  {\n    \"b\\\"}\": [\n      null,\n      true\n    ]\n  }\n]" },
		{ "{\"a\":[{}],\"b\":-1e5}",
		  "{\n  \"a\": [\n    {}\n  ],\n  \"b\": -1e5\n}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_json_lines lines = { 0 };

		json_lines_make(slice_from(rows[i].text), &lines);
		check_text(rows[i].text, buffer_slice(&lines.text), rows[i].lines);
	}
}

/* White space is of the line before it. */
static void test_find(void **state)
{
	static const char text[] = "{ \"a\" : [ 1 , 22 ] }";
	static const size_t lines_of[] = { 0, 0, 1, 1, 1, 1, 1, 1, 1, 1,
					   2, 2, 2, 2, 3, 3, 3, 4, 4, 5 };
	auto_json_lines lines = { 0 };

	(void)state;
	json_lines_make(slice_from(text), &lines);
	assert_int_equal(lines.count, 6);
	for (size_t i = 0; i < ARRAY_SIZE(lines_of); i++)
		assert_int_equal(json_lines_find(&lines, i), lines_of[i]);
	check_text("line", json_lines_get(&lines, 2), "    1,");
	check_text("last line", json_lines_get(&lines, 5), "}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_indent),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
