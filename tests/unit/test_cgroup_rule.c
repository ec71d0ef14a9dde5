/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules of cgroup v1: devices.list, and what it allows. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/cgroup_rule.h"
#include "oci-vfio-hook/device_program.h"

static void test_parse(void **state)
{
	static const struct {
		const char *line;
		const char *parsed; /* NULL: -EINVAL */
	} rows[] = {
		{ "c 10:196 rwm", "c 10:196 rwm" },
		{ "b 8:0 r", "b 8:0 r" },
		{ "c 136:* rw", "c 136:* rw" },
		{ "c *:* m", "c *:* m" },
		{ "b *:3 w", "b *:3 w" },
		{ "a *:* rwm", "a *:* rwm" },
		{ "c 0:0 mwr", "c 0:0 mwr" },
		{ "c 4294967295:4294967295 rwm", "c 4294967295:4294967295 rwm" },
		{ "c 4294967296:0 rwm", NULL },
		{ "c 1:4294967296 rwm", NULL },
		{ "c 01:3 r", "c 1:3 r" },
		{ "c 1:3 ", NULL },
		{ "c 1:3", NULL },
		{ "c 1:3 x", NULL },
		{ "c 1:3 rr", NULL },
		{ "c 1:3 rwmr", NULL },
		{ "c 1:3 rw ", NULL },
		{ "c  1:3 rw", NULL },
		{ " c 1:3 rw", NULL },
		{ "c -1:3 rw", NULL },
		{ "c **:3 rw", NULL },
		{ "c :3 rw", NULL },
		{ "c 1: rw", NULL },
		{ "c 1 rw", NULL },
		{ "cb 1:3 rw", NULL },
		{ "p 1:3 rw", NULL },
		{ "c", NULL },
		{ "", NULL },
		{ "c 1:3 rw\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cgroup_rule rule = { .access = "-" };
		auto_buffer shown = { 0 };

		if (cgroup_rule_parse(slice_from(rows[i].line), &rule) < 0) {
			if (rows[i].parsed || *rule.access != '-')
				fail_row(rows[i].line, "refused, or half parsed");
			continue;
		}
		buffer_printf(&shown, "%c ", rule.number.type);
		buffer_printf(&shown, rule.any_major ? "*" : "%u", rule.number.major);
		buffer_printf(&shown, rule.any_minor ? ":*" : ":%u", rule.number.minor);
		buffer_printf(&shown, " %s", rule.access);
		check_text(rows[i].line, buffer_slice(&shown),
			   rows[i].parsed ? rows[i].parsed : "-EINVAL");
		assert_true(!rule.any_major || rule.number.major == 0);
		assert_true(!rule.any_minor || rule.number.minor == 0);
	}
}

/* A NUL is not an end. */
static void test_nul(void **state)
{
	struct cgroup_rule rule;

	(void)state;
	assert_int_equal(cgroup_rule_parse(SLICE("c 1:3 r\0w"), &rule), -EINVAL);
	assert_int_equal(cgroup_rule_parse(SLICE("c 1:3 r"), &rule), 0);
}

static void test_list(void **state)
{
	static const struct {
		const char *text;
		int status;
		size_t count;
		bool open;
	} rows[] = {
		{ "a *:* rwm\n", 0, 1, true },
		{ "c 1:3 rwm\nb 8:* r\n", 0, 2, false },
		{ "c *:* rwm\nb *:* rwm\n", 0, 2, false },
		{ "c 1:3 rwm\na *:* rwm", 0, 2, true },
		{ "", 0, 0, false },
		{ "\n", -EINVAL, 0, false },
		{ "c 1:3 rwm\n\nc 1:5 rwm\n", -EINVAL, 0, false },
		{ "c 1:3 rwm\nnonsense\n", -EINVAL, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_cgroup_rules rules = { 0 };
		int r = cgroup_rules_parse(slice_from(rows[i].text), &rules);

		if (r != rows[i].status || rules.count != rows[i].count ||
		    rules.open != rows[i].open)
			fail_row(rows[i].text, "%d, %zu rules, open: %d", r, rules.count,
				 rules.open);
	}
}

static void test_allows(void **state)
{
	static const struct {
		const char *rules;
		struct device_number number;
		const char *access;
		bool allowed;
	} rows[] = {
		{ "c 245:0 rwm\n", { 'c', 245, 0 }, "rwm", true },
		{ "c 245:0 rw\n", { 'c', 245, 0 }, "rw", true },
		/* The container's nodes are made by others. */
		{ "c 245:0 rw\n", { 'c', 245, 0 }, "rwm", true },
		{ "c 245:0 rw\n", { 'c', 245, 0 }, "m", false },
		{ "c 245:0 m\n", { 'c', 245, 0 }, "m", true },
		{ "c 245:0 r\n", { 'c', 245, 0 }, "rw", false },
		/* Rules don't add up to one. */
		{ "c 245:0 r\nc 245:* w\n", { 'c', 245, 0 }, "rw", false },
		{ "b 245:0 rwm\n", { 'c', 245, 0 }, "r", false },
		{ "c 245:1 rwm\nc 244:0 rwm\n", { 'c', 245, 0 }, "r", false },
		{ "c 245:* rwm\n", { 'c', 245, 7 }, "rw", true },
		{ "c *:7 rwm\n", { 'c', 245, 7 }, "rw", true },
		{ "c *:7 rwm\n", { 'c', 245, 8 }, "rw", false },
		/* A wildcard isn't the number 0. */
		{ "c 0:* rwm\n", { 'c', 245, 0 }, "rw", false },
		{ "a *:* rwm\n", { 'b', 8, 0 }, "rwm", true },
		{ "", { 'c', 245, 0 }, "r", false },
		/* Whatever their order is. */
		{ "c 245:* r\nb 8:0 m\nc 245:0 w\nc *:0 m\nc *:* w\n",
		  { 'c', 245, 0 },
		  "m",
		  true },
		{ "c 9:9 rw\nc 245:0 rw\nc 245:* r\nc *:0 m\nb *:* rwm\n",
		  { 'c', 245, 0 },
		  "rw",
		  true },
		{ "c 9:9 rw\nc 245:0 r\nc 245:* rw\nc *:0 m\nb *:* rwm\n",
		  { 'c', 245, 0 },
		  "rw",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_cgroup_rules rules = { 0 };
		uint32_t access;

		assert_int_equal(cgroup_rules_parse(slice_from(rows[i].rules), &rules),
				 0);
		assert_int_equal(device_access_parse(rows[i].access, &access), 0);
		if (cgroup_rules_allow(&rules, &rows[i].number, access) !=
		    rows[i].allowed)
			fail_row(rows[i].rules, "%s %s: expected %d",
				 DEVICE_NUMBER_TEXT(&rows[i].number), rows[i].access,
				 rows[i].allowed);
	}
}

static void test_exact(void **state)
{
	static const struct {
		const char *rules;
		struct device_number number;
		const char *access; /* NULL: none */
	} rows[] = {
		{ "c 8:0 r\n", { 'c', 8, 0 }, "r" },
		{ "c 8:* r\nc *:0 r\nb 8:0 r\nc 8:1 r\nc 0:8 r\nc *:* r\na *:* rwm\n",
		  { 'c', 8, 0 },
		  NULL },
		{ "c 8:1 r\nc 8:* r\nc 8:0 w\nb 8:0 m\nc *:* r\nc 7:9 rw\n",
		  { 'c', 8, 0 },
		  "w" },
		{ "c 8:1 r\nc 8:* r\nc 8:0 w\nb 8:0 m\nc *:* r\nc 7:9 rw\n",
		  { 'b', 8, 0 },
		  "m" },
		/* A wildcard is not the number 0. */
		{ "c *:0 r\n", { 'c', 0, 0 }, NULL },
		{ "c 0:* r\n", { 'c', 0, 0 }, NULL },
		{ "c *:* r\nc 0:0 w\nc 0:* m\n", { 'c', 0, 0 }, "w" },
		{ "", { 'c', 0, 0 }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_cgroup_rules rules = { 0 };
		const struct cgroup_rule *found;

		assert_int_equal(cgroup_rules_parse(slice_from(rows[i].rules), &rules),
				 0);
		found = cgroup_rules_find(&rules, &rows[i].number);
		check_text(rows[i].rules, slice_from(found ? found->access : "none"),
			   rows[i].access ? rows[i].access : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_list),  cmocka_unit_test(test_allows),
		cmocka_unit_test(test_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
