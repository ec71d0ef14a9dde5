/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: text and JSON. */
#include "plan_check.h"

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
	struct report report;
	auto_buffer text = { 0 }, json = { 0 };

	(void)state;
	run_plan(&run, "{}", "[]");
	report = plan_run_report(&run, "b/config.json");
	report_details(&report, &text);
	check_text("text", buffer_slice(&text), "b/config.json: nothing to change\n");
	report_json(&report, &json);
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
	struct report report;
	auto_buffer text = { 0 };

	(void)state;
	run_plan(&run, OLD, MAP_45);
	report = plan_run_report(&run, "config.json");
	report_details(&report, &text);
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
			     "0000:3b:02.0 (06/00) is 0000:06:00.0: devices.d/a.json: [0]\n"
			     "  /sys/bus/pci/devices/0000:06:00.0/driver: vfio-pci\n"
			     "  /sys/bus/pci/devices/0000:06:00.0/iommu_group: 6\n"
			     "  /sys/class/vfio/6/dev: 242:6\n"
			     "\n"
			     "warning: process.env[0]: \"PCIDEVICE_B\" is left as it is: no map entry names 0000:99:00.0\n");
}

/* A line for each device and variable; why the others stay. */
static void test_overview(void **state)
{
	static const char spec[] =
		"{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":{\\\"b\\\":\\\"0000:3b:02.0\\\"}}\"]},"
		"\"linux\":{\"devices\":[" CONTROL
		"," DEV("/dev/vfio/45", "243",
			"5") "," DEV("/dev/fuse", "10",
				     "229") "],\"resources\":{\"devices\":[" DENY_ALL
					    "," ALLOW("243", "5") "]}}}";
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 };
	struct report report;

	(void)state;
	run_plan(&run, spec, MAP_45);
	report = plan_run_report(&run, "config.json");
	report_text(&report, &text);
	check_text(
		"text", buffer_slice(&text),
		"config.json: 8 changes\n"
		"/dev/vfio/45 243:5 -> /dev/vfio/6 242:6  (0000:3b:02.0 is 0000:06:00.0, 06/00)  node, 1 rule\n"
		"PCIDEVICE_A                              0000:3b:02.0 -> 0000:06:00.0\n"
		"PCIDEVICE_A_INFO                         0000:3b:02.0 -> 0000:06:00.0\n"
		"/dev/vfio/vfio 10:196                    stays: it is the same here\n");
}

/* Edits far from each other, and an array that loses all that it has. */
static void test_diff(void **state)
{
	static const char spec[] =
		"{\"process\":{\"env\":[ \"PCIDEVICE_A=0000:3b:02.0\" ]},\"a\":{},\n"
		"\"b\":[1,2,\n3,4,5,6,7,8,\"\\\"]\x7f\"],\"linux\":{\"devices\":[" CONTROL
		"," DEV("/dev/vfio/45", "243", "5") "],\"resources\":{}}}";
	auto_plan_run run = { 0 };
	auto_buffer text = { 0 };
	struct report report;

	(void)state;
	run_plan(&run, spec,
		 "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				 "\"0000:3b:02.0=06/00\"") "]");
	report = plan_run_report(&run, "c");
	report_diff(&report, &text);
	check_text("diff", buffer_slice(&text),
		   "--- c\n+++ c\n"
		   "@@ -1,7 +1,7 @@\n"
		   " {\n"
		   "   \"process\": {\n"
		   "     \"env\": [\n"
		   "-      \"PCIDEVICE_A=0000:3b:02.0\"\n"
		   "+      \"PCIDEVICE_A=0000:06:00.0\"\n"
		   "     ]\n"
		   "   },\n"
		   "   \"a\": {},\n"
		   "@@ -17,20 +17,7 @@\n"
		   "     \"\\\"]\\x7F\"\n"
		   "   ],\n"
		   "   \"linux\": {\n"
		   "-    \"devices\": [\n"
		   "-      {\n"
		   "-        \"path\": \"/dev/vfio/vfio\",\n"
		   "-        \"type\": \"c\",\n"
		   "-        \"major\": 10,\n"
		   "-        \"minor\": 196\n"
		   "-      },\n"
		   "-      {\n"
		   "-        \"path\": \"/dev/vfio/45\",\n"
		   "-        \"type\": \"c\",\n"
		   "-        \"major\": 243,\n"
		   "-        \"minor\": 5\n"
		   "-      }\n"
		   "-    ],\n"
		   "+    \"devices\": [],\n"
		   "     \"resources\": {}\n"
		   "   }\n"
		   " }\n");
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
	struct report report;
	auto_buffer json = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 };

	(void)state;
	run_plan(&run, OLD, MAP_45);
	report = plan_run_report(&run, "config.json");
	report_json(&report, &json);
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
	struct report report;
	auto_buffer text = { 0 };

	(void)state;
	run_plan(&run, MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		 "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				 "\"0000:3b:02.0=06/00\"") "]");
	report = plan_run_report(&run, "c");
	report_details(&report, &text);
	check_text(
		"removed", buffer_slice(&text),
		"c: 1 change\n\nmounts[0]\n  - " MOUNT(
			"/dev/vfio/45",
			"/dev/vfio/45") "\n  rule 6: devices.d/a.json: [0]: host function 0000:3b:02.0 is 0000:06:00.0 here, driven by the guest kernel (vfio-pci-gk)\n"
					"\n0000:3b:02.0 (06/00) is 0000:06:00.0: devices.d/a.json: [0]\n"
					"  /sys/bus/pci/devices/0000:06:00.0/iommu_group: 6\n");
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
	const struct device_map map = { 0 };
	const struct inventory inventory = { 0 };
	auto_messages messages = { 0 };
	const struct report report = { .name = "c",
				       .plan = &plan,
				       .binding = &binding,
				       .messages = &messages,
				       .map = &map,
				       .inventory = &inventory };
	auto_buffer text = { 0 }, json = { 0 };

	(void)state;
	messages_add(&messages, MESSAGE_WARNING, "w");
	report_details(&report, &text);
	check_text(
		"text", buffer_slice(&text),
		"c: 3 functions would be bound first; what changes then depends on the nodes that this makes\n"
		"\n0000:01:00.0\n  - e1000e\n  + vfio-pci\n  a.json: [0]\n"
		"\n0000:02:00.0\n  + vfio-pci\n  a.json: [0]\n"
		"\n0000:03:00.0\n  - igb\n  + vfio-pci\n"
		"  a.json: [0] (bind_group: it is in the group of its function)\n"
		"\nwarning: w\n");
	report_json(&report, &json);
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
	struct report report;
	auto_buffer text = { 0 };

	(void)state;
	run_plan(
		&run,
		"{\"mounts\":[{\"source\":\"/dev/vfio/45\",\n\t\"destination\":\"/dev/\xc2\x9bx\",\"type\":\"bind\",\"\\u001b\":\"\x7f\"}]}",
		"[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
				"\"0000:3b:02.0=06/00\"") "]");
	report = plan_run_report(&run, "c");
	report_details(&report, &text);
	assert_non_null(strstr(text.data, "\\u001b"));
	assert_null(strchr(text.data, 0x7f));
	assert_null(strchr(text.data, '\t'));
	assert_null(strstr(text.data, "\xc2\x9b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),	 cmocka_unit_test(test_text),
		cmocka_unit_test(test_overview), cmocka_unit_test(test_diff),
		cmocka_unit_test(test_json),	 cmocka_unit_test(test_removed),
		cmocka_unit_test(test_binding),	 cmocka_unit_test(test_control_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
