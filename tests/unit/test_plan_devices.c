/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for linux.devices: rule 1, and what ends on one path. */
#include "plan_check.h"

#define RULES ALLOW_ALL
#define S(devices) SPEC(devices, RULES)
#define E(path, options) ENTRY(path, options)
/* What stands in for the device, in the spec, may be anything. */
#define ANY_45 "[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"", STAND_IN) "]"

static void test_mapped(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* What is right already isn't touched. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")),
		  .map = "[" E("/dev/vfio/6", "\"0000:3b:02.0=06/00\"") "]" },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/6", "243", "6")),
		  .map = "[" E("/dev/vfio/6", "\"0000:3b:02.0=06/00\"") "]",
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* Paths are compared clean. */
		{ .spec = S(CONTROL "," DEV("//dev/./vfio/x/../45/", "243", "5")),
		  .map = "[" E("/dev/vfio//45", "\"0000:3b:02.0=06/00\"") "]",
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* Other members, their order and their spelling stay. */
		{ .spec = S(
			  CONTROL
			  ",{ \"gid\" : 7,\"x\":{\"y\":[1.0]},\"minor\":5 , \"path\":\"\\/dev/vfio\\/\\u0034\\u0035\",\"major\":243,\"fileMode\":432,\"type\":\"c\"}"),
		  .map = MAP_45,
		  .expected = S(
			  CONTROL
			  ",{ \"gid\" : 7,\"x\":{\"y\":[1.0]},\"minor\":6 , \"path\":\"/dev/vfio/6\",\"major\":242,\"fileMode\":432,\"type\":\"c\"}") },
		/* Missing and null numbers come in. */
		{ .spec = S(CONTROL ",{\"path\":\"/dev/vfio/45\",\"type\":\"c\"}"),
		  .map = ANY_45,
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/6\",\"type\":\"c\",\"major\":242,\"minor\":6}") },
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/45\",\"type\":\"u\",\"minor\":null,\"major\":0}"),
		  .map = ANY_45,
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/6\",\"type\":\"u\",\"minor\":6,\"major\":242}") },
		{ .spec = S(CONTROL ",{\"path\":\"/dev/vfio/0\",\"type\":\"c\"}"),
		  .map = "[" ENTRY_WITH("/dev/vfio/0", "\"0000:3b:02.0=00/00\"",
					STAND_IN) "]",
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/0\",\"type\":\"c\",\"major\":242,\"minor\":0}") },
		/* The type is corrected. */
		{ .spec = S(CONTROL "," NODE("/dev/vfio/45", "b", "243", "5")),
		  .map = ANY_45,
		  .expected = S(CONTROL "," NODE("/dev/vfio/6", "c", "242", "6")) },
		{ .spec = S(CONTROL ",{\"path\":\"/dev/vfio/45\",\"type\":\"p\"}"),
		  .map = ANY_45,
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/6\",\"type\":\"c\",\"major\":242,\"minor\":6}") },
		/* From the machine's map it is the same. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .machine_map = MAP_45,
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* A variant driver is VFIO's. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = "[" E("/dev/vfio/45", "\"0000:3b:02.0=0000:48:00.0\"") "]",
		  .expected = S(CONTROL "," DEV("/dev/vfio/72", "242", "72")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_final_path(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"final_path\":\"/dev/vfio/45\"}]",
		  .expected = S(CONTROL "," DEV("/dev/vfio/45", "242", "6")) },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = "[{\"type\":\"vfio-pci\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"final_path\":\"/dev/a\\\"b\\\\\xc3\xa9\"}]",
		  .expected = S(CONTROL "," DEV("/dev/a\\\"b\\\\\xc3\xa9", "242", "6")) },
		{ .spec = S(NODE("/dev/sda", "b", "8", "0")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = S(NODE("/dev/sda", "b", "254", "0")) },
		{ .spec = S(NODE("/dev/sda", "c", "8", "0")),
		  .map = "[{\"type\":\"node\",\"container_path\":\"/dev/sda\",\"vm_path\":\"/dev/vdb\",\"final_path\":\"/dev/disk\"}]",
		  .expected = S(NODE("/dev/disk", "b", "254", "16")) },
		{ .spec = S(NODE("/dev/sda", "b", "254", "0")),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* All substitutions at once. */
static void test_simultaneous(void **state)
{
	static const struct plan_case cases[] = {
		/* A swap. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/1", "242",
					       "1") "," DEV("/dev/vfio/2", "242", "2"),
			       ALLOW("10", "196") "," ALLOW("242", "1") "," ALLOW("242",
										  "2")),
		  .map = "[" E("/dev/vfio/1", "\"0000:3b:02.0=02/00\"") "," E(
			  "/dev/vfio/2", "\"0000:3b:02.1=01/00\"") "]",
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/2", "242", "2") "," DEV(
					   "/dev/vfio/1", "242", "1"),
				   ALLOW("10", "196") "," ALLOW("242", "2") "," ALLOW(
					   "242", "1")) },
		/* A chain. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/1", "242", "1") "," DEV(
				       "/dev/vfio/2", "242", "2") "," DEV("/dev/vfio/3",
									  "242", "3"),
			       ALLOW("10", "196") "," ALLOW("242", "3") "," ALLOW(
				       "242", "2") "," ALLOW("242", "1")),
		  .map = "[" E("/dev/vfio/1", "\"0000:3b:02.0=02/00\"") "," E(
			  "/dev/vfio/2",
			  "\"0000:3b:02.1=03/00\"") "," E("/dev/vfio/3",
							  "\"0000:3b:02.2=04/00\"") "]",
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/2", "242", "2") "," DEV(
					   "/dev/vfio/3", "242",
					   "3") "," DEV("/dev/vfio/4", "242", "4"),
				   ALLOW("10", "196") "," ALLOW("242", "4") "," ALLOW(
					   "242", "3") "," ALLOW("242", "2")) },
		/* The same numbers as block and as character device. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/45", "243",
					       "0") "," NODE("/dev/sda", "b", "243", "0"),
			       ALLOW("10", "196") "," RULE("true", "b", "243", "0",
							   "r") "," ALLOW("243", "0")),
		  .map = MAP_45,
		  .expected =
			  SPEC(CONTROL "," DEV("/dev/vfio/6", "242",
					       "6") "," NODE("/dev/sda", "b", "243", "0"),
			       ALLOW("10", "196") "," RULE("true", "b", "243", "0",
							   "r") "," ALLOW("242", "6")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define MAP_MERGE                                                                        \
	"[" E("/dev/vfio/1", "\"0000:3b:02.0=0000:06:00.0\"") "," E(                     \
		"/dev/vfio/2", "\"0000:3b:02.1=0000:06:00.1\"") "]"

static void test_merged(void **state)
{
	static const struct plan_case cases[] = {
		/* Two host groups are one group here: the first of the spec stays. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/2", "242",
					    "2") "," DEV("/dev/vfio/1", "242", "1")),
		  .map = MAP_MERGE,
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		{ .spec = S(DEV("/dev/vfio/1", "242", "1") "," DEV(
			  "/dev/x", "1", "2") "," DEV("/dev/vfio/2", "242",
						      "2") "," CONTROL),
		  .map = MAP_MERGE,
		  .expected = S(DEV("/dev/vfio/6", "242",
				    "6") "," DEV("/dev/x", "1", "2") "," CONTROL) },
		/* One of them has that name already. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/6", "242",
					    "6") "," DEV("/dev/vfio/2", "242", "2")),
		  .map = "[" E("/dev/vfio/6", "\"0000:3b:02.0=0000:06:00.0\"") "," E(
			  "/dev/vfio/2", "\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* A device that stays and is the node already. */
		{ .spec = S(CONTROL "," DEV("/dev/vfio/6", "242",
					    "6") "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/45", "243",
					    "5") "," DEV("/dev/vfio/6", "242", "6")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = S(CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		/* Which is allowed then, as the one that became it. */
		{ .spec = SPEC(NODE("/dev/c", "b", "254", "0") "," NODE("/dev/a", "b",
									"8", "0"),
			       ALLOW("10", "196")),
		  .map = "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vda\",\"final_path\":\"/dev/c\"}]",
		  .expected = SPEC(NODE("/dev/c", "b", "254", "0"),
				   ALLOW("10", "196") "," RULE("true", "b", "254", "0",
							       "rwm")) },
		/* Mode, uid and gid as they count. */
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/1\",\"type\":\"c\",\"major\":243,\"minor\":1,\"fileMode\":438,\"uid\":0,\"gid\":null},{\"path\":\"/dev/vfio/2\",\"type\":\"c\",\"major\":243,\"minor\":2,\"fileMode\":8630}"),
		  .map = MAP_MERGE,
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/6\",\"type\":\"c\",\"major\":242,\"minor\":6,\"fileMode\":438,\"uid\":0,\"gid\":null}") },
		/* Rules: each gets the new numbers, duplicates stay. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/1", "242",
					       "1") "," DEV("/dev/vfio/2", "242", "2"),
			       ALLOW("10", "196") "," ALLOW("242", "1") "," RULE(
				       "true", "c", "242", "2", "r")),
		  .map = MAP_MERGE,
		  .expected = SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"),
				   ALLOW("10", "196") "," ALLOW("242", "6") "," RULE(
					   "true", "c", "242", "6", "r")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* The host's group has functions 0000:3b:02.N, which have groups of their own here. */
#define F0 "\"0000:3b:02.0=0000:47:00.0\""
#define F1 "\"0000:3b:02.1=0000:47:00.1\""
#define F2 "\"0000:3b:02.2=0000:47:00.2\""
#define N71 DEV("/dev/vfio/71", "242", "71")
#define N72 DEV("/dev/vfio/72", "242", "72")
#define N73 DEV("/dev/vfio/73", "242", "73")
#define OLD_45 DEV("/dev/vfio/45", "243", "5")
#define OLD_46 DEV("/dev/vfio/46", "243", "6")

static void test_several_groups(void **state)
{
	static const struct plan_case cases[] = {
		/* In the order of the options, the first in the device's place. */
		{ .spec = S(DEV("/dev/x", "1", "2") "," OLD_45 "," CONTROL),
		  .map = "[" E("/dev/vfio/45", F1 "," F0 "," F2) "]",
		  .expected = S(DEV("/dev/x", "1", "2") "," N72 "," N71 "," N73
							"," CONTROL) },
		/* It is the last of the list, and the control node comes after them. */
		{ .spec = S(OLD_45),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .expected = S(N71 "," N72 "," NEW_CONTROL) },
		/* With what the device has besides. */
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/45\",\"type\":\"c\",\"major\":243,\"minor\":5,\"fileMode\":432,\"uid\":7,\"gid\":8}"),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .expected = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/71\",\"type\":\"c\",\"major\":242,\"minor\":71,\"fileMode\":432,\"uid\":7,\"gid\":8},{\"path\":\"/dev/vfio/72\",\"type\":\"c\",\"major\":242,\"minor\":72,\"fileMode\":432,\"uid\":7,\"gid\":8}") },
		/* Two entries that share groups: each node once, whoever brings it first. */
		{ .spec = S(CONTROL "," OLD_45 "," OLD_46),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "," E(
			  "/dev/vfio/46",
			  "\"0000:3b:03.0=0000:47:01.1\",\"0000:3b:03.1=0000:47:01.2\"") "]",
		  .expected = S(CONTROL "," N71 "," N72 "," N73) },
		{ .spec = S(CONTROL "," OLD_45 "," OLD_46),
		  .map = "[" E("/dev/vfio/45", F0) "," E(
			  "/dev/vfio/46",
			  "\"0000:3b:03.0=0000:47:01.0\",\"0000:3b:03.1=0000:47:01.1\"") "]",
		  .expected = S(CONTROL "," N71 "," N72) },
		{ .spec = S(OLD_45 "," OLD_46 "," CONTROL),
		  .map = "[" E("/dev/vfio/45", F0) "," E(
			  "/dev/vfio/46",
			  "\"0000:3b:03.0=0000:47:01.0\",\"0000:3b:03.1=0000:47:01.1\"") "]",
		  .expected = S(N71 "," N72 "," CONTROL) },
		{ .spec = S(OLD_45 "," OLD_46 "," CONTROL),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "," E(
			  "/dev/vfio/46", "\"0000:3b:03.0=0000:47:01.1\"") "]",
		  .expected = S(N71 "," N72 "," CONTROL) },
		/* They may end where others are already. */
		{ .spec = S(CONTROL "," N72 "," OLD_45),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .unmapped = UNMAPPED_KEEP,
		  .expected = S(CONTROL "," N72 "," N71) },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/72", "1", "3") "," OLD_45),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "both become \"/dev/vfio/72\", but type or numbers differ" },
		/* Rules: the first follows, the others come with its access. */
		{ .spec = SPEC(CONTROL "," OLD_45, DENY_ALL
			       "," ALLOW("10", "196") "," RULE("true", "c", "243", "5",
							       "rw") "," ALLOW("1", "3")),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .expected = SPEC(CONTROL "," N71 "," N72,
				   DENY_ALL "," ALLOW("10", "196") "," RULE(
					   "true", "c", "242", "71",
					   "rw") "," ALLOW("1", "3") "," RULE("true", "c",
									      "242", "72",
									      "rw")) },
		{ .spec = SPEC(CONTROL "," OLD_45, DENY_ALL "," ALLOW("10", "196")),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .expected = SPEC(CONTROL "," N71 "," N72,
				   DENY_ALL "," ALLOW("10", "196") "," ALLOW(
					   "242", "71") "," ALLOW("242", "72")) },
		{ .spec = SPEC(CONTROL "," OLD_45, ""),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .expected = SPEC(CONTROL "," N71 "," N72,
				   ALLOW("10", "196") "," ALLOW("242", "71") "," ALLOW(
					   "242", "72")) },
		{ .spec = SPEC(CONTROL "," OLD_45,
			       ALLOW_ALL "," RULE("false", "c", "243", "5", "m")),
		  .map = "[" E("/dev/vfio/45", F0 "," F1) "]",
		  .class = ERROR_DATA,
		  .part = "linux.resources.devices[1]: this rule denies a device number" },
		/* Mounts. */
		{ .spec = MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")),
		  .map = "[" E("/dev/vfio/45", F1 "," F0) "]",
		  .expected =
			  MOUNTS(MOUNT_RO("/dev/vfio/72", "/dev/vfio/72") "," MOUNT_RO(
				  "/dev/vfio/71",
				  "/dev/vfio/71") "," MOUNT_RO("/dev/vfio/vfio",
							       "/dev/vfio/vfio")) },
		{ .spec = MOUNTS(MOUNT("/run/card", "/dev/vfio/45")),
		  .map = "[" E("/dev/vfio/45", F1 "," F0) "]",
		  .class = ERROR_DATA,
		  .part = "mounts[0]: the functions of map.json: [0] are in 2 IOMMU groups here, which can't all be \"/run/card\"; mount it at /dev/vfio/45" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define MAP_A_TO_C                                                                       \
	"[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vda\","    \
	"\"final_path\":\"/dev/c\"}]"

static void test_not_merged(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/1\",\"type\":\"c\",\"major\":243,\"minor\":1},{\"path\":\"/dev/vfio/2\",\"type\":\"c\",\"major\":243,\"minor\":2,\"fileMode\":432}"),
		  .map = MAP_MERGE,
		  .class = ERROR_DATA,
		  .part = "linux.devices[2]: it and linux.devices[1] both become \"/dev/vfio/6\", but fileMode, uid or gid differ" },
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/1\",\"type\":\"c\",\"major\":243,\"minor\":1,\"uid\":1},{\"path\":\"/dev/vfio/2\",\"type\":\"c\",\"major\":243,\"minor\":2}"),
		  .map = MAP_MERGE,
		  .class = ERROR_DATA,
		  .part = "fileMode, uid or gid differ" },
		{ .spec = S(
			  CONTROL
			  ",{\"path\":\"/dev/vfio/1\",\"type\":\"c\",\"major\":243,\"minor\":1},{\"path\":\"/dev/vfio/2\",\"type\":\"c\",\"major\":243,\"minor\":2,\"gid\":1}"),
		  .map = MAP_MERGE,
		  .class = ERROR_DATA,
		  .part = "fileMode, uid or gid differ" },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/6", "243",
					    "6") "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "linux.devices[2]: it and linux.devices[1] both become \"/dev/vfio/6\", but type or numbers differ" },
		{ .spec = S(NODE("/dev/a", "b", "8", "0") "," NODE("/dev/b", "b", "8",
								   "16")),
		  .map = "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vda\",\"final_path\":\"/dev/c\"},{\"type\":\"node\",\"container_path\":\"/dev/b\",\"vm_path\":\"/dev/vdb\",\"final_path\":\"/dev/c\"}]",
		  .class = ERROR_DATA,
		  .part = "both become \"/dev/c\", but type or numbers differ" },
		{ .spec = S(NODE("/dev/a", "b", "8",
				 "0") ",{\"path\":\"/dev/c\",\"type\":\"p\"}"),
		  .map = "[{\"type\":\"node\",\"container_path\":\"/dev/a\",\"vm_path\":\"/dev/vda\",\"final_path\":\"/dev/c\"}]",
		  .class = ERROR_DATA,
		  .part = "both become \"/dev/c\", but type or numbers differ" },
		/* The spec has the path twice: once as it becomes. */
		{ .spec = S(NODE("/dev/c", "b", "254", "0") "," NODE(
			  "/dev/c", "b", "8", "16") "," NODE("/dev/a", "b", "8", "0")),
		  .map = MAP_A_TO_C,
		  .class = ERROR_DATA,
		  .part = "linux.devices[2]: it and linux.devices[1] both become" },
		{ .spec = S(NODE("/dev/c", "b", "254", "0") "," NODE(
			  "/dev/a", "b", "8", "0") "," NODE("/dev/c", "b", "8", "16")),
		  .map = MAP_A_TO_C,
		  .class = ERROR_DATA,
		  .part = "linux.devices[2]: it and linux.devices[1] both become" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

static void test_twice(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = S(DEV("/dev/vfio/45", "243", "5") "," DEV("/dev/vfio//45",
								    "243", "6")),
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: \"/dev/vfio/45\" is in linux.devices[0]" },
		{ .spec = S(DEV("/dev/vfio/45", "243", "5") "," DEV("/dev/vfio/45", "243",
								    "5")),
		  .map = MAP_45,
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: \"/dev/vfio/45\" is in linux.devices[0]" },
		{ .spec = S(CONTROL "," DEV("/dev/vfio/vfio", "10", "197")),
		  .class = ERROR_DATA,
		  .part = "linux.devices[1]: \"/dev/vfio/vfio\" is in linux.devices[0]" },
		{ .spec = S(DEV("/dev/vfio/9", "242", "9") "," DEV("/dev/vfio/9", "242",
								   "8")),
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "\"/dev/vfio/9\" is in linux.devices[0] already" },
		/* Equal ones stay where no entry names them. */
		{ .spec = S(CONTROL "," CONTROL) },
		{ .spec = S(CONTROL "," CONTROL "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = S(CONTROL "," CONTROL "," DEV("/dev/vfio/6", "242", "6")) },
		{ .spec = S(DEV("/dev/vfio/9", "242", "9") "," DEV("/dev/vfio/9", "242",
								   "9")),
		  .unmapped = UNMAPPED_KEEP },
		/* Not ours. */
		{ .spec = S(DEV("/dev/x", "1", "2") "," DEV(
			  "/dev/x", "3", "4") "," CONTROL
					      "," DEV("/dev/vfio/45", "243", "5")),
		  .map = MAP_45,
		  .expected = S(DEV("/dev/x", "1", "2") "," DEV(
			  "/dev/x", "3", "4") "," CONTROL
					      "," DEV("/dev/vfio/6", "242", "6")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* No device to map, or nothing to do. */
static void test_nothing(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = "{}" },
		{ .spec = "{}", .machine_map = "no map at all" },
		{ .spec = "{\"linux\":null,\"process\":null,\"mounts\":null}",
		  .machine_map = "no map at all" },
		{ .spec = SPEC("", ALLOW_ALL), .machine_map = "no map at all" },
		{ .spec = S(DEV("/dev/fuse", "10", "229")) },
		{ .spec = S(DEV("/dev/fuse", "10", "229")), .map = "[]" },
		{ .spec = S(DEV("/dev/fuse", "10", "229")), .machine_map = MAP_45 },
		{ .spec = S(CONTROL), .machine_map = MAP_45 },
		{ .spec = "{\"annotations\":{}}", .map = "{\"container_id\":\"c\"}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_final_path),
		cmocka_unit_test(test_simultaneous),
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_not_merged),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_several_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
