/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: text and JSON. */
#include "plan_check.h"

#include "oci-vfio-hook/report.h"

/* Nothing has to be bound. */
static const struct binding no_binding = { 0 };

static void run_plan(struct plan_run *run, const char *spec, const char *map)
{
	struct plan_run_input input = { .spec = slice_from(spec),
					.machine_map = slice_from(map),
					.answer = machine_answer };
	auto_error err = { 0 };

	check_done(spec, plan_run(&input, run, &err), &err);
}

static void test_nothing(void **state)
{
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 }, json = { 0 };

	(void)state;
	run_plan(&run, "{}", "[]");
	report_text(&run.plan, &no_binding, &run.messages, "b/config.json", &text);
	check_text("text", buffer_slice(&text), "b/config.json: nothing to change\n");
	report_json(&run.plan, &no_binding, &run.messages, &json);
	check_text("json", buffer_slice(&json),
		   "{\"changed\":false,\"changes\":[],\"warnings\":[]}\n");
}

#define OLD                                                                              \
	"{\"process\":{\"env\":[\"PCIDEVICE_B=0000:99:00.0\"]},\"linux\":{\"devices\":"  \
	"[" CONTROL                                                                      \
	"," DEV("/dev/vfio/45", "243", "5") "],\"resources\":{\"devices\":[" DENY_ALL    \
					    "," ALLOW("10", "196") "]}}}"

static void test_text(void **state)
{
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	run_plan(&run, OLD, MAP_45);
	report_text(&run.plan, &no_binding, &run.messages, "config.json", &text);
	check_text(
		"text", buffer_slice(&text),
		"config.json: 4 changes\n"
		"\n"
		"linux.devices[1].path\n"
		"  - \"/dev/vfio/45\"\n"
		"  + \"/dev/vfio/6\"\n"
		"  rule 1: devices.d/a.json: [0]: host function 0000:3b:02.0 is "
		"0000:06:00.0 here, in IOMMU group 6\n"
		"\n"
		"linux.devices[1].major\n"
		"  - 243\n"
		"  + 242\n"
		"  rule 1: devices.d/a.json: [0]: host function 0000:3b:02.0 is "
		"0000:06:00.0 here, in IOMMU group 6\n"
		"\n"
		"linux.devices[1].minor\n"
		"  - 5\n"
		"  + 6\n"
		"  rule 1: devices.d/a.json: [0]: host function 0000:3b:02.0 is "
		"0000:06:00.0 here, in IOMMU group 6\n"
		"\n"
		"linux.resources.devices[2]\n"
		"  + " ALLOW(
			"242",
			"6") "\n"
			     "  rule 2: devices.d/a.json: [0]: host "
			     "function 0000:3b:02.0 is 0000:06:00.0 here, in IOMMU group 6\n"
			     "\n"
			     "warning: process.env[0]: \"PCIDEVICE_B\" is left as it is: no map entry names 0000:99:00.0\n");
}

/* The members of each change, as a JSON reader finds them. */
static void test_json(void **state)
{
	static const char *const rows[] = {
		"{\"rule\":1,\"where\":\"linux.devices[1].path\",\"old\":\"/dev/vfio/45\",\"new\":\"/dev/vfio/6\",\"why\":\"devices.d/a.json: [0]: host function",
		"\"where\":\"linux.devices[1].major\",\"old\":243,\"new\":242,\"why\":",
		"{\"rule\":2,\"where\":\"linux.resources.devices[2]\",\"old\":null,\"new\":" ALLOW(
			"242", "6") ",\"why\":",
		"\"warnings\":[\"process.env[0]: \\\"PCIDEVICE_B\\\" is left as it is: no map entry names 0000:99:00.0\"]}\n",
	};
	auto_plan_run run = { 0 };
	auto_buffer json = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	run_plan(&run, OLD, MAP_45);
	report_json(&run.plan, &no_binding, &run.messages, &json);
	check_done(json.data,
		   json_parse("report", buffer_slice(&json), &json_any, NULL, &doc, &err),
		   &err);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strstr(json.data, rows[i]))
			fail_row(rows[i], "isn't in %s", json.data);
	}
}

/* A change of every kind: what is removed has no new value. */
static void test_removed(void **state)
{
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	run_plan(&run, MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		 "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				 "\"0000:3b:02.0=06/00\"") "]");
	report_text(&run.plan, &no_binding, &run.messages, "c", &text);
	check_text(
		"removed", buffer_slice(&text),
		"c: 1 change\n\nmounts[0]\n  - " MOUNT(
			"/dev/vfio/45",
			"/dev/vfio/45") "\n  rule 6: devices.d/a.json: [0]: host function 0000:3b:02.0 is 0000:06:00.0 here, driven by the guest kernel (vfio-pci-gk)\n");
}

/* What --bind would do comes in place of changes, which nobody knows yet. */
static void test_binding(void **state)
{
	struct map_entry entry = { .where = (char[]) { "a.json: [0]" } };
	struct binding_function functions[] = {
		{ .address = { .bus = 1 },
		  .driver = (char[]) { "e1000e" },
		  .entry = &entry },
		{ .address = { .bus = 2 }, .entry = &entry },
		{ .address = { .bus = 3 },
		  .driver = (char[]) { "igb" },
		  .entry = &entry,
		  .sibling = true },
	};
	const struct binding binding = { functions, ARRAY_SIZE(functions), 0 };
	const struct plan plan = { 0 };
	auto_messages messages = { 0 };
	auto_buffer text = { 0 }, json = { 0 };

	(void)state;
	messages_add(&messages, MESSAGE_WARNING, "w");
	report_text(&plan, &binding, &messages, "c", &text);
	check_text(
		"text", buffer_slice(&text),
		"c: 3 functions would be bound first; what changes then depends on the nodes that this makes\n"
		"\n0000:01:00.0\n  - e1000e\n  + vfio-pci\n  a.json: [0]\n"
		"\n0000:02:00.0\n  + vfio-pci\n  a.json: [0]\n"
		"\n0000:03:00.0\n  - igb\n  + vfio-pci\n"
		"  a.json: [0] (bind_group: it is in the group of its function)\n"
		"\nwarning: w\n");
	report_json(&plan, &binding, &messages, &json);
	check_text(
		"json", buffer_slice(&json),
		"{\"changed\":true,\"bind\":["
		"{\"function\":\"0000:01:00.0\",\"old\":\"e1000e\",\"new\":\"vfio-pci\",\"why\":\"a.json: [0]\"},"
		"{\"function\":\"0000:02:00.0\",\"old\":null,\"new\":\"vfio-pci\",\"why\":\"a.json: [0]\"},"
		"{\"function\":\"0000:03:00.0\",\"old\":\"igb\",\"new\":\"vfio-pci\",\"why\":"
		"\"a.json: [0] (bind_group: it is in the group of its function)\"}],"
		"\"changes\":[],\"warnings\":[\"w\"]}\n");
}

/* What a spec says can't steer the terminal of who reads. */
static void test_control_bytes(void **state)
{
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	run_plan(
		&run,
		"{\"mounts\":[{\"source\":\"/dev/vfio/45\",\n\t\"destination\":\"/dev/\xc2\x9bx\",\"type\":\"bind\",\"\\u001b\":\"\x7f\"}]}",
		"[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				"\"0000:3b:02.0=06/00\"") "]");
	report_text(&run.plan, &no_binding, &run.messages, "c", &text);
	assert_non_null(strstr(text.data, "\\u001b"));
	assert_null(strchr(text.data, 0x7f));
	assert_null(strchr(text.data, '\t'));
	assert_null(strstr(text.data, "\xc2\x9b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing), cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),	cmocka_unit_test(test_removed),
		cmocka_unit_test(test_binding), cmocka_unit_test(test_control_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
