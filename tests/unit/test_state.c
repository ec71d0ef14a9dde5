/* SPDX-License-Identifier: Apache-2.0 */
/* The container state, as the runtimes print it. */
#include "helpers.h"

#include "oci-vfio-hook/state.h"

static void test_runc(void **state)
{
	auto_state found = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done(
		"runc",
		state_parse(
			SLICE("{\"ociVersion\":\"1.0.2-dev\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4711,\"bundle\":\"/run/b\",\"annotations\":{\"a\":\"b\"}}"),
			&found, &err),
		&err);
	assert_string_equal(found.id, "c1");
	assert_string_equal(found.bundle, "/run/b");
	assert_null(found.root);
	assert_int_equal(found.pid, 4711);
}

static void test_crun(void **state)
{
	auto_state found = { 0 };
	auto_error err = { 0 };

	(void)state;
	check_done("crun",
		   state_parse(SLICE("{\n    \"ociVersion\": \"1.0\",\n"
				     "    \"id\": \"c1\",\n    \"pid\": 0,\n"
				     "    \"root\": \"\\/var\\/lib\\/c1\\/rootfs\",\n"
				     "    \"bundle\": \"\\/\",\n"
				     "    \"status\": \"created\",\n"
				     "    \"annotations\": {\n    }\n}\n"),
			       &found, &err),
		   &err);
	assert_string_equal(found.bundle, "/");
	assert_string_equal(found.root, "/var/lib/c1/rootfs");
	assert_int_equal(found.pid, 0);
}

static void test_accepted(void **state)
{
	static const struct {
		const char *text, *bundle;
		int64_t pid;
	} rows[] = {
		{ "{\"bundle\":\"/b\"}", "/b", 0 },
		{ "{\"bundlePath\":\"/b\"}", "/b", 0 },
		{ "{\"bundlePath\":\"/b\",\"bundle\":\"/b\"}", "/b", 0 },
		{ "{\"bundle\":null,\"bundlePath\":\"/b\"}", "/b", 0 },
		{ "{\"bundle\":\"/b\",\"pid\":null,\"id\":null,\"root\":null}", "/b", 0 },
		{ "{\"bundle\":\"/b\",\"pid\":0}", "/b", 0 },
		{ "{\"bundle\":\"/b\",\"pid\":2147483647}", "/b", INT32_MAX },
		{ "{\"bundle\":\"relative\"}", "relative", 0 },
		{ "{\"bundle\":\"/a//b/\"}", "/a//b/", 0 },
		{ "{\"bundle\":\"/\xc3\xa9\\u00e9\"}", "/\xc3\xa9\xc3\xa9", 0 },
		{ "{\"ociVersion\":\"9.9.9\",\"x\":{\"y\":[1.5e3]},\"bundle\":\"/b\"}",
		  "/b", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_state found = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].text,
			   state_parse(slice_from(rows[i].text), &found, &err), &err);
		check_text(rows[i].text, slice_from(found.bundle), rows[i].bundle);
		assert_int_equal(found.pid, rows[i].pid);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "stdin is empty: a hook gets the container\'s state there" },
		{ "[]", "state: must be an object" },
		{ "null", "state: must be an object" },
		{ "{}",
		  "state: \"bundle\" is missing or empty; a hook's stdin must be the state of a container" },
		{ "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"rootfs\"},\"mounts\":[]}",
		  "state: is a container's config, not its state; a hook that gets the config must be registered for precreate" },
		{ "{\"id\":\"c\"}", "\"bundle\" is missing" },
		{ "{\"bundle\":\"\"}", "\"bundle\" is missing" },
		{ "{\"bundle\":null}", "\"bundle\" is missing" },
		{ "{\"bundle\":7}", "state: bundle: must be a string" },
		{ "{\"bundle\":[\"/b\"]}", "state: bundle: must be a string" },
		{ "{\"bundle\":\"/b\",\"bundlePath\":\"/c\"}",
		  "state: \"bundle\" and \"bundlePath\" differ; both must name the container's bundle" },
		{ "{\"bundle\":\"/b\",\"bundlePath\":8}",
		  "bundlePath: must be a string" },
		{ "{\"bundle\":\"/b\",\"id\":8}", "id: must be a string" },
		{ "{\"bundle\":\"/b\",\"root\":{\"path\":\"x\"}}",
		  "root: must be a string" },
		{ "{\"bundle\":\"/b\",\"pid\":\"1\"}", "pid: must be a number" },
		{ "{\"bundle\":\"/b\",\"pid\":-1}", "pid: must be an integer from 0" },
		{ "{\"bundle\":\"/b\",\"pid\":1.0}", "pid: must be an integer" },
		{ "{\"bundle\":\"/b\",\"pid\":2147483648}", "pid: must be an integer" },
		{ "{\"bundle\":\"/b\\u0000c\"}", "bundle: has a NUL" },
		{ "{\"bundle\":\"/\\ud800\"}", "bundle: has half a surrogate" },
		{ "{\"bundle\":\"/b\",\"bundle\":\"/c\"}", "duplicate key \"bundle\"" },
		{ "{\"bundle\":\"/b\",\"x\":1,\"x\":2}", "duplicate key \"x\"" },
		{ "{\"Bundle\":\"/b\"}", "must be spelled \"bundle\"" },
		{ "{\"bundle\":\"/b\",\"BUNDLEPATH\":1}",
		  "must be spelled \"bundlePath\"" },
		{ "{\"bundle\":\"/b\"} x", "state: line 1" },
		{ "{\"bundle\":\"/b\"", "state: line 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_state found = { 0 };
		auto_error err = { 0 };
		int r = state_parse(slice_from(rows[i].text), &found, &err);

		check_error(rows[i].text, r, &err, ERROR_DATA, rows[i].part);
		assert_null(found.bundle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_runc),
		cmocka_unit_test(test_crun),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
