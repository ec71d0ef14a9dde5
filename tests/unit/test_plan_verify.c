/* SPDX-License-Identifier: Apache-2.0 */
/* Does the plan see that a new text isn't what was planned? And when is a machine's map
 * opened at all. */
#include "plan_check.h"

#define BEFORE                                                                           \
	"{\"process\":{\"env\":[\"A=1\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_B=x\"]" \
	"},"                                                                             \
	"\"mounts\":[" MOUNT("/dev/vfio/45", "/dev/vfio/45") "," MOUNT(                  \
		"/a", "/b") "],\"linux\":{\"devices\":[" CONTROL                         \
			    "," DEV("/dev/vfio/45", "243", "5") "," DEV(                 \
				    "/dev/x", "1",                                       \
				    "2") "],\"resources\":{\"devices\":"                 \
					 "[" ALLOW("10", "196") "," ALLOW("243",         \
									  "5") "]}}}"

/* `from` becomes `to` in the text. */
static void replace(struct slice text, const char *from, const char *to,
		    struct buffer *ret)
{
	const char *at = strstr(text.data, from);
	size_t start;

	if (!at)
		fail_row(from, "isn't in %s", text.data);
	start = (size_t)(at - text.data);
	buffer_add(ret, slice_from_to(text, 0, start));
	buffer_add(ret, slice_from(to));
	buffer_add(ret, slice_from_to(text, start + strlen(from), text.length));
}

static void test_verify(void **state)
{
	static const struct {
		const char *from, *to, *what;
	} rows[] = {
		{ DEV("/dev/vfio/6", "242", "6"), DEV("/dev/vfio/45", "242", "6"),
		  "linux.devices: " },
		{ DEV("/dev/vfio/6", "242", "6"), DEV("/dev/vfio/6", "243", "6"),
		  "linux.devices: " },
		{ DEV("/dev/vfio/6", "242", "6"), DEV("/dev/vfio/6", "242", "5"),
		  "linux.devices: " },
		{ DEV("/dev/vfio/6", "242", "6"), NODE("/dev/vfio/6", "b", "242", "6"),
		  "linux.devices: " },
		{ DEV("/dev/x", "1", "2"),
		  DEV("/dev/x", "1", "2") "," DEV("/y", "1", "3"), "linux.devices: " },
		{ "," DEV("/dev/x", "1", "2"), "", "linux.devices: " },
		{ DEV("/dev/x", "1", "2"),
		  "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":2,\"uid\":1}",
		  "linux.devices: " },
		{ DEV("/dev/x", "1", "2"),
		  "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":2,\"gid\":1}",
		  "linux.devices: " },
		{ DEV("/dev/x", "1", "2"),
		  "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1,\"minor\":2,\"fileMode\":384}",
		  "linux.devices: " },
		{ DEV("/dev/x", "1", "2"),
		  "{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}", "linux.devices: " },
		{ ALLOW("242", "6"), ALLOW("243", "6"), "linux.resources.devices: " },
		{ ALLOW("242", "6"), ALLOW("242", "5"), "linux.resources.devices: " },
		{ ALLOW("242", "6"), RULE("false", "c", "242", "6", "rwm"),
		  "linux.resources.devices: " },
		{ ALLOW("242", "6"), RULE("true", "b", "242", "6", "rwm"),
		  "linux.resources.devices: " },
		{ ALLOW("242", "6"), RULE("true", "c", "242", "6", "rw"),
		  "linux.resources.devices: " },
		{ "," ALLOW("242", "6"), "", "linux.resources.devices: " },
		{ ALLOW("242", "6"), ALLOW("242", "6") "," ALLOW("1", "2"),
		  "linux.resources.devices: " },
		{ MOUNT_RO("/dev/vfio/6", "/dev/vfio/6"),
		  MOUNT_RO("/dev/vfio/45", "/dev/vfio/6"), "mounts: " },
		{ MOUNT_RO("/dev/vfio/6", "/dev/vfio/6"),
		  MOUNT_RO("/dev/vfio/6", "/dev/vfio/45"), "mounts: " },
		{ MOUNT_RO("/dev/vfio/6", "/dev/vfio/6"),
		  MOUNT("/dev/vfio/6", "/dev/vfio/6"), "mounts: " },
		{ MOUNT("/a", "/b"), MOUNT_RO("/a", "/b"), "mounts: " },
		{ "," MOUNT("/a", "/b"), "", "mounts: " },
		{ MOUNT("/a", "/b"), MOUNT("/a", "/c"), "mounts: " },
		{ MOUNT("/a", "/b"), MOUNT("/a", "/b") "," MOUNT("/c", "/d"),
		  "mounts: " },
		{ "PCIDEVICE_A=0000:06:00.0", "PCIDEVICE_A=0000:3b:02.0",
		  "process.env: " },
		{ "PCIDEVICE_B=x", "PCIDEVICE_B=y", "process.env: " },
		{ "PCIDEVICE_B=x", "XCIDEVICE_B=x", "process.env: " },
		{ "\"A=1\",", "", "process.env: " },
	};
	struct plan_run_input input = { .spec = SLICE(BEFORE),
					.map = SLICE(MAP_45),
					.answer = machine_answer };
	auto_plan_run run = { 0 };
	auto_error none = { 0 };

	(void)state;
	check_done(BEFORE, plan_run(&input, &run, &none), &none);
	assert_null(plan_run_check(&run));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *part = NULL;
		auto_buffer text = { 0 };
		auto_error err = { 0 };
		auto_spec after = { 0 };

		replace(buffer_slice(&run.text), rows[i].from, rows[i].to, &text);
		check_done(rows[i].to, plan_run_parse(buffer_slice(&text), &after, &err),
			   &err);
		part = xasprintf(
			"%sthe edited text is not what was planned; nothing was written, please report this with the spec",
			rows[i].what);
		check_error(rows[i].to, plan_verify(&run.plan, &run.spec, &after, &err),
			    &err, ERROR_INTERNAL, part);
	}
}

/* An added control mount, and a mount that goes. */
static void test_verify_mounts(void **state)
{
	static const struct {
		const char *spec, *map, *from, *to;
	} rows[] = {
		{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), MAP_45,
		  "," MOUNT_RO("/dev/vfio/vfio", "/dev/vfio/vfio"), "" },
		{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), MAP_45,
		  MOUNT_RO("/dev/vfio/vfio", "/dev/vfio/vfio"),
		  MOUNT_RO("/dev/vfio/vfio", "/dev/vfio/6") },
		{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), MAP_45,
		  MOUNT_RO("/dev/vfio/vfio", "/dev/vfio/vfio"),
		  MOUNT_RO("/dev/vfio/6", "/dev/vfio/vfio") },
		{ MOUNTS(MOUNT("/a", "/b") "," MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				  "\"0000:3b:02.0=06/00\"") "]",
		  MOUNT("/a", "/b"),
		  MOUNT("/a", "/b") "," MOUNT("/dev/vfio/45", "/dev/vfio/45") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_run_input input = { .spec = slice_from(rows[i].spec),
						.map = slice_from(rows[i].map),
						.answer = machine_answer };
		auto_plan_run run = { 0 };
		auto_buffer text = { 0 };
		auto_error err = { 0 };
		auto_spec after = { 0 };

		check_done(rows[i].spec, plan_run(&input, &run, &err), &err);
		replace(buffer_slice(&run.text), rows[i].from, rows[i].to, &text);
		check_done(rows[i].to, plan_run_parse(buffer_slice(&text), &after, &err),
			   &err);
		check_error(rows[i].to, plan_verify(&run.plan, &run.spec, &after, &err),
			    &err, ERROR_INTERNAL, "mounts: ");
	}
}

#define TEXTS                                                                            \
	"{\"process\":{\"args\":[\"-a\",\"3b:02.0\"],\"env\":[\"A=3b:02.0\",\"B\",null," \
	"\"PCIDEVICE_A=3b:02.0\",\"C=1\"]},\"annotations\":{\"a\":\"3b:02.0\",\"3b\":"   \
	"\"\\u0062\",\"c\":1},\"linux\":{\"devices\":[" DEV("/dev/vfio/45", "243",       \
							    "5") "]}}"

/* Arguments, variables and annotations, those that stay too, and the annotation of ours that
 * comes with them. */
static void test_verify_texts(void **state)
{
	static const struct {
		const char *from, *to, *what;
	} rows[] = {
		{ "\"06:00.0\"]", "\"3b:02.0\"]", "process.args: " },
		{ "\"06:00.0\"]", "\"06:00.1\"]", "process.args: " },
		{ "\"06:00.0\"]", "\"06:00.0\\ud800\"]", "process.args: " },
		{ "\"-a\"", "\"-b\"", "process.args: " },
		{ "\"-a\",", "", "process.args: " },
		{ ",\"06:00.0\"]", "]", "process.args: " },
		{ "\"06:00.0\"]", "\"06:00.0\",\"\"]", "process.args: " },
		{ "\"-a\",\"06:00.0\"", "\"06:00.0\",\"-a\"", "process.args: " },
		{ "\"args\":[", "\"args\":[1,", "process.args: " },
		{ "\"A=06:00.0\"", "\"A=3b:02.0\"", "process.env: " },
		{ "\"B\"", "\"b\"", "process.env: " },
		{ "\"C=1\"", "\"C=2\"", "process.env: " },
		{ "\"a\":\"06:00.0\"", "\"a\":\"3b:02.0\"", "annotations: " },
		{ "\"a\":\"06:00.0\"", "\"b\":\"06:00.0\"", "annotations: " },
		{ "\"a\":\"06:00.0\"", "\"a\":6", "annotations: " },
		{ "\"\\u0062\"", "\"b\"", "annotations: " },
		{ "\"3b\":", "\"06\":", "annotations: " },
		{ "\"c\":", "\"d\":", "annotations: " },
	};
	struct plan_run_input input = { .spec = SLICE(TEXTS),
					.map = SLICE(MAP_45),
					.leftover = LEFTOVER_TRANSLATE,
					.answer = machine_answer,
					.annotate = true };
	auto_plan_run run = { 0 };
	auto_error none = { 0 };

	(void)state;
	check_done(TEXTS, plan_run(&input, &run, &none), &none);
	assert_null(plan_run_check(&run));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer text = { 0 };
		auto_error err = { 0 };
		auto_spec after = { 0 };

		replace(buffer_slice(&run.text), rows[i].from, rows[i].to, &text);
		check_done(rows[i].to, plan_run_parse(buffer_slice(&text), &after, &err),
			   &err);
		check_error(rows[i].to, plan_verify(&run.plan, &run.spec, &after, &err),
			    &err, ERROR_INTERNAL, rows[i].what);
	}
}

#define DONE                                                                             \
	"\"annotations\":{\"io.github.oci-vfio-hook.applied\":\""                        \
	"{\\\"nodes\\\":[{\\\"container_path\\\":\\\"/dev/vfio/45\\\","                  \
	"\\\"final_path\\\":\\\"/dev/vfio/6\\\",\\\"node\\\":\\\"/dev/vfio/6\\\","       \
	"\\\"type\\\":\\\"c\\\",\\\"major\\\":242,\\\"minor\\\":6}],\\\"addresses\\\":[" \
	"["                                                                              \
	"\\\"0000:3b:02.0\\\",\\\"0000:06:00.0\\\"]],"                                   \
	"\\\"mac\\\":\\\"06b12735a2c410eff581df2bf79b979a\\\"}\"}"
#define LINUX(devices) "\"linux\":{\"devices\":[" devices "]}"

static void test_map_opened(void **state)
{
	static const struct {
		const char *spec;
		bool opened;
	} rows[] = {
		{ "{}", false },
		{ "{" LINUX(DEV("/dev/x", "1", "2")) "}", true },
		{ MOUNTS(MOUNT("/a", "/b")), false },
		{ MOUNTS(MOUNT("/a", "/dev/x")), true },
		/* With what an earlier run did. */
		{ "{" DONE "}", false },
		{ "{" DONE "," LINUX(CONTROL "," DEV("/dev/vfio/6", "242", "6")) "}",
		  false },
		{ "{" DONE "," LINUX(DEV("/dev/x", "1", "2")) "}", true },
		{ "{" DONE ",\"mounts\":[" MOUNT("/dev/vfio/6", "/dev/vfio/6") "," MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio") "," MOUNT("/a", "/b") "]}",
		  false },
		{ "{" DONE ",\"mounts\":[" MOUNT("/dev/vfio/6", "/dev/x") "]}", true },
		{ "{" DONE ",\"mounts\":[" MOUNT("/a", "/dev/x") "]}", true },
		{ "{" DONE
		  ",\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_B=x\"]}}",
		  false },
		{ "{" DONE
		  ",\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0,0000:3b:02.0\"]}}",
		  true },
		{ "{" DONE
		  ",\"process\":{\"env\":[\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":\\\"/dev/vfio/6\\\"}\"]}}",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_run_input input = { .spec = slice_from(rows[i].spec),
						.machine_map = SLICE("[]"),
						.unmapped = UNMAPPED_KEEP,
						.answer = machine_answer };
		auto_plan_run run = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].spec, plan_run(&input, &run, &err), &err);
		if (run.map.exists != rows[i].opened)
			fail_row(rows[i].spec, "map opened: %d", run.map.exists);
	}
}

/* A planned value that is not one would break the text around it. */
static void test_planned_value(void **state)
{
	char text[] = "1,2";
	struct plan_change change = { .edit = PLAN_REPLACE, .new_text = text };
	const struct plan plan = { .changes = &change, .n_changes = 1 };
	const struct spec spec = { 0 };
	auto_splices splices = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_error("planned value", plan_splices(&plan, &spec, &splices, &err), &err,
		    ERROR_INTERNAL, "a planned value: \"1,2\" is not one JSON value");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_verify_mounts),
		cmocka_unit_test(test_verify_texts),
		cmocka_unit_test(test_map_opened),
		cmocka_unit_test(test_planned_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
