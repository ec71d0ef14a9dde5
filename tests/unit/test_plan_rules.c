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
		cmocka_unit_test(test_translated), cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_no_list),	   cmocka_unit_test(test_targets),
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
