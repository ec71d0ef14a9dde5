/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO nodes by their paths. */
#include "helpers.h"

#include "oci-vfio-hook/vfio_path.h"

static void test_nodes(void **state)
{
	static const char *const nodes[] = {
		"/dev/vfio/0",
		"/dev/vfio/45",
		"/dev/vfio/4294967296",
		"/dev/vfio/noiommu-0",
		"/dev/vfio/devices/vfio0",
	};
	static const char *const others[] = {
		"/dev/vfio/vfio",
		"/dev/iommu",
		"/dev/vfio",
		"/dev/vfio/",
		"/dev/vfio/x",
		"/dev/vfio/0x1",
		"/dev/vfio/-1",
		"/dev/vfio/1/2",
		"/dev/vfio/noiommu-",
		"/dev/vfio/noiommu-x",
		"/dev/vfio/devices/vfio",
		"/dev/vfio/devices/1",
		"/dev/iommu0",
		"/dev/vfio/1 ",
		"/dev/vfio1",
		"/sys/dev/vfio/1",
		"",
		"/",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (!path_is_vfio_node(slice_from(nodes[i])))
			fail_row(nodes[i], "is a VFIO node");
		assert_false(path_is_control_node(slice_from(nodes[i])));
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (path_is_vfio_node(slice_from(others[i])))
			fail_row(others[i], "is not a VFIO node");
	}
}

static void test_control_nodes(void **state)
{
	enum vfio_kind kind = VFIO_KINDS;

	(void)state;
	assert_true(path_find_control_node(SLICE("/dev/vfio/vfio"), &kind));
	assert_int_equal(kind, VFIO_GROUP);
	assert_true(path_find_control_node(SLICE("/dev/iommu"), &kind));
	assert_int_equal(kind, VFIO_HANDLE);
	assert_false(path_is_control_node(SLICE("/dev/vfio/vfio2")));
	assert_false(path_is_control_node(SLICE("/dev/iommu/")));
	for (unsigned int i = 0; i < VFIO_KINDS; i++) {
		assert_true(path_find_control_node(vfio_control_node((enum vfio_kind)i),
						   &kind));
		assert_int_equal(kind, i);
	}
}

static void check_path(char *path, const char *expected)
{
	assert_string_equal(path, expected);
	free(path);
}

static void test_handles(void **state)
{
	uint32_t handle = 0;

	(void)state;
	assert_true(path_is_vfio_handle(SLICE("/dev/vfio/devices/vfio0"), &handle));
	assert_int_equal(handle, 0);
	assert_true(path_is_vfio_handle(SLICE("/dev/vfio/devices/vfio4711"), &handle));
	assert_int_equal(handle, 4711);
	/* More than any kernel has. */
	assert_true(
		path_is_vfio_handle(SLICE("/dev/vfio/devices/vfio99999999999"), &handle));
	assert_int_equal(handle, UINT32_MAX);
	assert_false(path_is_vfio_handle(SLICE("/dev/vfio/0"), NULL));
	assert_false(path_is_vfio_handle(SLICE("/dev/vfio/devices/vfio"), NULL));
	check_path(vfio_handle_path(7), "/dev/vfio/devices/vfio7");
	check_path(vfio_group_path(7, false), "/dev/vfio/7");
	check_path(vfio_group_path(7, true), "/dev/vfio/noiommu-7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_control_nodes),
		cmocka_unit_test(test_handles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
