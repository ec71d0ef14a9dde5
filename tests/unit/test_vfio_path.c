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

static void check_optional(const char *what, const char *found, const char *expected)
{
	if ((found || expected) &&
	    !text_equal(found ? found : "", expected ? expected : ""))
		fail_row(what, "%s, not %s", found ? found : "none",
			 expected ? expected : "none");
}

/* Where sysfs has their numbers and groups. */
static void test_sysfs(void **state)
{
	static const struct {
		const char *path;
		uint32_t group; /* UINT32_MAX: its name has none */
		const char *dev, *other, *link;
	} rows[] = {
		{ "/dev/vfio/0", 0, "/sys/class/vfio/0/dev",
		  "/sys/class/vfio/noiommu-0/dev", NULL },
		{ "/dev/vfio/45", 45, "/sys/class/vfio/45/dev",
		  "/sys/class/vfio/noiommu-45/dev", NULL },
		{ "/dev/vfio/noiommu-45", 45, "/sys/class/vfio/noiommu-45/dev", NULL,
		  NULL },
		{ "/dev/vfio/devices/vfio7", UINT32_MAX, "/sys/class/vfio-dev/vfio7/dev",
		  NULL, "/sys/class/vfio-dev/vfio7/device/iommu_group" },
		{ "/dev/vfio/vfio", UINT32_MAX, "/sys/class/misc/vfio/dev", NULL, NULL },
		{ "/dev/iommu", UINT32_MAX, "/sys/class/misc/iommu/dev", NULL, NULL },
		/* More than any kernel has. */
		{ "/dev/vfio/99999999999", UINT32_MAX, "/sys/class/vfio/99999999999/dev",
		  "/sys/class/vfio/noiommu-99999999999/dev", NULL },
		{ "/dev/vfio/noiommu-99999999999", UINT32_MAX,
		  "/sys/class/vfio/noiommu-99999999999/dev", NULL, NULL },
		{ "/dev/vfio/x", UINT32_MAX, NULL, NULL, NULL },
		{ "/dev/vfio/noiommu-x", UINT32_MAX, NULL, NULL, NULL },
		{ "/dev/vfio/devices/7", UINT32_MAX, NULL, NULL, NULL },
		{ "/dev/null", UINT32_MAX, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct slice path = slice_from(rows[i].path);
		auto_free char *other = NULL, *dev = vfio_dev_attribute(path, &other),
			       *link = vfio_group_link(path);
		uint32_t group = UINT32_MAX;

		if (path_find_group(path, &group) != (rows[i].group != UINT32_MAX) ||
		    group != rows[i].group)
			fail_row(rows[i].path, "group %u", group);
		check_optional(rows[i].path, dev, rows[i].dev);
		check_optional(rows[i].path, other, rows[i].other);
		check_optional(rows[i].path, link, rows[i].link);
	}
	/* The other one is for groups that have an IOMMU. */
	assert_false(path_is_group_node(SLICE("/dev/vfio/noiommu-4"), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_control_nodes),
		cmocka_unit_test(test_handles),
		cmocka_unit_test(test_sysfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
