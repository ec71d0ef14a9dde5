/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a JSON text, in every style of white space: table-driven, a text, an
 * operation, the text that must come out. */
#include "helpers.h"

#include "oci-vfio-hook/splice.h"

/* Sorts, applies and compares; what comes out is JSON. */
static void check_result(const char *what, const struct json *doc,
			 struct splices *splices, const char *expected)
{
	auto_buffer text = { 0 };
	auto_error err = { 0 };
	auto_json after = { 0 };

	check_done(what, splices_sort(splices, &err), &err);
	splices_apply(splices, doc->text, &text);
	check_text(what, buffer_slice(&text), expected);
	assert_int_equal(text.length, splices_length(splices, doc->text.length));
	check_done(what,
		   json_parse("after", buffer_slice(&text), &json_any, NULL, &after,
			      &err),
		   &err);
}

/* In `text`, an array, removes the elements that `removed` names by their digits and
 * adds those of `added`, one character each. */
static void check_array(const char *text, const char *removed, const char *added,
			const char *expected)
{
	auto_free char *what = xasprintf("%s -%s +%s", text, removed, added);
	auto_splices splices = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice values[8];
	uint32_t nodes[8];
	size_t n_values = 0, n_nodes = 0;

	check_done(what, json_parse("doc", slice_from(text), &json_any, NULL, &doc, &err),
		   &err);
	for (uint32_t json = json_child(&doc, 0); json; json = json_next(&doc, json)) {
		if (strchr(removed, (char)('0' + json_span(&doc, json)->position)))
			nodes[n_nodes++] = json;
	}
	assert_int_equal(n_nodes, strlen(removed));
	for (; added[n_values]; n_values++)
		values[n_values] = (struct slice) { added + n_values, 1 };
	splice_array(&splices, &doc, 0, nodes, n_nodes, values, n_values);
	check_result(what, &doc, &splices, expected);
}

static void test_remove(void **state)
{
	static const struct {
		const char *text, *removed, *expected;
	} rows[] = {
		{ "[1]", "", "[1]" },
		{ "[1]", "0", "[]" },
		{ "[ 1 ]", "0", "[ ]" },
		{ "[\n\t1\n]", "0", "[\n]" },
		{ "[1,2,3]", "0", "[2,3]" },
		{ "[1,2,3]", "1", "[1,3]" },
		{ "[1,2,3]", "2", "[1,2]" },
		{ "[1,2,3]", "01", "[3]" },
		{ "[1,2,3]", "02", "[2]" },
		{ "[1,2,3]", "12", "[1]" },
		{ "[1,2,3]", "012", "[]" },
		{ "[1, 2, 3]", "0", "[ 2, 3]" },
		{ "[1, 2, 3]", "1", "[1, 3]" },
		{ "[1, 2, 3]", "2", "[1, 2]" },
		{ "[1, 2, 3]", "012", "[]" },
		{ "[ 1, 2, 3 ]", "0", "[ 2, 3 ]" },
		{ "[ 1, 2, 3 ]", "2", "[ 1, 2 ]" },
		{ "[ 1, 2, 3 ]", "01", "[ 3 ]" },
		{ "[ 1, 2, 3 ]", "012", "[ ]" },
		{ "[1 , 2 , 3]", "0", "[ 2 , 3]" },
		{ "[1 , 2 , 3]", "1", "[1 , 3]" },
		{ "[1 , 2 , 3]", "2", "[1 , 2]" },
		{ "[1 ,2 ,3]", "1", "[1 ,3]" },
		{ "[1 ,2 ,3 ]", "2", "[1 ,2 ]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "0", "[\n\t2,\n\t3\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "1", "[\n\t1,\n\t3\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "2", "[\n\t1,\n\t2\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "01", "[\n\t3\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "02", "[\n\t2\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "012", "[\n]" },
		{ "[\r\n  1,\r\n  2\r\n]", "0", "[\r\n  2\r\n]" },
		{ "[\r\n  1,\r\n  2\r\n]", "1", "[\r\n  1\r\n]" },
		{ "[\n\t1\n\t,2\n\t,3\n]", "0", "[2\n\t,3\n]" },
		{ "[\n\t1\n\t,2\n\t,3\n]", "1", "[\n\t1\n\t,3\n]" },
		{ "[\n\t1\n\t,2\n\t,3\n]", "2", "[\n\t1\n\t,2\n]" },
		{ "[1,\n\n2]", "1", "[1]" },
		{ "[1,2,3,4,5,6]", "134", "[1,3,6]" },
		{ "[1,2,3,4,5,6]", "0124", "[4,6]" },
		{ "[1,2,3,4,5,6]", "0235", "[2,5]" },
		{ "[{\"a\":[1,2]},\"],[\",[3]]", "1", "[{\"a\":[1,2]},[3]]" },
		{ "[\",\",\"]\",\"\\\"\"]", "0", "[\"]\",\"\\\"\"]" },
		{ " [1,2] ", "1", " [1] " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_array(rows[i].text, rows[i].removed, "", rows[i].expected);
}

static void test_append(void **state)
{
	static const struct {
		const char *text, *added, *expected;
	} rows[] = {
		{ "[]", "7", "[7]" },
		{ "[]", "78", "[7,8]" },
		{ "[ ]", "7", "[7 ]" },
		{ "[\n]", "78", "[7,8\n]" },
		{ "[1]", "7", "[1,7]" },
		{ "[1]", "78", "[1,7,8]" },
		{ "[ 1 ]", "7", "[ 1, 7 ]" },
		{ "[ 1 ]", "78", "[ 1, 7, 8 ]" },
		{ "[1, 2]", "7", "[1, 2,7]" },
		{ "[\n\t1,\n\t2\n]", "7", "[\n\t1,\n\t2,\n\t7\n]" },
		{ "[\n\t1,\n\t2\n]", "78", "[\n\t1,\n\t2,\n\t7,\n\t8\n]" },
		{ "[\r\n  1\r\n]", "7", "[\r\n  1,\r\n  7\r\n]" },
		{ "[\n\t1\n\t,2\n]", "7", "[\n\t1\n\t,2,\n\t7\n]" },
		{ "[[],{}]", "7", "[[],{},7]" },
		{ " [1]\n", "7", " [1,7]\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_array(rows[i].text, "", rows[i].added, rows[i].expected);
}

static void test_remove_and_append(void **state)
{
	static const struct {
		const char *text, *removed, *added, *expected;
	} rows[] = {
		{ "[1]", "0", "7", "[7]" },
		{ "[1]", "0", "78", "[7,8]" },
		{ "[ 1 ]", "0", "7", "[ 7 ]" },
		{ "[ 1 , 2 ]", "01", "78", "[ 7, 8 ]" },
		{ "[\n\t1\n]", "0", "7", "[\n\t7\n]" },
		{ "[\n\t1,\n\t2\n]", "01", "78", "[\n\t7,\n\t8\n]" },
		{ "[1,2]", "0", "7", "[2,7]" },
		{ "[1,2]", "1", "7", "[1,7]" },
		{ "[1,2]", "01", "7", "[7]" },
		{ "[1,2,3]", "12", "78", "[1,7,8]" },
		{ "[1,2,3]", "02", "7", "[2,7]" },
		{ "[1,2,3]", "012", "789", "[7,8,9]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "1", "7", "[\n\t1,\n\t3,\n\t7\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "2", "7", "[\n\t1,\n\t2,\n\t7\n]" },
		{ "[\n\t1,\n\t2,\n\t3\n]", "0", "7", "[\n\t2,\n\t3,\n\t7\n]" },
		{ "[\r\n 1,\r\n 2\r\n]", "1", "7", "[\r\n 1,\r\n 7\r\n]" },
		{ "[1 , 2 , 3]", "2", "7", "[1 , 2,7]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_array(rows[i].text, rows[i].removed, rows[i].added,
			    rows[i].expected);
}

static bool is_b(const void *context, struct slice text)
{
	(void)context;
	return slice_starts(text, SLICE("b"));
}

/* Elements that the index leaves out are elements all the same. */
static void test_remove_unindexed(void **state)
{
	static const struct json_shape string = { .wanted = is_b };
	static const struct json_shape list = { .elements = &string };
	static const struct {
		const char *text, *removed, *added, *expected;
	} rows[] = {
		{ "[\"a\",\"b\"]", "\"b\"", "7", "[\"a\",7]" },
		{ "[\"b\",\"a\"]", "\"b\"", "7", "[\"a\",7]" },
		{ "[\"a\",\"b\",\"a\"]", "\"b\"", "7", "[\"a\",\"a\",7]" },
		{ "[ \"a\" , \"b\" ]", "\"b\"", "7", "[ \"a\", 7 ]" },
		{ "[ \"b\" , \"a\" ]", "\"b\"", "7", "[ \"a\", 7 ]" },
		{ "[\"b\"]", "\"b\"", "7", "[7]" },
		{ "[\"a\"]", NULL, "7", "[\"a\",7]" },
		{ "[ \"a\" ]", NULL, "78", "[ \"a\", 7, 8 ]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice added[2] = { { rows[i].added, 1 },
					  { rows[i].added + 1, 1 } };
		auto_splices splices = { 0 };
		auto_error err = { 0 };
		auto_json doc = { 0 };
		uint32_t json = 0;

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &list, NULL, &doc,
				      &err),
			   &err);
		if (rows[i].removed)
			json = find_node(&doc, rows[i].removed);
		splice_array(&splices, &doc, 0, &json, rows[i].removed ? 1 : 0, added,
			     strlen(rows[i].added));
		check_result(rows[i].text, &doc, &splices, rows[i].expected);
	}
}

static void test_add_member(void **state)
{
	static const struct {
		const char *text, *one, *two;
	} rows[] = {
		{ "{}", "{\"x\":7}", "{\"x\":7,\"y\":8}" },
		{ "{ }", "{\"x\":7 }", "{\"x\":7,\"y\":8 }" },
		{ "{\n}", "{\"x\":7\n}", "{\"x\":7,\"y\":8\n}" },
		{ "{\"a\":1}", "{\"a\":1,\"x\":7}", "{\"a\":1,\"x\":7,\"y\":8}" },
		{ "{\"a\": 1}", "{\"a\": 1,\"x\": 7}", "{\"a\": 1,\"x\": 7,\"y\": 8}" },
		{ "{ \"a\": 1 }", "{ \"a\": 1, \"x\": 7 }",
		  "{ \"a\": 1, \"x\": 7, \"y\": 8 }" },
		{ "{ \"a\" : 1 , \"b\" : 2 }", "{ \"a\" : 1 , \"b\" : 2, \"x\" : 7 }",
		  "{ \"a\" : 1 , \"b\" : 2, \"x\" : 7, \"y\" : 8 }" },
		{ "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}",
		  "{\n\t\"a\": {\n\t\t\"b\": 1\n\t},\n\t\"x\": 7\n}",
		  "{\n\t\"a\": {\n\t\t\"b\": 1\n\t},\n\t\"x\": 7,\n\t\"y\": 8\n}" },
		{ "{\r\n  \"a\": 1\r\n}", "{\r\n  \"a\": 1,\r\n  \"x\": 7\r\n}",
		  "{\r\n  \"a\": 1,\r\n  \"x\": 7,\r\n  \"y\": 8\r\n}" },
		{ "{\"\\\"\":1}", "{\"\\\"\":1,\"x\":7}",
		  "{\"\\\"\":1,\"x\":7,\"y\":8}" },
		{ "{\"a\\\\\":\":\"}", "{\"a\\\\\":\":\",\"x\":7}",
		  "{\"a\\\\\":\":\",\"x\":7,\"y\":8}" },
		{ "{\"}\":\"{\"}", "{\"}\":\"{\",\"x\":7}",
		  "{\"}\":\"{\",\"x\":7,\"y\":8}" },
		{ "\n {\"a\":1} ", "\n {\"a\":1,\"x\":7} ",
		  "\n {\"a\":1,\"x\":7,\"y\":8} " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices one = { 0 }, two = { 0 };
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &json_any, NULL,
				      &doc, &err),
			   &err);
		splice_add_member(&one, &doc, 0, "x", SLICE("7"));
		check_result(rows[i].text, &doc, &one, rows[i].one);
		splice_add_member(&two, &doc, 0, "x", SLICE("7"));
		splice_add_member(&two, &doc, 0, "y", SLICE("8"));
		check_result(rows[i].text, &doc, &two, rows[i].two);
	}
}

static void test_replace(void **state)
{
	static const struct {
		const char *text, *node, *with, *expected;
	} rows[] = {
		{ "{\"a\":null}", "null", "[1]", "{\"a\":[1]}" },
		{ "{ \"a\" : null , \"b\":2}", "null", "{}", "{ \"a\" : {} , \"b\":2}" },
		{ "{\"a\": 243}", "243", "242", "{\"a\": 242}" },
		{ "[ \"x\\n\" ]", "\"x\\n\"", "\"\"", "[ \"\" ]" },
		{ "{\"a\":[1,{}],\"b\":2}", "[1,{}]", "0", "{\"a\":0,\"b\":2}" },
		{ "{\"n\":18446744073709551615,\"m\":1.0,\"t\":true}", "true", "false",
		  "{\"n\":18446744073709551615,\"m\":1.0,\"t\":false}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices splices = { 0 };
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &json_any, NULL,
				      &doc, &err),
			   &err);
		splice_replace(&splices, &doc, find_node(&doc, rows[i].node),
			       slice_from(rows[i].with));
		check_result(rows[i].text, &doc, &splices, rows[i].expected);
	}
}

/* Made in any order, in every kind, side by side. */
static void test_together(void **state)
{
	static const char text[] = "{\"a\":null,\"b\":[1,2,3],\"c\":{\"d\":4}}";
	auto_splices splices = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };
	struct slice added = SLICE("9");
	uint32_t removed;

	(void)state;
	check_done(text, json_parse("doc", slice_from(text), &json_any, NULL, &doc, &err),
		   &err);
	splice_add_member(&splices, &doc, 0, "z", SLICE("{}"));
	splice_add_member(&splices, &doc, find_node(&doc, "{\"d\":4}"), "e", SLICE("5"));
	removed = find_node(&doc, "3");
	splice_array(&splices, &doc, find_node(&doc, "[1,2,3]"), &removed, 1, &added, 1);
	splice_replace(&splices, &doc, find_node(&doc, "4"), SLICE("44"));
	splice_replace(&splices, &doc, find_node(&doc, "null"), SLICE("\"n\""));
	splice_replace(&splices, &doc, find_node(&doc, "1"), SLICE("11"));
	check_result(text, &doc, &splices,
		     "{\"a\":\"n\",\"b\":[11,2,9],\"c\":{\"d\":44,\"e\":5},\"z\":{}}");
}

static void test_bytes(void **state)
{
	auto_splices splices = { 0 };
	auto_error err = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	splice_bytes(&splices, 4, 6, SLICE("XYZ"));
	splice_bytes(&splices, 0, 1, SLICE(""));
	splice_bytes(&splices, 6, 6, SLICE("!"));
	splice_bytes(&splices, 6, 6, SLICE("?"));
	check_done("bytes", splices_sort(&splices, &err), &err);
	buffer_add(&text, SLICE("before:"));
	splices_apply(&splices, SLICE("01234567"), &text);
	check_text("bytes", buffer_slice(&text), "before:123XYZ!?67");
	assert_int_equal(splices_length(&splices, 8), 10);
}

/* Any number of edits, made in another order than that of the text. */
static void test_order(void **state)
{
	(void)state;
	for (size_t count = 1; count < 60; count += 2) {
		auto_buffer text = { 0 }, expected = { 0 }, edited = { 0 };
		auto_splices splices = { 0 };
		auto_error err = { 0 };

		for (size_t i = 0; i < count; i++) {
			size_t at = (i * 64 + 5) % count;

			buffer_add(&text, SLICE("-"));
			buffer_add(&expected, SLICE("<>x"));
			splice_bytes(&splices, at, at, SLICE("<"));
			splice_bytes(&splices, at, at, SLICE(">"));
			splice_bytes(&splices, at, at + 1, SLICE("x"));
		}
		check_done("order", splices_sort(&splices, &err), &err);
		splices_apply(&splices, buffer_slice(&text), &edited);
		check_text("order", buffer_slice(&edited), expected.data);
	}
}

/* Removes the member "x" of the object. */
/* Edits that come in runs, of any number and length; those at one place stay in their order. */
static void test_runs(void **state)
{
	(void)state;
	for (size_t runs = 1; runs < 40; runs++) {
		for (size_t longest = 0; longest < runs; longest++) {
			auto_splices splices = { 0 };
			auto_error err = { 0 };

			for (size_t run = 0; run < runs; run++) {
				size_t length = run == longest ? 50 : 1 + run % 3;

				for (size_t i = 0; i < length; i++) {
					size_t at = 2 * (i * runs + (run * 7) % runs);

					splice_text(&splices, at, at, SLICE("a"));
					splice_text(&splices, at, at, SLICE("b"));
				}
			}
			check_done("runs", splices_sort(&splices, &err), &err);
			for (size_t i = 1; i < splices.count; i++) {
				const struct splice *x = &splices.items[i - 1],
						    *y = &splices.items[i];

				assert_true(
					x->start < y->start ||
					(x->start == y->start && x->order < y->order));
			}
		}
	}
}

static void test_remove_member(void **state)
{
	static const struct json_member members[] = { JSON_MEMBER("x", &json_value) };
	static const struct json_shape shape = { .members = members, .n_members = 1 };
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "{\"x\":1}", "{}" },
		{ "{ \"x\" : 1 }", "{ }" },
		{ "{\n\t\"x\": [1, 2]\n}\n", "{\n}\n" },
		{ " {\"x\":1,\"y\":2} ", " {\"y\":2} " },
		{ "{ \"x\": 1, \"y\": 2 }", "{ \"y\": 2 }" },
		{ "{ \"x\": 1 , \"y\": 2 }", "{ \"y\": 2 }" },
		{ "{\n\t\"x\": 1,\n\t\"y\": 2\n}", "{\n\t\"y\": 2\n}" },
		{ "{\"y\":2,\"x\":1}", "{\"y\":2}" },
		{ "{ \"y\": 2, \"x\": 1 }", "{ \"y\": 2 }" },
		{ "{\"y\":2 ,\r\n \"x\" :\t1\r\n}", "{\"y\":2\r\n}" },
		{ "{\"y\":2, \"x\":1, \"z\":3}", "{\"y\":2, \"z\":3}" },
		{ "{\"y\":{\"x\":1},\"x\":{\"x\":1}}", "{\"y\":{\"x\":1}}" },
		{ "{\"y\":\"{\", \"x\":1}", "{\"y\":\"{\"}" },
		{ "{\"y\":\"\\\\\",\"x\":null,\"\\\"z\":3}",
		  "{\"y\":\"\\\\\",\"\\\"z\":3}" },
		{ "{\"\\u0078\":1,\"y\":2}", "{\"y\":2}" },
		{ "{\"y\":\"a\\\"\", \"\\u0078\" : \"\\\"\"}", "{\"y\":\"a\\\"\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices splices = { 0 };
		auto_error err = { 0 };
		auto_json doc = { 0 };

		check_done(rows[i].text,
			   json_parse("doc", slice_from(rows[i].text), &shape, NULL, &doc,
				      &err),
			   &err);
		splice_remove_member(&splices, &doc, json_member_raw(&doc, 0, 0));
		check_result(rows[i].text, &doc, &splices, rows[i].expected);
	}
}

static void test_nothing(void **state)
{
	auto_splices splices = { 0 };
	auto_error err = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	check_done("nothing", splices_sort(&splices, &err), &err);
	splices_apply(&splices, SLICE("{ }"), &text);
	check_text("nothing", buffer_slice(&text), "{ }");
	splices_apply(&splices, SLICE(""), &text);
	check_text("nothing", buffer_slice(&text), "{ }");
}

static void test_overlap(void **state)
{
	static const struct {
		size_t a, b, c, d;
		bool overlap;
	} rows[] = {
		{ 0, 4, 2, 6, true },  { 2, 6, 0, 4, true },  { 0, 4, 1, 2, true },
		{ 0, 4, 0, 4, true },  { 0, 4, 3, 3, true },  { 0, 4, 4, 6, false },
		{ 0, 4, 4, 4, false }, { 4, 4, 0, 4, false }, { 0, 4, 0, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices splices = { 0 };
		auto_error err = { 0 };
		int r;

		splice_bytes(&splices, rows[i].a, rows[i].b, SLICE("x"));
		splice_bytes(&splices, rows[i].c, rows[i].d, SLICE("y"));
		r = splices_sort(&splices, &err);
		if (rows[i].overlap)
			check_error("overlap", r, &err, ERROR_INTERNAL,
				    "two edits overlap at byte");
		else
			check_done("side by side", r, &err);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_remove_and_append),
		cmocka_unit_test(test_remove_unindexed),
		cmocka_unit_test(test_add_member),
		cmocka_unit_test(test_remove_member),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
