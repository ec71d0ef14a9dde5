/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for linux.resources.devices: rule 2. */
#include "plan_check.h"

#define OLD CONTROL "," DEV("/dev/vfio/45", "243", "5")
#define NEW CONTROL "," DEV("/dev/vfio/6", "242", "6")
#define CTL ALLOW("10", "196")
#define ANY_45 "[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"", STAND_IN) "]"

static void test_translated(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(OLD, DENY_ALL "," CTL "," ALLOW("243", "5")),
		  .map = MAP_45,
		  .expected = SPEC(NEW, DENY_ALL "," CTL "," ALLOW("242", "6")) },
		/* The access stays, even a narrow one. */
		{ .spec = SPEC(OLD, CTL "," RULE("true", "c", "243", "5", "r")),
		  .map = MAP_45,
		  .expected = SPEC(NEW, CTL "," RULE("true", "c", "242", "6", "r")) },
		{ .spec = SPEC(
			  OLD, CTL
			  ",{\"type\":\"c\",\"minor\":5,\"allow\":true,\"major\":243}"),
		  .map = MAP_45,
		  .expected = SPEC(
			  NEW, CTL
			  ",{\"type\":\"c\",\"minor\":6,\"allow\":true,\"major\":242}") },
		/* Deny rules too, and then the device has to be allowed. */
		{ .spec = SPEC(OLD, ALLOW_ALL "," RULE("false", "c", "243", "5", "w")),
		  .map = MAP_45,
		  .expected =
			  SPEC(NEW, ALLOW_ALL "," RULE("false", "c", "242", "6", "w")) },
		{ .spec = SPEC(OLD, ALLOW_ALL "," RULE("false", "c", "243", "5", "rw")),
		  .map = MAP_45,
		  .expected = SPEC(NEW, ALLOW_ALL "," RULE("false", "c", "242", "6",
							   "rw") "," ALLOW("242", "6")) },
		/* Duplicates stay. */
		{ .spec = SPEC(OLD, CTL "," ALLOW("243", "5") "," ALLOW("243", "5")),
		  .map = MAP_45,
		  .expected =
			  SPEC(NEW, CTL "," ALLOW("242", "6") "," ALLOW("242", "6")) },
		/* Wildcards and rules of others stay. */
		{ .spec = SPEC(
			  OLD, CTL
			  "," RULE("true", "a", "243", "5", "rwm") ",{\"allow\":true,\"type\":\"c\",\"major\":243,\"access\":\"m\"}," RULE(
				  "true", "c", "243", "-1",
				  "m") "," RULE("true", "c", "-1", "5",
						"m") "," RULE("true", "b", "243", "5",
							      "rwm") "," ALLOW("243",
									       "6") "," ALLOW("243",
											      "5")),
		  .map = MAP_45,
		  .part = "linux.resources.devices[1]: this rule allows c 243:5, which is a device of the host's",
		  .expected = SPEC(
			  NEW, CTL
			  "," RULE("true", "a", "243", "5", "rwm") ",{\"allow\":true,\"type\":\"c\",\"major\":243,\"access\":\"m\"}," RULE(
				  "true", "c", "243", "-1",
				  "m") "," RULE("true", "c", "-1", "5",
						"m") "," RULE("true", "b", "243", "5",
							      "rwm") "," ALLOW("243",
									       "6") "," ALLOW("242",
											      "6")) },
		/* The type changes with the device. */
		{ .spec = SPEC(NODE("/dev/a", "c", "8", "0"), ALLOW("8", "0")),
		  .map = "[" NODE_ENTRY("/dev/a", "/dev/vda") "]",
		  .expected = SPEC(NODE("/dev/a", "b", "254", "0"),
				   RULE("true", "b", "254", "0", "rwm")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define ALL_GROUPS "this rule allows all VFIO groups of this machine; left as it is"

/* Is the device allowed already? From the last rule to the first. */
static void test_allowed(void **state)
{
	static const struct {
		const char *rules;
		bool allowed;
		const char *part; /* what is warned of */
	} rows[] = {
		{ ALLOW_ALL, true, NULL },
		{ DENY_ALL "," CTL, false, NULL },
		{ DENY_ALL "," ALLOW_ALL, true, NULL },
		{ ALLOW_ALL "," DENY_ALL "," CTL, false, NULL },
		{ ALLOW_ALL "," RULE("false", "c", "10", "1", "rwm"), true, NULL },
		{ CTL ",{\"allow\":true,\"type\":\"a\",\"access\":\"rwm\"}", true, NULL },
		{ CTL ",{\"allow\":true,\"type\":\"\",\"access\":\"wr\"}", true, NULL },
		{ CTL ",{\"allow\":true,\"type\":\"c\",\"access\":\"rw\"}", true, NULL },
		{ CTL ",{\"allow\":true,\"type\":\"b\",\"access\":\"rw\"}", false, NULL },
		{ CTL "," RULE("true", "c", "242", "-1", "rw"), true, ALL_GROUPS },
		{ CTL "," RULE("true", "c", "-1", "6", "rw"), true, NULL },
		{ CTL "," RULE("true", "c", "-1", "7", "rw"), false, NULL },
		{ CTL "," RULE("true", "c", "243", "-1", "rwm"), false, NULL },
		{ CTL "," RULE("true", "a", "242", "6", "rwm"), true, NULL },
		{ CTL ",{\"allow\":true,\"type\":\"c\",\"major\":242,\"access\":\"rw\"}",
		  true, ALL_GROUPS },
		{ CTL "," RULE("true", "c", "242", "-1", "r"), false, ALL_GROUPS },
		{ CTL "," RULE("true", "c", "242", "-1", "wm"), false, ALL_GROUPS },
		{ CTL ",{\"allow\":true,\"type\":\"c\",\"major\":242}", false, NULL },
		{ CTL ",{\"allow\":true,\"major\":242,\"access\":\"rw\"}", true,
		  ALL_GROUPS },
		{ CTL "," RULE("true", "b", "242", "-1", "rw"), false, NULL },
		{ CTL "," RULE("true", "c", "242", "-1", "rw") "," RULE("false", "c",
									"242", "-1", "r"),
		  true, ALL_GROUPS },
		{ CTL "," RULE("true", "c", "242", "-1",
			       "rw") "," RULE("false", "c", "242", "-1", "rwm"),
		  false, ALL_GROUPS },
		{ CTL "," ALLOW("242", "6"), true, NULL },
		{ "{}," CTL, false, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *spec = xasprintf(SPEC(OLD, "%s"), rows[i].rules);
		auto_free char *expected =
			xasprintf(SPEC(NEW, "%s%s"), rows[i].rules,
				  rows[i].allowed ? "" : "," ALLOW("242", "6"));
		struct plan_case c = { .spec = spec,
				       .map = MAP_45,
				       .expected = expected,
				       .part = rows[i].part };

		check_plan(&c);
	}
}

/* No list: one with every device of the container. */
static void test_no_list(void **state)
{
#define LINUX(devices, rest) "{\"linux\":{\"devices\":[" devices "]" rest "}}"
#define ALL CTL "," ALLOW("242", "6") "," ALLOW("1", "3")
#define TWO(device) device "," DEV("/dev/null", "1", "3")
	static const struct plan_case cases[] = {
		{ .spec = SPEC(TWO(OLD), ""),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW), ALL) },
		{ .spec = LINUX(TWO(OLD), ",\"resources\":{\"devices\":null}"),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW), ALL) },
		{ .spec = LINUX(TWO(OLD), ",\"resources\":{}"),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW), ALL) },
		{ .spec = LINUX(TWO(OLD), ",\"resources\":{\"pids\":{\"limit\":1}}"),
		  .map = MAP_45,
		  .expected =
			  LINUX(TWO(NEW),
				",\"resources\":{\"pids\":{\"limit\":1},\"devices\":[" ALL
				"]}") },
		{ .spec = LINUX(TWO(OLD), ",\"resources\":null"),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW), ALL) },
		{ .spec = LINUX(TWO(OLD), ""),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW), ALL) },
		/* Not for one without numbers. */
		{ .spec = LINUX(
			  OLD
			  ",{\"path\":\"/dev/p\",\"type\":\"p\"},{\"path\":\"/dev/q\",\"type\":\"c\",\"major\":1}",
			  ""),
		  .map = MAP_45,
		  .expected = SPEC(
			  NEW
			  ",{\"path\":\"/dev/p\",\"type\":\"p\"},{\"path\":\"/dev/q\",\"type\":\"c\",\"major\":1}",
			  CTL "," ALLOW("242", "6")) },
		/* Once for each number. */
		{ .spec = LINUX(TWO(OLD) "," DEV("/dev/zero", "1", "3"), ""),
		  .map = MAP_45,
		  .expected = SPEC(TWO(NEW) "," DEV("/dev/zero", "1", "3"), ALL) },
		{ .spec = LINUX(NODE("/dev/sda", "b", "8", "0"), ""),
		  .map = "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  .expected = SPEC(NODE("/dev/sda", "b", "254", "0"),
				   RULE("true", "b", "254", "0", "rwm")) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* Several devices with one number: several targets for one rule. */
static void test_targets(void **state)
{
#define A45 DEV("/dev/vfio/45", "243", "5")
#define B46 DEV("/dev/vfio/46", "243", "5")
#define N6 DEV("/dev/vfio/6", "242", "6")
#define N7 DEV("/dev/vfio/7", "242", "7")
#define BOTH                                                                             \
	"[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(                   \
		"/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]"
	static const struct plan_case cases[] = {
		{ .spec = SPEC(CONTROL "," A45 "," B46,
			       CTL "," RULE("true", "c", "243", "5",
					    "rw") "," ALLOW("1", "1")),
		  .map = BOTH,
		  .expected = SPEC(CONTROL "," N6 "," N7,
				   CTL "," RULE("true", "c", "242", "6", "rw") "," ALLOW(
					   "1", "1") "," RULE("true", "c", "242", "7",
							      "rw")) },
		/* A kept device's own number is one of them, and the first. */
		{ .spec = SPEC(CONTROL "," A45 "," DEV("/dev/x", "243", "5"),
			       CTL "," RULE("true", "c", "243", "5", "rw")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .expected = SPEC(CONTROL "," N6 "," DEV("/dev/x", "243", "5"),
				   CTL "," RULE("true", "c", "243", "5", "rw") "," RULE(
					   "true", "c", "242", "6", "rw")) },
		/* A deny rule can't be split. */
		{ .spec = SPEC(CONTROL "," A45 "," B46,
			       ALLOW_ALL "," RULE("false", "c", "243", "5", "m")),
		  .map = BOTH,
		  .class = ERROR_DATA,
		  .part = "linux.resources.devices[1]: this rule denies a device number" },
		{ .spec = SPEC(CONTROL "," A45 "," DEV("/dev/x", "243", "5"),
			       ALLOW_ALL "," RULE("false", "c", "243", "5", "m")),
		  .map = MAP_45,
		  .unmapped = UNMAPPED_KEEP,
		  .class = ERROR_DATA,
		  .part = "linux.resources.devices[1]: this rule denies a device number" },
		/* Two old numbers, one new one. */
		{ .spec = SPEC(CONTROL "," DEV("/dev/vfio/45", "243",
					       "5") "," DEV("/dev/vfio/46", "243", "6"),
			       CTL "," ALLOW("243", "5") "," ALLOW("243", "6")),
		  .map = "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=0000:06:00.0\"") "," ENTRY(
			  "/dev/vfio/46", "\"0000:3b:02.1=0000:06:00.1\"") "]",
		  .expected = SPEC(CONTROL "," N6,
				   CTL "," ALLOW("242", "6") "," ALLOW("242", "6")) },
		/* The rule of the control node, corrected. */
		{ .spec = SPEC(DEV("/dev/vfio/vfio", "10", "200") "," A45,
			       ALLOW("243", "5") "," ALLOW("10", "200")),
		  .map = MAP_45,
		  .expected = SPEC(CONTROL "," N6, ALLOW("242", "6") "," CTL) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define FOREIGN                                                                          \
	"this rule is removed: it would allow /dev/vfio/9, a VFIO node of this machine that the container doesn't have"

/* A rule of the host's for numbers that are another tenant's node here. */
static void test_foreign(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = SPEC(OLD, DENY_ALL "," CTL
					     "," ALLOW("242", "9") "," ALLOW("243", "5")),
		  .map = MAP_45,
		  .expected = SPEC(NEW, DENY_ALL "," CTL "," ALLOW("242", "6")),
		  .part = "linux.resources.devices[2]: " FOREIGN },
		{ .spec = SPEC(OLD, CTL "," RULE("true", "a", "242", "9", "m")),
		  .map = MAP_45,
		  .expected = SPEC(NEW, CTL "," ALLOW("242", "6")),
		  .part = FOREIGN },
		{ .spec = SPEC(
			  OLD, CTL
			  ",{\"allow\":true,\"major\":242,\"minor\":9,\"access\":\"rw\"}"),
		  .map = MAP_45,
		  .expected = SPEC(NEW, CTL "," ALLOW("242", "6")),
		  .part = FOREIGN },
		/* Of a container without a device, too; the list doesn't become empty. */
		{ .spec = SPEC("", ALLOW("242", "9")),
		  .machine_map = MAP_45,
		  .expected = SPEC("", DENY_ALL),
		  .part = FOREIGN },
		{ .spec = SPEC("", DENY_ALL "," ALLOW("244", "9")),
		  .machine_map = "[]",
		  .expected = SPEC("", DENY_ALL),
		  .part = "it would allow /dev/vfio/devices/vfio9" },
		{ .spec = SPEC("", DENY_ALL "," ALLOW("242", "9")),
		  .unmapped = UNMAPPED_ERROR,
		  .expected = SPEC("", DENY_ALL),
		  .part = FOREIGN },
		{ .spec = SPEC("", DENY_ALL "," ALLOW("242", "9")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_DROP,
		  .expected = SPEC("", DENY_ALL),
		  .part = FOREIGN },
		/* The administrator's word, or this machine's own. */
		{ .spec = SPEC("", DENY_ALL "," ALLOW("242", "9")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_KEEP },
		{ .spec = SPEC("", DENY_ALL "," ALLOW("242", "9")),
		  .machine_map = MAP_45,
		  .unmapped = UNMAPPED_OWN },
		{ .spec = SPEC("", DENY_ALL "," ALLOW("242", "9")) },
		/* What the container has: as a device or as a mount. */
		{ .spec = SPEC(OLD, CTL "," ALLOW("242", "6") "," ALLOW("243", "5")),
		  .map = MAP_45,
		  .expected =
			  SPEC(NEW, CTL "," ALLOW("242", "6") "," ALLOW("242", "6")) },
		{ .spec = "{\"linux\":{\"resources\":{\"devices\":[" ALLOW("242", "6") "]}},\"mounts\":[" MOUNT(
			  "/dev/vfio/vfio",
			  "/dev/vfio/vfio") "," MOUNT("/dev/vfio/45",
						      "/dev/vfio/45") "]}",
		  .map = MAP_45,
		  .expected =
			  "{\"linux\":{\"resources\":{\"devices\":[" ALLOW("242", "6") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/vfio",
				  "/dev/vfio/vfio") "," MOUNT_RO("/dev/vfio/6",
								 "/dev/vfio/6") "]}" },
		/* Numbers of no node here, other types, and what is denied. */
		{ .spec = SPEC("",
			       DENY_ALL "," ALLOW("242", "100") "," RULE(
				       "true", "b", "242", "9",
				       "rwm") "," RULE("false", "c", "242", "9", "rwm")),
		  .machine_map = MAP_45 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define DIRECTORY MOUNT("/dev/vfio", "/dev/vfio")
#define WITH_DIRECTORY(env, rules)                                                       \
	"{\"process\":{\"env\":[" env "]},\"mounts\":[" DIRECTORY                        \
	"],\"linux\":{\"resources\":{\"devices\":[" rules "]}}}"
#define ENV(address) "\"PCIDEVICE_A=" address "\""
#define HOST_45                                                                          \
	"[" ENTRY_WITH("/dev/vfio/45", "\"0000:3b:02.0=06/00\"",                         \
		       "\"host_dev\":\"243:5\"") "]"

/* host_dev: the rule for the host's node follows the entry, whatever names it. */
static void test_host_dev(void **state)
{
	static const struct plan_case cases[] = {
		/* A mount, of which the spec has no number. */
		{ .spec = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "," RULE("true", "c", "243", "5", "rw") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/vfio",
				  "/dev/vfio/vfio") "," MOUNT("/dev/vfio/45",
							      "/dev/vfio/45") "]}",
		  .map = HOST_45,
		  .expected =
			  "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "," RULE("true", "c", "242", "6", "rw") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/vfio",
				  "/dev/vfio/vfio") "," MOUNT_RO("/dev/vfio/6",
								 "/dev/vfio/6") "]}" },
		/* What the guest's kernel drives has no rule. */
		{ .spec = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "," ALLOW("243", "5") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/45", "/dev/vfio/45") "]}",
		  .map = "[{\"type\":\"vfio-pci-gk\",\"container_path\":\"/dev/vfio/45\",\"options\":[\"0000:3b:02.0=06/00\"],\"host_dev\":\"243:5\"}]",
		  .expected = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			      "]}},\"mounts\":[]}" },
		/* The whole directory, and a variable that has the host's address. */
		{ .spec = WITH_DIRECTORY(ENV("0000:3b:02.0"), DENY_ALL
					 "," RULE("true", "c", "243", "5", "rw")),
		  .machine_map = HOST_45,
		  .expected = WITH_DIRECTORY(ENV("0000:06:00.0"), DENY_ALL
					     "," RULE("true", "c", "242", "6", "rw")),
		  .once = true,
		  .part = "mounts[0]: it shows the whole \"/dev/vfio\"" },
		/* Without the variable it is nobody's. */
		{ .spec = WITH_DIRECTORY("", DENY_ALL "," ALLOW("243", "5")),
		  .machine_map = HOST_45,
		  .part = "mounts[0]: it shows the whole \"/dev/vfio\"" },
		/* Without the rule there is a warning. */
		{ .spec = WITH_DIRECTORY(ENV("0000:3b:02.0"),
					 DENY_ALL "," ALLOW("243", "6")),
		  .machine_map = HOST_45,
		  .expected = WITH_DIRECTORY(ENV("0000:06:00.0"),
					     DENY_ALL "," ALLOW("243", "6")),
		  .part = "no rule allows /dev/vfio/6 (c 242:6), which the container sees in the directory of VFIO nodes that is mounted" },
		{ .spec = WITH_DIRECTORY(ENV("0000:3b:02.0"),
					 DENY_ALL "," ALLOW("243", "5")),
		  .machine_map = MAP_45,
		  .expected = WITH_DIRECTORY(ENV("0000:06:00.0"),
					     DENY_ALL "," ALLOW("243", "5")),
		  .part = "no rule allows /dev/vfio/6 (c 242:6)" },
		/* What an earlier run gave a node follows nothing, though a variable had to stay and
		 * the rule for another node has the number that it had on the host. */
		{ .spec = "{\"process\":{\"env\":[" ENV("0000:3b:02.0,0000:0a:00.0") "]},\"linux\":{\"devices\":[" DEV(
			  "/dev/vfio/45", "242",
			  "7") "," DEV("/dev/vfio/46", "243",
				       "6") "],\"resources\":{\"devices\":[" DENY_ALL
					    "," ALLOW("242", "7") "," ALLOW("243", "6") "," ALLOW(
						    "10",
						    "196") "]}},\"mounts\":[" MOUNT("/dev/vfio",
										    "/dev/vfio") "]}",
		  .machine_map = "[" ENTRY_WITH(
			  "/dev/vfio/45", "\"0000:3b:02.0=06/00\"",
			  "\"host_dev\":\"242:7\"") "," ENTRY("/dev/vfio/46",
							      "\"0000:3b:02.1=07/00\"") "]",
		  .expected = "{\"process\":{\"env\":[" ENV("0000:3b:02.0,0000:0a:00.0") "]},\"linux\":{\"devices\":[" DEV(
			  "/dev/vfio/6", "242",
			  "6") "," DEV("/dev/vfio/7", "242",
				       "7") "],\"resources\":{\"devices\":[" DENY_ALL
					    "," ALLOW("242", "6") "," ALLOW("242", "7") "," ALLOW(
						    "10",
						    "196") "]}},\"mounts\":[" MOUNT("/dev/vfio",
										    "/dev/vfio") "]}",
		  .part = "no map entry names 0000:0a:00.0" },
		/* Two entries with one number: the first takes the rule, the other gets one. */
		{ .spec = "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "," ALLOW("243", "5") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/vfio",
				  "/dev/vfio/vfio") "," MOUNT("/dev/vfio/45",
							      "/dev/vfio/45") "," MOUNT("/dev/vfio/46",
											"/dev/vfio/46") "]}",
		  .map = "[" ENTRY_WITH(
			  "/dev/vfio/45", "\"0000:3b:02.0=06/00\"",
			  "\"host_dev\":\"243:5\"") "," ENTRY_WITH("/dev/vfio/46",
								   "\"0000:3b:02.1=07/00\"",
								   "\"host_dev\":\"243:5\"") "]",
		  .expected =
			  "{\"linux\":{\"resources\":{\"devices\":[" DENY_ALL
			  "," ALLOW("242", "6") "," ALLOW("242", "7") "]}},\"mounts\":[" MOUNT(
				  "/dev/vfio/vfio",
				  "/dev/vfio/vfio") "," MOUNT_RO("/dev/vfio/6",
								 "/dev/vfio/6") "," MOUNT_RO("/dev/vfio/7",
											     "/dev/vfio/7") "]}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

#define LIST(devices, mounts, rules)                                                     \
	"{\"linux\":{\"devices\":[" devices "],\"resources\":{\"devices\":[" rules       \
	"]}},\"mounts\":[" mounts "]}"

/* The first rule of an empty list closes what is mounted. */
static void test_empty_list_and_mounts(void **state)
{
	static const struct plan_case cases[] = {
		/* A group by a mount, the control node by a device that is corrected. */
		{ .spec = LIST(DEV("/dev/vfio/vfio", "10", "57"),
			       MOUNT("/dev/vfio/45", "/dev/vfio/45"), ""),
		  .map = MAP_45,
		  .expected = LIST(CONTROL, MOUNT_RO("/dev/vfio/6", "/dev/vfio/6"),
				   CTL "," ALLOW("242", "6")) },
		{ .spec = LIST(
			  OLD,
			  MOUNT("/dev/vfio/46", "/dev/vfio/46") "," MOUNT("/dev/gpu0", "/dev/gpu") "," MOUNT(
				  "/x",
				  "/dev/gpu") "," MOUNT("/dev/vda",
							"/dev/vda") "," MOUNT("/srv",
									      "/srv") "," MOUNT("/y",
												"/dev/gone"),
			  ""),
		  .map = "[" ENTRY("/dev/vfio/45", "\"0000:3b:02.0=06/00\"") "," ENTRY(
			  "/dev/vfio/46", "\"0000:3b:02.1=07/00\"") "]",
		  .expected = LIST(
			  NEW,
			  MOUNT_RO("/dev/vfio/7", "/dev/vfio/7") "," MOUNT("/dev/gpu0", "/dev/gpu") "," MOUNT(
				  "/x",
				  "/dev/gpu") "," MOUNT("/dev/vda",
							"/dev/vda") "," MOUNT("/srv",
									      "/srv") "," MOUNT("/y",
												"/dev/gone"),
			  CTL "," ALLOW("242", "6") "," ALLOW("242", "7") "," ALLOW(
				  "195", "0") "," RULE("true", "b", "254", "0", "rwm")) },
		/* What is in a directory isn't known. */
		{ .spec = LIST(OLD, MOUNT("/dev/dri", "/dev/dri"), ""),
		  .map = MAP_45,
		  .expected = LIST(NEW, MOUNT("/dev/dri", "/dev/dri"),
				   CTL "," ALLOW("242", "6")),
		  .part = "mounts[0]: the rules that this container gets don't allow what is in it" },
		{ .spec = LIST(OLD, MOUNT("/dev", "/dev"), ""),
		  .map = MAP_45,
		  .expected = LIST(NEW, MOUNT("/dev", "/dev"), CTL "," ALLOW("242", "6")),
		  .part = "mounts[0]: the rules that this container gets don't allow what is in it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

/* White space of the siblings. */
static void test_layout(void **state)
{
	static const struct plan_case cases[] = {
		{ .spec = "{\n\t\"linux\": {\n\t\t\"devices\": [\n\t\t\t{\n"
			  "\t\t\t\t\"path\": \"/dev/vfio/45\",\n\t\t\t\t\"type\": \"c\"\n"
			  "\t\t\t}\n\t\t],\n\t\t\"resources\": {\n\t\t\t\"devices\": [\n"
			  "\t\t\t\t{\n\t\t\t\t\t\"allow\": false\n\t\t\t\t}\n\t\t\t]\n"
			  "\t\t}\n\t}\n}\n",
		  .map = ANY_45,
		  .expected =
			  "{\n\t\"linux\": {\n\t\t\"devices\": [\n\t\t\t{\n"
			  "\t\t\t\t\"path\": \"/dev/vfio/6\",\n\t\t\t\t\"type\": \"c\",\n"
			  "\t\t\t\t\"major\": 242,\n\t\t\t\t\"minor\": 6\n"
			  "\t\t\t},\n\t\t\t" NEW_CONTROL "\n\t\t],\n"
			  "\t\t\"resources\": {\n\t\t\t\"devices\": [\n"
			  "\t\t\t\t{\n\t\t\t\t\t\"allow\": false\n\t\t\t\t},\n"
			  "\t\t\t\t" ALLOW("242", "6") ",\n\t\t\t\t" CTL "\n\t\t\t]\n"
						       "\t\t}\n\t}\n}\n" },
		{ .spec = "{ \"linux\" : { \"devices\" : [ " DEV(
			  "/dev/vfio/45", "1",
			  "2") " ] , \"resources\" : { \"devices\" : [ " DENY_ALL
			       " ] } } }",
		  .map = ANY_45,
		  .expected = "{ \"linux\" : { \"devices\" : [ " DEV(
			  "/dev/vfio/6", "242",
			  "6") ", " NEW_CONTROL
			       " ] , \"resources\" : { \"devices\" : [ " DENY_ALL
			       ", " ALLOW("242", "6") ", " CTL " ] } } }" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_plan(&cases[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translated),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_host_dev),
		cmocka_unit_test(test_empty_list_and_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
