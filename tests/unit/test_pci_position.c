/* SPDX-License-Identifier: Apache-2.0 */
/* Where a function is among the buses, by its link. */
#include "helpers.h"

#include "oci-vfio-hook/pci_position.h"

static void test_path(void **state)
{
	/* NULL: the layout is another. */
	static const struct {
		const char *target, *path;
	} rows[] = {
		{ "../../../devices/pci0000:00/0000:00:06.0/0000:01:00.0", "06/00" },
		{ "../../../devices/pci0000:00/0000:00:05.0", "05" },
		{ "../../../devices/pci0000:00/0000:00:1c.4/0000:02:00.1/0000:03:1f.7",
		  "1c.4/00.1/1f.7" },
		{ "../../../devices/pci0000:20/0000:20:00.0/0000:21:00.0",
		  "0000:20/00/00" },
		{ "../../../devices/pci0001:00/0001:00:01.0", "0001:00/01" },
		{ "../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0/10000:e1:00.0",
		  "10000:e0/06/00" },
		{ "../../../devices/LNXSYSTM:00/pci0002:00/0002:00:00.0", "0002:00/00" },
		{ "../../../devices/platform/soc/0000:01:00.0", NULL },
		{ "../../../devices/pci0000:00", NULL },
		{ "../../../devices/pci0000:20", NULL },
		{ "../../../devices/pci/0000:01:00.0", NULL },
		{ "../../../devices/pci0123456789abcdef:00/0000:01:00.0", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *path = pci_path_from_link(slice_from(rows[i].target));

		if (!path || !rows[i].path)
			assert_ptr_equal(path, rows[i].path);
		else
			check_text(rows[i].target, slice_from(path), rows[i].path);
	}
}

#define ADDRESS(...)                                                                     \
	{                                                                                \
		__VA_ARGS__                                                              \
	}

static void test_position(void **state)
{
	static const struct {
		const char *target;
		struct pci_position position;
	} rows[] = {
		{ "../../../devices/pci0000:00/0000:00:05.0",
		  { true, ADDRESS(0), true, ADDRESS(0, 0, 5, 0), false, ADDRESS(0) } },
		{ "../../../devices/pci0000:20/0000:20:00.0/0000:21:00.1",
		  { true, ADDRESS(0, 0x20, 0, 0), true, ADDRESS(0, 0x21, 0, 1), true,
		    ADDRESS(0, 0x20, 0, 0) } },
		/* What a mediated device is a part of. */
		{ "../../../devices/pci0000:00/0000:00:02.0/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
		  { true, ADDRESS(0), true, ADDRESS(0, 0, 2, 0), false, ADDRESS(0) } },
		/* A domain of its own below a function: VMD. */
		{ "../../../devices/pci0000:00/0000:00:0e.0/pci10000:00/10000:00:02.0",
		  { true, ADDRESS(0x10000, 0, 0, 0), true, ADDRESS(0x10000, 0, 2, 0),
		    false, ADDRESS(0) } },
		{ "../../../devices/virtual/mtty/mtty/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
		  { 0 } },
		{ "", { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pci_position *expected = &rows[i].position;
		struct pci_position found;

		pci_position_from_link(slice_from(rows[i].target), &found);
		if (found.has_root != expected->has_root ||
		    found.has_function != expected->has_function ||
		    found.has_parent != expected->has_parent ||
		    !pci_address_equal(&found.root, &expected->root) ||
		    !pci_address_equal(&found.function, &expected->function) ||
		    !pci_address_equal(&found.parent, &expected->parent))
			fail_row(rows[i].target, "found another place");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_position),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
