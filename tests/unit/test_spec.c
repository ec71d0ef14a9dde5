/* SPDX-License-Identifier: Apache-2.0 */
/* The view of an OCI spec: what is read, what counts as absent, what is refused. */
#include "helpers.h"

#include "oci-vfio-hook/settings.h"
#include "oci-vfio-hook/request.h"

static bool may_need_map(const struct spec *spec)
{
	const struct environment environment = { 0 };
	const struct annotation annotation = { 0 };

	return request_may_need_map(spec, &environment, &annotation);
}

static int parse(const char *text, struct spec *ret, struct error *err)
{
	auto_settings settings = { 0 };

	settings_init(&settings);
	return spec_parse("config.json", slice_from(text), &settings.prefixes, ret, err);
}

static void test_full(void **state)
{
	static const char text[] =
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"process\":{\"args\":[\"sh\"],\"env\":[\"PATH=/bin\",\"PCIDEVICE_A=x=y\",\"PCIDEVICE_B\",\"\\u0050CIDEVICE_C=\",\"XPCIDEVICE_D=1\"]},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/dev//x\",\"type\":\"bind\",\"source\":\"/dev/y/\"},{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"ro\",\"rbind\"]},{\"destination\":\"/c\",\"source\":\"/d\",\"options\":[\"nobind\"]}],\"linux\":{\"cgroupsPath\":\"\\/a:b\",\"devices\":[{\"path\":\"/dev/vfio/./45\",\"type\":\"c\",\"major\":243,\"minor\":5,\"fileMode\":33206,\"uid\":1,\"gid\":4294967295},{\"path\":\"/dev/q\",\"type\":\"u\",\"major\":1,\"minor\":2},{\"path\":\"/dev/p\",\"type\":\"p\"}],\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":243,\"minor\":5,\"access\":\"rw\"},{\"type\":\"b\",\"major\":-1,\"minor\":7}]}},\"annotations\":{\"x\":\"y\",\"io.github.oci-vfio-hook.applied\":\"{\\\"a\\\"}\"}}";
	auto_error err = { 0 };
	auto_spec spec = { 0 };

	(void)state;
	check_done("full", parse(text, &spec, &err), &err);
	check_text("root", spec.root_path, "rootfs");
	check_text("cgroup", spec.cgroups_path, "/a:b");
	assert_true(spec.has_annotation);
	check_text("applied", spec.annotation, "{\"a\"}");

	assert_int_equal(spec.n_devices, 3);
	check_text("path", spec.devices[0].path, "/dev/vfio/45");
	assert_int_equal(spec.devices[0].number.type, 'c');
	assert_true(spec.devices[0].has_numbers);
	assert_int_equal(spec.devices[0].number.major, 243);
	assert_int_equal(spec.devices[0].number.minor, 5);
	assert_int_equal(spec.devices[0].mode, 0666);
	assert_int_equal(spec.devices[0].uid, 1);
	assert_true(spec.devices[0].gid == UINT32_MAX);
	assert_int_equal(spec.devices[1].number.type, 'c');
	assert_int_equal(spec.devices[1].mode, 0666);
	assert_int_equal(spec.devices[1].uid, 0);
	assert_int_equal((int)spec_index(&spec, spec.devices[1].json), 1);
	assert_int_equal(spec.devices[2].number.type, 'p');
	assert_false(spec.devices[2].has_numbers);

	assert_int_equal(spec.n_rules, 3);
	assert_false(spec.rules[0].allow);
	assert_int_equal(spec.rules[0].type, 'a');
	assert_int_equal(spec.rules[0].major, RULE_ANY);
	assert_int_equal(spec.rules[0].minor, RULE_ANY);
	assert_true(spec.rules[1].allow);
	assert_int_equal(spec.rules[1].major, 243);
	check_text("access", spec.rules[1].access, "rw");
	assert_false(spec.rules[2].allow);
	assert_int_equal(spec.rules[2].type, 'b');
	assert_int_equal(spec.rules[2].major, RULE_ANY);
	assert_int_equal(spec.rules[2].minor, 7);
	check_text("no access", spec.rules[2].access, "");

	assert_int_equal(spec.n_mounts, 2);
	check_text("destination", spec.mounts[0].destination, "/dev/x");
	check_text("source", spec.mounts[0].source, "/dev/y");
	check_text("destination", spec.mounts[1].destination, "/a");

	assert_int_equal(spec.n_variables, 2);
	check_text("name", variable_name(&spec.variables[0]), "PCIDEVICE_A");
	check_text("value", variable_value(&spec.variables[0]), "x=y");
	assert_int_equal(spec.variables[0].index, 1);
	check_text("escaped", variable_name(&spec.variables[1]), "PCIDEVICE_C");
	check_text("no value", variable_value(&spec.variables[1]), "");
	assert_int_equal(spec.variables[1].index, 3);
}

/* Every place where null may stand, and what is simply missing. */
static void test_absent(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"process\":null,\"mounts\":null,\"linux\":null,\"annotations\":null,\"root\":null}",
		"{\"process\":{},\"mounts\":[],\"linux\":{},\"annotations\":{},\"root\":{}}",
		"{\"process\":{\"env\":null},\"root\":{\"path\":null},\"linux\":{\"devices\":null,\"resources\":null}}",
		"{\"process\":{\"env\":[]},\"linux\":{\"devices\":[],\"resources\":{}}}",
		"{\"linux\":{\"resources\":{\"devices\":null}}}",
		"{\"linux\":{\"resources\":{\"devices\":[]}}}",
		"{\"annotations\":{\"io.github.oci-vfio-hook.applied\":null}}",
		"{\"annotations\":{\"a\":null,\"IO.github.oci-vfio-hook.applied\":\"x\"}}",
		"{\"mounts\":[{}]}",
		"{\"mounts\":[{\"type\":\"bind\"}]}",
		"{\"mounts\":[{\"type\":\"bind\",\"source\":\"/dev/vfio/1\"}]}",
		"{\"mounts\":[{\"type\":\"bind\",\"destination\":\"/dev/vfio/1\",\"source\":null}]}",
		"{\"mounts\":[{\"type\":null,\"destination\":\"/dev/vfio/1\",\"source\":\"/dev/vfio/1\",\"options\":null}]}",
		"{\"mounts\":[{\"destination\":\"/dev/vfio/1\",\"source\":\"/dev/vfio/1\",\"options\":[]}]}",
		"{\"process\":{\"env\":[\"PCIDEVICE_\",\"pcidevice_a=1\",\"\"]}}",
		/* An element of nothing is skipped. */
		"{\"process\":{\"env\":[null]},\"mounts\":[null],\"linux\":{\"devices\":[null],\"resources\":{\"devices\":[null]}}}",
		"{\"mounts\":[{\"destination\":\"/dev/vfio/1\",\"source\":\"/dev/vfio/1\",\"options\":[null]}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_spec spec = { 0 };

		check_done(rows[i], parse(rows[i], &spec, &err), &err);
		if (spec.n_devices || spec.n_rules || spec.n_mounts || spec.n_variables ||
		    spec.has_annotation || spec.root_path.length)
			fail_row(rows[i], "something was found in it");
		assert_false(may_need_map(&spec));
	}
}

/* null in each member of a device, a rule, a mount. */
static void test_null_members(void **state)
{
	auto_error err = { 0 };
	auto_spec spec = { 0 };

	(void)state;
	check_done(
		"null",
		parse("{\"mounts\":[{\"destination\":\"/a\",\"source\":\"/b\",\"type\":\"bind\",\"options\":null}],\"linux\":{\"devices\":[{\"path\":\"/dev/a\",\"type\":\"c\",\"major\":null,\"minor\":null,\"fileMode\":null,\"uid\":null,\"gid\":null},{\"path\":\"/dev/b\",\"type\":\"b\",\"major\":1,\"minor\":null}],\"resources\":{\"devices\":[{\"allow\":null,\"type\":null,\"major\":null,\"minor\":null,\"access\":null}]}}}",
		      &spec, &err),
		&err);
	assert_int_equal(spec.n_mounts, 1);
	assert_int_equal(spec.n_devices, 2);
	assert_false(spec.devices[0].has_numbers);
	assert_int_equal(spec.devices[0].mode, 0666);
	assert_int_equal(spec.devices[0].uid, 0);
	assert_false(spec.devices[1].has_numbers);
	assert_int_equal(spec.n_rules, 1);
	assert_false(spec.rules[0].allow);
	assert_int_equal(spec.rules[0].type, 'a');
	assert_int_equal(spec.rules[0].major, RULE_ANY);
}

#define DEVICE(members) "{\"linux\":{\"devices\":[" members "]}}"
#define RULE(members) "{\"linux\":{\"resources\":{\"devices\":[" members "]}}}"
#define MOUNT(members) "{\"mounts\":[" members "]}"
#define C "\"path\":\"/dev/a\",\"type\":\"c\""
#define BIND "\"type\":\"bind\",\"destination\":\"/a\""

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "config.json: " },
		{ "[]", "config.json: must be an object, not an array" },
		{ "null", "config.json: must be an object" },
		{ "{\"linux\":{}", "config.json: line 1" },
		{ "{} {}", "config.json: line 1" },
		{ "{\"process\":[]}", "config.json: process: must be an object" },
		{ "{\"process\":{\"env\":{}}}", "process.env: must be an array" },
		{ "{\"process\":{\"env\":[\"A=1\",7]}}",
		  "process.env[1]: must be a string" },
		{ "{\"process\":{\"env\":[\"PCIDEVICE_A=\\u0000\"]}}",
		  "process.env[0]: has a NUL" },
		{ "{\"process\":{\"env\":[\"A\",\"PCIDEVICE_A=\\ud800\"]}}",
		  "process.env[1]: has half a surrogate" },
		{ "{\"mounts\":{}}", "mounts: must be an array" },
		{ "{\"mounts\":[7]}", "mounts[0]: must be an object" },
		{ "{\"linux\":[]}", "linux: must be an object" },
		{ "{\"linux\":{\"devices\":{}}}", "linux.devices: must be an array" },
		{ "{\"linux\":{\"resources\":[]}}",
		  "linux.resources: must be an object" },
		{ "{\"linux\":{\"resources\":{\"devices\":{}}}}",
		  "linux.resources.devices: must be an array" },
		{ "{\"annotations\":[]}", "annotations: must be an object" },
		{ "{\"annotations\":{\"io.github.oci-vfio-hook.applied\":7}}",
		  "annotations.io.github.oci-vfio-hook.applied: must be a string" },
		{ "{\"linux\":{\"cgroupsPath\":7}}",
		  "linux.cgroupsPath: must be a string" },
		{ "{\"linux\":{\"cgroupsPath\":\"a\\u0000\"}}",
		  "linux.cgroupsPath: has a NUL" },
		{ "{\"root\":7}", "root: must be an object" },
		{ "{\"root\":{\"path\":7}}", "root.path: must be a string" },
		{ DEVICE("7"), "linux.devices[0]: must be an object" },
		{ DEVICE("{}"), "linux.devices[0]: has no \"path\"" },
		{ DEVICE("{\"path\":null,\"type\":\"c\"}"), "has no \"path\"" },
		{ DEVICE("{\"path\":7,\"type\":\"c\"}"),
		  "linux.devices[0].path: must be a string" },
		{ DEVICE("{" C "},{\"path\":\"/dev/b\"}"),
		  "linux.devices[1]: \"type\" must" },
		{ DEVICE("{\"path\":\"/dev/a\",\"type\":null}"),
		  "\"type\" must be c, b, u or p" },
		{ DEVICE("{\"path\":\"/dev/a\",\"type\":\"\"}"),
		  "\"type\" must be c, b, u or p" },
		{ DEVICE("{\"path\":\"/dev/a\",\"type\":\"a\"}"),
		  "\"type\" must be c, b, u or p" },
		{ DEVICE("{\"path\":\"/dev/a\",\"type\":\"cc\"}"), "\"type\" must be c" },
		{ DEVICE("{\"path\":\"/dev/a\",\"type\":7}"),
		  "linux.devices[0].type: must be a string" },
		{ DEVICE("{" C ",\"major\":\"1\"}"),
		  "linux.devices[0].major: must be a number" },
		{ DEVICE("{" C ",\"major\":-1}"),
		  "linux.devices[0].major: must be an integer from 0 to 4294967295" },
		{ DEVICE("{" C ",\"minor\":1.0}"),
		  "linux.devices[0].minor: must be an integer" },
		{ DEVICE("{" C ",\"minor\":1e3}"),
		  "linux.devices[0].minor: must be an integer" },
		{ DEVICE("{" C ",\"fileMode\":4294967296}"),
		  "linux.devices[0].fileMode: must be an integer" },
		{ DEVICE("{" C ",\"uid\":-1}"), "linux.devices[0].uid: must be" },
		{ DEVICE("{" C ",\"gid\":true}"), "linux.devices[0].gid: must be" },
		{ DEVICE("{\"path\":\"/dev/\\u0000\",\"type\":\"c\"}"),
		  "path: has a NUL" },
		{ DEVICE("{" C ",\"Major\":1}"),
		  "key \"Major\" must be spelled \"major\": Go programs would read it as that" },
		{ DEVICE("{" C ",\"filemode\":1}"), "must be spelled \"fileMode\"" },
		{ DEVICE("{" C ",\"path\":\"/dev/b\"}"), "duplicate key \"path\"" },
		{ RULE("[]"), "linux.resources.devices[0]: must be an object" },
		{ RULE("{\"allow\":1}"),
		  "linux.resources.devices[0].allow: must be true or false" },
		{ RULE("{\"type\":\"u\"}"), "\"type\" must be a, b or c" },
		{ RULE("{\"type\":\"p\"}"), "\"type\" must be a, b or c" },
		{ RULE("{\"type\":\"ab\"}"), "\"type\" must be a, b or c" },
		{ RULE("{\"type\":1}"),
		  "linux.resources.devices[0].type: must be a string" },
		{ RULE("{\"major\":-2}"),
		  "linux.resources.devices[0].major: must be an integer from -1" },
		{ RULE("{\"minor\":\"*\"}"),
		  "linux.resources.devices[0].minor: must be a number" },
		{ RULE("{\"access\":7}"), "devices[0].access: must be a string" },
		{ RULE("{\"allow\":true,\"allow\":true}"), "duplicate key \"allow\"" },
		{ MOUNT("{\"type\":7}"), "mounts[0].type: must be a string" },
		{ MOUNT("{\"options\":\"bind\"}"),
		  "mounts[0].options: must be an array" },
		{ MOUNT("{" BIND ",\"source\":7}"),
		  "mounts[0].source: must be a string" },
		{ MOUNT("{\"type\":\"bind\",\"destination\":7}"),
		  "mounts[0].destination: must be a string" },
		{ MOUNT("{" BIND ",\"source\":\"/a\",\"source\":\"/b\"}"),
		  "duplicate key " },
		{ MOUNT("{" BIND ",\"SOURCE\":\"/a\"}"), "must be spelled \"source\"" },
		{ "{\"Linux\":{}}", "key \"Linux\" must be spelled \"linux\"" },
		{ "{\"proce\\u017fs\":{}}", "must be spelled \"process\"" },
		{ "{\"linux\":{},\"linux\":{}}", "duplicate key \"linux\"" },
		{ "{\"a\":1,\"a\":2}", "duplicate key \"a\"" },
		{ "{\"annotations\":{\"a\":\"1\",\"a\":\"2\"}}",
		  "annotations: duplicate key \"a\"" },
		{ "{\"linux\":{\"x\":1,\"\\u0078\":2}}", "linux: duplicate key" },
		{ "{\"process\":{\"x\":1,\"x\":2}}", "process: duplicate key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_spec spec = { 0 };

		check_error(rows[i].text, parse(rows[i].text, &spec, &err), &err,
			    ERROR_DATA, rows[i].part);
		assert_int_equal(spec.n_devices, 0);
	}
}

/* What nobody reads may be what it likes, as long as it is JSON. */
static void test_unread(void **state)
{
	static const char *const rows[] = {
		"{\"hooks\":{\"a\":1,\"a\":2,\"Linux\":[18446744073709551616,1.0,-0]}}",
		"{\"linux\":{\"namespaces\":[{\"type\":\"x\",\"type\":\"y\"}]}}",
		"{\"linux\":{\"resources\":{\"memory\":{\"limit\":-1,\"limit\":1e9}}}}",
		"{\"process\":{\"env\":[\"A=\\u0000\\ud800\"],\"args\":[7,null]}}",
		"{\"annotations\":{\"a\":\"\\u0000\",\"A\":\"x\"}}",
		"{\"x\":\"\\udc00\",\"y\":\"\xed\xa0\x80\"}",
		"{\"mounts\":[{\"destination\":7,\"type\":\"tmpfs\",\"source\":[]}]}",
		"{\"root\":{\"readonly\":\"yes\"},\"process\":{\"rlimits\":{}}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_spec spec = { 0 };

		check_done(rows[i], parse(rows[i], &spec, &err), &err);
	}
}

static void test_may_be_ours(void **state)
{
	static const struct {
		const char *text;
		bool affected;
	} rows[] = {
		{ DEVICE("{" C "}"), true },
		{ "{\"process\":{\"env\":[\"PCIDEVICE_A=\"]}}", true },
		{ "{\"process\":{\"env\":[\"PCIDEVICE_A\"]}}", false },
		{ MOUNT("{" BIND ",\"source\":\"/dev/x\"}"), true },
		{ MOUNT("{" BIND ",\"source\":\"/x/../dev/y\"}"), true },
		{ MOUNT("{" BIND ",\"source\":\"/devx\"}"), false },
		{ MOUNT("{" BIND ",\"source\":\"/dev\"}"), false },
		{ MOUNT("{" BIND ",\"source\":\"/srv/dev/x\"}"), false },
		{ MOUNT("{\"type\":\"bind\",\"destination\":\"/dev/vfio/1\",\"source\":\"/x\"}"),
		  false },
		{ MOUNT("{\"type\":\"bind\",\"destination\":\"/dev/x\",\"source\":\"/x\"}"),
		  false },
		{ MOUNT("{\"type\":\"tmpfs\",\"destination\":\"/dev/vfio/1\",\"source\":\"/dev/x\"}"),
		  false },
		/* A rule for one device that might be VFIO's. */
		{ RULE("{\"allow\":true,\"type\":\"c\",\"major\":243,\"minor\":5}"),
		  true },
		{ RULE("{\"allow\":true,\"major\":384,\"minor\":0}"), true },
		{ RULE("{\"type\":\"c\",\"major\":243,\"minor\":5}"), false },
		{ RULE("{\"allow\":true,\"type\":\"b\",\"major\":243,\"minor\":5}"),
		  false },
		{ RULE("{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":5}"),
		  false },
		{ RULE("{\"allow\":true,\"type\":\"c\",\"major\":243}"), false },
		{ RULE("{\"allow\":true,\"type\":\"c\",\"minor\":5}"), false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_spec spec = { 0 };

		check_done(rows[i].text, parse(rows[i].text, &spec, &err), &err);
		if (may_need_map(&spec) != rows[i].affected)
			fail_row(rows[i].text, "expected %d", rows[i].affected);
	}
}

/* Without what is far from /dev; but what is wrong is refused as ever. */
static void test_near(void **state)
{
	static const struct {
		const char *mount;
		bool far, refused;
	} rows[] = {
		{ "{\"destination\":\"/a\",\"source\":\"/b\",\"type\":\"bind\"}", true,
		  false },
		{ "{\"destination\":\"/device\",\"source\":\"/a/dev/b\",\"options\":[\"rbind\",null]}",
		  true, false },
		{ "{\"destination\":\"/dev/a\",\"source\":\"/b\",\"type\":\"bind\"}",
		  false, false },
		{ "{\"destination\":\"/a\",\"source\":\"/dev/b\",\"type\":\"bind\"}",
		  false, false },
		{ "{\"destination\":\"/a\",\"source\":\"/dev\",\"type\":\"bind\"}", false,
		  false },
		{ "{\"destination\":\"/x/../dev/a\",\"source\":\"/b\",\"type\":\"bind\"}",
		  false, false },
		{ "{\"destination\":\"/a\",\"source\":\"dev/b\",\"type\":\"bind\"}",
		  false, false },
		{ "{\"destination\":\"/a\",\"source\":\"\\u002fdev/b\",\"type\":\"bind\"}",
		  false, false },
		{ "{\"destination\":7,\"source\":\"/b\",\"type\":\"bind\"}", false,
		  true },
		{ "{\"destination\":\"/a\",\"source\":{},\"options\":[\"bind\"]}", false,
		  true },
		{ "{\"destination\":\"/a\",\"source\":\"/b\",\"type\":7}", false, true },
		{ "{\"destination\":\"/a\",\"source\":\"/b\",\"options\":7}", false,
		  true },
		{ "{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[7]}", false,
		  true },
		{ "{\"destination\":\"/a\",\"source\":\"/\\ud800\",\"type\":\"bind\"}",
		  false, true },
		{ "{\"destination\":\"/a\",\"source\":\"/b\",\"source\":\"/c\"}", false,
		  true },
		{ "7", false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xasprintf(
			"{\"mounts\":[%s,{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/dev/vfio\",\"source\":\"/dev/vfio\",\"type\":\"bind\"}]}",
			rows[i].mount);
		auto_settings settings = { 0 };
		auto_error err = { 0 }, near_err = { 0 };
		auto_spec all = { 0 }, near = { 0 };
		int r = parse(text, &all, &err);

		settings_init(&settings);
		if (spec_parse_near("config.json", slice_from(text), &settings.prefixes,
				    &near, &near_err) != r ||
		    (r < 0) != rows[i].refused)
			fail_row(rows[i].mount, "refused as by spec_parse()");
		if (r < 0) {
			assert_string_equal(near_err.message, err.message);
			continue;
		}
		assert_int_equal(all.n_mounts, 2);
		if (near.n_mounts != (rows[i].far ? 1 : 2))
			fail_row(rows[i].mount, "only what is near");
		check_text(rows[i].mount, near.mounts[near.n_mounts - 1].destination,
			   "/dev/vfio");
		assert_int_equal(json_span(&near.doc, near.mounts[near.n_mounts - 1].json)
					 ->position,
				 2);
	}
}

/* The file of `exec --process`. */
static void test_process(void **state)
{
	static const struct {
		const char *text, *part;
	} refused[] = {
		{ "[]", "process.json: must be an object" },
		{ "{\"env\":{}}", "process.json: env: must be an array" },
		{ "{\"env\":[7]}", "process.json: env[0]: must be a string" },
		{ "{\"env\":[],\"env\":[]}", "duplicate key \"env\"" },
		{ "{\"ENV\":[]}", "must be spelled \"env\"" },
	};
	auto_settings settings = { 0 };
	auto_error err = { 0 };
	auto_spec spec = { 0 };

	(void)state;
	settings_init(&settings);
	check_done(
		"process",
		spec_parse_process(
			"process.json",
			SLICE("{\"args\":[\"sh\"],\"env\":[\"A=1\",\"PCIDEVICE_A=0000:01:00.0\"],\"linux\":7}"),
			&settings.prefixes, &spec, &err),
		&err);
	assert_int_equal(spec.n_variables, 1);
	assert_int_equal(spec.variables[0].index, 1);
	assert_int_equal(spec.n_devices, 0);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		auto_error bad = { 0 };
		auto_spec none = { 0 };

		check_error(refused[i].text,
			    spec_parse_process("process.json",
					       slice_from(refused[i].text),
					       &settings.prefixes, &none, &bad),
			    &bad, ERROR_DATA, refused[i].part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),	     cmocka_unit_test(test_absent),
		cmocka_unit_test(test_null_members), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_near),	     cmocka_unit_test(test_unread),
		cmocka_unit_test(test_may_be_ours),  cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
