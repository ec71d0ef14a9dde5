/* SPDX-License-Identifier: Apache-2.0 */
/* Where crun, runc and youki write down the bundle. */
#include "helpers.h"

#include "oci-vfio-hook/runtime_state.h"

static void test_found(void **state)
{
	static const struct {
		const char *text, *bundle;
	} rows[] = {
		/* crun 1.8.1 */
		{ "{\n    \"pid\": 27955,\n    \"cgroup-path\": \"/box\",\n    \"rootfs\": \"rootfs\",\n    \"systemd-cgroup\": false,\n    \"bundle\": \"/run/b\",\n    \"owner\": \"root\"\n}\n",
		  "/run/b" },
		/* runc 1.1.5 */
		{ "{\"id\":\"box\",\"init_process_pid\":7,\"config\":{\"no_pivot_root\":false,\"labels\":[\"bundle=/run/b\"],\"rootfs\":\"/run/b/rootfs\"},\"rootless\":false}",
		  "/run/b" },
		/* Annotations come first, and may be named so. */
		{ "{\"config\":{\"labels\":[\"bundle=/evil\",\"a=b\",\"bundle=/run/b\",\"c\"]}}",
		  "/run/b" },
		{ "{\"bundle\":\"/b=c \\u00e9\\/\"}", "/b=c \xc3\xa9/" },
		{ "{\"bundle\":null,\"config\":{\"labels\":[\"bundle=/b\"]}}", "/b" },
		{ "{\"bundle\":\"/a\",\"config\":{\"labels\":[\"bundle=/b\"]}}", "/a" },
		{ "{\"bundle\":\"/\"}", "/" },
		/* Keys that only look like it. */
		{ "{\"Bundle\":\"/x\",\"Config\":{},\"config\":{\"Labels\":[\"bundle=/x\"],\"labels\":[\"bundle=/b\"]}}",
		  "/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *bundle = NULL;
		auto_error err = { 0 };

		check_done(rows[i].text,
			   runtime_state_find_bundle("state", slice_from(rows[i].text),
						     &bundle, &err),
			   &err);
		check_text(rows[i].text, slice_from(bundle), rows[i].bundle);
	}
}

static void test_none(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "state: " },
		{ "{", "state: " },
		{ "{}", "state: names no bundle" },
		{ "[]", "state: " },
		{ "null", "state: " },
		{ "{\"bundle\":7}", "state: " },
		{ "{\"bundle\":\"\"}", "state: names no bundle" },
		{ "{\"bundle\":\"b\"}", "state: names no bundle" },
		{ "{\"bundle\":\"/a\\u0000b\"}", "state: " },
		{ "{\"bundle\":\"/a\",\"bundle\":\"/b\"}", "state: " },
		{ "{\"config\":null}", "state: names no bundle" },
		{ "{\"config\":[]}", "state: " },
		{ "{\"config\":{\"labels\":{\"bundle\":\"/b\"}}}",
		  "state: names no bundle" },
		{ "{\"config\":{\"labels\":[\"bundle=b\"]}}", "state: names no bundle" },
		{ "{\"config\":{\"labels\":[\"bundle=\"]}}", "state: names no bundle" },
		{ "{\"config\":{\"labels\":[\"xbundle=/b\",\"bundles=/b\",7]}}",
		  "state: config.labels[2]: must be a string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *bundle = NULL;
		auto_error err = { 0 };
		int r = runtime_state_find_bundle("state", slice_from(rows[i].text),
						  &bundle, &err);

		check_error(rows[i].text, r, &err, ERROR_DATA, rows[i].part);
		assert_null(bundle);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
