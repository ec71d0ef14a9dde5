/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan means for the device cgroup of a created container. */
#include "oci-vfio-hook/device_change.h"

#include "plan_check.h"

#define OLD DEV("/dev/vfio/45", "243", "5")
#define CTL ALLOW("10", "196")
#define SAME_CONTROL "c 10:196 stays -> c 10:196 rwm\n"

struct changes_case {
	const char *spec, *map;
	const char *expected; /* a line for each change */
};

static void format_changes(const struct plan *plan, const struct spec *spec,
			   struct buffer *ret)
{
	auto_free struct device_change *changes = NULL;
	size_t count;

	plan_device_changes(plan, spec, &changes, &count);
	buffer_add(ret, SLICE(""));
	for (size_t i = 0; i < count; i++) {
		const struct device_change *change = &changes[i];

		if (change->has_old)
			buffer_printf(ret, "%s %s", DEVICE_NUMBER_TEXT(&change->old),
				      change->old_stays ? "stays " : "");
		buffer_add(ret, SLICE("->"));
		if (change->has_new)
			buffer_printf(ret, " %s %s", DEVICE_NUMBER_TEXT(&change->number),
				      change->access);
		if (*change->denied)
			buffer_printf(ret, " denied %s", change->denied);
		if (change->excepted)
			buffer_printf(ret, " excepted");
		if (*change->refused)
			buffer_printf(ret, " refused %s", change->refused);
		buffer_add(ret, SLICE("\n"));
	}
}

static const struct changes_case cases[] = {
	{ SPEC(CONTROL "," OLD, DENY_ALL "," CTL "," ALLOW("243", "5")), MAP_45,
	  SAME_CONTROL "c 243:5 -> c 242:6 rwm\n" },
	/* The control node comes new. */
	{ SPEC(OLD, DENY_ALL "," ALLOW("243", "5")), MAP_45,
	  "c 243:5 -> c 242:6 rwm\n-> c 10:196 rwm\n" },
	/* The access of its own rule. */
	{ SPEC(CONTROL "," OLD, CTL "," RULE("true", "c", "243", "5", "r")), MAP_45,
	  SAME_CONTROL "c 243:5 -> c 242:6 r\n" },
	/* Nothing is taken that a wildcard gives. */
	{ SPEC(CONTROL "," OLD, ALLOW_ALL), MAP_45,
	  SAME_CONTROL "c 243:5 stays -> c 242:6 rwm\n" },
	{ SPEC(CONTROL "," OLD, CTL "," RULE("true", "c", "243", "-1", "m")), MAP_45,
	  SAME_CONTROL "c 243:5 stays -> c 242:6 rwm\n" },
	{ SPEC(CONTROL "," OLD, ALLOW_ALL "," RULE("false", "c", "242", "6", "w")),
	  MAP_45, SAME_CONTROL "c 243:5 stays -> c 242:6 rm denied w refused w\n" },
	/* A rule for all devices begins again, whatever its access. */
	{ SPEC(CONTROL "," OLD, RULE("false", "c", "242", "6",
				     "rw") "," RULE("true", "a", "-1", "-1", "r")),
	  MAP_45, SAME_CONTROL "c 243:5 stays -> c 242:6 rwm\n" },
	/* One with a wildcard. */
	{ SPEC(CONTROL "," OLD, ALLOW_ALL "," RULE("false", "c", "242", "-1", "m")),
	  MAP_45, SAME_CONTROL "c 243:5 stays -> c 242:6 rw refused m\n" },
	/* What the spec refused the old numbers. */
	{ SPEC(CONTROL "," OLD, ALLOW_ALL "," RULE("false", "c", "243", "5", "w")),
	  MAP_45, SAME_CONTROL "c 243:5 stays -> c 242:6 rm refused w\n" },
	{ SPEC(OLD, ALLOW_ALL "," RULE("false", "c", "10", "-1", "rwm")), MAP_45,
	  "c 243:5 stays -> c 242:6 rwm\n-> c 10:196 rwm excepted\n" },
	/* Given by the plan, or by the spec again. */
	{ SPEC(OLD, ALLOW_ALL "," RULE("false", "c", "10", "196", "rwm")), MAP_45,
	  "c 243:5 stays -> c 242:6 rwm\n-> c 10:196 rwm denied rwm\n" },
	{ SPEC(CONTROL "," OLD, RULE("false", "c", "242", "6", "rwm") "," ALLOW_ALL),
	  MAP_45, SAME_CONTROL "c 243:5 stays -> c 242:6 rwm\n" },
	/* No rules at all: a rule for each device. */
	{ SPEC(CONTROL "," OLD, ""), MAP_45, SAME_CONTROL "c 243:5 -> c 242:6 rwm\n" },
	/* A swap: each one's old numbers are the other's. */
	{ SPEC(CONTROL
	       "," DEV("/dev/vfio/1", "242", "1") "," DEV("/dev/vfio/2", "242", "2"),
	       CTL "," ALLOW("242", "1") "," ALLOW("242", "2")),
	  "[" ENTRY("/dev/vfio/1", "\"0000:3b:02.0=02/00\"") "," ENTRY(
		  "/dev/vfio/2", "\"0000:3b:02.1=01/00\"") "]",
	  SAME_CONTROL "c 242:1 stays -> c 242:2 rwm\nc 242:2 stays -> c 242:1 rwm\n" },
	/* Of the guest's kernel: taken only, the control node too. */
	{ SPEC(CONTROL "," OLD, CTL "," ALLOW("243", "5")),
	  "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "]",
	  "c 10:196 ->\nc 243:5 ->\n" },
	/* A disk keeps its read-only rule; numbers from null, as engines let them
	 * come. */
	{ SPEC(NODE("/dev/sda", "b", "8", "0") "," DEV("/dev/null", "1", "3"),
	       RULE("true", "b", "8", "0", "r") "," ALLOW("1", "3")),
	  "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]", "b 8:0 -> b 254:0 r\n" },
	{ SPEC(CONTROL "," DEV("/dev/vfio/45", "1", "3") "," DEV("/dev/null", "1", "3"),
	       CTL "," ALLOW("1", "3")),
	  "[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"", STAND_IN) "]",
	  SAME_CONTROL "c 1:3 stays -> c 242:6 rwm\n" },
	/* Mounts have no rules. */
	{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), MAP_45, "" },
};

static void test_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct plan_run_input input = {
			.spec = slice_from(cases[i].spec),
			.map = slice_from(cases[i].map),
			.answer = machine_answer,
		};
		auto_plan_run run = { 0 };
		auto_error err = { 0 };
		auto_buffer text = { 0 };

		if (plan_run(&input, &run, &err) < 0)
			fail_row(cases[i].spec, "%s", err.message);
		format_changes(&run.plan, &run.spec, &text);
		if (strcmp(text.data, cases[i].expected) != 0)
			fail_row(cases[i].spec, "%s\ninstead of\n%s", text.data,
				 cases[i].expected);
	}
}

/* What live mode mounts, and instead of what. */
static void test_mounts(void **state)
{
	const struct plan_run_input input = {
		.spec = SLICE(MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45"))),
		.map = SLICE(MAP_45),
		.answer = machine_answer,
	};
	auto_plan_run run = { 0 };
	auto_error err = { 0 };
	const struct plan_node *node;

	(void)state;
	assert_int_equal(plan_run(&input, &run, &err), 0);
	assert_int_equal(run.plan.n_nodes, 2);
	node = &run.plan.nodes[0];
	assert_true(node->mount);
	assert_string_equal(node->container_path, "/dev/vfio/45");
	assert_string_equal(node->old_source, "/dev/vfio/45");
	assert_string_equal(node->final_path, "/dev/vfio/6");
	assert_string_equal(node->node, "/dev/vfio/6");
	node = &run.plan.nodes[1];
	assert_true(node->mount);
	assert_null(node->container_path);
	assert_string_equal(node->final_path, "/dev/vfio/vfio");
	assert_int_equal(node->number.major, 10);
	assert_int_equal(node->number.minor, 196);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
