/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan refuses: functions, groups and nodes that aren't as asked for (rule 7,
 * viability, identity), entries that the spec doesn't name, VFIO devices that no entry
 * names. */
#include "plan_check.h"

#include <errno.h>

#define OLD DEV("/dev/vfio/45", "243", "5")
#define S SPEC(CONTROL "," OLD, ALLOW_ALL)

/* An entry for /dev/vfio/45 with this guest function. */
#define MAP(inventory) "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=" inventory "\"") "]"

#define ELSEWHERE "put the device into another slot, so that it gets a group of its own"
#define NEEDED                                                                                                           \
	"0000:58:00.1 is bound to nvme, a storage controller, which this machine may run from: " ELSEWHERE               \
	"; 0000:58:00.2 is bound to igb, a network interface that is up: " ELSEWHERE                                     \
	"; 0000:58:00.3 is bound to ice, the physical function of virtual functions, which would go with it: " ELSEWHERE \
	", or enable ACS; 0000:58:00.4 is bound to ast, the display of this machine: " ELSEWHERE

static void test_functions(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S,
		  .map = MAP("0000:40:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "map.json: [0]: host function 0000:3b:02.0, here \"0000:40:00.0\": 0000:40:00.0 is not there; plug the device in, or correct the map" },
		{ .spec = S,
		  .map = MAP("0000:41:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:41:00.0 is in no IOMMU group; enable the IOMMU of this machine (intel_iommu=on, a vIOMMU for a guest)" },
		{ .spec = S,
		  .map = MAP("0000:42:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:42:00.0 is bound to e1000e, not a VFIO driver; bind it: driverctl set-override 0000:42:00.0 vfio-pci" },
		{ .spec = S,
		  .map = MAP("0000:43:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:43:00.0 is not bound to any driver; bind it: driverctl" },
		{ .spec = S,
		  .map = MAP("0000:44:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 68 is not viable: 0000:44:00.1 is bound to igb: driverctl set-override 0000:44:00.1 vfio-pci; 0000:44:00.2 is bound to ixgbe: driverctl set-override 0000:44:00.2 vfio-pci" },
		{ .spec = S,
		  .map = MAP("0000:58:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 88 is not viable: " NEEDED },
		{ .spec = S,
		  .map = MAP("0000:45:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 69 has no node /dev/vfio/69" },
		/* One entry, two groups, but one final path. */
		{ .spec = S,
		  .map = "[" ENTRY_WITH("/dev/vfio/45",
					"\"0000:3b:02.0=06/00\",\"0000:3b:02.1=07/00\"",
					"\"final_path\":\"/dev/vfio/45\"") "]",
		  .class = ERROR_DATA,
		  .part = "map.json: [0]: final_path: its functions are in 2 IOMMU groups here, which can't all be /dev/vfio/45" },
		/* One function, spelt in two ways. */
		{ .spec = S,
		  .map = "[" ENTRY(
			  "/dev/vfio/45",
			  "\"0000:3b:02.0=06/00\",\"0000:3b:02.1=0000:06:00.0\"") "]",
		  .class = ERROR_DATA,
		  .part = "host functions 0000:3b:02.0 and 0000:3b:02.1 are one function here" },
		/* Nodes. */
		{ .spec = SPEC(NODE("/dev/sda", "b", "8", "0"), ALLOW_ALL),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/gone") "]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "map.json: [0]: vm_path: /dev/gone is not on this machine: No such file or directory; correct the map" },
		/* Where two functions of an entry are in one group all is well. */
		{ .spec = S,
		  .map = "[" ENTRY(
			  "/dev/vfio/45",
			  "\"0000:3b:02.0=0000:06:00.0\",\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected =
			  SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"), ALLOW_ALL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* An entry for /dev/vfio/45 with this guest function and this identity. */
#define EXPECT(guest, expect)                                                            \
	"[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":["      \
	"\"0000:3b:02.0=" guest "\"],\"expect\":{" expect "}}]"

static void test_identity(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S,
		  .map = EXPECT(
			  "06/00",
			  "\"vendor\":\"8086\",\"device\":\"0x154C\",\"class\":\"0x020000\""),
		  .expected =
			  SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"), ALLOW_ALL) },
		{ .spec = S,
		  .map = EXPECT("0000:46:00.0", "\"vendor\":\"8086\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:46:00.0 has vendor 0x1234, but the map expects 0x8086" },
		{ .spec = S,
		  .map = EXPECT("06/00", "\"device\":\"154d\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:06:00.0 has device 0x154c, but the map expects 0x154d" },
		{ .spec = S,
		  .map = EXPECT("06/00", "\"subsystem_vendor\":\"1\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "has subsystem_vendor 0x0000, but the map expects 0x0001" },
		{ .spec = S,
		  .map = EXPECT("06/00", "\"class\":\"30000\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "has class 0x20000, but the map expects 0x30000" },
		/* Also for what only the environment names. */
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]}}",
		  .machine_map = EXPECT("0000:46:00.0", "\"vendor\":\"8086\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:46:00.0 has vendor 0x1234" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Which failures may pass by themselves, at the first look and later. */
static void test_waiting(void **state)
{
#define TWO(first, second) "0000:3b:02.0=" first "\",\"0000:3b:02.1=" second
	static const struct {
		const char *options, *expect, *part;
		bool passes, passes_later;
	} rows[] = {
		{ "0000:3b:02.0=0000:40:00.0", "", "is not there", true, true },
		{ "0000:3b:02.0=0000:43:00.0", "", "not bound to any driver", true,
		  true },
		{ "0000:3b:02.0=0000:45:00.0", "", "no node /dev/vfio/69", true, true },
		{ "0000:3b:02.0=0000:42:00.0", "", "bound to e1000e", false, true },
		{ "0000:3b:02.0=0000:44:00.0", "", "not viable", false, true },
		/* It is bound, so the kernel has been through with it. */
		{ "0000:3b:02.0=0000:41:00.0", "", "in no IOMMU group", false, false },
		{ "0000:3b:02.0=06/00", "\"vendor\":\"1\"", "expects 0x0001", false,
		  false },
		/* The first that is missing, but before it what is final. */
		{ TWO("0000:43:00.0", "0000:40:00.0"), "", "02.0, here", true, true },
		{ TWO("0000:40:00.0", "0000:41:00.0"), "", "02.1, here", false, false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		bool later = i >= ARRAY_SIZE(rows);
		const __typeof__(*rows) *row = &rows[i % ARRAY_SIZE(rows)];
		auto_free char *map = xasprintf(
			"[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"%s\"],\"expect\":{%s}}]",
			row->options, row->expect);
		const struct plan_run_input input = { .spec = slice_from(S),
						      .map = slice_from(map),
						      .answer = machine_answer,
						      .waiting = later };
		auto_plan_run run = { 0 };
		auto_error err = { 0 };
		int r = plan_run(&input, &run, &err);

		check_error(map, r, &err, ERROR_UNAVAILABLE, row->part);
		if ((r == -EAGAIN) != (later ? row->passes_later : row->passes))
			fail_row(map, "%s look: returns %d", later ? "later" : "first",
				 r);
	}
}

/* The spec has something else that is wrong: it isn't waited for the device then. */
static void test_not_waiting(void **state)
{
	static const char *const rows[] = {
		SPEC(DEV("/dev/vfio/45", "243", "45") "," DEV("/dev/vfio/46", "243",
							      "46"),
		     ALLOW_ALL),
		"{\"linux\":{\"devices\":[" DEV(
			"/dev/vfio/45", "243",
			"45") "]},\"mounts\":[{\"destination\":\"/dev/vfio/46\",\"type\":\"bind\",\"source\":\"/dev/vfio/46\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct plan_run_input input = {
			.spec = slice_from(rows[i]),
			.map = SLICE("[" ENTRY("/dev/vfio/45",
					       "\"0000:3b:02.0=0000:40:00.0\"") "]"),
			.answer = machine_answer,
		};
		auto_plan_run run = { 0 };
		auto_error err = { 0 };
		int r = plan_run(&input, &run, &err);

		check_error(rows[i], r, &err, ERROR_UNAVAILABLE, "/dev/vfio/46");
		assert_int_not_equal(r, -EAGAIN);
	}
}

static void test_missing(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = "{}",
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "config.json: missing devices in OCI spec: \"/dev/vfio/45\" (map.json: [0])" },
		{ .spec = S,
		  .map = "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
			  "/dev/vfio/46",
			  "\"0000:3b:02.1=07/00\"") "," NODE_ENTRY("/dev/sda",
								   "/dev/vda") "]",
		  .class = ERROR_DATA,
		  .part = "\"/dev/vfio/46\" (map.json: [1]), \"/dev/sda\" (map.json: [2])" },
		/* The environment alone doesn't name an entry. */
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]}}",
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "missing devices in OCI spec" },
		/* Those of the machine may be missing. */
		{ .spec = S,
		  .machine_map = "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
			  "/dev/vfio/46",
			  "\"0000:3b:02.1=0000:40:00.0\"") "," NODE_ENTRY("/dev/sda",
									  "/dev/gone") "]",
		  .expected =
			  SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"), ALLOW_ALL) },
		/* A type that isn't built counts where it is named. */
		{ .spec = SPEC(NODE("/dev/sda", "b", "8", "0"), ALLOW_ALL),
		  .machine_map = "[{\"type\":\"blk\",\"container_path\":\"/dev/sda\"}]",
		  .class = ERROR_DATA,
		  .part = "devices.d/a.json: [0]: type: unsupported device type \"blk\"" },
		{ .spec = SPEC(NODE("/dev/sdb", "b", "8", "0"), ALLOW_ALL),
		  .machine_map = "[{\"type\":\"blk\",\"container_path\":\"/dev/sda\"}]" },
		{ .spec = MOUNTS(MOUNT("/x", "/dev/sda")),
		  .machine_map = "[{\"type\":\"scsi\",\"container_path\":\"/dev/sda\"}]",
		  .class = ERROR_DATA,
		  .part = "unsupported device type \"scsi\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_unmapped(void **state)
{
#define OWN SPEC(DEV("/dev/vfio/9", "242", "9") "," CONTROL, ALLOW_ALL)
	static const struct plan_case cases[] = {
		/* auto: without any map, this machine's own node. */
		{ .spec = OWN },
		{ .spec = SPEC(DEV("/dev/vfio/9", "243", "9"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: the VFIO device \"/dev/vfio/9\" is c 242:9 on this machine" },
		{ .spec = SPEC(NODE("/dev/vfio/9", "b", "242", "9"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "is c 242:9 on this machine, the spec says otherwise" },
		{ .spec = SPEC("{\"path\":\"/dev/vfio/9\",\"type\":\"c\"}", ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "is c 242:9 on this machine, the spec says otherwise" },
		{ .spec = SPEC(DEV("/dev/vfio/100", "242", "100"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: the VFIO device \"/dev/vfio/100\" is not one of this machine (this machine has no such VFIO node: /sys/class/vfio/100/dev is not there)" },
		/* A control node is nobody's in particular. */
		{ .spec = SPEC(DEV("/dev/iommu", "10", "127"), "") },
		{ .spec = SPEC(DEV("/dev/vfio/devices/vfio100", "1", "1"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "is not one of this machine" },
		/* With any map, even an empty one, it is an error. */
		{ .spec = OWN,
		  .machine_map = "[]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: no map entry names the VFIO device \"/dev/vfio/9\"" },
		{ .spec = OWN,
		  .map = "[]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device" },
		{ .spec = OWN,
		  .unmapped = UNMAPPED_ERROR,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device" },
		{ .spec = OWN, .machine_map = "[]", .unmapped = UNMAPPED_KEEP },
		{ .spec = SPEC(DEV("/dev/vfio/100", "1", "1"), ""),
		  .unmapped = UNMAPPED_KEEP },
		/* Mounts count as well, by their source. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/vfio/9")) },
		{ .spec = MOUNTS(MOUNT("/dev/y", "/dev/vfio/9")) },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/vfio/100")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: the VFIO device \"/dev/vfio/100\" is not one of this machine" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/8", "/dev/vfio/9")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: it shows this machine's \"/dev/vfio/9\" under another VFIO node's path" },
		{ .spec = MOUNTS(MOUNT("/dev/y", "/dev/vfio/9")),
		  .machine_map = "[]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: no map entry names the VFIO device \"/dev/vfio/9\"" },
		{ .spec = MOUNTS(MOUNT("/dev/y", "/dev/vfio/9")),
		  .unmapped = UNMAPPED_ERROR,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/9\"" },
		{ .spec = MOUNTS(MOUNT("/dev/y", "/dev/vfio/9")),
		  .unmapped = UNMAPPED_KEEP },
		/* Not by their destination, which anybody chooses. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/y")) },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/y")),
		  .unmapped = UNMAPPED_ERROR },
		/* The control node isn't one of them. */
		{ .spec = SPEC(DEV("/dev/vfio/vfio", "1", "1"), ""),
		  .machine_map = "[]" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/vfio", "/dev/vfio/vfio")),
		  .machine_map = "[]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_bad_input(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S,
		  .map = "x",
		  .class = ERROR_DATA,
		  .part = "map.json: line 1" },
		{ .spec = S,
		  .machine_map = "{}",
		  .class = ERROR_DATA,
		  .part = "devices.d/a.json: has no \"devices\"" },
		{ .spec = "[",
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "config.json: " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Who has a group has all of it. */
static void test_sharing(void **state)
{
	struct plan_run_input input = {
		.spec = SLICE(S),
		.map = SLICE(
			"[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=0000:59:00.0\"") "]"),
		.machine_map = SLICE(
			"[" ENTRY("/dev/vfio/46", "\"0000:3b:02.1=0000:59:00.1\"") "]"),
		.answer = machine_answer,
	};
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("sharing", plan_run(&input, &run, &err), &err);
	assert_int_equal(run.messages.count, 2);
	check_message(
		"sharing", &run.messages, MESSAGE_WARNING,
		"map.json: [0]: IOMMU group 89 also has 0000:59:00.1, the device of devices.d/a.json: [0]: whoever has this group has that one too, and only one container can open it at a time");
	check_message(
		"sharing", &run.messages, MESSAGE_INFO,
		"map.json: [0]: IOMMU group 89 also has 0000:59:00.2, which comes with it");
}

/* Answers of a machine that looked at nothing. */
static void answer_no_group(const void *sysroot, const struct request *request,
			    struct inventory *ret)
{
	machine_answer(sysroot, request, ret);
	ret->n_groups = 0;
}

static void answer_no_entry_node(const void *sysroot, const struct request *request,
				 struct inventory *ret)
{
	machine_answer(sysroot, request, ret);
	request->entries[0].node = REQUEST_NONE;
}

static void answer_no_device_node(const void *sysroot, const struct request *request,
				  struct inventory *ret)
{
	machine_answer(sysroot, request, ret);
	request->devices[0].node = REQUEST_NONE;
}

/* What can't be, but must not become a wrong device. */
static void test_not_looked_up(void **state)
{
	static const struct {
		const char *spec, *map, *part;
		plan_answer_fn *answer;
		enum error_class class;
	} rows[] = {
		{ S, MAP_45, "group 6 was not looked up", answer_no_group,
		  ERROR_INTERNAL },
		{ SPEC(NODE("/dev/sda", "b", "8", "0"), ALLOW_ALL),
		  "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  "map.json: [0]: its node was not looked up", answer_no_entry_node,
		  ERROR_INTERNAL },
		{ SPEC(DEV("/dev/vfio/9", "242", "9"), ALLOW("242", "9")), "[]",
		  "is not one of this machine (it was not found)", answer_no_device_node,
		  ERROR_UNAVAILABLE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan_run_input input = { .spec = slice_from(rows[i].spec),
						.map = slice_from(rows[i].map),
						.unmapped = UNMAPPED_OWN,
						.answer = rows[i].answer };
		auto_plan_run run = { 0 };
		auto_error err = { 0 };

		check_error(rows[i].spec, plan_run(&input, &run, &err), &err,
			    rows[i].class, rows[i].part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_not_looked_up),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_not_waiting),
		cmocka_unit_test(test_unmapped),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_not_looked_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
