/* SPDX-License-Identifier: Apache-2.0 */
/* Mediated devices: a UUID of the host, and what it is here. */
#include "plan_check.h"

#define HOST "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90"
#define OTHER_HOST "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b91"
/* Of group 6 and handle vfio6, and so on. */
#define GUEST(last) "00000000-0000-0000-0000-0000000000" last
#define OLD DEV("/dev/vfio/387", "243", "5")
#define NEW DEV("/dev/vfio/6", "242", "6")
#define OPTION(guest) "\"" HOST "=" guest "\""
#define MAP(guest) "[" ENTRY("/dev/vfio/387", OPTION(guest)) "]"
#define MAP_GK(guest) "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/387", OPTION(guest)) "]"
#define MAP_WITH(guest, more) "[" ENTRY_WITH("/dev/vfio/387", OPTION(guest), more) "]"
#define V(variables, devices)                                                            \
	"{\"process\":{\"env\":[" variables "]},\"linux\":{\"devices\":[" devices        \
	"],\"resources\":{\"devices\":[" ALLOW_ALL "]}}}"
#define VARIABLE(value) "\"MDEV_PCI_RESOURCE_A=" value "\""

static void check_all(const struct plan_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_plan(&cases[i]);
}

static void test_function(void **state)
{
	static const struct plan_case cases[] = {
		/* A PCI function here, as of a vGPU in a guest. */
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP("06/00"),
		  .expected = SPEC(NEW "," NEW_CONTROL, ALLOW_ALL) },
		{ .spec = SPEC(OLD, DENY_ALL "," ALLOW("243", "5")),
		  .map = MAP_GK("06/00"),
		  .expected = SPEC("", DENY_ALL) },
		/* An address doesn't take a UUID's place. */
		{ .spec = V(VARIABLE(HOST), OLD),
		  .map = MAP("06/00"),
		  .expected = V(VARIABLE(HOST), NEW "," NEW_CONTROL),
		  .part = "process.env[0]: \"MDEV_PCI_RESOURCE_A\" is left as it is: the mediated device " HOST
			  " is the PCI function 0000:06:00.0 here, which a UUID is not replaced by" },
		{ .spec = V(VARIABLE(HOST), ""),
		  .machine_map = MAP("06/00"),
		  .part = "is the PCI function 0000:06:00.0 here" },
		{ .spec = V(VARIABLE(HOST), OLD),
		  .map = MAP_GK("06/00"),
		  .expected = V(VARIABLE(HOST), ""),
		  .part = "is the PCI function 0000:06:00.0 here" },
		/* One of two that are one here. */
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/387",
				   OPTION("06/00") ",\"" OTHER_HOST
						   "=0000:06:00.0\"") "]",
		  .class = ERROR_DATA,
		  .part = "host functions " HOST " and " OTHER_HOST
			  " are one function here" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void test_device(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = V(VARIABLE(HOST), OLD),
		  .map = MAP(GUEST("06")),
		  .expected = V(VARIABLE(GUEST("06")), NEW "," NEW_CONTROL) },
		{ .spec = V(VARIABLE(HOST "," OTHER_HOST), ""),
		  .machine_map = "[" TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/387",
						 OPTION(GUEST("06")) ",\"" OTHER_HOST
								     "=" HOST "\"") "]",
		  .expected = V(VARIABLE(GUEST("06") "," HOST), "") },
		{ .spec = V(VARIABLE(HOST), ""),
		  .machine_map = MAP(GUEST("06")),
		  .expected = V(VARIABLE(GUEST("06")), ""),
		  .part = "names functions whose VFIO nodes are not in the spec, so the container can't open them: " HOST
			  " (/dev/vfio/387)" },
		/* The same as on the host. */
		{ .spec = V(VARIABLE(GUEST("06")), OLD),
		  .map = "[" ENTRY("/dev/vfio/387", "\"" GUEST("06") "=self\"") "]",
		  .expected = V(VARIABLE(GUEST("06")), NEW "," NEW_CONTROL) },
		/* Spelled otherwise. */
		{ .spec = V(VARIABLE("5C2F6E0A-8A34-4B6E-9D51-0A1F3C7E2B90"), OLD),
		  .map = MAP(GUEST("06")),
		  .expected = V(VARIABLE(GUEST("06")), NEW "," NEW_CONTROL) },
		/* One that no entry names keeps the variable whole. */
		{ .spec = V(VARIABLE(HOST "," OTHER_HOST), OLD),
		  .map = MAP(GUEST("06")),
		  .expected = V(VARIABLE(HOST "," OTHER_HOST), NEW "," NEW_CONTROL),
		  .part = "no map entry names the mediated device " OTHER_HOST },
		/* It has a handle, too. */
		{ .spec = SPEC(DEV("/dev/vfio/devices/vfio2", "250", "2"), ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/devices/vfio2", OPTION(GUEST("06"))) "]",
		  .expected = SPEC(
			  DEV("/dev/vfio/devices/vfio6", "244",
			      "6") ",{\"path\":\"/dev/iommu\",\"type\":\"c\",\"major\":10,\"minor\":257,\"fileMode\":438,\"uid\":0,\"gid\":0}",
			  ALLOW_ALL) },
		/* Beside a function. */
		{ .spec = V(VARIABLE(HOST) ",\"PCIDEVICE_B=0000:3b:02.0\"",
			    OLD "," DEV("/dev/vfio/45", "243", "6")),
		  .map = "[" ENTRY("/dev/vfio/387", OPTION(GUEST("06"))) "," ENTRY(
			  "/dev/vfio/45", "\"0000:3b:02.0=07/00\"") "]",
		  .expected = V(VARIABLE(GUEST("06")) ",\"PCIDEVICE_B=0000:07:00.0\"",
				NEW "," DEV("/dev/vfio/7", "242", "7") "," NEW_CONTROL) },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

static void test_refused(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP(GUEST("40")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "is not there; make it with mdevctl(8), or correct the map" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP(GUEST("42")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "mediated device " GUEST(
			  "42") " is bound to e1000e, which has nothing of VFIO; load the driver of its parent device" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP(GUEST("43")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "mediated device " GUEST(
			  "43") " has no VFIO driver; load that of its parent device" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP(GUEST("41")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "has no VFIO driver" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP(GUEST("45")),
		  .class = ERROR_UNAVAILABLE,
		  .part = "IOMMU group 69 has no node" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/387", "\"0000:3b:02.0=" HOST "\"") "]",
		  .class = ERROR_DATA,
		  .part = "map.json: [0].options[0]: " HOST
			  " is the UUID of a mediated device, which a PCI function of the host can't be here" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP_WITH(GUEST("06"), "\"expect\":{\"vendor\":\"8086\"}"),
		  .class = ERROR_DATA,
		  .part = "map.json: [0].expect: a mediated device has no PCI identity; remove the field" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = MAP_WITH("06/00", "\"expect\":{\"vendor\":\"1234\"}"),
		  .class = ERROR_UNAVAILABLE,
		  .part = "host function " HOST
			  ", here \"06/00\": 0000:06:00.0 has vendor 0x8086" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/387",
				   OPTION(GUEST("06")) "," OPTION(GUEST("07"))) "]",
		  .class = ERROR_DATA,
		  .part = "options: host function " HOST " is" },
		{ .spec = SPEC(OLD, ALLOW_ALL),
		  .map = "[" ENTRY("/dev/vfio/387",
				   OPTION(GUEST("06")) ",\"" OTHER_HOST
						       "=" GUEST("06") "\"") "]",
		  .class = ERROR_DATA,
		  .part = "is host function" },
	};

	(void)state;
	check_all(cases, ARRAY_SIZE(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_function),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
