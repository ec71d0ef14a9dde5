/* SPDX-License-Identifier: Apache-2.0 */
/* This machine's own spec, perhaps of an earlier boot: what its variables say of its nodes, and
 * what becomes of those that aren't this machine's any more. */
#include "plan_check.h"

/* The variables, devices and rules of a spec whose rules allow nothing else. */
#define S(variables, devices, rules)                                                     \
	"{\"process\":{\"env\":[" variables "]},\"linux\":{\"devices\":[" CONTROL        \
	"," devices "],\"resources\":{\"devices\":[" DENY_ALL "," ALLOW("10", "196")     \
		rules "]}}}"
/* The same, privileged. */
#define PRIVILEGED(variables, devices)                                                   \
	"{\"process\":{\"env\":[" variables "]},\"linux\":{\"devices\":[" devices        \
	"],\"resources\":{\"devices\":[" ALLOW_ALL "]}}}"
#define VAR(address) "\"PCIDEVICE_A=" address "\""
#define PAIR(address, path)                                                              \
	"\\\"" address "\\\":{\\\"generic\\\":{\\\"deviceID\\\":\\\"" address            \
	"\\\"},\\\"vfio\\\":{\\\"dev-mount\\\":\\\"" path                                \
	"\\\",\\\"mount\\\":\\\"/dev/vfio/vfio\\\"}}"
#define INFO(pairs) "\"PCIDEVICE_A_INFO={" pairs "}\""
#define INFO_B(pairs) "\"PCIDEVICE_B_INFO={" pairs "}\""
#define N9 DEV("/dev/vfio/9", "242", "9")
#define N6 DEV("/dev/vfio/6", "242", "6")
#define GONE DEV("/dev/vfio/100", "243", "100")
#define RULE_9 "," ALLOW("242", "9")
#define RULE_6 "," ALLOW("242", "6")

static void check_all(const struct plan_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_plan(&cases[i]);
}

/* It is what it was, or nothing says otherwise. */
static void test_kept(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S("", N9, RULE_9) },
		{ .spec = S(VAR("0000:09:00.0"), N9, RULE_9) },
		{ .spec = S(VAR("0000:09:00.0") "," INFO(
				    PAIR("0000:09:00.0", "/dev/vfio/9")),
			    N9, RULE_9) },
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9") "," PAIR(
				    "0000:06:00.0", "/dev/vfio/6")),
			    N6 "," N9, RULE_9 RULE_6) },
		/* Without pairs, all groups are among the nodes. */
		{ .spec = S(VAR("0000:09:00.0,0000:06:00.0"), N6 "," N9, RULE_9 RULE_6) },
		{ .spec = S(VAR("0000:09:00.0"), N6 "," N9, RULE_9 RULE_6) },
		/* A function that isn't VFIO's has no node of it. */
		{ .spec = S(VAR("0000:08:01.0,0000:09:00.0"), N9, RULE_9) },
		{ .spec = S(VAR("0000:08:01.0"), N9, RULE_9) },
		/* One that isn't here beside one that is. */
		{ .spec = S(VAR("0000:50:00.0,0000:09:00.0"), N9, RULE_9) },
		/* One whose node the spec doesn't have takes no other's. */
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9") "," PAIR(
				    "0000:06:00.0", "/dev/vfio/6")),
			    N9, RULE_9) },
		/* Twice the same. */
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9")), N9 "," N9,
			    RULE_9) },
		{ .spec = "{\"process\":{\"env\":[" INFO(PAIR(
			  "0000:09:00.0",
			  "/dev/vfio/9")) "]},\"mounts\":[" MOUNT("/dev/vfio/9",
								  "/dev/vfio/9") "]}" },
		/* Handles, and what every one of them needs. */
		{ .spec = S(VAR("0000:09:00.0") "," INFO(
				    PAIR("0000:09:00.0", "/dev/vfio/devices/vfio9")),
			    DEV("/dev/vfio/devices/vfio9", "244", "9"), "") },
		{ .spec = S(VAR("0000:09:00.0"),
			    DEV("/dev/vfio/devices/vfio9", "244", "9"), "") },
		{ .spec = S(VAR("0000:09:00.0"),
			    DEV("/dev/vfio/devices/vfio9", "244", "9") "," N9, RULE_9) },
		/* What isn't a VFIO node pairs nothing. */
		{ .spec = S(
			  "\"PCIDEVICE_A_INFO={\\\"0000:08:01.0\\\":{\\\"rdma\\\":{\\\"uverbs\\\":\\\"/dev/infiniband/uverbs1\\\"}}}\"",
			  N9, RULE_9) },
		/* Beside somebody's map. */
		{ .spec = S(VAR("0000:09:00.0"), N9, RULE_9),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .part = "no map entry names 0000:09:00.0" },
		/* A rule for numbers of this machine is its own. */
		{ .spec = S("", N9, RULE_9 RULE_6) },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* The number is another group's today. */
static void test_refused(void **state)
{
	static const struct plan_case cases[] = {
		/* The message says whose it is, and what to write. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/9")), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1].path: \"/dev/vfio/9\": process.env[0] pairs 0000:06:00.0 with it, whose node is /dev/vfio/6 today; set --by-address=remap to have that one, or write a device map entry with \"container_path\": \"/dev/vfio/9\" and \"options\": [\"0000:06:00.0=0000:06:00.0\"]" },
		{ .spec = S(VAR("0000:06:00.0"), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/9\": the spec's variables name 0000:06:00.0, whose node is /dev/vfio/6 today" },
		{ .spec = S(VAR("0000:06:00.0"), GONE, ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/100\": the spec's variables name 0000:06:00.0, whose node is /dev/vfio/6 today" },
		{ .spec = "{\"process\":{\"env\":[" INFO(PAIR(
			  "0000:06:00.0",
			  "/dev/vfio/9")) "]},\"mounts\":[" MOUNT("/dev/vfio/9",
								  "/dev/vfio/9") "]}",
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/vfio/9\": process.env[0] pairs 0000:06:00.0 with it, whose node is /dev/vfio/6" },
		/* Beside somebody's map. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/9")), N9, RULE_9),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "whose node is /dev/vfio/6 today" },
		/* Some are paired, but not this one. */
		{ .spec = S(INFO(PAIR("0000:06:00.0",
				      "/dev/vfio/6")) ",\"PCIDEVICE_B=0000:0a:00.0\"",
			    N6 "," N9, RULE_9 RULE_6),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's variables name 0000:0a:00.0, whose node is /dev/vfio/10 today; the spec has no node of that group" },
		{ .spec = S(VAR("0000:0a:00.0,0000:06:00.0"), N6 "," N9, RULE_9 RULE_6),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's variables name 0000:0a:00.0, whose node is /dev/vfio/10 today; the spec has no node of that group" },
		/* Two variables say different things. */
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9")) "," INFO_B(
				    PAIR("0000:06:00.0", "/dev/vfio/9")),
			    N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "other variables name functions of other groups for it; correct them" },
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9")) "," INFO_B(
				    PAIR("0000:06:01.0", "/dev/vfio/9")),
			    N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "other variables name functions of other groups for it; correct them" },
		/* After a boot nobody has bound it yet: the node is another's. */
		{ .spec = S(INFO(PAIR("0000:06:01.0", "/dev/vfio/9")), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/9\": process.env[0] pairs 0000:06:01.0 with it, which is not bound to a VFIO driver, and has another node; bind it: driverctl set-override 0000:06:01.0 vfio-pci" },
		{ .spec = S(INFO(PAIR("0000:06:01.0", "/dev/vfio/100")), GONE, ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "driverctl set-override 0000:06:01.0 vfio-pci" },
		/* Another machine's. */
		{ .spec = S(INFO(PAIR("0000:50:00.0", "/dev/vfio/9")), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "\"/dev/vfio/9\": process.env[0] pairs 0000:50:00.0 with it, which this machine doesn't have: the spec is another machine's; write a device map for it" },
		{ .spec = S(INFO(PAIR("0000:50:00.0", "/dev/vfio/9") "," PAIR(
				    "0000:06:00.0", "/dev/vfio/6")),
			    N9 "," N6, RULE_9 RULE_6),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "pairs 0000:50:00.0 with it, which this machine doesn't have" },
		{ .spec = S(VAR("0000:50:00.0"), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's variables name 0000:50:00.0, which this machine doesn't have" },
		{ .spec = S(VAR("0000:50:00.0,0000:09:01.0"), N9, RULE_9),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's variables name 0000:50:00.0, which this machine doesn't have" },
		/* A handle of another function. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/devices/vfio9")),
			    DEV("/dev/vfio/devices/vfio9", "244", "9"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "pairs 0000:06:00.0 with it, whose node is /dev/vfio/devices/vfio6 today; set --by-address=remap" },
		/* Own by its path, but not by its numbers. */
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/9")),
			    DEV("/dev/vfio/9", "243", "9"), ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "whose node is /dev/vfio/9 today" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define OF_PODMAN(devices, rules)                                                        \
	"{\"annotations\":{\"io.container.manager\":\"libpod\","                         \
	"\"io.kubernetes.cri-o.Created\":\"2026-11-21T18:29:46Z\","                      \
	"\"io.kubernetes.cri-o.TTY\":\"false\"},"                                        \
	"\"process\":{\"env\":[" VAR(                                                    \
		"0000:09:00.0") "]},"                                                    \
				"\"linux\":{\"devices\":[" CONTROL "," devices           \
				"],\"resources\":{\"devices\":[" DENY_ALL                \
				"," ALLOW("10", "196") rules "]}}}"

/* The caller may choose any device anyway: the address decides. */
static void test_remapped(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/100")), GONE,
			    "," ALLOW("243", "100")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/6")), N6, RULE_6) },
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/9")), N9, RULE_9),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/6")), N6, RULE_6) },
		/* Beside one that stays: what was given by address isn't given again for it. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/100")), N9 "," GONE,
			    RULE_9 "," ALLOW("243", "100")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/6")), N9 "," N6,
				RULE_9 RULE_6) },
		/* There is one node: nothing need pair it. */
		{ .spec = S(VAR("0000:06:00.0"), GONE,
			    "," RULE("true", "c", "243", "100", "rw")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(VAR("0000:06:00.0"), N6,
				"," RULE("true", "c", "242", "6", "rw")) },
		/* The control node comes, and its numbers are corrected. */
		{ .spec = "{\"process\":{\"env\":[" VAR(
			  "0000:06:00.0") "]},\"linux\":{\"devices\":[" GONE
					  "],\"resources\":{\"devices\":[" DENY_ALL
					  "]}}}",
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = "{\"process\":{\"env\":[" VAR(
			  "0000:06:00.0") "]},\"linux\":{\"devices\":[" N6 "," NEW_CONTROL
					  "],\"resources\":{\"devices\":[" DENY_ALL
					  "," ALLOW("242", "6") "," ALLOW("10",
									  "196") "]}}}" },
		/* Twice the same: the second becomes one with the first. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/9")), N9 "," N9, RULE_9),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/6")), N6, RULE_6) },
		/* A swap. */
		{ .spec = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/9") "," PAIR(
				    "0000:09:00.0", "/dev/vfio/6")),
			    N9 "," N6, RULE_9 RULE_6),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(INFO(PAIR("0000:06:00.0", "/dev/vfio/6") "," PAIR(
					"0000:09:00.0", "/dev/vfio/9")),
				N6 "," N9, RULE_6 RULE_9) },
		/* Mounts. */
		{ .spec = "{\"process\":{\"env\":[" INFO(PAIR("0000:06:00.0", "/dev/vfio/100")) "]},\"mounts\":[" MOUNT(
			  "/dev/vfio/100",
			  "/dev/vfio/100") "," MOUNT("/dev/vfio/vfio",
						     "/dev/vfio/vfio") "]}",
		  .by_address = BY_ADDRESS_REMAP,
		  .expected =
			  "{\"process\":{\"env\":[" INFO(PAIR("0000:06:00.0", "/dev/vfio/6")) "]},\"mounts\":[" MOUNT_RO(
				  "/dev/vfio/6",
				  "/dev/vfio/6") "," MOUNT("/dev/vfio/vfio",
							   "/dev/vfio/vfio") "]}" },
		{ .spec = "{\"process\":{\"env\":[" VAR("0000:06:00.0") "]},\"mounts\":[" MOUNT(
			  "/run/card", "/dev/vfio/100") "," MOUNT("/dev/vfio/vfio",
								  "/dev/vfio/vfio") "]}",
		  .by_address = BY_ADDRESS_REMAP,
		  .expected =
			  "{\"process\":{\"env\":[" VAR("0000:06:00.0") "]},\"mounts\":[" MOUNT_RO(
				  "/run/card",
				  "/dev/vfio/6") "," MOUNT("/dev/vfio/vfio",
							   "/dev/vfio/vfio") "]}" },
		/* The variable of the address too, and other paths in it stay, as another variable. */
		{ .spec = S(
			  VAR("0000:06:00.0") "," INFO(PAIR("0000:06:00.0", "/dev/vfio/100")) "," INFO_B(
				  PAIR("0000:09:00.0", "/dev/vfio/9") "," PAIR(
					  "0000:50:00.0",
					  "/dev/vfio/50")) ",\"VFIO_BDF1=/dev/vfio/100,/dev/vfio/101\"",
			  N9 "," GONE, RULE_9 "," ALLOW("243", "100")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(
			  VAR("0000:06:00.0") "," INFO(PAIR("0000:06:00.0", "/dev/vfio/6")) "," INFO_B(
				  PAIR("0000:09:00.0", "/dev/vfio/9") "," PAIR(
					  "0000:50:00.0",
					  "/dev/vfio/50")) ",\"VFIO_BDF1=/dev/vfio/6,/dev/vfio/101\"",
			  N9 "," N6, RULE_9 RULE_6) },
		/* What is right stays as it is. */
		{ .spec = S(VAR("0000:09:00.0"), N9, RULE_9),
		  .by_address = BY_ADDRESS_REMAP },
		/* podman's annotations make no pod. */
		{ .spec = OF_PODMAN(GONE, "," ALLOW("243", "100")),
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = OF_PODMAN(N9, RULE_9) },
		/* Beside somebody's map. */
		{ .spec = S(VAR("0000:09:00.0"), GONE, "," ALLOW("243", "100")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .by_address = BY_ADDRESS_REMAP,
		  .expected = S(VAR("0000:09:00.0"), N9, RULE_9),
		  .part = "no map entry names 0000:09:00.0" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

#define POD "\"annotations\":{\"io.kubernetes.cri-o.Name\":\"x\"},"
#define WITH_DOCKER_POD(rest)                                                            \
	"{\"annotations\":{\"io.kubernetes.docker.type\":\"container\"},"                \
	"\"process\":{\"env\":[" VAR("0000:06:00.0") "]}," rest "}"
#define WITH_POD(rest) "{" POD "\"process\":{\"env\":[" VAR("0000:06:00.0") "]}," rest "}"

/* Even then. */
static void test_remap_refused(void **state)
{
	static const struct plan_case cases[] = {
		/* A pod's author writes its variables. */
		{ .spec = WITH_POD("\"linux\":{\"devices\":[" GONE "]}"),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "a pod's variables are its author's, and give no device" },
		{ .spec = WITH_DOCKER_POD("\"linux\":{\"devices\":[" GONE "]}"),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "a pod's variables are its author's, and give no device" },
		{ .spec = WITH_POD(
			  "\"mounts\":[" MOUNT("/dev/vfio/100", "/dev/vfio/100") "]"),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "a pod's variables are its author's, and give no device" },
		/* Said at once, not when the remedy was followed. */
		{ .spec = WITH_POD("\"linux\":{\"devices\":[" N9 "]}"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "a pod's variables are its author's, and give no device" },
		/* Where handles look for what they need. */
		{ .spec = "{\"process\":{\"env\":[" VAR(
			  "0000:06:00.0") "]},\"mounts\":[" MOUNT("/dev/iommu",
								  "/dev/vfio/100") "]}",
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_DATA,
		  .part = "mounts[0]: it would show /dev/vfio/6 as \"/dev/iommu\", a control node; remove it" },
		/* What has the path isn't VFIO's. */
		{ .spec = S(VAR("0000:06:00.0"), NODE("/dev/vfio/100", "b", "243", "100"),
			    ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's device is not a VFIO device" },
		{ .spec = S(VAR("0000:06:00.0"), DEV("/dev/vfio/100", "10", "229"), ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "the spec's device is not a VFIO device" },
		/* Two variables say different things. */
		{ .spec = S(INFO(PAIR("0000:09:00.0", "/dev/vfio/100")) "," INFO_B(
				    PAIR("0000:06:00.0", "/dev/vfio/100")),
			    GONE, ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "other variables name functions of other groups for it" },
		/* It is what an entry gives for a host's device. */
		{ .spec = S(VAR("0000:06:00.0"), GONE, ""),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN,
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "a map entry has this function for another device" },
		/* The function's group of today can't be given. */
		{ .spec = S(INFO(PAIR("0000:45:00.0", "/dev/vfio/100")), GONE, ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "process.env[0] pairs 0000:45:00.0 with it, but IOMMU group 69 is not usable: it has no node in /dev/vfio" },
		{ .spec = S(INFO(PAIR("0000:44:00.0", "/dev/vfio/100")), GONE, ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "but IOMMU group 68 is not usable: 0000:44:00.1 is bound to igb" },
		/* Not bound, though the variable says VFIO. */
		{ .spec = S(INFO(PAIR("0000:06:01.0", "/dev/vfio/100")), GONE, ""),
		  .by_address = BY_ADDRESS_REMAP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "which is not bound to a VFIO driver" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* An entry has the path of what may be this machine's own. */
static void test_own_or_entry(void **state)
{
#define MAP_9(more)                                                                      \
	"[" ENTRY_WITH("/dev/vfio/9", "\"0000:3b:02.0=06/00\"", "\"id\":\"9\"" more) "]"
	static const struct plan_case cases[] = {
		/* Own, unless the numbers say that it is the host's. */
		{ .spec = S("", N9, RULE_9),
		  .machine_map = MAP_9(""),
		  .unmapped = UNMAPPED_OWN },
		{ .spec = S("", N9, RULE_9),
		  .machine_map = MAP_9(",\"host_dev\":\"242:9\""),
		  .unmapped = UNMAPPED_OWN,
		  .expected = S("", N6, RULE_6) },
		{ .spec = S("", N9, RULE_9),
		  .machine_map = MAP_9(",\"host_dev\":\"242:8\""),
		  .unmapped = UNMAPPED_OWN },
		{ .spec = S(VAR("0000:3b:02.0"), N9, RULE_9),
		  .machine_map = MAP_9(",\"host_dev\":\"242:9\""),
		  .unmapped = UNMAPPED_OWN,
		  .expected = S(VAR("0000:06:00.0"), N6, RULE_6) },
		/* It is not clear which one is meant. */
		{ .spec = S(VAR("0000:3b:02.0"), N9, RULE_9),
		  .machine_map = MAP_9(""),
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "linux.devices[1]: \"/dev/vfio/9\" is a VFIO node of this machine, and devices.d/a.json: [0] gives another one for that path: it is not clear which one is meant; add \"host_dev\"" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/vfio/9")),
		  .machine_map = MAP_9(""),
		  .unmapped = UNMAPPED_OWN,
		  .class = ERROR_UNAVAILABLE,
		  .part = "mounts[0]: \"/dev/vfio/9\" is a VFIO node of this machine" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/vfio/9")),
		  .machine_map = MAP_9(",\"host_dev\":\"242:8\""),
		  .unmapped = UNMAPPED_OWN },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/9", "/dev/vfio/9") "," MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio")),
		  .machine_map = MAP_9(",\"host_dev\":\"242:9\""),
		  .unmapped = UNMAPPED_OWN,
		  .expected = MOUNTS(MOUNT_RO("/dev/vfio/6", "/dev/vfio/6") "," MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio")) },
		/* Its numbers aren't this machine's: the host's. */
		{ .spec = S("", DEV("/dev/vfio/9", "243", "5"), "," ALLOW("243", "5")),
		  .machine_map = MAP_9(""),
		  .unmapped = UNMAPPED_OWN,
		  .expected = S("", N6, RULE_6) },
		/* Without that policy the map counts. */
		{ .spec = S("", N9, RULE_9),
		  .machine_map = MAP_9(""),
		  .expected = S("", N6, RULE_6) },
		/* A mapped device's host address has no node of its own here. */
		{ .spec = S(VAR("0000:0a:00.0,0000:09:00.0"),
			    N9 "," DEV("/dev/vfio/45", "243", "5"),
			    RULE_9 "," ALLOW("243", "5")),
		  .machine_map = "[" ENTRY("/dev/vfio/45", "\"0000:0a:00.0=06/00\"") "]",
		  .unmapped = UNMAPPED_OWN,
		  .expected =
			  S(VAR("0000:0a:00.0,0000:09:00.0"), N9 "," N6, RULE_9 RULE_6),
		  .part = "no map entry names 0000:09:00.0" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* A privileged container's list is the machine's of some day. */
static void test_privileged(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = PRIVILEGED("", CONTROL "," N9 "," N6) },
		{ .spec = PRIVILEGED("", CONTROL "," N9 "," GONE "," N6),
		  .expected = PRIVILEGED("", CONTROL "," N9 "," N6),
		  .part = "\"/dev/vfio/100\" is removed: it is not this machine's" },
		{ .spec = PRIVILEGED("", CONTROL "," GONE),
		  .expected = PRIVILEGED("", ""),
		  .part = "\"/dev/vfio/100\" is removed" },
		{ .spec = PRIVILEGED("", CONTROL "," DEV("/dev/vfio/9", "243", "9")),
		  .expected = PRIVILEGED("", ""),
		  .part = "\"/dev/vfio/9\" is removed" },
		/* Where a variable pairs some node, it is a choice. */
		{ .spec = PRIVILEGED(INFO(PAIR("0000:09:00.0", "/dev/vfio/9")),
				     CONTROL "," N9 "," GONE),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the VFIO device \"/dev/vfio/100\" is not one of this machine" },
		{ .spec = PRIVILEGED(INFO(PAIR("0000:06:00.0", "/dev/vfio/100")),
				     CONTROL "," N9 "," GONE),
		  .class = ERROR_UNAVAILABLE,
		  .part = "pairs 0000:06:00.0 with it, whose node is /dev/vfio/6" },
		/* No rules at all aren't what a privileged container has here. */
		{ .spec = SPEC(CONTROL "," N9 "," GONE, ""),
		  .class = ERROR_UNAVAILABLE,
		  .part = "the VFIO device \"/dev/vfio/100\" is not one of this machine" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

/* --unmapped=drop: the list of a host, beside what is mapped. */
static void test_dropped(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = PRIVILEGED("", DEV("/dev/vfio/44", "243",
					     "4") "," DEV("/dev/vfio/45", "243",
							  "5") "," CONTROL "," N9),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_DROP,
		  .expected = PRIVILEGED("", N6 "," CONTROL),
		  .part = "\"/dev/vfio/44\" is removed: no map entry names it, and all devices are allowed" },
		{ .spec = SPEC(DEV("/dev/vfio/44", "243",
				   "4") "," DEV("/dev/vfio/45", "243", "5") "," CONTROL,
			       ""),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_DROP,
		  .expected =
			  SPEC(N6 "," CONTROL, ALLOW("242", "6") "," ALLOW("10", "196")),
		  .part = "\"/dev/vfio/44\" is removed" },
		/* With its rule, and with the control node if nothing else is left. */
		{ .spec = SPEC(CONTROL "," GONE,
			       ALLOW_ALL "," ALLOW("243", "100") "," ALLOW("10", "196")),
		  .unmapped = UNMAPPED_DROP,
		  .expected = SPEC("", ALLOW_ALL),
		  .part = "\"/dev/vfio/100\" is removed" },
		{ .spec = MOUNTS(MOUNT("/dev/vfio/100", "/dev/vfio/100") "," MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio")),
		  .unmapped = UNMAPPED_DROP,
		  .expected = MOUNTS(""),
		  .part = "\"/dev/vfio/100\" is removed" },
		/* Where the spec chooses, it is an error. */
		{ .spec = SPEC(CONTROL "," GONE, DENY_ALL "," ALLOW("243", "100")),
		  .unmapped = UNMAPPED_DROP,
		  .class = ERROR_UNAVAILABLE,
		  .part = "no map entry names the VFIO device \"/dev/vfio/100\"" },
		/* The default says that there is this way. */
		{ .spec = PRIVILEGED("", CONTROL "," GONE),
		  .machine_map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "remove what no entry names with --unmapped=drop" },
		{ .spec = PRIVILEGED("", CONTROL "," N9),
		  .machine_map = MAP_45,
		  .class = ERROR_UNAVAILABLE,
		  .part = "which is this machine's own; if this machine's engine means it, set --unmapped=own" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_remapped),     cmocka_unit_test(test_remap_refused),
		cmocka_unit_test(test_own_or_entry), cmocka_unit_test(test_privileged),
		cmocka_unit_test(test_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
