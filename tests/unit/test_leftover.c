/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the host in texts: which tokens are one, and where raw JSON may have one. */
#include "helpers.h"

#include "oci-vfio-hook/leftover_filter.h"

#define auto_table __attribute__((cleanup(leftover_table_free))) struct leftover_table

#define UUID(last) "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9" last
#define ADDRESS(domain, bus, slot, function)                                             \
	(&(struct device_name) { .address = { domain, bus, slot, function } })

/* Of domain 0000: 3b:02.0, which is 01:00.0 here, and 3b:02.1, of which it isn't known what it is.
 * Paths of which some begin with others. */
static void make_table(struct leftover_table *ret)
{
	leftover_table_add_path(ret, SLICE("/dev/vfio/45"), "/dev/vfio/3");
	leftover_table_add_address(ret, ADDRESS(0, 0x3b, 2, 1), NULL);
	leftover_table_add_address(ret, ADDRESS(0x10000, 0xe1, 0, 0),
				   ADDRESS(0, 1, 0, 1));
	leftover_table_add_path(ret, SLICE("/dev/vfio/45/x"), "/dev/x");
	leftover_table_add_path(ret, SLICE("/dev/vfio/45.y"), NULL);
	leftover_table_add_path(ret, SLICE("/dev/vfio/4"), "/dev/vfio/4");
	leftover_table_add_path(ret, SLICE("/dev/a b"), "/dev/c");
	leftover_table_add_address(ret, ADDRESS(0, 0x3b, 2, 0), ADDRESS(0, 1, 0, 0));
	leftover_table_sort(ret);
}

/* The text with what is found in brackets. */
static void mark(const struct leftover_table *table, struct slice text,
		 struct buffer *ret)
{
	struct leftover_search search = { 0 };
	struct leftover found;
	size_t at = 0;

	while (leftover_find(table, text, &search, &found)) {
		assert_true(found.start >= at && found.end > found.start &&
			    found.end <= text.length);
		assert_true(!found.address != !found.path);
		buffer_add(ret, slice_from_to(text, at, found.start));
		buffer_add(ret, SLICE("["));
		buffer_add(ret, slice_from_to(text, found.start, found.end));
		buffer_add(ret, SLICE("]"));
		at = found.end;
	}
	buffer_add(ret, slice_from_to(text, at, text.length));
}

static void check_row(const struct leftover_table *table, const char *row)
{
	auto_buffer text = { 0 }, marked = { 0 };

	for (const char *c = row; *c; c++) {
		if (*c != '[' && *c != ']')
			buffer_add(&text, (struct slice) { c, 1 });
	}
	mark(table, buffer_slice(&text), &marked);
	check_text(row, buffer_slice(&marked), row);
}

static void test_tokens(void **state)
{
	static const char *const rows[] = {
		"",
		"x",
		/* Each form. */
		"[0000:3b:02.0]",
		"[3b:02.0]",
		"[0000:3B:02.0] [3B:02.1]",
		"[0000_3b_02_0] [3b_02_0]",
		"[00000000:3b:02.0]",
		"[10000:e1:00.0] [010000_e1_00_0]",
		/* Others. */
		"3b:02.2 0000:3b:03.0 0001:3b:02.0 0000:e1:00.0 e1:00.0",
		"0000:3b:02 3b:02 3b:02. 3b:02.8 3b:22.0 3b.02.0 3b:02,0 3b:02:0 3b:02_0",
		"3b_02.0 0000_3b:02.0x 0000:3b_02_0x",
		/* Bounds. */
		"traddr:[0000:3b:02.0]",
		"x0000:[3b:02.0] 0:[3b:02.0] 000:[3b:02.0] 000000000:[3b:02.0]",
		"00:3b:02.0 0000:00:3b:02.0 aa:bb:3b:02.0 deadbeef:0000:3b:02.0",
		"[0000:3b:02.0]:[3b:02.1]",
		":[3b:02.0]: ::[3b:02.0] g0:[3b:02.0]",
		"a3b:02.0 3b:02.0a 3b:02.01 3b:02.00",
		"[3b:02.0]. [3b:02.0].a [3b:02.0].. 3b:02.0.0 3b:02.0.1x",
		"-[3b:02.0]- _[3b:02.0]_ /[3b:02.0]/ \xc3\xa9[3b:02.0]\xc3\xa9",
		"pci_[0000_3b_02_0]_x 00_[3b_02_0] 0000_00_[3b_02_0]",
		"10000:3b:02.0 110000:e1:00.0",
		"[3b:02.0],[3b:02.0]=[3b:02.0];[3b:02.1]",
		"(0000:3b:02.2)[0000:3b:02.1]",
		/* Paths. */
		"[/dev/vfio/45]",
		"[/dev/vfio/4] [/dev/vfio/45/x] [/dev/vfio/45.y] [/dev/a b]",
		"x=[/dev/vfio/45],[/dev/vfio/45]:[/dev/vfio/4]",
		"[/dev/vfio/45]. [/dev/vfio/45].z [/dev/vfio/4].x /dev/vfio/45.5",
		"/dev/vfio/450 /dev/vfio/45/ /dev/vfio/45/y /dev/vfio/45- /dev/vfio/45_ /dev/vfio/45x",
		"x/dev/vfio/45 0/dev/vfio/45 .[/dev/vfio/45] /[/dev/vfio/45] -[/dev/vfio/45]",
		"/dev/vfio/ /dev/vfio /dev /dev/a /dev/a bc [/dev//vfio/45] /dev/VFIO/45",
		"/dev/vfio/[3b:02.0] [/dev/vfio/4]:[3b:02.0]",
		"\xc3\xa9[/dev/vfio/45]\xc3\xa9",
		"[/dev/vfio//45] [/dev/vfio/./45] /.//[/dev//.///./vfio/././45/x]",
		"[/dev/vfio//4].x /dev/vfio//4.45 /dev/vfio/..45 /dev/vfio/45/. /dev/vfio/.45 /dev/vfio/../45",
		"/host[/dev/vfio/45] x=/host_1/a.b-c[/dev//vfio/45/x] 0000:3b:02/dev/vfio/45",
		"host/dev/vfio/45 a/host/dev/vfio/45 (/host[/dev/vfio/45]) /h[/dev/vfio/45]. ./x/dev/vfio/45",
	};
	auto_table table = { 0 };

	(void)state;
	make_table(&table);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&table, rows[i]);
}

/* UUIDs of mediated devices, where the table has any. */
static void test_uuids(void **state)
{
	static const char *const rows[] = {
		"[" UUID("0") "]",
		"[5C2F6E0A-8A34-4B6E-9D51-0A1F3C7E2B90]",
		UUID("1") " " UUID(""),
		"uuid=[" UUID("0") "],/sys/bus/mdev/devices/[" UUID("0") "]/x",
		"-[" UUID("0") "]- [" UUID("0") "]. x" UUID("0") " " UUID("0") "x",
		UUID("0") "0 0" UUID("0") " " UUID("0") ".1",
		"[0000:3b:02.0] [" UUID("0") "] [3b:02.1]",
		"5c2f6e0a-[" UUID("0") "]",
	};
	struct device_name uuid;
	auto_table table = { 0 };

	(void)state;
	assert_int_equal(device_name_parse(SLICE(UUID("0")), &uuid), 0);
	leftover_table_add_address(&table, &uuid, ADDRESS(0, 1, 0, 0));
	make_table(&table);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&table, rows[i]);
}

static void test_found(void **state)
{
	auto_table table = { 0 };
	struct leftover_search search = { 0 };
	struct leftover found;
	const struct slice text =
		SLICE("3b_02_0 0000:3b:02.1 10000:e1:00.0 /dev/vfio/45.y");

	(void)state;
	make_table(&table);
	assert_true(leftover_find(&table, text, &search, &found));
	assert_true(found.address->known && found.address->guest.address.bus == 1);
	assert_true(found.spelling.short_form && found.spelling.underscores);
	assert_true(leftover_find(&table, text, &search, &found));
	assert_false(found.address->known);
	assert_true(!found.spelling.short_form && !found.spelling.underscores);
	assert_true(leftover_find(&table, text, &search, &found));
	assert_int_equal(found.address->guest.address.function, 1);
	assert_true(leftover_find(&table, text, &search, &found));
	assert_null(found.path->final);
	assert_false(leftover_find(&table, text, &search, &found));
	assert_false(leftover_find(&table, text, &search, &found));
}

/* One path with two others in its place has none. */
static void test_equal_paths(void **state)
{
	auto_table table = { 0 };

	(void)state;
	leftover_table_add_path(&table, SLICE("/b"), "/x");
	leftover_table_add_path(&table, SLICE("/a"), "/x");
	leftover_table_add_path(&table, SLICE("/b"), "/y");
	leftover_table_add_path(&table, SLICE("/a"), "/x");
	leftover_table_add_path(&table, SLICE("/c"), "/x");
	leftover_table_add_path(&table, SLICE("/c"), NULL);
	leftover_table_sort(&table);
	assert_int_equal(table.n_paths, 3);
	assert_string_equal(table.paths[0].final, "/x");
	assert_null(table.paths[1].final);
	assert_null(table.paths[2].final);
}

/* A table of one kind finds nothing of the other. */
static void test_one_kind(void **state)
{
	const struct slice text = SLICE("3b:02.0 /dev/vfio/45");
	auto_table addresses = { 0 }, paths = { 0 }, none = { 0 };
	auto_buffer marked = { 0 };

	(void)state;
	leftover_table_add_address(&addresses, ADDRESS(0, 0x3b, 2, 0), NULL);
	leftover_table_sort(&addresses);
	mark(&addresses, text, &marked);
	check_text("addresses", buffer_slice(&marked), "[3b:02.0] /dev/vfio/45");
	buffer_free(&marked);
	leftover_table_add_path(&paths, SLICE("/dev/vfio/45"), NULL);
	leftover_table_sort(&paths);
	mark(&paths, text, &marked);
	check_text("paths", buffer_slice(&marked), "3b:02.0 [/dev/vfio/45]");
	buffer_free(&marked);
	leftover_table_sort(&none);
	mark(&none, text, &marked);
	check_text("none", buffer_slice(&marked), text.data);
}

/* Puts the string after `before` bytes and before `after`, in exactly as much memory; returns
 * whether the filter finds a place in it. */
static bool finds(const struct leftover_filter *filter, struct slice string,
		  size_t before, size_t after, bool escapes)
{
	const size_t whole = before + string.length + after;
	auto_free char *text = xmalloc(whole);
	struct slice json = { text, whole };
	size_t at;

	memset(text, 'x', whole);
	memcpy(text + before, string.data, string.length);
	at = leftover_filter_find(filter, json, 0, whole, escapes);
	assert_true(at == whole || (at >= before && at < before + string.length));
	/* Not in a range that ends before it. */
	assert_int_equal(leftover_filter_find(filter, json, 0, before, escapes), before);
	assert_int_equal(leftover_filter_find(filter, json, whole, whole, escapes),
			 whole);
	/* From there on it is the first. */
	if (at < whole)
		assert_int_equal(leftover_filter_find(filter, json, at, whole, escapes),
				 at);
	return at < whole;
}

struct filter_row {
	const char *string;
	bool found;
};

static void check_filter(const struct leftover_table *table,
			 const struct filter_row *rows, size_t count)
{
	struct leftover_filter filter;

	leftover_filter_make(table, &filter);
	for (size_t i = 0; i < count; i++) {
		const struct slice string = slice_from(rows[i].string);

		/* Whatever block it is in, and across two. */
		for (size_t before = 0; before < 140; before++) {
			for (size_t after = 0; after < 140; after += 1 + after / 2) {
				if (finds(&filter, string, before, after, true) !=
				    rows[i].found)
					fail_row(string.data, "after %zu, before %zu",
						 before, after);
				if (!strchr(string.data, '\\') &&
				    finds(&filter, string, before, after, false) !=
					    rows[i].found)
					fail_row(string.data,
						 "after %zu, before %zu, without escapes",
						 before, after);
			}
		}
	}
}

static void test_uuid_filter(void **state)
{
	static const struct filter_row rows[] = {
		{ "\"" UUID("0") "\"", true },
		{ "\"5C2F6E0A-8A34-4B6E-9D51-0A1F3C7E2B90\"", true },
		{ "\"5c2f6e0a\\u002d8a34-4b6e-9d51-0a1f3c7e2b90\"", true },
		{ "\"" UUID("") "\"", false },
		{ "\"5c2f6e0a-8a34-4b6e-9d510-a1f3c7e2b90\"", false },
		{ "\"a-b-c\"", false },
		{ "\"3b:02.0\"", true },
		{ "\"/dev/vfio/45\"", true },
		{ "\"/dev/vfio/46\"", true },
		{ "\"/dev/vfio/vfio\"", false },
	};
	struct device_name uuid;
	auto_table table = { 0 };

	(void)state;
	assert_int_equal(device_name_parse(SLICE(UUID("1")), &uuid), 0);
	leftover_table_add_address(&table, &uuid, NULL);
	leftover_table_add_path(&table, SLICE("/dev/vfio/45"), "/dev/vfio/3");
	leftover_table_add_path(&table, SLICE("/dev/vfio/4"), "/dev/vfio/4");
	leftover_table_sort(&table);
	check_filter(&table, rows, ARRAY_SIZE(rows));
}

static void test_filter(void **state)
{
	static const struct filter_row rows[] = {
		{ "\"0000:3b:02.0\"", true },
		{ "\"3B:02.7\"", true },
		{ "\"0000_3b_02_0\"", true },
		{ "\"3b_02_0\"", true },
		{ "\"10000:e1:00.0\"", true },
		{ "\"0000:3b:02.8\"", false },
		{ "\"3b:22.0\"", false },
		{ "\"3b:02\",\"0\"", false },
		{ "\"SVC_BACKEND_19_PORT_8443_TCP=tcp://10.96.0.19:8443\"", false },
		{ "\"A_1_B_22_0_C\"", false },
		{ "\"12:34:56.789 12:34\"", false },
		{ "\"/dev/vfio/45\"", true },
		{ "\"/dev/vfio/46\"", true },
		{ "\"/dev/vfio/vfio\"", false },
		{ "\"/dev/vfio\"", false },
		{ "\"/DEV/vfio/45\"", false },
		{ "\"/dev/vfiox/45\"", false },
		/* Escapes. */
		{ "\"\\/dev\\/vfio\\/45\"", true },
		{ "\"\\/dev\\/vfio\\/vfio\"", false },
		/* More slashes than it takes. */
		{ "\"/dev/vfio//45\"", true },
		{ "\"/host/dev/.//vfio/./45\"", true },
		{ "\"\\/dev\\/.\\/vfio\\/\\/45\"", true },
		{ "\"/dev/vfio./45\"", false },
		{ "\"/dev/vfio.\\/45\"", false },
		{ "\"\\u002fdev/vfio/45\"", true },
		{ "\"/dev/vfio/\\u00345\"", true },
		{ "\"/dev/vf\\u0069o\\/45\"", true },
		{ "\"3\\u0062:02.0\"", true },
		{ "\"3b:02.\\u0030\"", true },
		{ "\"\\u0033\\u0062\\u003A\\u0030\\u0032\\u002e\\u0030\"", true },
		{ "\"\\n\\\"3b:02.0\\\"\"", true },
		{ "\"{\\\"n\\\":\\u0031}\\n\"", false },
		{ "\"\\u003cdiv\\u003e\"", false },
		{ "\"\\ud83d\\ude00 \\u00e9\"", false },
		{ "\"\\\\u0033\"", false },
		{ "\"\\\"\\\\\\b\\f\\n\\r\\t\"", false },
	};
	auto_table table = { 0 };

	(void)state;
	leftover_table_add_address(&table, ADDRESS(0, 0x3b, 2, 0), NULL);
	leftover_table_add_path(&table, SLICE("/dev/vfio/45"), NULL);
	leftover_table_add_path(&table, SLICE("/dev/vfio/46"), NULL);
	leftover_table_sort(&table);
	check_filter(&table, rows, ARRAY_SIZE(rows));
}

/* Paths that have little in common, or what JSON escapes. */
static void test_filter_paths(void **state)
{
	static const struct filter_row short_rows[] = {
		{ "\"/a\"", true },   { "\"\\/a\"", true }, { "\"\\u002fa\"", true },
		{ "\"/b/c\"", true }, { "\"a.b\"", false },
	};
	static const struct filter_row odd_rows[] = {
		{ "\"/a\\\"b\"", true },
		{ "\"/a\\u0022b\"", true },
		{ "\"\\u002fa\\\"b\"", true },
		{ "\"/x\"", false },
		{ "\"x\"", false },
	};
	static const struct filter_row utf8_rows[] = {
		{ "\"/dev/\xc3\xa9/a\"", true },
		{ "\"/dev/\\u00e9/a\"", true },
		{ "\"\\u00e9\"", true },
		{ "\"/sys/x\"", false },
	};
	auto_table table = { 0 }, odd = { 0 }, utf8 = { 0 };

	(void)state;
	leftover_table_add_path(&table, SLICE("/a"), NULL);
	leftover_table_add_path(&table, SLICE("/b/c"), NULL);
	leftover_table_sort(&table);
	check_filter(&table, short_rows, ARRAY_SIZE(short_rows));
	leftover_table_add_path(&odd, SLICE("/a\"b"), NULL);
	leftover_table_sort(&odd);
	check_filter(&odd, odd_rows, ARRAY_SIZE(odd_rows));
	leftover_table_add_path(&utf8, SLICE("/dev/\xc3\xa9/a"), NULL);
	leftover_table_sort(&utf8);
	check_filter(&utf8, utf8_rows, ARRAY_SIZE(utf8_rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),	 cmocka_unit_test(test_uuids),
		cmocka_unit_test(test_found),	 cmocka_unit_test(test_equal_paths),
		cmocka_unit_test(test_one_kind), cmocka_unit_test(test_uuid_filter),
		cmocka_unit_test(test_filter),	 cmocka_unit_test(test_filter_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
