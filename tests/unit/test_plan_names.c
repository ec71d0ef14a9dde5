/* SPDX-License-Identifier: Apache-2.0 */
/* What names an entry: a path is the tenant's word, so something else must agree. Stand-ins,
 * host_dev, handles, and numbers under any path. */
#include "plan_check.h"

#define S(devices) SPEC(devices, ALLOW_ALL)
#define OPTIONS_45 "\"0000:3b:02.0=06/00\""
#define HOST_DEV(numbers) "\"host_dev\":\"" numbers "\""
#define WITH(more) "[" ENTRY_WITH("/dev/vfio/45", OPTIONS_45, more) "]"
#define NEW S(CONTROL "," DEV("/dev/vfio/6", "242", "6"))

/* Under an entry's path, but nothing that VFIO could have there. */
static void test_stand_in(void **state)
{
	static const char *const devices[] = {
		DEV("/dev/vfio/45", "1", "3"),
		DEV("/dev/vfio/45", "10", "229"),
		DEV("/dev/vfio/45", "0", "0"),
		DEV("/dev/vfio/45", "233", "0"),
		DEV("/dev/vfio/45", "255", "0"),
		DEV("/dev/vfio/45", "383", "0"),
		DEV("/dev/vfio/45", "512", "0"),
		DEV("/dev/vfio/45", "4294967295", "0"),
		/* A pod's block volume. */
		NODE("/dev/vfio/45", "b", "8", "0"),
		NODE("/dev/vfio/45", "b", "243", "5"),
		NODE("/dev/vfio/45", "p", "243", "5"),
		"{\"path\":\"/dev/vfio/45\",\"type\":\"c\"}",
		"{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243}",
		"{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":null,\"minor\":5}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		auto_free char *spec = xasprintf(S(CONTROL ",%s"), devices[i]);
		struct plan_case c = {
			.spec = spec,
			.map = MAP_45,
			.class = ERROR_UNAVAILABLE,
			.part = "linux.devices[1]: \"/dev/vfio/45\" has the path of the VFIO device of map.json: [0], but ",
		};

		check_plan(&c);
		c.map = NULL;
		c.machine_map =
			"[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45", OPTIONS_45) "]";
		c.part =
			"another device stands in there; rename it, or set \"stand_in\": true in the entry";
		check_plan(&c);
	}
}

static void test_named(void **state)
{
	static const struct plan_case cases[] = {
		/* Every major that Linux gives out dynamically. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "234", "0")),
		  .map = MAP_45,
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "254", "1048575")),
		  .map = MAP_45,
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "384", "5")),
		  .map = MAP_45,
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "511", "5")),
		  .map = MAP_45,
		  .expected = NEW },
		/* The administrator says that anything may stand in. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "1", "3")),
		  .map = WITH(STAND_IN),
		  .expected = NEW },
		{ .spec = S(CONTROL "," NODE("/dev/vfio/45", "b", "8", "0")),
		  .map = WITH(STAND_IN),
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "1", "3")),
		  .map = WITH("\"stand_in\":false"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "another device stands in there" },
		/* A node entry is of any type. */
		{ .spec = S(DEV("/dev/sda", "1", "3")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = S(NODE("/dev/sda", "b", "254", "0")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_host_dev(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = WITH(HOST_DEV("243:5")),
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "6")),
		  .map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1]: \"/dev/vfio/45\" has the path of map.json: [0], but not the numbers of its \"host_dev\", 243:5" },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "244", "5")),
		  .map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "not the numbers of its \"host_dev\"" },
		/* It isn't less with stand_in. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "1", "3")),
		  .map = WITH(HOST_DEV("243:5") "," STAND_IN),
		  .class = ERROR_UNAVAILABLE,
		  .part = "not the numbers of its \"host_dev\"" },
		{ .spec = S(CONTROL ",{\"path\":\"/dev/vfio/45\",\"type\":\"c\"}"),
		  .map = WITH(HOST_DEV("0:0") "," STAND_IN),
		  .class = ERROR_UNAVAILABLE,
		  .part = "not the numbers of its \"host_dev\"" },
		/* Nor is it enough for what can't be VFIO's. */
		{ .spec = S(CONTROL "," NODE("/dev/vfio/45", "b", "243", "5")),
		  .map = WITH(HOST_DEV("243:5")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "b 243:5 is not a device that VFIO could have" },
		/* Of a node entry, too. */
		{ .spec = S(NODE("/dev/sda", "b", "8", "16")),
		  .map = "[{\"type\":\"node\",\"container_path\":\"/dev/sda\",\"vm_path\":\"/dev/vda\",\"host_dev\":\"8:0\"}]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "not the numbers of its \"host_dev\", 8:0" },
		/* A mount has no numbers. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/vfio", "/dev/vfio/vfio") "," MOUNT(
			  "/dev/vfio/45", "/dev/vfio/45")),
		  .map = WITH(HOST_DEV("243:5")),
		  .expected =
			  MOUNTS(MOUNT("/dev/vfio/vfio", "/dev/vfio/vfio") "," MOUNT_RO(
				  "/dev/vfio/6", "/dev/vfio/6")) },
		/* The configuration asks for it where the spec names the entry. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .machine_map = MAP_45,
		  .require_host_dev = true,
		  .class = ERROR_DATA,
		  .part = "devices.d/a.json: [0]: has no \"host_dev\"" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  .machine_map = MAP_45,
		  .require_host_dev = true,
		  .class = ERROR_DATA,
		  .part = "devices.d/a.json: [0]: has no \"host_dev\"" },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .machine_map = WITH(HOST_DEV("243:5")),
		  .require_host_dev = true,
		  .expected = NEW },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .require_host_dev = true,
		  .expected = NEW },
		{ .spec = S(NODE("/dev/sda", "b", "8", "0")),
		  .machine_map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "," ENTRY(
			  "/dev/vfio/45", OPTIONS_45) "]",
		  .require_host_dev = true,
		  .expected = S(NODE("/dev/sda", "b", "254", "0")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define NUMBERS_OF_9                                                                     \
	"has the numbers of /dev/vfio/9, a VFIO node of this machine, under another path"

/* Whatever its path: a VFIO node of this machine is one by its numbers. */
static void test_disguised(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(DEV("/dev/nic", "242", "9")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: \"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = S(DEV("/dev/nic", "242", "9")),
		  .machine_map = "[]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = S(DEV("/dev/nic", "242", "9")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = SPEC(DEV("/dev/nic", "242", "9"), DENY_ALL),
		  .unmapped = UNMAPPED_DROP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = S(DEV("/dev/nic", "242", "9")),
		  .unmapped = UNMAPPED_DROP,
		  .expected = S(""),
		  .part = "\"/dev/nic\" is removed" },
		{ .spec = S(DEV("/dev/nic", "242", "9")), .unmapped = UNMAPPED_KEEP },
		{ .spec = S(DEV("/dev/nic", "244", "9")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "has the numbers of /dev/vfio/devices/vfio9, a VFIO node" },
		{ .spec = S(DEV("/dev/nic", "242", "9") "," DEV("/dev/vfio/45", "243",
								"5")),
		  .map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: \"/dev/nic\" " NUMBERS_OF_9 },
		/* Another type, or numbers of none. */
		{ .spec = S(NODE("/dev/nic", "b", "242", "9")), .machine_map = "[]" },
		{ .spec = S(DEV("/dev/nic", "242", "100")), .machine_map = "[]" },
		/* A bind mount, by what its source is. */
		{ .spec = MOUNTS(MOUNT("/run/card", "/dev/nic")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = MOUNTS(MOUNT("/run/card", "/dev/nic")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/nic\" " NUMBERS_OF_9 },
		{ .spec = MOUNTS(MOUNT("/run/card", "/dev/nic")),
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = MOUNTS(MOUNT("/run/card", "/dev/gpu")), .machine_map = "[]" },
		/* The control node's path hides nothing, unless it is corrected. */
		{ .spec = S(DEV("/dev/vfio/vfio", "242", "9")),
		  .machine_map = "[]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[0].path: \"/dev/vfio/vfio\" " NUMBERS_OF_9 },
		{ .spec = S(DEV("/dev/vfio/vfio", "242", "9")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/vfio\" " NUMBERS_OF_9 },
		{ .spec = S(DEV("/dev/vfio/vfio", "242", "9")),
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = S(DEV("/dev/vfio/vfio", "242", "9") "," DEV("/dev/vfio/45",
								      "243", "5")),
		  .map = MAP_45,
		  .expected = NEW },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* An absent number is 0 to the runtime. */
static void test_one_number(void **state)
{
#define ONE(path, type, numbers)                                                         \
	"{\"path\":\"" path "\",\"type\":\"" type "\"," numbers "}"
#define NO_MINOR                                                                         \
	"has \"major\", but no \"minor\": a runtime would make c 242:0 of it, which may be a VFIO device; give both"
	static const struct plan_case cases[] = {
		{ .spec = S(ONE("/dev/x", "c", "\"major\":242")),
		  .class = ERROR_DATA,
		  .part = "linux.devices[0]: " NO_MINOR },
		{ .spec = S(ONE("/dev/x", "u", "\"major\":242,\"minor\":null")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_DATA,
		  .part = "linux.devices[0]: " NO_MINOR },
		{ .spec = S(ONE("/dev/vfio/vfio", "c", "\"major\":242")),
		  .machine_map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "linux.devices[0]: " NO_MINOR },
		/* The host's, if the map knows it. */
		{ .spec = S(CONTROL "," ONE("/dev/x", "c", "\"major\":243") "," DEV(
			  "/dev/vfio/45", "243", "0")),
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: has \"major\", but no \"minor\"" },
		{ .spec = S(ONE("/dev/foo", "b", "\"major\":8")),
		  .machine_map =
			  "[{\"type\":\"node\",\"container_path\":\"/dev/sda\",\"vm_path\":\"/dev/vda\",\"host_dev\":\"8:0\"}]",
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/foo\" is b 8:0, which is /dev/sda on the host" },
		/* A path of VFIO's is judged as such. */
		{ .spec = S(ONE("/dev/vfio/7", "c", "\"major\":242")),
		  .machine_map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/7\"" },
		/* What can't be VFIO's, and what the administrator keeps. */
		{ .spec = S(ONE("/dev/x", "c", "\"major\":10") "," ONE(
			  "/dev/y", "c",
			  "\"minor\":242") "," ONE("/dev/z", "b",
						   "\"major\":242") "," ONE("/dev/p", "p",
									    "\"major\":242")),
		  .machine_map = MAP_45 },
		{ .spec = S(ONE("/dev/x", "c", "\"major\":242")),
		  .unmapped = UNMAPPED_KEEP },
		/* Whatever a node entry names gets both numbers. */
		{ .spec = S(ONE("/dev/sda", "b", "\"major\":8")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = S("{\"path\":\"/dev/sda\",\"type\":\"b\",\"major\":254,"
				"\"minor\":0}") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stand_in),   cmocka_unit_test(test_named),
		cmocka_unit_test(test_host_dev),   cmocka_unit_test(test_disguised),
		cmocka_unit_test(test_one_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
