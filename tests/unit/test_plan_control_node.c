/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for the control node, and for devices that the guest kernel drives: rules 5
 * and 6. */
#include "plan_check.h"

#define OLD DEV("/dev/vfio/45", "243", "5")
#define NEW DEV("/dev/vfio/6", "242", "6")
#define CTL ALLOW("10", "196")

static void test_control(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP_45,
		  .expected = SPEC(NEW "," NEW_CONTROL, ALLOW_ALL) },
		{ .spec = SPEC(OLD, DENY_ALL "," ALLOW("243", "5")),
		  .map = MAP_45,
		  .expected = SPEC(NEW "," NEW_CONTROL,
				   DENY_ALL "," ALLOW("242", "6") "," CTL) },
		/* Corrected. */
		{ .spec = SPEC(DEV("/dev/vfio/vfio", "10", "200") "," OLD, ALLOW_ALL),
		  .map = MAP_45,
		  .expected = SPEC(CONTROL "," NEW, ALLOW_ALL) },
		{ .spec = SPEC(NODE("/dev/vfio/vfio", "b", "10", "196") "," OLD,
			       ALLOW_ALL),
		  .map = MAP_45,
		  .expected = SPEC(CONTROL "," NEW, ALLOW_ALL) },
		{ .spec = SPEC("{\"path\":\"/dev/vfio/vfio\",\"type\":\"c\"}," OLD,
			       ALLOW_ALL),
		  .map = MAP_45,
		  .expected = SPEC(CONTROL "," NEW, ALLOW_ALL) },
		{ .spec = SPEC(
			  "{\"path\":\"/dev/./vfio/vfio\",\"type\":\"c\",\"major\":10,\"minor\":196}," OLD,
			  ALLOW_ALL),
		  .map = MAP_45,
		  .expected = SPEC(
			  "{\"path\":\"/dev/./vfio/vfio\",\"type\":\"c\",\"major\":10,\"minor\":196}," NEW,
			  ALLOW_ALL) },
		/* Not where no group comes into the spec. */
		{ .spec = SPEC(DEV("/dev/vfio/vfio", "10", "200") "," NODE("/dev/sda",
									   "b", "8", "0"),
			       ALLOW_ALL),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = SPEC(DEV("/dev/vfio/vfio", "10",
				       "200") "," NODE("/dev/sda", "b", "254", "0"),
				   ALLOW_ALL) },
		/* It is a mount. */
		{ .spec = "{\"linux\":{\"devices\":[" OLD
			  "],\"resources\":{\"devices\":[" ALLOW_ALL
			  "]}},\"mounts\":[" MOUNT("/dev/vfio/vfio",
						   "/dev/vfio/vfio") "]}",
		  .map = MAP_45,
		  .expected = "{\"linux\":{\"devices\":[" NEW
			      "],\"resources\":{\"devices\":[" ALLOW_ALL
			      "]}},\"mounts\":[" MOUNT("/dev/vfio/vfio",
						       "/dev/vfio/vfio") "]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define GK_45 "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "]"
#define GK_BOTH                                                                          \
	"[" TYPED_ENTRY(                                                                 \
		"vfio-pci-gk", "/dev/vfio/45",                                           \
		"\"0000:3b:02.0=06/00\"") "," ENTRY("/dev/vfio/46",                      \
						    "\"0000:3b:02.1=07/00\"") "]"

static void test_guest_kernel(void **state)
{
	static const struct plan_case cases[] = {
		/* Node, rule, control node and its rule go. */
		{ .spec = SPEC(CONTROL "," OLD "," DEV("/dev/x", "1", "2"), DENY_ALL
			       "," CTL "," ALLOW("243", "5") "," ALLOW("1", "2")),
		  .map = GK_45,
		  .expected =
			  SPEC(DEV("/dev/x", "1", "2"), DENY_ALL "," ALLOW("1", "2")) },
		{ .spec = SPEC(OLD "," CONTROL, DENY_ALL "," ALLOW("243", "5")),
		  .map = GK_45,
		  .expected = SPEC("", DENY_ALL) },
		/* Deny rules stay. */
		{ .spec = SPEC(OLD, RULE("false", "c", "243", "5", "w")),
		  .map = GK_45,
		  .expected = SPEC("", RULE("false", "c", "243", "5", "w")) },
		/* An empty list would allow everything. */
		{ .spec = SPEC(OLD, ALLOW("243", "5")),
		  .map = GK_45,
		  .expected = SPEC("", DENY_ALL) },
		{ .spec = SPEC(OLD "," CONTROL, ALLOW("243", "5") ",\n" CTL),
		  .map = GK_45,
		  .expected = SPEC("", DENY_ALL) },
		{ .spec = SPEC(OLD, ""), .map = GK_45, .expected = SPEC("", "") },
		{ .spec = "{\"linux\":{\"devices\":[" OLD "]}}",
		  .map = GK_45,
		  .expected = "{\"linux\":{\"devices\":[]}}" },
		/* A remaining device has the number. */
		{ .spec = SPEC(OLD "," DEV("/dev/x", "243", "5"), ALLOW("243", "5")),
		  .map = GK_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(DEV("/dev/x", "243", "5"), ALLOW("243", "5")) },
		/* Another VFIO device keeps the control node. */
		{ .spec = SPEC(CONTROL "," OLD "," DEV("/dev/vfio/46", "243", "6"),
			       CTL "," ALLOW("243", "5") "," ALLOW("243", "6")),
		  .map = GK_BOTH,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/7", "242", "7"),
				   CTL "," ALLOW("242", "7")) },
		{ .spec = SPEC(CONTROL "," OLD "," DEV("/dev/vfio/9", "242", "9"),
			       CTL "," ALLOW("243", "5") "," ALLOW("242", "9")),
		  .map = GK_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/9", "242", "9"),
				   CTL "," ALLOW("242", "9")) },
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/9", "242",
					       "9") "," DEV("/dev/x", "1", "2") "," OLD,
			       ALLOW_ALL),
		  .map = GK_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/9", "242",
						   "9") "," DEV("/dev/x", "1", "2"),
				   ALLOW_ALL) },
		/* The new number of one device is the old of the one that goes. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/45", "242",
					       "7") "," DEV("/dev/vfio/46", "243", "6"),
			       CTL "," ALLOW("242", "7") "," ALLOW("243", "6")),
		  .map = GK_BOTH,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/7", "242", "7"),
				   CTL "," ALLOW("242", "7")) },
		/* Mounts. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45") "," MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio") "," MOUNT("/a", "/b")),
		  .map = GK_45,
		  .expected = MOUNTS(MOUNT("/a", "/b")) },
		{ .spec = MOUNTS(MOUNT("/dev/y", "/dev/vfio/45") ", " MOUNT(
			  "/dev/vfio/vfio", "/dev/vfio/vfio")),
		  .map = GK_45,
		  .expected = MOUNTS("") },
		/* It is never missing. */
		{ .spec = SPEC(DEV("/dev/x", "1", "2"), ALLOW_ALL), .map = GK_45 },
		/* Its function needs no driver and no group. */
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = "[" TYPED_ENTRY(
			  "vfio-pci-gk",
			  "/dev/vfio/45",
			  "\"0000:3b:02.0=0000:42:00.0\",\"0000:3b:02.1=0000:41:00.0\"") "]",
		  .expected = SPEC("", ALLOW_ALL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_guest_kernel_environment(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]},\"linux\":{\"devices\":[" OLD
			  "]}}",
		  .map = GK_45,
		  .expected =
			  "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\"]},\"linux\":{\"devices\":[]}}" },
		/* Addresses alone, with no node in the spec at all. */
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\"]}}",
		  .map = GK_45,
		  .expected = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\"]}}" },
		/* A dev-mount of the removed node stays. */
		{ .spec = "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:3b:02.0\",\"PCIDEVICE_A_INFO={\\\"0000:3b:02.0\\\":{\\\"dev-mount\\\":\\\"/dev/vfio/45\\\"}}\"]},\"linux\":{\"devices\":[" OLD
			  "]}}",
		  .map = GK_45,
		  .expected =
			  "{\"process\":{\"env\":[\"PCIDEVICE_A=0000:06:00.0\",\"PCIDEVICE_A_INFO={\\\"0000:06:00.0\\\":{\\\"dev-mount\\\":\\\"/dev/vfio/45\\\"}}\"]},\"linux\":{\"devices\":[]}}",
		  .part = "process.env[1]: /dev/vfio/45 stays in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_guest_kernel),
		cmocka_unit_test(test_guest_kernel_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
