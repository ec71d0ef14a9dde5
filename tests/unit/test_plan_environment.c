/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for the environment: rule 4. */
#include "plan_check.h"

/* Machine maps name no device of these specs: only the environment counts. */
#define ENV(variables) "{\"process\":{\"env\":[" variables "]}}"
#define MAP                                                                              \
	"[" ENTRY(                                                                       \
		"/dev/vfio/45",                                                          \
		"\"0000:3b:02.0=06/"                                                     \
		"00\",\"0000:3b:02.1=0000:06:00.1\"") "," ENTRY("/dev/vfio/46",          \
								"\"0000:06:00.0=07/"     \
								"00\"") "," ENTRY("/dev" \
										  "/vfi" \
										  "o/"   \
										  "47",  \
										  "\"00" \
										  "00:"  \
										  "3c:"  \
										  "00."  \
										  "0="   \
										  "0000" \
										  ":40:" \
										  "00."  \
										  "0\"") "]"

static void test_addresses(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0\""),
		  .machine_map = MAP,
		  .expected = ENV("\"PCIDEVICE_A=0000:06:00.0\"") },
		/* A guest's address that is another host address. */
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0,0000:06:00.0,0000:3b:02.1\""),
		  .machine_map = MAP,
		  .expected =
			  ENV("\"PCIDEVICE_A=0000:06:00.0,0000:07:00.0,0000:06:00.1\"") },
		/* Escapes and what else is in the list. */
		{ .spec = ENV(
			  "\"PATH=/bin\\n\", \"PCIDEVICE_A\", \"PCIDEVICE_\\u00e9=0000:3b\\u003a02.0,x\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PATH=/bin\\n\", \"PCIDEVICE_A\", \"PCIDEVICE_\xc3\xa9=0000:06:00.0,x\"") },
		{ .spec = ENV("\"PCIDEVICE_A=mlx5_core.sf.10\""), .machine_map = MAP },
		{ .spec = ENV("\"PCIDEVICE_A=\""), .machine_map = MAP },
		{ .spec = ENV("\"XPCIDEVICE_A=0000:3b:02.0\""), .machine_map = MAP },
		/* Without any map the addresses are this machine's own. */
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0\"") },
		/* Left whole. */
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0,0000:99:00.0\""),
		  .machine_map = MAP,
		  .part = "process.env[0]: \"PCIDEVICE_A\" is left as it is: no map entry names 0000:99:00.0" },
		{ .spec = ENV("\"PCIDEVICE_A=0000:3c:00.0\""),
		  .machine_map = MAP,
		  .part = "process.env[0]: \"PCIDEVICE_A\" is left as it is: devices.d/a.json: [2]: 0000:40:00.0 is not there" },
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0\""),
		  .machine_map = "[]",
		  .part = "no map entry names 0000:3b:02.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Variables and devices in one spec. */
#define BOTH(variables, devices)                                                         \
	"{\"process\":{\"env\":[" variables "]},\"linux\":{\"devices\":[" CONTROL        \
	"," devices "],\"resources\":{\"devices\":[" ALLOW_ALL "]}}}"

static void test_info(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = BOTH(
			  "\"PCIDEVICE_A=0000:3b:02.0\", \"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":{\\\"generic\\\":{\\\"deviceID\\\":\\\"0000:3b:02.0\\\"},\\\"vfio\\\":{\\\"dev-mount\\\":\\\"/dev/vfio/45\\\",\\\"mount\\\":\\\"/dev/vfio/vfio\\\"}}}\"",
			  DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = BOTH(
			  "\"PCIDEVICE_A=0000:06:00.0\", \"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":{\\\"generic\\\":{\\\"deviceID\\\":\\\"0000:06:00.0\\\"},\\\"vfio\\\":{\\\"dev-mount\\\":\\\"/dev/vfio/6\\\",\\\"mount\\\":\\\"/dev/vfio/vfio\\\"}}}\"",
			  DEV("/dev/vfio/6", "242", "6")) },
		/* The final path is what the container sees. */
		{ .spec = BOTH(
			  "\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"a\\\":\\\"\\\\/dev\\\\/vfio\\\\/45\\\"}\"",
			  DEV("/dev/vfio/45", "243", "5")),
		  .map = "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"final_path\":\"/dev/vfio/1\"}]",
		  .expected = BOTH(
			  "\"PCIDEVICE_A=\",\"PCIDEVICE_A_INFO={\\\"a\\\":\\\"/dev/vfio/1\\\"}\"",
			  DEV("/dev/vfio/1", "242", "6")) },
		/* An entry that only the environment names. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/45\\\"}\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":\\\"/dev/vfio/6\\\"}\"") },
		/* A path of which nothing is known: the variable stays. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/99\\\"}\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/99\\\"}\""),
		  .part = "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: no map entry names /dev/vfio/99" },
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/46\\\"}\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/46\\\"}\""),
		  .part = "the node for /dev/vfio/46 is not known here",
		  .once = true },
		/* Broken, or with keys twice. */
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\""),
		  .machine_map = MAP,
		  .expected = ENV("\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\""),
		  .part = "is left as it is: it is no JSON object without duplicate keys" },
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"a\\\":1,\\\"a\\\":2}\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"a\\\":1,\\\"a\\\":2}\""),
		  .part = "it is no JSON object without duplicate keys" },
		/* The address of another function and of a guest, as keys. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":1,\\\"0000:06:00.0\\\":2}\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":1,\\\"0000:07:00.0\\\":2}\"") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* A variable that the first run left whole is left by the second one, too, although the
 * guest's address in it is a listed one by then. */
static void test_left_stays_left(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = BOTH("\"PCIDEVICE_A=0000:3b:02.0,0000:06:00.0\"",
			       DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = BOTH("\"PCIDEVICE_A=0000:3b:02.0,0000:06:00.0\"",
				   DEV("/dev/vfio/6", "242", "6")),
		  .part = "no map entry names 0000:06:00.0" },
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0,0000:07:00.0\",\"PCIDEVICE_B=0000:06:00.0\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0,0000:07:00.0\",\"PCIDEVICE_B=0000:07:00.0\""),
		  .part = "no map entry names 0000:07:00.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_left_stays_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
