/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for the environment: rule 4. */
#include "plan_check.h"

/* Machine maps name no device of these specs: only the environment counts. */
#define ENV(variables) "{\"process\":{\"env\":[" variables "]}}"
/* The guest's kernel drives the functions: they need no nodes. */
#define ENTRIES(type)                                                                                                      \
	"[" TYPED_ENTRY(type, "/dev/vfio/45", "\"0000:3b:02.0=06/00\",\"0000:3b:02.1=0000:06:00.1\"") "," TYPED_ENTRY(     \
		type, "/dev/vfio/46",                                                                                      \
		"\"0000:06:00.0=07/00\"") "," TYPED_ENTRY(type, "/dev/vfio/47",                                            \
							  "\"0000:3c:00.0=0000:40:00.0\"") "," TYPED_ENTRY(type,           \
													   "/dev/vfio/48", \
													   "\"0000:3d:00.0=10001:08:00.0\"") "]"
#define MAP ENTRIES("vfio-pci-gk")
/* The container drives them. */
#define VFIO_MAP ENTRIES("vfio-pci")
#define NO_NODE "names functions whose VFIO nodes are not in the spec"

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
		/* Each keeps its form, but for a domain that must be said. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=3b:02.0; 0000:3b:02.1,\",\"PCIDEVICE_B=3d:00.0\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=06:00.0; 0000:06:00.1,\",\"PCIDEVICE_B=10001:08:00.0\"") },
		/* The other families, and addresses in names. */
		{ .spec = ENV(
			  "\"QAT0=0000:3b:02.0\",\"QATX=0000:06:00.0\",\"SRIOVNETWORK_0000_3b_02_1_RDMA_DEVICE=mlx5_14\",\"SRIOVNETWORK_VF_DEVICE_3b_02_0=3b:02.0\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"QAT0=0000:06:00.0\",\"QATX=0000:06:00.0\",\"SRIOVNETWORK_0000_06_00_1_RDMA_DEVICE=mlx5_14\",\"SRIOVNETWORK_VF_DEVICE_06_00_0=06:00.0\"") },
		{ .spec = ENV("\"SRIOVNETWORK_3d_00_0_RDMA_CM=\""),
		  .machine_map = MAP,
		  .expected = ENV("\"SRIOVNETWORK_10001_08_00_0_RDMA_CM=\"") },
		{ .spec = ENV(
			  "\"MDEV_PCI_RESOURCE_A=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90\""),
		  .machine_map = MAP,
		  .part = "process.env[0]: \"MDEV_PCI_RESOURCE_A\" is left as it is: no map entry names the mediated device 5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90" },
		{ .spec = ENV(
			  "\"MDEV_PCI_RESOURCE_A=5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90\"") }, /* Without any map the addresses are this machine's own. */
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
		  .machine_map = VFIO_MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":\\\"/dev/vfio/6\\\"}\""),
		  .part = NO_NODE },
		/* A path of which nothing is known: the variable stays. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/99\\\"}\""),
		  .machine_map = VFIO_MAP,
		  .part = "process.env[1]: \"PCIDEVICE_A_INFO\" is left as it is: no map entry names /dev/vfio/99" },
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":\\\"/dev/vfio/46\\\"}\""),
		  .machine_map = VFIO_MAP,
		  .part = "the node for /dev/vfio/46 is not known here" },
		/* Broken, or with keys twice. */
		{ .spec = ENV("\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\""),
		  .machine_map = VFIO_MAP,
		  .part = "is left as it is: it is not a JSON object, or has a key twice" },
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"a\\\":1,\\\"a\\\":2}\""),
		  .machine_map = VFIO_MAP,
		  .part = "it is not a JSON object, or has a key twice" },
		/* The address of another function and of a guest, as keys. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":1,\\\"0000:06:00.0\\\":2}\""),
		  .machine_map = VFIO_MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":1,\\\"0000:07:00.0\\\":2}\""),
		  .part = NO_NODE },
		/* Nodes that aren't VFIO's: the path is known whether the spec has the node
		 * or not. Paths that no entry names stay. */
		{ .spec = BOTH(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":[\\\"/dev/ib14\\\",\\\"/dev/issm14\\\",\\\"/dev/umad14\\\"]}\"",
			  NODE("/dev/ib14", "c", "231", "206")),
		  .machine_map = "[" TYPED_ENTRY(
			  "vfio-pci-gk", "/dev/vfio/45",
			  "\"0000:3b:02.0=06/00\"") ","
						    "{\"type\":\"node\",\"container_path\":\"/dev/ib14\",\"vm_path\":\"/dev/gpu\",\"final_path\":\"/dev/ib0\"},"
						    "{\"type\":\"node\",\"container_path\":\"/dev/umad14\",\"vm_path\":\"/dev/none\",\"final_path\":\"/dev/umad0\"}]",
		  .expected = BOTH(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":[\\\"/dev/ib0\\\",\\\"/dev/issm14\\\",\\\"/dev/umad0\\\"]}\"",
			  NODE("/dev/ib0", "c", "195", "0")) },
		/* The path is that of the function which it is said of. */
		{ .spec = ENV(
			  "\"SRIOVNETWORK_0000_3b_02_2_VFIO_DEVICE=/dev/vfio/45\",\"SRIOVNETWORK_0000_3b_02_0_VFIO_DEVICE=/dev/vfio/45\""),
		  .machine_map =
			  "[" ENTRY("/dev/vfio/45",
				    "\"0000:3b:02.0=06/00\",\"0000:3b:02.2=07/00\"") "]",
		  .expected = ENV(
			  "\"SRIOVNETWORK_0000_07_00_0_VFIO_DEVICE=/dev/vfio/7\",\"SRIOVNETWORK_0000_06_00_0_VFIO_DEVICE=/dev/vfio/6\""),
		  .part = NO_NODE },
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
		/* One name twice: what the one lacks keeps the other, then too. */
		{ .spec = ENV(
			  "\"PCIDEVICE_B=0000:3b:02.0\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A=0000:06:00.0,0000:99:00.0\""),
		  .machine_map = MAP,
		  .expected = ENV(
			  "\"PCIDEVICE_B=0000:06:00.0\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A=0000:06:00.0,0000:99:00.0\""),
		  .part = "no map entry names 0000:99:00.0" },
		{ .spec = BOTH(
			  "\"PCIDEVICE_B=0000:3b:02.0\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A=0000:06:00.0\"",
			  DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = BOTH(
			  "\"PCIDEVICE_B=0000:06:00.0\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A=0000:06:00.0\"",
			  DEV("/dev/vfio/6", "242", "6")),
		  .part = "no map entry names 0000:06:00.0" },
		/* One whose text is right as it is is done with the others. */
		{ .spec = ENV(
			  "\"PCIDEVICE_A=0000:05:00.0\",\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:05:00.0\\\":1}\""),
		  .machine_map = "[" TYPED_ENTRY(
			  "vfio-pci-gk", "/dev/vfio/45",
			  "\"0000:3b:02.0=06/00\",\"0000:05:00.0=0000:05:00.0\",\"0000:06:00.0=07/00\"") "]",
		  .expected = ENV(
			  "\"PCIDEVICE_A=0000:05:00.0\",\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:05:00.0\\\":1}\"") },
		/* By paths alone. */
		{ .spec = BOTH("\"PCIDEVICE_A=/dev/vfio/45,/dev/x\"",
			       DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = BOTH("\"PCIDEVICE_A=/dev/vfio/6,/dev/x\"",
				   DEV("/dev/vfio/6", "242", "6")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* A variable that names functions whose nodes the spec lacks. */
static void test_missing_nodes(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = BOTH(
			  "\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_B_INFO={\\\"0000:06:00.0\\\":1}\",\"PCIDEVICE_B=0000:06:00.0,0000:06:00.0\"",
			  DEV("/dev/vfio/45", "243", "5")),
		  .machine_map = VFIO_MAP,
		  .expected = BOTH(
			  "\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_B_INFO={\\\"0000:07:00.0\\\":1}\",\"PCIDEVICE_B=0000:07:00.0,0000:07:00.0\"",
			  DEV("/dev/vfio/6", "242", "6")),
		  .part = "process.env[1]: \"PCIDEVICE_B_INFO\" names functions whose VFIO nodes are not in the spec, so the container can't open them: 0000:06:00.0 (/dev/vfio/46); have the engine add these devices" },
		/* One whole directory of nodes is another matter. */
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]},\"mounts\":[" MOUNT(
			  "/dev/vfio", "/dev/vfio") "]}",
		  .machine_map = VFIO_MAP,
		  .expected =
			  "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\"]},\"mounts\":[" MOUNT(
				  "/dev/vfio", "/dev/vfio") "]}",
		  .part = "left as it is" },
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
		cmocka_unit_test(test_missing_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
