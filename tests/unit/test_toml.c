/* SPDX-License-Identifier: Apache-2.0 */
/* TOML, statement by statement. */
#include "helpers.h"

#include "oci-vfio-hook/toml.h"

/* Each statement as "[path]", "[[path]]" or "path = value", with "|" after it; an error's text at
 * the end. The text lies in memory of just its size, so that a read after its end is found. */
static char *list(const char *document)
{
	const size_t length = strlen(document);
	auto_free char *copy = xmalloc(length);
	auto_toml toml = { .name = "c.toml",
			   .text = { memcpy(copy, document, length), length } };
	struct toml_statement statement;
	auto_error err = { 0 };
	auto_buffer all = { 0 };
	int r;

	while ((r = toml_next(&toml, &statement, &err)) > 0) {
		static const char *const open[] = { "[", "[[", "" }, *const close[] = {
			"]", "]]", " = "
		};

		buffer_add(&all, slice_from(open[statement.kind]));
		buffer_add(&all, statement.path);
		buffer_add(&all, slice_from(close[statement.kind]));
		buffer_add(&all, statement.value);
		buffer_add(&all, SLICE("|"));
	}
	if (r < 0)
		buffer_add(&all, slice_from(err.message));
	buffer_add(&all, SLICE(""));
	return xstrndup(buffer_slice(&all).data, all.length);
}

static void test_statements(void **state)
{
	static const struct {
		const char *document, *statements;
	} rows[] = {
		{ "", "" },
		{ "# nothing\n\n \t\r\n", "" },
		{ "version = 2", "version = 2|" },
		{ "version=3 # three\r\na = 'b'\n", "version = 3|a = 'b'|" },
		{ "[a]\nb = 1\n[ a . b ]\n  c.d = true\n[[e]]\nf=1\n",
		  "[a]|a.b = 1|[a.b]|a.b.c.d = true|[[e]]|e.f = 1|" },
		{ "[plugins.\"io.containerd.grpc.v1.cri\".'containerd']\nx = \"#]\"",
		  "[plugins.\"io.containerd.grpc.v1.cri\".containerd]|plugins.\"io.containerd.grpc.v1.cri\".containerd.x = \"#]\"|" },
		{ "'a\"b' = 1\n\"\" = 2", "\"a\\\"b\" = 1|\"\" = 2|" },
		{ "a = [ # one\n 1, [2,\n3], \"]\", {b = ']', c = [4]},\n]\nd = 1979-05-27 07:32:00Z # day",
		  "a = [ # one\n 1, [2,\n3], \"]\", {b = ']', c = [4]},\n]|d = 1979-05-27 07:32:00Z|" },
		{ "a = \"\"\"\n[b]\n\\\"\"\"\"\nc = 1",
		  "a = \"\"\"\n[b]\n\\\"\"\"\"|c = 1|" },
		{ "c = '''\n[x]\n''''\nd = +1.5e-3", "c = '''\n[x]\n''''|d = +1.5e-3|" },
		{ "a = \"\\\\\"\nb = \"\\\"\"", "a = \"\\\\\"|b = \"\\\"\"|" },
		{ "a", "c.toml: line 1: not TOML as it is known here" },
		{ "x = 1\n\na =\n",
		  "x = 1|c.toml: line 3: not TOML as it is known here" },
		{ "a = \"b\n\"", "c.toml: line 1: not TOML as it is known here" },
		{ "a = 'b", "c.toml: line 1: not TOML as it is known here" },
		{ "a = '''b''", "c.toml: line 1: not TOML as it is known here" },
		{ "a = \"\\", "c.toml: line 1: not TOML as it is known here" },
		{ "a = [1", "c.toml: line 1: not TOML as it is known here" },
		{ "a = [1 2]\nb = [1 = 2]",
		  "a = [1 2]|c.toml: line 2: not TOML as it is known here" },
		{ "a = {b}", "c.toml: line 1: not TOML as it is known here" },
		{ "a = 1, b = 2", "c.toml: line 1: not TOML as it is known here" },
		{ "[a", "c.toml: line 1: not TOML as it is known here" },
		{ "[[a]", "c.toml: line 1: not TOML as it is known here" },
		{ "[a.]", "c.toml: line 1: not TOML as it is known here" },
		{ "\"\\u0061\" = 1", "c.toml: line 1: not TOML as it is known here" },
		{ "[", "c.toml: line 1: not TOML as it is known here" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *found = list(rows[i].document);

		assert_string_equal(found, rows[i].statements);
	}
}

/* 64 arrays in each other, and more than that. */
static void test_depth(void **state)
{
	auto_buffer text = { 0 };
	auto_free char *found = NULL, *deeper = NULL;

	(void)state;
	buffer_add(&text, SLICE("a = "));
	for (int i = 0; i < 64; i++)
		buffer_add(&text, SLICE("["));
	for (int i = 0; i < 64; i++)
		buffer_add(&text, SLICE("]"));
	found = list(text.data);
	assert_memory_equal(found, text.data, text.length);
	text.data[3] = '[';
	text.data[2] = '=';
	buffer_add(&text, SLICE("]"));
	deeper = list(text.data);
	assert_string_equal(deeper, "c.toml: line 1: not TOML as it is known here");
}

static void test_key(void **state)
{
	auto_toml toml = { .name = "c.toml",
			   .text = SLICE("a.b = 1\n[x.y]\nz.'1 2' = 2\n") };
	struct toml_statement statement;
	auto_error err = { 0 };

	(void)state;
	assert_int_equal(toml_next(&toml, &statement, &err), 1);
	assert_true(slice_equal(statement.table, SLICE("")));
	assert_true(slice_equal(statement.key, SLICE("a.b")));
	assert_int_equal(toml_next(&toml, &statement, &err), 1);
	assert_int_equal(toml_next(&toml, &statement, &err), 1);
	assert_true(slice_equal(statement.table, SLICE("x.y")));
	assert_true(slice_equal(statement.key, SLICE("z.\"1 2\"")));
	assert_int_equal(statement.line, 3);
	assert_int_equal(toml_next(&toml, &statement, &err), 0);
}

static void test_elements(void **state)
{
	static const struct {
		struct slice array;
		const char *elements; /* each with "|" after it */
	} rows[] = {
		{ SLICE("[]"), "" },
		{ SLICE("[ # a\n 'a', # b\n \"b,]\" , [1], {append = true},\n]"),
		  "'a'|\"b,]\"|[1]|{append = true}|" },
		{ SLICE("\"no\""), "" },
		{ SLICE(""), "" },
		{ SLICE("[1"), "1|" },
		{ SLICE("[\""), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer all = { 0 };
		struct slice element;
		size_t at = 0;

		while (toml_element(rows[i].array, &at, &element)) {
			buffer_add(&all, element);
			buffer_add(&all, SLICE("|"));
		}
		assert_true(
			slice_equal(buffer_slice(&all), slice_from(rows[i].elements)));
	}
}

static void test_string(void **state)
{
	static const struct {
		struct slice value;
		const char *text; /* NULL: it isn't one */
	} rows[] = {
		{ SLICE("\"\""), "" },
		{ SLICE("'a\\n'"), "a\\n" },
		{ SLICE("\"a\\n\\t\\\"\\\\\""), "a\n\t\"\\" },
		{ SLICE("\"\\u0041\""), NULL },
		{ SLICE("\"a\0\""), NULL },
		{ SLICE("\"\"\"a\"\"\""), NULL },
		{ SLICE("\"a\" "), NULL },
		{ SLICE("\""), NULL },
		{ SLICE("2"), NULL },
		{ SLICE(""), NULL },
	};
	auto_buffer quoted = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = toml_string(rows[i].value);

		if (rows[i].text)
			assert_string_equal(text, rows[i].text);
		else
			assert_null(text);
	}
	toml_quote(&quoted, SLICE("a\"\\\n\x7f\xc3\xa9"));
	assert_string_equal(quoted.data, "\"a\\\"\\\\\\u000a\\u007f\xc3\xa9\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statements), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_key),	   cmocka_unit_test(test_elements),
		cmocka_unit_test(test_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
