/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for mounts: rule 3, and the control node that comes as a mount (rule 5). */
#include "plan_check.h"

#define PROC "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}"
#define CONTROL_MOUNT MOUNT("/dev/vfio/vfio", "/dev/vfio/vfio")
#define NEW_CONTROL_MOUNT MOUNT_RO("/dev/vfio/vfio", "/dev/vfio/vfio")

static void test_mapped(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = MOUNTS(PROC "," CONTROL_MOUNT
				      "," MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  .map = MAP_45,
		  .expected = MOUNTS(PROC "," CONTROL_MOUNT
					  "," MOUNT_RO("/dev/vfio/6", "/dev/vfio/6")) },
		/* Only the source is ours: the destination stays. */
		{ .spec = MOUNTS(CONTROL_MOUNT "," MOUNT("/dev/mine", "/dev/vfio/45")),
		  .map = MAP_45,
		  .expected = MOUNTS(CONTROL_MOUNT
				     "," MOUNT_RO("/dev/mine", "/dev/vfio/6")) },
		/* Only the destination: whoever starts a container chooses it. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/srv/volume")),
		  .machine_map = MAP_45 },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/srv/volume") "," MOUNT(
			  "/dev/fuse", "/dev/fuse")),
		  .machine_map = MAP_45,
		  .part = "mounts[0]: what it puts at \"/dev/vfio/45\" is not the device" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/other")),
		  .machine_map = MAP_45,
		  .part = "mounts[0]: what it puts at \"/dev/vfio/45\" is not the device" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/other")),
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "missing devices in OCI spec: \"/dev/vfio/45\"" },
		/* The administrator says that anything from below /dev stands in. */
		{ .spec = MOUNTS(CONTROL_MOUNT "," MOUNT("/dev/vfio/45", "/dev/other")),
		  .map = "[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"",
					STAND_IN) "]",
		  .expected = MOUNTS(CONTROL_MOUNT
				     "," MOUNT_RO("/dev/vfio/6", "/dev/vfio/6")) },
		{ .spec = MOUNTS(CONTROL_MOUNT "," MOUNT("/dev/vfio/45", "/srv/volume")),
		  .machine_map = "[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"",
						STAND_IN) "]",
		  .part = "mounts[1]: what it puts at \"/dev/vfio/45\" is not the device" },
		/* A node entry goes by either, if the source is from below /dev. */
		{ .spec = MOUNTS(MOUNT("/dev/sda", "/dev/disk")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = MOUNTS(MOUNT_RO("/dev/sda", "/dev/vda")) },
		{ .spec = MOUNTS(MOUNT("/dev/sda", "/srv/disk") "," MOUNT("/dev/fuse",
									  "/dev/fuse")),
		  .machine_map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .part = "mounts[0]: what it puts at \"/dev/sda\" is not the device" },
		{ .spec = MOUNTS(CONTROL_MOUNT
				 "," MOUNT("/dev//vfio/45/", "/dev/./vfio/45")),
		  .map = MAP_45,
		  .expected = MOUNTS(CONTROL_MOUNT
				     "," MOUNT_RO("/dev/vfio/6", "/dev/vfio/6")) },
		/* Where destination and source are of two entries, the source names one,
		 * and the destination stays. */
		{ .spec = MOUNTS(CONTROL_MOUNT
				 "," MOUNT("/dev/vfio/45", "/dev/vfio/46") "," MOUNT(
					 "/dev/vfio/46", "/dev/vfio/46")),
		  .machine_map =
			  "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
				  "/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]",
		  .expected = MOUNTS(CONTROL_MOUNT "," MOUNT_RO(
			  "/dev/vfio/45", "/dev/vfio/7") "," MOUNT_RO("/dev/vfio/7",
								      "/dev/vfio/7")) },
		/* A swap. */
		{ .spec = MOUNTS(CONTROL_MOUNT
				 "," MOUNT("/dev/vfio/1", "/dev/vfio/1") "," MOUNT(
					 "/dev/vfio/2", "/dev/vfio/2")),
		  .map = "[" ENTRY("/dev/vfio/1", "\"0000:3b:02.0=02/00\"") "," ENTRY(
			  "/dev/vfio/2", "\"0000:3b:02.1=01/00\"") "]",
		  .expected = MOUNTS(CONTROL_MOUNT "," MOUNT_RO(
			  "/dev/vfio/2", "/dev/vfio/2") "," MOUNT_RO("/dev/vfio/1",
								     "/dev/vfio/1")) },
		/* The final path is for the container alone. */
		{ .spec = MOUNTS(CONTROL_MOUNT "," MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  .map = "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"final_path\":\"/dev/vfio/45\"}]",
		  .expected = MOUNTS(CONTROL_MOUNT
				     "," MOUNT_RO("/dev/vfio/45", "/dev/vfio/6")) },
		{ .spec = MOUNTS(MOUNT("/dev/sda", "/dev/sda")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = MOUNTS(MOUNT_RO("/dev/sda", "/dev/vda")) },
		/* What isn't a bind mount isn't looked at. */
		{ .spec = MOUNTS(
			  CONTROL_MOUNT
			  ",{\"destination\":\"/dev/vfio/45\",\"type\":\"tmpfs\",\"source\":\"/dev/vfio/45\"}," MOUNT(
				  "/dev/vfio/45", "/dev/vfio/45")),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  CONTROL_MOUNT
			  ",{\"destination\":\"/dev/vfio/45\",\"type\":\"tmpfs\",\"source\":\"/dev/vfio/45\"}," MOUNT_RO(
				  "/dev/vfio/6", "/dev/vfio/6")) },
		{ .spec = MOUNTS(
			  CONTROL_MOUNT
			  ",{\"destination\":\"/dev/vfio/45\",\"options\":[\"ro\",\"\\u0072bind\"],\"source\":\"/dev/vfio/45\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  CONTROL_MOUNT
			  ",{\"destination\":\"/dev/vfio/6\",\"options\":[\"ro\",\"\\u0072bind\"],\"source\":\"/dev/vfio/6\"}") },
		/* No rule is added for a mount. */
		{ .spec = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "]}},\"mounts\":[" CONTROL_MOUNT
			  "," MOUNT("/dev/vfio/45", "/dev/vfio/45") "]}",
		  .map = MAP_45,
		  .expected = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			      "]}},\"mounts\":[" CONTROL_MOUNT
			      "," MOUNT_RO("/dev/vfio/6", "/dev/vfio/6") "]}" },
		/* The same entry as device and as mount. */
		{ .spec = "{\"linux\":{\"devices\":[" CONTROL
			  "," DEV("/dev/vfio/45", "243",
				  "5") "],\"resources\":{\"devices\":[" ALLOW_ALL
				       "]}},\"mounts\":[" MOUNT("/dev/vfio/45",
								"/dev/vfio/45") "]}",
		  .map = MAP_45,
		  .expected = "{\"linux\":{\"devices\":[" CONTROL
			      "," DEV("/dev/vfio/6", "242",
				      "6") "],\"resources\":{\"devices\":[" ALLOW_ALL
					   "]}},\"mounts\":[" MOUNT_RO(
						   "/dev/vfio/6", "/dev/vfio/6") "]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_control(void **state)
{
	static const struct plan_case cases[] = {
		/* Like the first mount of a group: type and options are its. */
		{ .spec = MOUNTS(PROC "," MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  .map = MAP_45,
		  .expected = MOUNTS(PROC "," MOUNT_RO(
			  "/dev/vfio/6", "/dev/vfio/6") "," NEW_CONTROL_MOUNT) },
		{ .spec = MOUNTS(
			  "{\"source\":\"/dev/vfio/45\",\"options\":[ \"rbind\", \"nosuid\" ],\"destination\":\"/dev/vfio/45\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  "{\"source\":\"/dev/vfio/6\",\"options\":[ \"rbind\", \"nosuid\", \"ro\" ],\"destination\":\"/dev/vfio/6\"},{\"destination\":\"/dev/vfio/vfio\",\"source\":\"/dev/vfio/vfio\",\"options\":[\"rbind\",\"nosuid\",\"ro\"]}") },
		/* "ro" takes the place of each "rw", or is all there is. */
		{ .spec = MOUNTS(
			  "{\"source\":\"/dev/vfio/45\",\"options\":[\"rw\",\"bind\",\"rw\"],\"destination\":\"/dev/vfio/45\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  "{\"source\":\"/dev/vfio/6\",\"options\":[\"ro\",\"bind\",\"ro\"],\"destination\":\"/dev/vfio/6\"},{\"destination\":\"/dev/vfio/vfio\",\"source\":\"/dev/vfio/vfio\",\"options\":[\"ro\",\"bind\",\"ro\"]}") },
		{ .spec = MOUNTS(
			  "{\"source\":\"/dev/vfio/45\",\"options\":[\"ro\",\"bind\",\"rw\"],\"destination\":\"/dev/vfio/45\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  "{\"source\":\"/dev/vfio/6\",\"options\":[\"ro\",\"bind\",\"ro\"],\"destination\":\"/dev/vfio/6\"},{\"destination\":\"/dev/vfio/vfio\",\"source\":\"/dev/vfio/vfio\",\"options\":[\"ro\",\"bind\",\"ro\"]}") },
		{ .spec = MOUNTS(
			  "{\"source\":\"/dev/vfio/45\",\"type\":\"bind\",\"destination\":\"/dev/vfio/45\"},{\"source\":\"/dev/vfio/vfio\",\"type\":\"bind\",\"options\":null,\"destination\":\"/dev/vfio/vfio\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  "{\"source\":\"/dev/vfio/6\",\"type\":\"bind\",\"destination\":\"/dev/vfio/6\",\"options\":[\"ro\"]},{\"source\":\"/dev/vfio/vfio\",\"type\":\"bind\",\"options\":null,\"destination\":\"/dev/vfio/vfio\"}") },
		{ .spec = MOUNTS(
			  "{\"source\":\"/dev/vfio/45\",\"type\":\"bind\",\"options\":[],\"destination\":\"/dev/vfio/45\"}"),
		  .map = MAP_45,
		  .expected = MOUNTS(
			  "{\"source\":\"/dev/vfio/6\",\"type\":\"bind\",\"options\":[\"ro\"],\"destination\":\"/dev/vfio/6\"},{\"destination\":\"/dev/vfio/vfio\",\"type\":\"bind\",\"source\":\"/dev/vfio/vfio\",\"options\":[\"ro\"]}") },
		/* It is there already, in one way or another. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45") "," MOUNT(
			  "/dev/vfio/./vfio", "/dev/vfio/vfio")),
		  .map = MAP_45,
		  .expected = MOUNTS(MOUNT_RO("/dev/vfio/6", "/dev/vfio/6") "," MOUNT(
			  "/dev/vfio/./vfio", "/dev/vfio/vfio")) },
		{ .spec = "{\"linux\":{\"devices\":[" CONTROL
			  "],\"resources\":{\"devices\":[" ALLOW_ALL
			  "]}},\"mounts\":[" MOUNT("/dev/vfio/45", "/dev/vfio/45") "]}",
		  .map = MAP_45,
		  .expected = "{\"linux\":{\"devices\":[" CONTROL
			      "],\"resources\":{\"devices\":[" ALLOW_ALL
			      "]}},\"mounts\":[" MOUNT_RO("/dev/vfio/6",
							  "/dev/vfio/6") "]}" },
		/* A node entry needs none. */
		{ .spec = MOUNTS(MOUNT("/dev/gpu0", "/dev/gpu0")),
		  .map = "[" NODE_ENTRY("/dev/gpu0", "/dev/gpu") "]",
		  .expected = MOUNTS(MOUNT_RO("/dev/gpu0", "/dev/gpu")) },
		/* One group comes as a device, one as a mount. */
		{ .spec = "{\"linux\":{\"devices\":[" DEV(
			  "/dev/vfio/45", "243",
			  "5") "],\"resources\":{\"devices\":[" ALLOW_ALL
			       "]}},\"mounts\":[" MOUNT("/dev/vfio/46",
							"/dev/vfio/46") "]}",
		  .map = "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
			  "/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]",
		  .expected = "{\"linux\":{\"devices\":[" DEV(
			  "/dev/vfio/6", "242",
			  "6") "," NEW_CONTROL "],\"resources\":{\"devices\":[" ALLOW_ALL
			       "]}},\"mounts\":[" MOUNT_RO("/dev/vfio/7",
							   "/dev/vfio/7") "]}" },
		/* A node entry's mount comes first, and is not a model for it. */
		{ .spec = MOUNTS(
			  "{\"destination\":\"/dev/gpu0\",\"source\":\"/dev/gpu0\",\"options\":[\"bind\",\"ro\"]}," MOUNT(
				  "/dev/vfio/45", "/dev/vfio/45")),
		  .map = "[" NODE_ENTRY("/dev/gpu0", "/dev/gpu") "," ENTRY(
			  "/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "]",
		  .expected = MOUNTS(
			  "{\"destination\":\"/dev/gpu0\",\"source\":\"/dev/gpu\",\"options\":[\"bind\",\"ro\"]}," MOUNT_RO(
				  "/dev/vfio/6", "/dev/vfio/6") "," NEW_CONTROL_MOUNT) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* A node entry with host_dev isn't named by a destination, which has no numbers. */
static void test_node_destination(void **state)
{
#define DISK(more)                                                                          \
	"[{\"type\":\"node\",\"container_path\":\"/dev/sdb\",\"vm_path\":\"/dev/vdb\"" more \
	"}]"
	static const struct plan_case cases[] = {
		{ .spec = MOUNTS(MOUNT("/dev/sdb", "/dev/shm")),
		  .machine_map = DISK(",\"host_dev\":\"8:16\""),
		  .part = "mounts[0]: what it puts at \"/dev/sdb\" is not the device of devices.d/a.json: [0]" },
		{ .spec = MOUNTS(MOUNT("/dev/sdb", "/dev/shm")),
		  .machine_map = DISK(""),
		  .expected = MOUNTS(MOUNT_RO("/dev/sdb", "/dev/vdb")) },
		{ .spec = MOUNTS(MOUNT("/dev/sdb", "/dev/shm")),
		  .machine_map = DISK(",\"host_dev\":\"8:16\",\"stand_in\":true"),
		  .expected = MOUNTS(MOUNT_RO("/dev/sdb", "/dev/vdb")) },
		{ .spec = MOUNTS(MOUNT("/dev/sdb", "/dev/sdb")),
		  .machine_map = DISK(",\"host_dev\":\"8:16\""),
		  .expected = MOUNTS(MOUNT_RO("/dev/sdb", "/dev/vdb")) },
		{ .spec = MOUNTS(MOUNT("/dev/disk", "/dev/sdb")),
		  .machine_map = DISK(",\"host_dev\":\"8:16\""),
		  .expected = MOUNTS(MOUNT_RO("/dev/disk", "/dev/vdb")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* A relative source is the bundle's, or may be anywhere. */
static void test_relative_source(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = MOUNTS(MOUNT("/x", "dev/vfio/45") "," MOUNT(
			  "/y", "./dev//vfio/45") "," MOUNT("/z", "dev/vfio/9")),
		  .machine_map = MAP_45 },
		{ .spec = MOUNTS(MOUNT("/x", "../../dev/vfio/9")),
		  .machine_map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/9\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_whole_directory(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = MOUNTS(MOUNT("/dev/vfio", "/dev/vfio")),
		  .machine_map = MAP_45,
		  .part = "mounts[0]: it shows the whole \"/dev/vfio\" of this machine" },
		{ .spec = MOUNTS(PROC "," MOUNT("/dev/vfio", "/dev/vfio") "," MOUNT(
			  "/dev/vfio/45", "/dev/vfio/45")),
		  .map = MAP_45,
		  .expected =
			  MOUNTS(PROC "," MOUNT("/dev/vfio", "/dev/vfio") "," MOUNT_RO(
				  "/dev/vfio/6", "/dev/vfio/6")),
		  .part = "mounts[1]: it shows the whole \"/dev/vfio\" of this machine" },
		/* All of the machine, and the kernel's own directory of nodes. */
		{ .spec = MOUNTS(MOUNT("/host", "/")),
		  .part = "mounts[0]: it shows the whole \"/\" of this machine" },
		{ .spec = MOUNTS("{\"destination\":\"/host/dev\",\"type\":\"devtmpfs\"}"),
		  .part = "mounts[0]: it shows the whole \"/dev\" of this machine" },
		{ .spec = MOUNTS(
			  "{\"destination\":\"/d\",\"type\":\"devtmpfs\",\"source\":\"/dev/vfio/45\",\"options\":[\"ro\"]}"),
		  .machine_map = MAP_45,
		  .part = "mounts[0]: it shows the whole \"/dev\" of this machine" },
		{ .spec = MOUNTS(MOUNT("/x", "/dev//vfio/")),
		  .machine_map = MAP_45,
		  .part = "mounts[0]: it shows the whole \"/dev/vfio\" of this machine" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* A device that stays, and a mount that goes to /dev/vfio/6. */
#define HIDDEN(device)                                                                   \
	"{\"linux\":{\"devices\":[" CONTROL "," device                                   \
	"],\"resources\":{\"devices\":[" ALLOW_ALL                                       \
	"]}},\"mounts\":[" MOUNT("/dev/vfio/45", "/dev/vfio/45") "]}"

static void test_hidden(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = MOUNTS(CONTROL_MOUNT
				 "," MOUNT("/dev/vfio/6", "/dev/x") "," MOUNT(
					 "/dev/vfio/45", "/dev/vfio/45")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "mounts[2]: it becomes \"/dev/vfio/6\", where mounts[1] puts something else" },
		{ .spec = "{\"linux\":{\"devices\":[" CONTROL "," DEV(
			  "/dev/vfio/45", "243",
			  "5") "],\"resources\":{\"devices\":[" ALLOW_ALL
			       "]}},\"mounts\":[" MOUNT("/dev/vfio/6", "/dev/x") "]}",
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: it becomes \"/dev/vfio/6\", where mounts[0] puts something else" },
		{ .spec = "{\"linux\":{\"devices\":[" CONTROL
			  "," DEV("/dev/vfio/6", "1",
				  "2") "],\"resources\":{\"devices\":[" ALLOW_ALL
				       "]}},\"mounts\":[" MOUNT("/dev/vfio/45",
								"/dev/vfio/45") "]}",
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it hides linux.devices[1]; remove one of them" },
		/* It has the path's numbers but one, or all of them. */
		{ .spec = HIDDEN(DEV("/dev/vfio/6", "242", "7")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it hides linux.devices[1]; remove one of them" },
		{ .spec = HIDDEN(DEV("/dev/vfio/6", "241", "6")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it hides linux.devices[1]; remove one of them" },
		{ .spec = HIDDEN(NODE("/dev/vfio/6", "b", "242", "6")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it hides linux.devices[1]; remove one of them" },
		{ .spec = HIDDEN(DEV("/dev/vfio/6", "242", "6")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = "{\"linux\":{\"devices\":[" CONTROL
			      "," DEV("/dev/vfio/6", "242",
				      "6") "],\"resources\":{\"devices\":[" ALLOW_ALL
					   "]}},\"mounts\":[" MOUNT_RO(
						   "/dev/vfio/6", "/dev/vfio/6") "]}" },
		/* Two groups that are one: the same node twice hides nothing. */
		{ .spec = MOUNTS(CONTROL_MOUNT
				 "," MOUNT("/dev/vfio/1", "/dev/vfio/1") "," MOUNT(
					 "/dev/vfio/2", "/dev/vfio/2")),
		  .map = "[" ENTRY("/dev/vfio/1", "\"0000:3b:02.0=0000:06:00.0\"") "," ENTRY(
			  "/dev/vfio/2", "\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected = MOUNTS(CONTROL_MOUNT "," MOUNT_RO(
			  "/dev/vfio/6", "/dev/vfio/6") "," MOUNT_RO("/dev/vfio/6",
								     "/dev/vfio/6")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_node_destination),
		cmocka_unit_test(test_relative_source),
		cmocka_unit_test(test_whole_directory),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
