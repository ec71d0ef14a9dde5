/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of VFIO node a container gets, a group's or a function's handle, and what becomes of
 * /dev/iommu. */
#include "plan_check.h"

#define IOMMU DEV("/dev/iommu", "10", "257")
#define HOST_IOMMU DEV("/dev/iommu", "10", "127")
#define NEW_IOMMU                                                                        \
	"{\"path\":\"/dev/iommu\",\"type\":\"c\",\"major\":10,\"minor\":257,"            \
	"\"fileMode\":438,\"uid\":0,\"gid\":0}"
#define HANDLE(number) DEV("/dev/vfio/devices/vfio" number, "244", number)
/* The host's handle vfio2, of 0000:3b:02.0, and its group 45. */
#define HOST_HANDLE DEV("/dev/vfio/devices/vfio2", "250", "2")
#define HOST_GROUP DEV("/dev/vfio/45", "243", "5")
#define FUNCTION(guest) "\"0000:3b:02.0=" guest "\""
#define MAP_HANDLE(guest) "[" ENTRY("/dev/vfio/devices/vfio2", FUNCTION(guest)) "]"
#define MAP_HANDLE_WITH(guest, more)                                                     \
	"[" ENTRY_WITH("/dev/vfio/devices/vfio2", FUNCTION(guest), more) "]"
#define MAP_GROUP_WITH(guest, more)                                                      \
	"[" ENTRY_WITH("/dev/vfio/45", FUNCTION(guest), more) "]"
#define GROUP_KIND "\"node\":\"group\""
#define HANDLE_KIND "\"node\":\"handle\""
#define AUTO_KIND "\"node\":\"auto\""
#define NOIOMMU "\"allow_noiommu\":true"

static void check_all(const struct plan_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_plan(&cases[i]);
}

/* A handle becomes a handle, and /dev/iommu comes with it. */
static void test_handle(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("06/00"),
		  .expected = SPEC(HANDLE("6") "," NEW_IOMMU, ALLOW_ALL) },
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE,
			       DENY_ALL "," ALLOW("10", "127") "," ALLOW("250", "2")),
		  .map = MAP_HANDLE("06/00"),
		  .expected = SPEC(IOMMU "," HANDLE("6"), DENY_ALL
				   "," ALLOW("10", "257") "," ALLOW("244", "6")) },
		{ .spec = SPEC(HOST_HANDLE, DENY_ALL "," ALLOW("250", "2")),
		  .map = MAP_HANDLE("06/00"),
		  .expected = SPEC(HANDLE("6") "," NEW_IOMMU, DENY_ALL
				   "," ALLOW("244", "6") "," ALLOW("10", "257")) },
		{ .spec = SPEC(NODE("/dev/iommu", "b", "1", "1") "," HOST_HANDLE,
			       ALLOW_ALL),
		  .map = MAP_HANDLE("06/00"),
		  .expected = SPEC(IOMMU "," HANDLE("6"), ALLOW_ALL) },
		/* The machine's already. */
		{ .spec = SPEC(HANDLE("6") "," IOMMU, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/devices/vfio6", FUNCTION("06/00")) "]" },
		/* Mounts. */
		{ .spec = MOUNTS(
			  MOUNT("/dev/vfio/devices/vfio2", "/dev/vfio/devices/vfio2")),
		  .map = MAP_HANDLE("06/00"),
		  .expected = MOUNTS(MOUNT_RO(
			  "/dev/vfio/devices/vfio6",
			  "/dev/vfio/devices/vfio6") "," MOUNT_RO("/dev/iommu",
								  "/dev/iommu")) },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu") "," MOUNT(
			  "/dev/vfio/devices/vfio2", "/dev/vfio/devices/vfio2")),
		  .map = MAP_HANDLE("06/00"),
		  .expected = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu") "," MOUNT_RO(
			  "/dev/vfio/devices/vfio6", "/dev/vfio/devices/vfio6")) },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/null") "," MOUNT(
			  "/dev/vfio/devices/vfio2", "/dev/vfio/devices/vfio2")),
		  .map = MAP_HANDLE("06/00"),
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it shows \"/dev/null\" as /dev/iommu, which the VFIO handles of this container need; remove it" },
		/* Several functions have several handles, though one group. */
		{ .spec = SPEC(HOST_HANDLE, DENY_ALL "," ALLOW("250", "2")),
		  .map = "[" ENTRY(
			  "/dev/vfio/devices/vfio2",
			  FUNCTION("0000:06:00.0") ",\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected = SPEC(HANDLE("6") "," HANDLE("106") "," NEW_IOMMU,
				   DENY_ALL "," ALLOW("244", "6") "," ALLOW(
					   "244", "106") "," ALLOW("10", "257")) },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = "[" ENTRY_WITH(
			  "/dev/vfio/devices/vfio2",
			  FUNCTION("0000:06:00.0") ",\"0000:3b:02.1=0000:06:00.1\"",
			  "\"final_path\":\"/dev/x\"") "]",
		  .class = ERROR_DATA,
		  .part = "its functions have 2 nodes here, which can't all be /dev/x" },
		/* The host's numbers decide, and what stands in. */
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("06/00", "\"host_dev\":\"250:3\""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "but not the numbers of its \"host_dev\"" },
		{ .spec = SPEC(DEV("/dev/vfio/devices/vfio2", "1", "3"), ALLOW_ALL),
		  .map = MAP_HANDLE("06/00"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "another device stands in there" },
		/* Nobody may use the other functions of its group. */
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("0000:44:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 68 is not viable" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("0000:59:00.0"),
		  .machine_map =
			  "[" ENTRY("/dev/vfio/46", "\"0000:3b:02.1=0000:59:00.1\"") "]",
		  .expected = SPEC(HANDLE("89") "," NEW_IOMMU, ALLOW_ALL),
		  .part = "IOMMU group 89 also has 0000:59:00.1, the device of devices.d/a.json: [0]: only one container can use the group at a time" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* The other kind only where the entry says so. */
static void test_choice(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(HOST_HANDLE "," HOST_IOMMU,
			       DENY_ALL "," ALLOW("250", "2") "," ALLOW("10", "127")),
		  .map = MAP_HANDLE_WITH("06/00", GROUP_KIND),
		  .expected =
			  SPEC(DEV("/dev/vfio/6", "242", "6") "," NEW_CONTROL,
			       DENY_ALL "," ALLOW("242", "6") "," ALLOW("10", "196")) },
		{ .spec = SPEC(HOST_GROUP "," CONTROL, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("06/00", HANDLE_KIND),
		  .expected = SPEC(HANDLE("6") "," CONTROL "," NEW_IOMMU, ALLOW_ALL) },
		/* auto: the spec's kind where it is there. */
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("06/00", AUTO_KIND),
		  .expected = SPEC(HANDLE("6") "," NEW_IOMMU, ALLOW_ALL) },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("06/00", AUTO_KIND),
		  .expected = SPEC(DEV("/dev/vfio/6", "242", "6") "," NEW_CONTROL,
				   ALLOW_ALL) },
		{ .spec = SPEC(HOST_HANDLE "," HOST_IOMMU, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("06/00", AUTO_KIND),
		  .no_iommufd = true,
		  .expected = SPEC(DEV("/dev/vfio/6", "242", "6") "," NEW_CONTROL,
				   ALLOW_ALL) },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("0000:5b:00.0", AUTO_KIND),
		  .expected = SPEC(DEV("/dev/vfio/91", "242", "91") "," NEW_CONTROL,
				   ALLOW_ALL) },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("0000:5a:00.0", AUTO_KIND),
		  .expected = SPEC(HANDLE("90") "," NEW_IOMMU, ALLOW_ALL) },
		/* A path that is neither asks for a group. */
		{ .spec = SPEC(DEV("/dev/card", "243", "5"), ALLOW_ALL),
		  .map = "[" ENTRY_WITH("/dev/card", FUNCTION("06/00"), AUTO_KIND) "]",
		  .expected = SPEC(DEV("/dev/vfio/6", "242", "6") "," NEW_CONTROL,
				   ALLOW_ALL) },
		/* What isn't here, and how to have the other. */
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("06/00"),
		  .no_iommufd = true,
		  .class = ERROR_UNAVAILABLE,
		  .part = "this kernel has no iommufd handle for it (CONFIG_VFIO_DEVICE_CDEV); set \"node\": \"group\" in the entry to have the group's node /dev/vfio/6" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("0000:5b:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "this kernel has no iommufd handle for it" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE("0000:5d:00.0"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "it has no iommufd handle (nothing in its vfio-dev)" },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/45", FUNCTION("0000:5a:00.0")) "]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "its group has no node, since this kernel has iommufd's handles only; set \"node\": \"handle\" in the entry" },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("0000:5a:00.0", HANDLE_KIND),
		  .no_iommufd = true,
		  .class = ERROR_UNAVAILABLE,
		  .part = "this kernel has no iommufd handle" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define BOTH                                                                             \
	"[" ENTRY("/dev/vfio/45", FUNCTION("06/00")) "," ENTRY(                          \
		"/dev/vfio/devices/vfio2", FUNCTION("06/00")) "]"
#define BOTH_GROUP                                                                       \
	"[" ENTRY("/dev/vfio/45", FUNCTION("06/00")) "," ENTRY_WITH(                     \
		"/dev/vfio/devices/vfio2", FUNCTION("06/00"), GROUP_KIND) "]"

/* The host's group and handle of one function: both are replaced. */
static void test_both(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," HOST_IOMMU "," HOST_HANDLE,
			       ALLOW_ALL),
		  .map = BOTH,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242",
						   "6") "," IOMMU "," HANDLE("6"),
				   ALLOW_ALL) },
		/* On a kernel without handles they become one, and nothing needs /dev/iommu. */
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," HOST_IOMMU "," HOST_HANDLE,
			       DENY_ALL
			       "," ALLOW("243", "5") "," ALLOW("10", "127") "," ALLOW(
				       "250", "2") "," ALLOW("10", "196")),
		  .map = BOTH_GROUP,
		  .no_iommufd = true,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"),
				   DENY_ALL "," ALLOW("242", "6") "," ALLOW(
					   "242", "6") "," ALLOW("10", "196")) },
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," HOST_IOMMU "," HOST_HANDLE,
			       ALLOW_ALL),
		  .map = BOTH,
		  .no_iommufd = true,
		  .class = ERROR_UNAVAILABLE,
		  .part = "map.json: [1]: host function 0000:3b:02.0, here \"06/00\": this kernel has no iommufd handle" },
		/* An entry for one isn't one for the other; the message says what will help. */
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," HOST_IOMMU "," HOST_HANDLE,
			       DENY_ALL),
		  .machine_map = "[" ENTRY("/dev/vfio/45", FUNCTION("06/00")) "]",
		  .no_iommufd = true,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/devices/vfio2\"; add one to a device map with \"node\": \"group\"" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* Whose functions a handle keeps others from. */
static void test_sharing(void **state)
{
	struct plan_run_input input = {
		.spec = SLICE(SPEC(HOST_HANDLE, ALLOW_ALL)),
		.map = SLICE(MAP_HANDLE("0000:59:00.0")),
		.answer = machine_answer,
	};
	auto_plan_run run = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("sharing", plan_run(&input, &run, &err), &err);
	assert_int_equal(run.messages.count, 2);
	check_message(
		"sharing", &run.messages, MESSAGE_INFO,
		"map.json: [0]: IOMMU group 89 also has 0000:59:00.1, which nobody else can use meanwhile");
	assert_string_equal(
		run.plan.reasons[0].why,
		"map.json: [0]: host function 0000:3b:02.0 is 0000:59:00.0 here, in IOMMU group 89");
}

/* What is said of entries that do nothing, and of what comes by itself. */
static void test_said(void **state)
{
	struct plan_run_input input = {
		.spec = SLICE(SPEC(HOST_IOMMU, ALLOW_ALL)),
		.map = SLICE("[" ENTRY("/dev/iommu", FUNCTION("06/00")) "]"),
		.answer = machine_answer,
	};
	auto_plan_run run = { 0 }, other = { 0 };
	auto_error err = { 0 };
	bool found = false;

	(void)state;
	check_done("idle", plan_run(&input, &run, &err), &err);
	check_message(
		"idle", &run.messages, MESSAGE_INFO,
		"map.json: [0]: does nothing: /dev/iommu is a control node, which comes and goes with the handles");
	input.spec = SLICE(SPEC(HOST_HANDLE, ALLOW_ALL));
	input.map = SLICE(MAP_HANDLE("06/00"));
	check_done("handle", plan_run(&input, &other, &err), &err);
	for (size_t i = 0; i < other.plan.n_changes; i++)
		found |= text_equal(other.plan.reasons[i].why,
				    "a VFIO handle is of no use without /dev/iommu");
	assert_true(found);
}

#define GK_HANDLE                                                                        \
	"[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/devices/vfio2", FUNCTION("06/00")) "]"

/* /dev/iommu is never unmapped: it comes and goes with the handles. */
static void test_iommu(void **state)
{
	static const struct plan_case cases[] = {
		/* The last handle goes, by the guest's kernel or by the policy. */
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE,
			       DENY_ALL "," ALLOW("10", "127") "," ALLOW("250", "2")),
		  .map = GK_HANDLE,
		  .expected = SPEC("", DENY_ALL) },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu") "," MOUNT(
			  "/dev/vfio/devices/vfio2", "/dev/vfio/devices/vfio2")),
		  .map = GK_HANDLE,
		  .expected = MOUNTS("") },
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE, ALLOW_ALL),
		  .machine_map = "[]",
		  .unmapped = UNMAPPED_DROP,
		  .expected = SPEC("", ALLOW_ALL),
		  .part = "/dev/vfio/devices/vfio2\" is removed" },
		/* No handle was there, but no VFIO device stays either. */
		{ .spec = SPEC(CONTROL "," HOST_IOMMU "," HOST_GROUP, ALLOW_ALL),
		  .map = "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45",
					 FUNCTION("06/00")) "]",
		  .expected = SPEC("", ALLOW_ALL) },
		/* Another handle stays. */
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE "," HANDLE("9"), ALLOW_ALL),
		  .map = GK_HANDLE,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(IOMMU "," HANDLE("9"), ALLOW_ALL) },
		/* One that stays brings none. */
		{ .spec = SPEC(HOST_HANDLE "," HANDLE("9"), ALLOW_ALL),
		  .map = GK_HANDLE,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(HANDLE("9"), ALLOW_ALL) },
		/* The administrator keeps a handle that this kernel can't have. */
		{ .spec = SPEC(HOST_IOMMU "," HANDLE("9"), ALLOW_ALL),
		  .machine_map = "[]",
		  .unmapped = UNMAPPED_KEEP,
		  .no_iommufd = true },
		/* A group stays: kept if it is this machine's, else removed where a map says
		 * that the spec is another's. */
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," IOMMU, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/45", FUNCTION("06/00")) "]",
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6") "," IOMMU,
				   ALLOW_ALL) },
		{ .spec = SPEC(CONTROL "," HOST_GROUP "," HOST_IOMMU,
			       DENY_ALL "," ALLOW("243", "5") "," ALLOW(
				       "10", "127") "," ALLOW("10", "196")),
		  .map = "[" ENTRY("/dev/vfio/45", FUNCTION("06/00")) "]",
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"),
				   DENY_ALL "," ALLOW("242", "6") "," ALLOW("10", "196")),
		  .part = "/dev/iommu is removed: it is not this machine's" },
		{ .spec = SPEC(HOST_IOMMU, ALLOW_ALL),
		  .machine_map = "[]",
		  .expected = SPEC("", ALLOW_ALL),
		  .part = "/dev/iommu is removed" },
		{ .spec = SPEC("{\"path\":\"/dev/iommu\",\"type\":\"c\"}", ALLOW_ALL),
		  .machine_map = "[]",
		  .expected = SPEC("", ALLOW_ALL),
		  .part = "/dev/iommu is removed" },
		{ .spec = SPEC(IOMMU, ALLOW_ALL), .machine_map = "[]" },
		{ .spec = SPEC(HOST_IOMMU, ALLOW_ALL),
		  .machine_map = "[]",
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = SPEC(IOMMU, ALLOW_ALL),
		  .machine_map = "[]",
		  .no_iommufd = true,
		  .expected = SPEC("", ALLOW_ALL),
		  .part = "/dev/iommu is removed" },
		{ .spec = SPEC(HOST_IOMMU, ALLOW_ALL) },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu")),
		  .machine_map = "[]" },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu")),
		  .machine_map = "[]",
		  .no_iommufd = true,
		  .expected = MOUNTS(""),
		  .part = "/dev/iommu is removed" },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu")), .no_iommufd = true },
		/* A VFIO node under its path is nobody's word. */
		{ .spec = SPEC(DEV("/dev/iommu", "242", "6"), ALLOW_ALL),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/iommu\" has the numbers of /dev/vfio/6" },
		/* Twice. */
		{ .spec = SPEC(IOMMU "," HOST_IOMMU, ALLOW_ALL),
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: \"/dev/iommu\" is in linux.devices[0] already" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define IOMMU_ENTRY NODE_ENTRY("/dev/iommu", "/dev/iommu")

/* Entries for /dev/iommu itself. */
static void test_iommu_entries(void **state)
{
	static const struct plan_case cases[] = {
		/* It is meant. */
		{ .spec = SPEC(HOST_IOMMU, DENY_ALL "," ALLOW("10", "127")),
		  .map = "[" IOMMU_ENTRY "]",
		  .expected = SPEC(IOMMU, DENY_ALL "," ALLOW("10", "257")) },
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE, ALLOW_ALL),
		  .map = "[" IOMMU_ENTRY
			 "," ENTRY("/dev/vfio/devices/vfio2", FUNCTION("06/00")) "]",
		  .expected = SPEC(IOMMU "," HANDLE("6"), ALLOW_ALL) },
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE, ALLOW_ALL),
		  .map = "[" IOMMU_ENTRY
			 "," TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/devices/vfio2",
					 FUNCTION("06/00")) "]",
		  .expected = SPEC(IOMMU, ALLOW_ALL) },
		{ .spec = MOUNTS(MOUNT("/dev/iommu", "/dev/iommu")),
		  .map = "[" IOMMU_ENTRY "]",
		  .expected = MOUNTS(MOUNT_RO("/dev/iommu", "/dev/iommu")) },
		{ .spec = SPEC(HOST_IOMMU, ALLOW_ALL),
		  .map = "[" IOMMU_ENTRY "]",
		  .no_iommufd = true,
		  .class = ERROR_UNAVAILABLE,
		  .part = "vm_path: this machine has no such VFIO node: /sys/class/misc/iommu/dev is not there" },
		{ .spec = SPEC("", ALLOW_ALL),
		  .map = "[" IOMMU_ENTRY "]",
		  .class = ERROR_DATA,
		  .part = "missing devices in OCI spec: \"/dev/iommu\"" },
		{ .spec = SPEC(DEV("/dev/gpu", "195", "0"), ALLOW_ALL),
		  .map = "[" NODE_ENTRY("/dev/gpu", "/dev/iommu") "]",
		  .class = ERROR_DATA,
		  .part = "/dev/iommu is a VFIO node" },
		{ .spec = SPEC(HOST_IOMMU, ALLOW_ALL),
		  .map = "[" NODE_ENTRY("/dev/iommu", "/dev/gpu") "]",
		  .class = ERROR_DATA,
		  .part = "/dev/iommu is a control node, which becomes no other" },
		/* Of VFIO type: nothing, and it is never missing. */
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/iommu", FUNCTION("07/00")) "]",
		  .machine_map = MAP_HANDLE("06/00"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device" },
		{ .spec = SPEC(HOST_IOMMU "," HOST_HANDLE, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/iommu", "\"0000:3b:02.7=07/00\"") "," ENTRY(
			  "/dev/vfio/devices/vfio2", FUNCTION("06/00")) "]",
		  .expected = SPEC(IOMMU "," HANDLE("6"), ALLOW_ALL) },
		{ .spec = SPEC("", ALLOW_ALL),
		  .map = "[" ENTRY("/dev/iommu", FUNCTION("06/00")) "]" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* A group that no IOMMU keeps apart. */
static void test_noiommu(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("0000:5c:00.0", NOIOMMU),
		  .expected =
			  SPEC(DEV("/dev/vfio/noiommu-92", "242", "92") "," NEW_CONTROL,
			       ALLOW_ALL),
		  .part = "map.json: [0]: IOMMU group 92 is in noiommu mode: the container can read and write all of this machine's memory" },
		{ .spec = SPEC(DEV("/dev/vfio/noiommu-45", "243", "5"), ALLOW_ALL),
		  .map = "[" ENTRY_WITH("/dev/vfio/noiommu-45", FUNCTION("0000:5c:00.0"),
					NOIOMMU) "]",
		  .expected =
			  SPEC(DEV("/dev/vfio/noiommu-92", "242", "92") "," NEW_CONTROL,
			       ALLOW_ALL),
		  .part = "is in noiommu mode" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("0000:5c:00.0", GROUP_KIND "," NOIOMMU),
		  .expected =
			  SPEC(DEV("/dev/vfio/noiommu-92", "242", "92") "," NEW_CONTROL,
			       ALLOW_ALL),
		  .part = "is in noiommu mode" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("0000:5c:00.0", AUTO_KIND "," NOIOMMU),
		  .expected =
			  SPEC(DEV("/dev/vfio/noiommu-92", "242", "92") "," NEW_CONTROL,
			       ALLOW_ALL),
		  .part = "is in noiommu mode" },
		/* An IOMMU that is there is no harm. */
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("06/00", NOIOMMU),
		  .expected = SPEC(DEV("/dev/vfio/6", "242", "6") "," NEW_CONTROL,
				   ALLOW_ALL) },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/45", FUNCTION("0000:5c:00.0")) "]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 92 is in noiommu mode: whoever has the device can read and write all of this machine's memory; enable an IOMMU, or accept that with \"allow_noiommu\": true in the entry" },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("0000:5c:00.0", "\"allow_noiommu\":false"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 92 is in noiommu mode" },
		{ .spec = SPEC(HOST_HANDLE, ALLOW_ALL),
		  .map = MAP_HANDLE_WITH("0000:5c:00.0", NOIOMMU),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 92 is in noiommu mode, where there are no iommufd handles; enable an IOMMU, or set \"node\": \"group\" and \"allow_noiommu\": true in the entry" },
		{ .spec = SPEC(HOST_GROUP, ALLOW_ALL),
		  .map = MAP_GROUP_WITH("0000:41:00.0", NOIOMMU),
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:41:00.0 is in no IOMMU group; without an IOMMU the module vfio needs enable_unsafe_noiommu_mode=1" },
		/* This machine's own, as the device plugin shows it. */
		{ .spec = SPEC(DEV("/dev/vfio/92", "242", "92"), ALLOW_ALL) },
		{ .spec = SPEC(DEV("/dev/vfio/noiommu-92", "242", "92"), ALLOW_ALL) },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define V(variables, devices)                                                            \
	"{\"process\":{\"env\":[" variables "]},\"linux\":{\"devices\":[" devices        \
	"],\"resources\":{\"devices\":[" ALLOW_ALL "]}}}"
#define INFO(pairs) "\"PCIDEVICE_A_INFO={" pairs "}\""
#define VARIABLE(address) "\"PCIDEVICE_A=" address "\""
#define PAIR(address, path)                                                              \
	"\\\"" address "\\\":{\\\"vfio\\\":{\\\"dev-mount\\\":\\\"" path                 \
	"\\\",\\\"mount\\\":\\\"/dev/iommu\\\"}}"

/* What variables say of handles. */
static void test_environment(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = V(VARIABLE("0000:3b:02.0") "," INFO(
				    PAIR("0000:3b:02.0", "/dev/vfio/devices/vfio2")),
			    HOST_HANDLE "," HOST_IOMMU),
		  .map = MAP_HANDLE("06/00"),
		  .expected = V(VARIABLE("0000:06:00.0") "," INFO(
					PAIR("0000:06:00.0", "/dev/vfio/devices/vfio6")),
				HANDLE("6") "," IOMMU) },
		/* Each path follows its function. */
		{ .spec = V(
			  VARIABLE("0000:3b:02.1,0000:3b:02.0") "," INFO(
				  PAIR("0000:3b:02.1", "/dev/vfio/devices/vfio2") "," PAIR(
					  "0000:3b:02.0", "/dev/vfio/devices/vfio2")),
			  HOST_HANDLE "," HOST_IOMMU),
		  .map = "[" ENTRY(
			  "/dev/vfio/devices/vfio2",
			  FUNCTION("0000:06:00.0") ",\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected = V(
			  VARIABLE("0000:06:00.1,0000:06:00.0") "," INFO(
				  PAIR("0000:06:00.1", "/dev/vfio/devices/vfio106") "," PAIR(
					  "0000:06:00.0", "/dev/vfio/devices/vfio6")),
			  HANDLE("6") "," HANDLE("106") "," IOMMU) },
		/* Only the environment names the entry. */
		{ .spec = V(VARIABLE("0000:3b:02.0") "," INFO(
				    PAIR("0000:3b:02.0", "/dev/vfio/devices/vfio2")),
			    ""),
		  .machine_map = MAP_HANDLE("06/00"),
		  .expected = V(VARIABLE("0000:06:00.0") "," INFO(
					PAIR("0000:06:00.0", "/dev/vfio/devices/vfio6")),
				""),
		  .part = "names functions whose VFIO nodes are not in the spec" },
		{ .spec = V(VARIABLE("0000:3b:02.0") "," INFO(
				    PAIR("0000:3b:02.0", "/dev/vfio/devices/vfio2")),
			    ""),
		  .machine_map = MAP_HANDLE_WITH("06/00", AUTO_KIND),
		  .no_iommufd = true,
		  .expected = V(VARIABLE("0000:06:00.0") "," INFO(
					PAIR("0000:06:00.0", "/dev/vfio/6")),
				""),
		  .part = "names functions whose VFIO nodes are not in the spec" },
		{ .spec = V(VARIABLE("0000:3b:02.0") "," INFO(
				    PAIR("0000:3b:02.0", "/dev/vfio/45")),
			    ""),
		  .machine_map = MAP_GROUP_WITH("0000:5c:00.0", NOIOMMU),
		  .expected = V(VARIABLE("0000:5c:00.0") "," INFO(
					PAIR("0000:5c:00.0", "/dev/vfio/noiommu-92")),
				""),
		  .part = "names functions whose VFIO nodes are not in the spec" },
		{ .spec = V(VARIABLE("0000:3b:02.0") "," INFO(
				    PAIR("0000:3b:02.0", "/dev/vfio/devices/vfio2")),
			    ""),
		  .machine_map = MAP_HANDLE("06/00"),
		  .no_iommufd = true,
		  .part = "the node for /dev/vfio/devices/vfio2 is not known here" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* This machine's own spec: a handle is its function's, not its group's. */
static void test_own(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = V(INFO(PAIR("0000:06:00.0", "/dev/vfio/devices/vfio6")),
			    HANDLE("6") "," IOMMU) },
		{ .spec = V(VARIABLE("0000:06:00.1,0000:06:00.0"), HANDLE("6")) },
		{ .spec = V(VARIABLE("0000:06:00.0"), HANDLE("6") "," HANDLE("7")) },
		/* Stale numbers of what it needs. */
		{ .spec = V(VARIABLE("0000:06:00.0"), HANDLE("6") "," HOST_IOMMU),
		  .expected = V(VARIABLE("0000:06:00.0"), HANDLE("6") "," IOMMU) },
		/* Another function's of the same group. */
		{ .spec = V(INFO(PAIR("0000:06:00.1", "/dev/vfio/devices/vfio6")),
			    HANDLE("6")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "pairs 0000:06:00.1 with it, whose node is /dev/vfio/devices/vfio106 today; set --by-address=remap to have that one" },
		{ .spec = V(VARIABLE("0000:06:00.1"), HANDLE("6")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "whose node is /dev/vfio/devices/vfio106 today" },
		{ .spec = V(VARIABLE("0000:06:00.1"), HANDLE("6") "," HANDLE("7")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec has no node of that group" },
		/* By address a handle for a handle. */
		{ .spec = V(INFO(PAIR("0000:06:00.1", "/dev/vfio/devices/vfio9")),
			    HANDLE("9") "," HOST_IOMMU),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = V(INFO(PAIR("0000:06:00.1", "/dev/vfio/devices/vfio106")),
				HANDLE("106") "," IOMMU) },
		{ .spec = MOUNTS(
			  MOUNT("/dev/vfio/devices/vfio9", "/dev/vfio/devices/vfio9")) "",
		  .by_address = BY_ADDRESS_REMAP },
		{ .spec = V(VARIABLE("0000:06:00.0"), HANDLE("9")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = V(VARIABLE("0000:06:00.0"), HANDLE("6") "," NEW_IOMMU) },
		/* Which of two is meant can't be told. */
		{ .spec = V(VARIABLE("0000:06:00.0,0000:06:00.1"), HANDLE("9")),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "the variables name other functions for it as well" },
		{ .spec = V(INFO(PAIR("0000:06:00.0", "/dev/vfio/devices/vfio6") "," PAIR(
				    "0000:06:00.1", "/dev/vfio/devices/vfio6")),
			    HANDLE("6")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the variables name other functions for it as well" },
		/* The kernel has none for it any more. */
		{ .spec = V(VARIABLE("0000:5b:00.0"), HANDLE("9")),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "whose node is /dev/vfio/91 today; it is an iommufd handle, which this kernel doesn't have for the function; correct the spec, or write a device map entry with \"container_path\": \"/dev/vfio/devices/vfio9\" and \"options\": [\"0000:5b:00.0=0000:5b:00.0\"] and \"node\": \"group\"" },
		/* A group in noiommu mode takes an entry. */
		{ .spec = V(VARIABLE("0000:5c:00.0"), DEV("/dev/vfio/92", "242", "92")) },
		{ .spec = V(VARIABLE("0000:5c:00.0"), DEV("/dev/vfio/9", "242", "9")),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "whose node is /dev/vfio/noiommu-92 today; that group is in noiommu mode, which only a map entry can allow, or write a device map entry with \"container_path\": \"/dev/vfio/9\" and \"options\": [\"0000:5c:00.0=0000:5c:00.0\"] and \"allow_noiommu\": true" },
		{ .spec = V(VARIABLE("0000:5c:00.0"), HANDLE("9")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"node\": \"group\" and \"allow_noiommu\": true" },
		/* A variable's word is no other's. */
		{ .spec = V(VARIABLE("0000:5a:00.0"), HANDLE("9")),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "0000:5a:00.0, which this machine doesn't have" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handle),	      cmocka_unit_test(test_choice),
		cmocka_unit_test(test_both),	      cmocka_unit_test(test_iommu),
		cmocka_unit_test(test_iommu_entries), cmocka_unit_test(test_noiommu),
		cmocka_unit_test(test_environment),   cmocka_unit_test(test_own),
		cmocka_unit_test(test_sharing),	      cmocka_unit_test(test_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
