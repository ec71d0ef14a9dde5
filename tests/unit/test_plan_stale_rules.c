/* SPDX-License-Identifier: Apache-2.0 */
/* Allow rules that stay, though they may have been meant for a device of the host, and those that
 * allow all of VFIO's nodes: rule 2. Each is told of. */
#include "plan_check.h"

#define OPTIONS_45 "\"0000:3b:02.0=06/00\""
#define HOST_DEV(numbers) "\"host_dev\":\"" numbers "\""
#define WITH(more) "[" ENTRY_WITH("/dev/vfio/45", OPTIONS_45, more) "]"
#define OLD CONTROL "," DEV("/dev/vfio/45", "243", "5")
#define NEW CONTROL "," DEV("/dev/vfio/6", "242", "6")
#define CTL ALLOW("10", "196")
#define OTHER DEV("/dev/fuse", "10", "229")
#define ALL_OF(major)                                                                    \
	"{\"allow\":true,\"type\":\"c\",\"major\":" major ",\"access\":\"rwm\"}"
#define UNTYPED(major, minor)                                                            \
	"{\"allow\":true,\"major\":" major ",\"minor\":" minor ",\"access\":\"rwm\"}"
#define DISK                                                                             \
	"[{\"type\":\"node\",\"container_path\":\"/dev/sdb\",\"vm_path\":\"/dev/vdb\","  \
	"\"host_dev\":\"8:16\"}]"
#define STALE_243_5                                                                      \
	"linux.resources.devices[0]: this rule allows c 243:5, which is a device of the host's and another one here, if any; left as it is"
#define ALL_GROUPS                                                                       \
	"linux.resources.devices[0]: this rule allows all VFIO groups of this machine; left as it is"
#define ALL_OF_243                                                                       \
	"linux.resources.devices[0]: this rule allows all devices of major 243, which is VFIO's on the host, and another driver's here, if any; left as it is"

static void test_exact(void **state)
{
	static const struct plan_case cases[] = {
		/* It has no type, or that of all: only a typed rule follows its device. */
		{ .spec = SPEC(OLD, UNTYPED("243", "5") "," CTL),
		  .map = MAP_45,
		  .expected =
			  SPEC(NEW, UNTYPED("243", "5") "," CTL "," ALLOW("242", "6")),
		  .part = STALE_243_5 },
		{ .spec = SPEC(OLD, RULE("true", "a", "243", "5", "r") "," CTL),
		  .map = MAP_45,
		  .expected = SPEC(NEW, RULE("true", "a", "243", "5",
					     "r") "," CTL "," ALLOW("242", "6")),
		  .part = STALE_243_5 },
		/* Of an entry that nothing names. */
		{ .spec = SPEC(OTHER, ALLOW("243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .part = STALE_243_5 },
		{ .spec = SPEC(OTHER, UNTYPED("243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .unmapped = UNMAPPED_OWN,
		  .part = STALE_243_5 },
		{ .spec = SPEC(OTHER, RULE("true", "b", "8", "16", "r")),
		  .machine_map = DISK,
		  .part = "this rule allows b 8:16, which is a device of the host's" },
		/* Nothing is allowed, kept, or it isn't the host's. */
		{ .spec = SPEC(OTHER,
			       RULE("true", "c", "243", "5", "") "," RULE(
				       "false", "c", "243", "5",
				       "rwm") "," ALLOW("243", "6") "," RULE("true", "b",
									     "243", "5",
									     "rwm")),
		  .machine_map = WITH(HOST_DEV("243:5")) },
		{ .spec = SPEC(OTHER, ALLOW("243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = SPEC(OTHER, ALLOW("195", "0") "," ALLOW("8", "16")),
		  .machine_map = "[" ENTRY_WITH(
			  "/dev/vfio/45", OPTIONS_45,
			  HOST_DEV(
				  "243:5")) ",{\"type\":\"node\",\"container_path\":\"/dev/nvidia0\",\"vm_path\":\"/dev/gpu\",\"host_dev\":\"195:0\"}]" },
		/* What another device becomes here is the container's. */
		{ .spec = SPEC(OLD, ALLOW("243", "5") "," CTL),
		  .machine_map = "[" ENTRY("/dev/vfio/45", OPTIONS_45) "," ENTRY_WITH(
			  "/dev/vfio/46", "\"0000:3b:02.1=07/00\"",
			  HOST_DEV("242:6")) "]",
		  .expected = SPEC(NEW, ALLOW("242", "6") "," CTL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_wildcards(void **state)
{
	static const struct plan_case cases[] = {
		/* With an entry that is named, one that isn't, and without any. */
		{ .spec = SPEC(OLD, ALL_OF("242") "," CTL),
		  .map = MAP_45,
		  .expected = SPEC(NEW, ALL_OF("242") "," CTL),
		  .part = ALL_GROUPS },
		{ .spec = SPEC(OTHER, ALL_OF("242")),
		  .machine_map = MAP_45,
		  .part = ALL_GROUPS },
		{ .spec = SPEC(OTHER, ALL_OF("242")), .part = ALL_GROUPS },
		{ .spec = SPEC(OTHER, ALL_OF("244")),
		  .machine_map = MAP_45,
		  .part = ALL_GROUPS },
		/* Of what was VFIO's on the host. */
		{ .spec = SPEC(OTHER, ALL_OF("243")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .part = ALL_OF_243 },
		{ .spec = SPEC(OLD, ALL_OF("243") "," CTL),
		  .map = WITH(HOST_DEV("243:5")),
		  .expected = SPEC(NEW, ALL_OF("243") "," CTL "," ALLOW("242", "6")),
		  .part = ALL_OF_243 },
		{ .spec = SPEC(OTHER, ALL_OF("242")),
		  .machine_map = WITH(HOST_DEV("242:5")),
		  .part = ALL_GROUPS },
		{ .spec = SPEC(OTHER, ALL_OF("243") ",{\"allow\":true,\"type\":\"b\","
						    "\"major\":242,\"access\":\"rwm\"}"),
		  .machine_map = DISK },
		{ .spec = SPEC(OTHER, ALL_OF("243")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .unmapped = UNMAPPED_KEEP },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* By itself it is not a reason to open a map. */
static void test_no_reason(void **state)
{
	static const char spec[] = SPEC("", ALL_OF("242"));
	struct plan_run_input input = { .spec = slice_from(spec),
					.machine_map = slice_from(MAP_45),
					.answer = machine_answer };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done(spec, plan_run(&input, &run, &err), &err);
	assert_false(run.map.exists);
	assert_false(run.request.vfio_nodes);
	assert_int_equal(run.messages.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_no_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
