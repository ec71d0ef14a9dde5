/* SPDX-License-Identifier: Apache-2.0 */
/* A device of the host under another path than the map's: its numbers are another device's here,
 * if any. */
#include "plan_check.h"

#define S(devices) SPEC(devices, ALLOW("243", "5"))
#define OPTIONS_45 "\"0000:3b:02.0=06/00\""
#define HOST_DEV(numbers) "\"host_dev\":\"" numbers "\""
#define WITH(more) "[" ENTRY_WITH("/dev/vfio/45", OPTIONS_45, more) "]"
#define OLD DEV("/dev/vfio/45", "243", "5")
#define TWIN DEV("/dev/x", "243", "5")
#define DISK(more)                                                                       \
	"[{\"type\":\"node\",\"container_path\":\"/dev/sdb\",\"vm_path\":\"/dev/vdb\","  \
	"\"host_dev\":\"" more "\"}]"
#define GK(more)                                                                         \
	"[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\","                \
	"\"options\":[" OPTIONS_45 "]" more "}]"

#define HOSTS_45                                                                         \
	" is c 243:5, which is /dev/vfio/45 on the host (\"host_dev\" of devices.d/a.json: [0]) and another device here, if any"

static void test_host_dev(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(TWIN),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: \"/dev/x\"" HOSTS_45
			  "; give it that path, or, if it is this machine's own, say so with --unmapped=own, or keep it with --unmapped=keep" },
		/* Beside the device that has the path, too. */
		{ .spec = S(CONTROL "," OLD "," TWIN),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[2].path: \"/dev/x\"" HOSTS_45 },
		/* As a character device that isn't buffered, as the control node, and where what
		 * no entry names may go. */
		{ .spec = S(NODE("/dev/x", "u", "243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/x\"" HOSTS_45 },
		{ .spec = S(DEV("/dev/vfio/vfio", "243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/vfio\"" HOSTS_45 },
		{ .spec = SPEC(TWIN, ALLOW_ALL),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .unmapped = UNMAPPED_DROP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/x\"" HOSTS_45 },
		{ .spec = S(TWIN),
		  .machine_map = GK("," HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/x\"" HOSTS_45 },
		/* Under the path of an entry that doesn't know better. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/46", "243", "5")),
		  .machine_map = "[" ENTRY_WITH(
			  "/dev/vfio/45", OPTIONS_45,
			  HOST_DEV("243:5")) "," ENTRY("/dev/vfio/46",
						       "\"0000:3b:02.1=07/00\"") "]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/46\"" HOSTS_45 },
		/* A node entry may be of a block device. */
		{ .spec = S(NODE("/dev/foo", "b", "8", "16")),
		  .machine_map = DISK("8:16"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/foo\" is b 8:16, which is /dev/sdb on the host" },
		{ .spec = S(NODE("/dev/sdb", "b", "8", "16") "," NODE("/dev/foo", "b",
								      "8", "16")),
		  .machine_map = DISK("8:16"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1].path: \"/dev/foo\" is b 8:16" },
		/* Kept, or another's. */
		{ .spec = S(TWIN),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = S(DEV("/dev/x", "243", "6") "," NODE(
			  "/dev/y", "b", "243", "5") "," NODE("/dev/z", "p", "243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .part = "linux.resources.devices[0]: this rule allows c 243:5" },
		/* What stands in is anybody's. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/45", "1",
					       "3") "," DEV("/dev/null", "1", "3"),
			       ALLOW_ALL),
		  .machine_map = WITH(HOST_DEV("1:3") "," STAND_IN),
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242",
						   "6") "," DEV("/dev/null", "1", "3"),
				   ALLOW_ALL) },
		/* A mount is of this machine's nodes. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/gpu")),
		  .machine_map = WITH(HOST_DEV("195:0")),
		  .part = "mounts[0]: what it puts at \"/dev/vfio/45\" is not the device" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Without host_dev, the device that has the entry's path says which numbers they are. */
static void test_twin(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(CONTROL "," OLD "," TWIN),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[2].path: \"/dev/x\" has the numbers of linux.devices[1] (c 243:5), which is the host's /dev/vfio/45 (map.json: [0]) and gets others here; remove one of them, or keep this one with --unmapped=keep" },
		{ .spec = S(TWIN "," OLD),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: \"/dev/x\" has the numbers of linux.devices[1]" },
		{ .spec = S(OLD "," TWIN),
		  .map = GK(""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/x\" has the numbers of linux.devices[0]" },
		{ .spec = S(DEV("/dev/vfio/vfio", "243", "5") "," OLD),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/vfio\" has the numbers of linux.devices[1]" },
		{ .spec = SPEC(CONTROL "," OLD "," TWIN, ""),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6") "," TWIN,
				   ALLOW("10", "196") "," ALLOW("242", "6") "," ALLOW(
					   "243", "5")) },
		/* Two entries of one number: each has its path. */
		{ .spec = SPEC(CONTROL "," OLD "," DEV("/dev/vfio/46", "243", "5"),
			       ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/45", OPTIONS_45) "," ENTRY(
			  "/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]",
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6") "," DEV(
					   "/dev/vfio/7", "242", "7"),
				   ALLOW_ALL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Under --unmapped=own the machine's own path and numbers say whose it is. */
static void test_own(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(DEV("/dev/gpu", "195", "0")),
		  .machine_map = WITH(HOST_DEV("195:0")),
		  .unmapped = UNMAPPED_OWN },
		{ .spec = S(DEV("/dev/gpu2", "195", "0")),
		  .machine_map = WITH(HOST_DEV("195:0")),
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/gpu2\" is c 195:0, which is /dev/vfio/45 on the host" },
		{ .spec = S(DEV("/srv/gpu", "195", "0")),
		  .machine_map = WITH(HOST_DEV("195:0")),
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/srv/gpu\" is c 195:0" },
		{ .spec = S(DEV("/dev/gpu", "195", "0")),
		  .machine_map = WITH(HOST_DEV("195:0")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/gpu\" is c 195:0" },
		/* A VFIO node as well; under the path of another entry. */
		{ .spec = S(DEV("/dev/vfio/9", "242", "9")),
		  .machine_map = WITH(HOST_DEV("242:9")),
		  .unmapped = UNMAPPED_OWN },
		{ .spec = S(DEV("/dev/vfio/9", "242", "9")),
		  .machine_map = "[" ENTRY_WITH(
			  "/dev/vfio/45", OPTIONS_45,
			  HOST_DEV("242:9")) "," ENTRY("/dev/vfio/9",
						       "\"0000:3b:02.1=07/00\"") "]",
		  .unmapped = UNMAPPED_OWN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_dev),
		cmocka_unit_test(test_twin),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
