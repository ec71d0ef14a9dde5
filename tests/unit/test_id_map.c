/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of ids: what is one, and who is who by it. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/id_map.h"

#define INITIAL "         0          0 4294967295\n"
#define ROOTLESS "         0       1000          1\n         1     100000      65536\n"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		const char *parsed; /* NULL: -EINVAL */
	} rows[] = {
		{ INITIAL, "0 0 4294967295;" },
		{ ROOTLESS, "0 1000 1;1 100000 65536;" },
		{ "0 100000 65536", "0 100000 65536;" },
		/* Before it is written. */
		{ "", "" },
		{ "\n", NULL },
		{ "0 1 2\n\n0 1 2\n", NULL },
		{ "0 1\n", NULL },
		{ "0 1 2 3\n", NULL },
		{ "0 1 2 \n", NULL },
		{ "0 1 2\n3\n", NULL },
		{ "0\t1\t2\n", NULL },
		{ "0 -1 2\n", NULL },
		{ "0 1 4294967296\n", NULL },
		{ "a 1 2\n", NULL },
		{ "   \n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_id_map map = { 0 };
		auto_buffer shown = { 0 };
		int r = id_map_parse(slice_from(rows[i].text), &map);

		if (r != (rows[i].parsed ? 0 : -EINVAL))
			fail_row(rows[i].text, "%d", r);
		for (size_t k = 0; k < map.count; k++)
			buffer_printf(&shown, "%u %u %u;", map.items[k].inside,
				      map.items[k].outside, map.items[k].count);
		check_text(rows[i].text, buffer_slice(&shown),
			   rows[i].parsed ? rows[i].parsed : "");
	}
}

static void test_find(void **state)
{
	static const struct {
		const char *text;
		uint32_t inside;
		int64_t outside; /* -1: none */
	} rows[] = {
		{ INITIAL, 0, 0 },
		{ INITIAL, 4294967294, 4294967294 },
		/* (uid_t)-1 is not a user. */
		{ INITIAL, 4294967295, -1 },
		{ ROOTLESS, 0, 1000 },
		{ ROOTLESS, 1, 100000 },
		{ ROOTLESS, 65536, 165535 },
		{ ROOTLESS, 65537, -1 },
		{ "10 20 5\n", 9, -1 },
		{ "10 20 5\n", 10, 20 },
		{ "10 20 5\n", 14, 24 },
		{ "10 20 5\n", 15, -1 },
		{ "10 20 0\n", 10, -1 },
		/* The last ids there are. */
		{ "4294967290 7 5\n", 4294967294, 11 },
		{ "4294967290 7 5\n", 3, -1 },
		{ "", 0, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_id_map map = { 0 };
		uint32_t outside = 12345;
		bool found;

		assert_int_equal(id_map_parse(slice_from(rows[i].text), &map), 0);
		found = id_map_find(&map, rows[i].inside, &outside);
		if (found != (rows[i].outside >= 0) ||
		    outside != (found ? rows[i].outside : 12345))
			fail_row(rows[i].text, "%u: %d, %u", rows[i].inside, found,
				 outside);
	}
}

static void test_initial(void **state)
{
	static const struct {
		const char *text;
		bool initial;
	} rows[] = {
		{ INITIAL, true },
		{ ROOTLESS, false },
		{ "0 0 4294967294\n", false },
		{ "0 1 4294967295\n", false },
		{ "1 0 4294967295\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_id_map map = { 0 };

		assert_int_equal(id_map_parse(slice_from(rows[i].text), &map), 0);
		if (id_map_is_initial(&map) != rows[i].initial)
			fail_row(rows[i].text, "expected %d", rows[i].initial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_initial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
