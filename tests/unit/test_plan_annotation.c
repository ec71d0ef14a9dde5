/* SPDX-License-Identifier: Apache-2.0 */
/* The plan and its annotation: rule 8. */
#include "plan_check.h"

#define OLD DEV("/dev/vfio/45", "243", "5")
#define NEW DEV("/dev/vfio/6", "242", "6")
#define LINUX(devices)                                                                   \
	"\"linux\":{\"devices\":[" CONTROL "," devices                                   \
	"],\"resources\":{\"devices\":[" ALLOW_ALL "]}}"
/* What the run on OLD says of itself, as a JSON string, with a code. */
#define SAID(mac)                                                                        \
	"\"{\\\"nodes\\\":[{\\\"container_path\\\":"                                     \
	"\\\"/dev/vfio/45\\\",\\\"final_path\\\":\\\"/dev/vfio/6\\\",\\\"node\\\":"      \
	"\\\"/dev/vfio/6\\\",\\\"type\\\":\\\"c\\\",\\\"major\\\":242,"                  \
	"\\\"minor\\\":6}],\\\"addresses\\\":[[\\\"0000:3b:02.0\\\","                    \
	"\\\"0000:06:00.0\\\"]],\\\"mac\\\":\\\"" mac "\\\"}\""
/* Right for a spec without cgroupsPath and root.path, as `openssl mac` says. */
#define MAC "06b12735a2c410eff581df2bf79b979a"
#define KEY "\"io.github.oci-vfio-hook.applied\":"
#define FORGED "00000000000000000000000000000000"

static void run_annotated(struct plan_run *run, const char *spec, const char *map,
			  const char *machine_map)
{
	struct plan_run_input input = { .spec = slice_from(spec),
					.answer = machine_answer,
					.annotate = true };
	auto_error err = { 0 };

	if (map)
		input.map = slice_from(map);
	if (machine_map)
		input.machine_map = slice_from(machine_map);
	check_done(spec, plan_run(&input, run, &err), &err);
}

/* Where the annotation goes. */
static void test_written(void **state)
{
	static const struct {
		const char *before, *after;
	} rows[] = {
		{ "{" LINUX(OLD) "}",
		  "{" LINUX(NEW) ",\"annotations\":{" KEY SAID(MAC) "}}" },
		{ "{\n\t" LINUX(OLD) "\n}\n",
		  "{\n\t" LINUX(NEW) ",\n\t\"annotations\":{" KEY SAID(MAC) "}\n}\n" },
		{ "{\"annotations\":null," LINUX(OLD) "}",
		  "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) "}" },
		{ "{\"annotations\":{}," LINUX(OLD) "}",
		  "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) "}" },
		{ "{\"annotations\": { \"a\": \"b\" }," LINUX(OLD) "}",
		  "{\"annotations\": { \"a\": \"b\", " KEY
		  " " SAID(MAC) " }," LINUX(NEW) "}" },
		{ "{\"annotations\":{" KEY "null,\"a\":\"b\"}," LINUX(OLD) "}",
		  "{\"annotations\":{" KEY SAID(MAC) ",\"a\":\"b\"}," LINUX(NEW) "}" },
		/* Another code, or not our text: replaced. */
		{ "{\"annotations\":{" KEY SAID(FORGED) "}," LINUX(OLD) "}",
		  "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) "}" },
		{ "{\"annotations\":{" KEY "\"x\"}," LINUX(OLD) "}",
		  "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) "}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_run run = { 0 };
		char *wrong;

		run_annotated(&run, rows[i].before, MAP_45, NULL);
		check_text(rows[i].before, buffer_slice(&run.text), rows[i].after);
		wrong = plan_run_check(&run);
		if (wrong)
			fail_row(rows[i].before, "%s", wrong);
	}
}

/* No change, no annotation. */
static void test_not_written(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"annotations\":{" KEY "\"x\"}}",
		"{\"annotations\":{" KEY SAID(FORGED) "}," LINUX(
			DEV("/dev/x", "1", "2")) "}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_run run = { 0 };

		run_annotated(&run, rows[i], NULL, MAP_45);
		check_text(rows[i], buffer_slice(&run.text), rows[i]);
		assert_int_equal(run.splices.count, 0);
	}
}

#define DONE(devices) "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(devices) "}"

/* What is done isn't done again, whatever the maps say. */
static void test_done(void **state)
{
	static const char *const maps[] = {
		MAP_45,
		/* It would map what is there now. */
		"[" ENTRY("/dev/vfio/6", "\"0000:06:00.0=07/00\"") "]",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		auto_plan_run run = { 0 };

		run_annotated(&run, DONE(NEW), NULL, maps[i]);
		assert_true(run.had_applied);
		assert_int_equal(run.plan.n_changes, 0);
		/* Nothing else is ours: no map was opened. */
		assert_false(run.map.exists);
	}
}

static void test_done_device_map(void **state)
{
	auto_plan_run run = { 0 };

	(void)state;
	/* A listed entry counts as found. */
	run_annotated(&run, DONE(NEW), MAP_45, NULL);
	assert_int_equal(run.plan.n_changes, 0);
}

#define DONE_AND(more) "{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) "," more "}"

/* What was not there then is looked at: another node shown as the control node, too. */
static void test_done_and_more(void **state)
{
	static const char *const mounts[] = {
		"\"mounts\":[" MOUNT("/dev/vfio/vfio", "/dev/vfio/4") "]",
		"\"mounts\":[" MOUNT("/dev/vfio/4", "/dev/vfio/4") "]",
		"\"mounts\":[" MOUNT("/dev/vfio/vfio", "/dev/nic") "]",
	};
	static const char control[] =
		DONE_AND("\"mounts\":[" MOUNT("/dev/vfio/vfio", "/dev/vfio/vfio") "]");
	auto_plan_run run = { 0 };

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(mounts); i++) {
		auto_free char *spec = xasprintf(
			"{\"annotations\":{" KEY SAID(MAC) "}," LINUX(NEW) ",%s}",
			mounts[i / 2]);
		struct plan_run_input input = { .spec = slice_from(spec),
						.answer = machine_answer };
		auto_plan_run again = { 0 };
		auto_error err = { 0 };

		/* With the map, and without. */
		if (i % 2)
			input.machine_map = slice_from(MAP_45);
		check_error(spec, plan_run(&input, &again, &err), &err, ERROR_UNAVAILABLE,
			    "mounts[0]: ");
	}
	run_annotated(&run, control, NULL, MAP_45);
	assert_int_equal(run.plan.n_changes, 0);
	assert_false(run.map.exists);
}

static void test_done_environment(void **state)
{
	static const char text[] = "{\"annotations\":{" KEY
		SAID(MAC) "},\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":\\\"/dev/vfio/6\\\"}\"]}," LINUX(
			NEW) "}";
	auto_plan_run run = { 0 };

	(void)state;
	run_annotated(&run, text, NULL,
		      "[" ENTRY("/dev/vfio/6", "\"0000:06:00.0=07/00\"") "]");
	assert_int_equal(run.plan.n_changes, 0);
	assert_false(run.map.exists);
}

/* A second front end adds what it knows to what was done. */
static void test_continued(void **state)
{
	auto_plan_run run = { 0 };

	(void)state;
	run_annotated(&run, DONE(NEW "," DEV("/dev/vfio/46", "243", "6")), NULL,
		      "[" ENTRY("/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]");
	check_text(
		"continued", buffer_slice(&run.text),
		"{\"annotations\":{" KEY
		"\"{\\\"nodes\\\":[{\\\"container_path\\\":\\\"/dev/vfio/45\\\",\\\"final_path\\\":\\\"/dev/vfio/6\\\",\\\"node\\\":\\\"/dev/vfio/6\\\",\\\"type\\\":\\\"c\\\",\\\"major\\\":242,\\\"minor\\\":6},{\\\"container_path\\\":\\\"/dev/vfio/46\\\",\\\"final_path\\\":\\\"/dev/vfio/7\\\",\\\"node\\\":\\\"/dev/vfio/7\\\",\\\"type\\\":\\\"c\\\",\\\"major\\\":242,\\\"minor\\\":7}],\\\"addresses\\\":[[\\\"0000:3b:02.0\\\",\\\"0000:06:00.0\\\"],[\\\"0000:3b:02.1\\\",\\\"0000:07:00.0\\\"]],\\\"mac\\\":\\\"588039547a7dd59acd062a5f86f6a65a\\\"}\"}," LINUX(
			NEW "," DEV("/dev/vfio/7", "242", "7")) "}");
}

/* Who wrote that isn't known, and an entry would translate what it lists as final: which
 * is right can't be told. */
static void test_claimed(void **state)
{
	static const char again[] =
		"[" ENTRY("/dev/vfio/6", "\"0000:06:00.0=07/00\"") "]";
	static const char other[] =
		"[" ENTRY("/dev/vfio/8", "\"0000:06:00.0=07/00\"") "]";
#define CLAIM "{\"annotations\":{" KEY SAID(FORGED) "},"
	static const struct plan_case cases[] = {
		{ .spec = CLAIM LINUX(NEW) "}",
		  .machine_map = again,
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1]: \"/dev/vfio/6\": the annotation io.github.oci-vfio-hook.applied says that it is translated already, but was not written for this container on this machine since it booted; devices.d/a.json: [0] would translate it" },
		{ .spec = CLAIM "\"mounts\":[" MOUNT("/dev/vfio/6", "/dev/vfio/6") "]}",
		  .machine_map = again,
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/vfio/6\": the annotation" },
		{ .spec = CLAIM "\"mounts\":[" MOUNT("/dev/vfio/6", "/dev/vfio/8") "]}",
		  .machine_map = other,
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/vfio/6\": the annotation" },
		{ .spec = CLAIM "\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\"]}}",
		  .machine_map = other,
		  .class = ERROR_UNAVAILABLE,
		  .part = "process.env: 0000:06:00.0: the annotation" },
	};
	static const struct {
		const char *spec, *machine_map;
	} ignored[] = {
		/* Nothing of what it lists is there. */
		{ CLAIM "\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]}}", other },
		{ CLAIM LINUX(DEV("/dev/vfio/8", "243", "6")) "}", other },
		/* What an entry leaves under its name is the same, whoever is right. */
		{ "{\"annotations\":{" KEY
		  "\"{\\\"nodes\\\":[{\\\"container_path\\\":\\\"/dev/vfio/6\\\",\\\"final_path\\\":\\\"/dev/vfio/6\\\",\\\"node\\\":\\\"/dev/vfio/6\\\",\\\"type\\\":\\\"c\\\",\\\"major\\\":1,\\\"minor\\\":2}]}\"}," LINUX(
			  DEV("/dev/vfio/6", "243", "6")) "}",
		  again },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++) {
		auto_plan_run run = { 0 };

		run_annotated(&run, ignored[i].spec, NULL, ignored[i].machine_map);
		assert_false(run.had_applied);
		assert_true(run.map.exists);
	}
#undef CLAIM
}

static void test_refused(void **state)
{
	static const struct plan_case cases[] = {
		/* The machine's numbers are others now. */
		{ .spec = DONE(DEV("/dev/vfio/6", "243", "6")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1]: \"/dev/vfio/6\" was mapped by an earlier run, but is c 242:6 here now" },
		{ .spec = DONE(NODE("/dev/vfio/6", "b", "242", "6")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "was mapped by an earlier run, but is c 242:6" },
		{ .spec = "{\"annotations\":{" KEY
			  "\"{\\\"nodes\\\":[{\\\"container_path\\\":\\\"/dev/a\\\",\\\"final_path\\\":\\\"/dev/b\\\",\\\"node\\\":\\\"/dev/gone\\\",\\\"type\\\":\\\"c\\\",\\\"major\\\":1,\\\"minor\\\":2}],\\\"mac\\\":\\\"4fb6c12aca90a93aed069ecbd71c27dd\\\"}\"}," LINUX(
				  DEV("/dev/b", "1", "2")) "}",
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/b\" was mapped by an earlier run, but /dev/gone is not on this machine: No such file or directory" },
		/* A forged annotation switches nothing off. */
		{ .spec = "{\"annotations\":{" KEY SAID(FORGED) "}," LINUX(NEW) "}",
		  .machine_map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/6\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* For a person, the annotation comes without the code that makes it worth anything. */
static void test_report(void **state)
{
	static const char spec[] =
		"{\"annotations\":{" KEY SAID(FORGED) "}," LINUX(OLD) "}";
	const struct plan_run_input input = { .spec = slice_from(spec),
					      .map = SLICE(MAP_45),
					      .answer = machine_answer,
					      .annotate = true,
					      .show = true };
	auto_plan_run run = { 0 };
	struct report report;
	auto_buffer text = { 0 }, json = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	check_done(spec, plan_run(&input, &run, &err), &err);
	report = plan_run_report(&run, "config.json");
	report_details(&report, &text);
	report_json(&report, &json);
	assert_null(strstr(text.data, MAC));
	assert_null(strstr(json.data, MAC));
	assert_null(strstr(text.data, PLAN_RUN_TOKEN));
	assert_null(strstr(json.data, PLAN_RUN_TOKEN));
	assert_non_null(strstr(
		text.data,
		"[[\\\"0000:3b:02.0\\\",\\\"0000:06:00.0\\\"]]}\"\n  rule 8: so that a second run knows what is done (apply adds the \"mac\""));
	assert_non_null(strstr(text.data, "annotations.io.github.oci-vfio-hook.applied"));
	check_done(json.data,
		   json_parse("report", buffer_slice(&json), &json_any, NULL, &doc, &err),
		   &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_done_device_map),
		cmocka_unit_test(test_done_environment),
		cmocka_unit_test(test_done_and_more),
		cmocka_unit_test(test_continued),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
