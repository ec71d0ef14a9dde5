/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices on the kernel's buses. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/device_name.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text, *formatted; /* NULL: refused */
		enum device_bus bus;
	} rows[] = {
		{ "0000:3b:02.0", "0000:3b:02.0", DEVICE_BUS_PCI },
		{ "010000:E1:1F.7", "10000:e1:1f.7", DEVICE_BUS_PCI },
		{ "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90",
		  "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90", DEVICE_BUS_MDEV },
		{ "5C2F6E0A-8a34-4B6E-9d51-0a1F3c7e2b90",
		  "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90", DEVICE_BUS_MDEV },
		{ "00000000-0000-0000-0000-000000000000",
		  "00000000-0000-0000-0000-000000000000", DEVICE_BUS_MDEV },
		{ "ffffffff-ffff-ffff-ffff-ffffffffffff",
		  "ffffffff-ffff-ffff-ffff-ffffffffffff", DEVICE_BUS_MDEV },
		{ "", NULL, 0 },
		{ "3b:02.0", NULL, 0 },
		{ "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9", NULL, 0 },
		{ "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b900", NULL, 0 },
		{ "5c2f6e0a-8a34-4b6e-9d510-a1f3c7e2b90", NULL, 0 },
		{ "5c2f6e0a8-a34-4b6e-9d51-0a1f3c7e2b90", NULL, 0 },
		{ "5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b9g", NULL, 0 },
		{ "5c2f6e0a_8a34_4b6e_9d51_0a1f3c7e2b90", NULL, 0 },
		{ "+c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90", NULL, 0 },
		{ " c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device_name name = { .bus = DEVICE_BUS_PCI };
		char text[DEVICE_NAME_SIZE];
		int r = device_name_parse(slice_from(rows[i].text), &name);

		if (!rows[i].formatted) {
			if (r != -EINVAL)
				fail_row(rows[i].text, "taken: %d", r);
			continue;
		}
		if (r < 0 || name.bus != rows[i].bus)
			fail_row(rows[i].text, "%d, bus %d", r, name.bus);
		check_text(rows[i].text, slice_from(device_name_format(&name, text)),
			   rows[i].formatted);
	}
}

/* Each is before the next. */
static void test_order(void **state)
{
	static const char *const rows[] = {
		"0000:00:00.0",
		"0000:3b:02.0",
		"0001:00:00.0",
		"00000000-0000-0000-0000-000000000000",
		"00000000-0000-0000-0000-000000000001",
		"7fffffff-0000-0000-0000-000000000000",
		"80000000-0000-0000-0000-000000000000",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(rows); k++) {
			struct device_name a, b;
			int order;

			assert_int_equal(device_name_parse(slice_from(rows[i]), &a), 0);
			assert_int_equal(device_name_parse(slice_from(rows[k]), &b), 0);
			order = device_name_compare(&a, &b);
			if ((order > 0) - (order < 0) != (i > k) - (i < k))
				fail_row(rows[i], "order %d with %s", order, rows[k]);
			assert_int_equal(device_name_equal(&a, &b), i == k);
		}
	}
}

static void test_address(void **state)
{
	const struct pci_address address = { 0, 0x3b, 2, 0 }, none = { 0 };
	const struct device_name name = device_name_of(&address);
	struct device_name uuid;

	(void)state;
	assert_true(device_name_is(&name, &address));
	assert_false(device_name_is(&name, &none));
	assert_int_equal(device_name_parse(SLICE("00000000-0000-0000-0000-000000000000"),
					   &uuid),
			 0);
	assert_false(device_name_is(&uuid, &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
