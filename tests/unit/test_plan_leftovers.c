/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for names of the host that are left: rule 9. */
#include "plan_check.h"

/* The host's 45 is this machine's 6. */
#define TEXTS(args, env, annotations)                                                    \
	"{\"process\":{\"args\":[" args "],\"env\":[" env                                \
	"]},\"annotations\":{" annotations                                               \
	"},\"linux\":{\"devices\":[" DEV("/dev/vfio/45", "243",                          \
					 "5") "," CONTROL                                \
					      "],\"resources\":{\"devices\":[" ALLOW_ALL \
					      "]}}}"
#define MAPPED(args, env, annotations)                                                   \
	"{\"process\":{\"args\":[" args "],\"env\":[" env                                \
	"]},\"annotations\":{" annotations                                               \
	"},\"linux\":{\"devices\":[" DEV("/dev/vfio/6", "242",                           \
					 "6") "," CONTROL                                \
					      "],\"resources\":{\"devices\":[" ALLOW_ALL \
					      "]}}}"
#define HINT                                                                             \
	"; have it translated by --leftover=translate, or change it where it comes from"

static void test_warn(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = TEXTS("\"x\",\"3b:02.0\"", "", ""),
		  .map = MAP_45,
		  .expected = MAPPED("\"x\",\"3b:02.0\"", "", ""),
		  .part = "process.args[1] still has the host's 3b:02.0, which is 06:00.0 here" HINT },
		{ .spec = TEXTS("", "\"A=/dev/vfio/45\"", ""),
		  .map = MAP_45,
		  .expected = MAPPED("", "\"A=/dev/vfio/45\"", ""),
		  .part = "process.env[0]: \"A\" still has the host's /dev/vfio/45, which is /dev/vfio/6 here" HINT },
		{ .spec = TEXTS("", "", "\"a/b c\":\"0000:3b:02.0\""),
		  .map = MAP_45,
		  .expected = MAPPED("", "", "\"a/b c\":\"0000:3b:02.0\""),
		  .part = "annotations[\"a/b c\"] still has the host's 0000:3b:02.0, which is 0000:06:00.0 here" HINT },
		{ .spec = TEXTS("", "", "\"3b:02.0\":\"\""),
		  .map = MAP_45,
		  .expected = MAPPED("", "", "\"3b:02.0\":\"\""),
		  .part = "the key of annotations[\"3b:02.0\"] still has the host's 3b:02.0, which is 06:00.0 here; change it where it comes from" },
		{ .spec = TEXTS("", "\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\"", ""),
		  .map = MAP_45,
		  .expected = MAPPED("", "\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\"", ""),
		  .part = "process.env[0]: \"PCIDEVICE_A\" still has the host's 0000:3b:02.0, which is 0000:06:00.0 here; change it where it comes from" },
		/* Nothing to tell of. */
		{ .spec = TEXTS("\"3b:02.1\",\"/dev/vfio/46\"", "\"3b:02.0\",\"A=1\"",
				"\"a\":1"),
		  .map = MAP_45,
		  .expected = MAPPED("\"3b:02.1\",\"/dev/vfio/46\"",
				     "\"3b:02.0\",\"A=1\"", "\"a\":1") },
		{ .spec = "{\"process\":{\"args\":[\"3b:02.0\"]}}",
		  .machine_map = MAP_45 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_translate(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = TEXTS("\"-a\",\"3b:02.0\"", "\"B=x\",\"A=/dev/vfio/45\"",
				"\"a\":\"0000_3b_02_0\",\"b\":\"\""),
		  .map = MAP_45,
		  .expected = MAPPED("\"-a\",\"06:00.0\"", "\"B=x\",\"A=/dev/vfio/6\"",
				     "\"a\":\"0000_06_00_0\",\"b\":\"\"") },
		{ .spec = TEXTS("\"3b:02.0,3b:02.0 \\u0033b:02.0\\n\"",
				"\"A_3b_02_0=3b:02.0\"", ""),
		  .map = MAP_45,
		  .expected = MAPPED("\"06:00.0,06:00.0 06:00.0\\n\"",
				     "\"A_06_00_0=06:00.0\"", "") },
		/* With rule 4's, which come in between. */
		{ .spec = TEXTS("", "\"A=3b:02.0\",\"PCIDEVICE_A=3b:02.0\",\"B=3b:02.0\"",
				""),
		  .map = MAP_45,
		  .expected = MAPPED(
			  "", "\"A=06:00.0\",\"PCIDEVICE_A=06:00.0\",\"B=06:00.0\"",
			  "") },
		/* What can't be. */
		{ .spec = TEXTS("\"\\ud800 3b:02.0\"", "", ""),
		  .map = MAP_45,
		  .expected = MAPPED("\"\\ud800 3b:02.0\"", "", ""),
		  .part = "process.args[0] still has the host's 3b:02.0, which is 06:00.0 here; change it where it comes from" },
		{ .spec = TEXTS("", "", "\"3b:02.0\":\"3b:02.0\""),
		  .map = MAP_45,
		  .expected = MAPPED("", "", "\"3b:02.0\":\"06:00.0\""),
		  .part = "the key of annotations[\"3b:02.0\"] still has the host's 3b:02.0" },
		{ .spec = TEXTS("", "\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\"", ""),
		  .map = MAP_45,
		  .expected = MAPPED("", "\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\"", ""),
		  .part = "\"PCIDEVICE_A\" still has the host's 0000:3b:02.0" },
		/* A function that isn't there. */
		{ .spec = "{\"process\":{\"args\":[\"3b:02.0\"],\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]}}",
		  .machine_map =
			  "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=0000:40:00.0\"") "]",
		  .part = "process.args[0] still has the host's 3b:02.0, which nothing here stands for; change it where it comes from" },
		/* The node of a device that the guest's kernel drives. */
		{ .spec = "{\"process\":{\"args\":[\"/dev/vfio/45 3b:02.0\"]},\"linux\":{\"devices\":[" DEV(
			  "/dev/vfio/45", "243", "5") "]}}",
		  .map = "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
					 "\"0000:3b:02.0=06/00\"") "]",
		  .expected =
			  "{\"process\":{\"args\":[\"/dev/vfio/45 06:00.0\"]},\"linux\":{\"devices\":[]}}",
		  .part = "process.args[0] still has the host's /dev/vfio/45, which nothing here stands for" },
		/* A mount. */
		{ .spec = "{\"process\":{\"args\":[\"/dev/vfio/45\"]},\"mounts\":[" MOUNT(
			  "/dev/vfio/45",
			  "/dev/vfio/45") "," MOUNT("/dev/vfio/vfio",
						    "/dev/vfio/vfio") "]}",
		  .map = MAP_45,
		  .expected =
			  "{\"process\":{\"args\":[\"/dev/vfio/6\"]},\"mounts\":[" MOUNT_RO(
				  "/dev/vfio/6",
				  "/dev/vfio/6") "," MOUNT("/dev/vfio/vfio",
							   "/dev/vfio/vfio") "]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan_case c = cases[i];

		c.leftover = LEFTOVER_TRANSLATE;
		check_plan(&c);
	}
}

static void test_error(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = TEXTS("\"3b:02.0\"", "\"A=/dev/vfio/45\"", "\"a\":\"3b:02.0\""),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "config.json: names of the host are left in process.args[0] (3b:02.0), process.env[0] (/dev/vfio/45), annotations.a (3b:02.0); change them where they come from, have them translated by --leftover=translate, or accept them by --leftover=warn" },
		{ .spec = TEXTS(
			  "\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\",\"3b:02.0\"",
			  "", ""),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "process.args[7] (3b:02.0) and 2 more; change them" },
		{ .spec = TEXTS("", "\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\"", ""),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "left in process.env[0] (0000:3b:02.0); " },
		{ .spec = TEXTS("\"3b:02.1\"", "", ""),
		  .map = MAP_45,
		  .expected = MAPPED("\"3b:02.1\"", "", "") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct plan_case c = cases[i];

		c.leftover = LEFTOVER_ERROR;
		check_plan(&c);
	}
}

/* The host's 3b:02.0 is 06:00.0 here, which is the host's of another entry, 07:00.0 here; the
 * paths likewise. */
#define CHAIN                                                                            \
	"[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(                   \
		"/dev/vfio/6", "\"0000:06:00.0=07/00\"") "]"
#define BOTH                                                                             \
	",\"linux\":{\"devices\":[" DEV("/dev/vfio/45", "243", "5") "," DEV(             \
		"/dev/vfio/6", "243", "6") "," CONTROL "]}}"

/* A second run says nothing of what the first one told or did, whatever stayed. */
static void test_second(void **state)
{
	static const struct {
		const char *spec;
		enum leftover_policy leftover;
	} rows[] = {
		{ "{\"process\":{\"args\":[\"3b:02.0 06:00.0 /dev/vfio/45 /dev/vfio/6\"],\"env\":[\"PCIDEVICE_A=0000:3b:02.0,0000:06:00.0\"]}" BOTH,
		  LEFTOVER_WARN },
		{ "{\"process\":{\"args\":[\"3b:02.0 06:00.0 /dev/vfio/45 /dev/vfio/6\"],\"env\":[\"PCIDEVICE_A=0000:3b:02.0,0000:06:00.0\"]}" BOTH,
		  LEFTOVER_TRANSLATE },
		{ "{\"process\":{\"args\":[\"3b:02.0 06:00.0 /dev/vfio/45 /dev/vfio/6\"]}" BOTH,
		  LEFTOVER_TRANSLATE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_run_input input = { .spec = slice_from(rows[i].spec),
						.map = SLICE(CHAIN),
						.leftover = rows[i].leftover,
						.answer = machine_answer,
						.annotate = true };
		auto_plan_run first = { 0 }, second = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].spec, plan_run(&input, &first, &err), &err);
		assert_int_equal(first.messages.count,
				 rows[i].leftover == LEFTOVER_WARN ? 4 : 0);
		/* The maps are opened for a variable of rule 4. */
		input.spec = buffer_slice(&first.text);
		check_done(first.text.data, plan_run(&input, &second, &err), &err);
		assert_int_equal(second.plan.n_changes, 0);
		if (second.messages.count)
			fail_row(first.text.data, "says: %s",
				 second.messages.items[0].text);
	}
}

/* Returns the text with `to` in place of `from`. The caller frees. */
static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_row(from, "isn't in %s", text);
	return xasprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

/* What somebody puts in between two runs is looked at; but what the first one listed as this
 * machine's is that. */
static void test_later(void **state)
{
	static const struct {
		const char *from, *to, *args;
	} rows[] = {
		{ "\"X=1\"", "\"PCIDEVICE_B=0000:3b:02.0\"",
		  "\"args\":[\"06:00.0\",\"06:00.0 /dev/vfio/6 /dev/vfio/7 /dev/vfio/46\"]" },
		{ "\"X=1\"", "\"PCIDEVICE_B=0000:06:00.0,0000:3b:02.0\"",
		  "\"args\":[\"06:00.0\",\"06:00.0 /dev/vfio/6 /dev/vfio/7 /dev/vfio/46\"]" },
		{ "\"devices\":[", "\"devices\":[" DEV("/dev/vfio/46", "243", "7") ",",
		  "\"args\":[\"3b:02.0\",\"06:00.0 /dev/vfio/6 /dev/vfio/7 /dev/vfio/8\"]" },
		{ "\"X=1\"", "\"X=2\"",
		  "\"args\":[\"3b:02.0\",\"06:00.0 /dev/vfio/6 /dev/vfio/7 /dev/vfio/46\"]" },
	};
	struct plan_run_input input = {
		.spec = SLICE(
			"{\"process\":{\"args\":[\"\",\"3b:02.0 /dev/vfio/45 /dev/vfio/6 /dev/vfio/46\"],\"env\":[\"X=1\"]}" BOTH),
		.map = SLICE("[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
			"/dev/vfio/6",
			"\"0000:06:00.0=07/00\"") "," ENTRY("/dev/vfio/46",
							    "\"0000:3b:02.1=08/00\"") "]"),
		.leftover = LEFTOVER_TRANSLATE,
		.answer = machine_answer,
		.annotate = true
	};
	auto_plan_run first = { 0 };
	auto_error none = { 0 };

	(void)state;
	input.machine_map = input.map;
	input.map = (struct slice) { 0 };
	check_done("first", plan_run(&input, &first, &none), &none);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *one = replace(first.text.data, "\"args\":[\"\"",
					      "\"args\":[\"3b:02.0\"");
		auto_free char *text = replace(one, rows[i].from, rows[i].to);
		auto_plan_run second = { 0 };
		auto_error err = { 0 };

		input.spec = slice_from(text);
		check_done(text, plan_run(&input, &second, &err), &err);
		if (!strstr(second.text.data, rows[i].args))
			fail_row(rows[i].to, "%s", second.text.data);
	}
}

/* One name in a text is told of once, each name for itself. */
static void test_once(void **state)
{
	struct plan_run_input input = {
		.spec = SLICE(
			"{\"process\":{\"args\":[\"3b:02.0 0000:3b:02.0 /dev/vfio/45 /dev/vfio/45\",\"3b:02.0\"]}" BOTH),
		.map = SLICE(CHAIN),
		.answer = machine_answer,
	};
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("once", plan_run(&input, &run, &err), &err);
	assert_int_equal(run.messages.count, 3);
}

/* Many, of which few are told; they are counted. */
static void test_many(void **state)
{
	struct plan_run_input input = { .map = SLICE(MAP_45), .answer = machine_answer };
	auto_buffer args = { 0 };
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	(void)state;
	buffer_add(&args,
		   SLICE("{\"linux\":{\"devices\":[" DEV(
			   "/dev/vfio/45", "243", "5") "]},\"process\":{\"args\":[\"\""));
	for (unsigned int i = 0; i < 1000; i++)
		buffer_add(&args, SLICE(",\"3b:02.0\""));
	buffer_add(&args, SLICE("]}}"));
	input.spec = buffer_slice(&args);
	check_done("many", plan_run(&input, &run, &err), &err);
	assert_int_equal(run.messages.count, MESSAGES_MAX + 1);
	assert_int_equal(run.messages.counts[MESSAGE_WARNING], 1000);
	assert_int_equal(run.plan.replaced[SPEC_TEXTS_ARGS].count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_warn),  cmocka_unit_test(test_translate),
		cmocka_unit_test(test_error), cmocka_unit_test(test_second),
		cmocka_unit_test(test_later), cmocka_unit_test(test_once),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
