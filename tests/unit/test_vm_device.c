/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of devices in virtual machines, and what sysfs calls them here. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/vm_device.h"

/* Every path that is written means in a map what it was made of. */
static void test_paths(void **state)
{
	static const struct {
		uint32_t domain;
		uint8_t root_bus;
		uint8_t n_steps;
		struct pci_step steps[3]; /* from the function up */
		const char *expected;
	} rows[] = {
		{ 0, 0, 1, { { 5, 0 } }, "05" },
		{ 0, 0, 1, { { 0x1f, 7 } }, "1f.7" },
		{ 0, 0, 2, { { 0, 0 }, { 6, 1 } }, "06.1/00" },
		{ 0, 0x20, 2, { { 0, 0 }, { 0, 0 } }, "20/00/00" },
		{ 0, 0xfe, 3, { { 0, 0 }, { 3, 0 }, { 1, 0 } }, "fe/01/03/00" },
		{ 0, 0x20, 1, { { 0, 0 } }, "0000:20/00" },
		{ 0, 0x1f, 2, { { 0, 0 }, { 4, 0 } }, "0000:1f/04/00" },
		{ 1, 0, 1, { { 5, 2 } }, "0001:00/05.2" },
		{ 0x10000, 0x20, 2, { { 5, 0 }, { 1, 0 } }, "10000:20/01/05" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm_path path = { .domain = rows[i].domain,
					.root_bus = rows[i].root_bus };
		auto_free char *text = NULL;
		auto_error err = { 0 };
		struct pci_locator locator;

		for (size_t k = 0; k < rows[i].n_steps; k++)
			assert_true(vm_path_add(&path, rows[i].steps[k].slot,
						rows[i].steps[k].function));
		text = vm_path_format(&path);
		check_text("path", slice_from(text), rows[i].expected);
		check_done(text, pci_locator_parse(slice_from(text), &locator, &err),
			   &err);
		assert_int_equal(locator.domain, path.domain);
		assert_int_equal(locator.root_bus, path.root_bus);
		assert_int_equal(locator.n_steps, path.n_steps);
		for (size_t k = 0; k < path.n_steps; k++) {
			const struct pci_step *step = &path.steps[path.n_steps - 1 - k];

			assert_int_equal(locator.steps[k].slot, step->slot);
			assert_int_equal(locator.steps[k].function, step->function);
		}
	}
}

static void test_limits(void **state)
{
	struct vm_path path = { 0 };

	(void)state;
	assert_false(vm_path_add(&path, 0x20, 0));
	assert_false(vm_path_add(&path, 0, 8));
	for (int i = 0; i < PCI_PATH_STEPS_MAX; i++)
		assert_true(vm_path_add(&path, 0x1f, 7));
	assert_false(vm_path_add(&path, 0, 0));
}

static void test_host(void **state)
{
	static const struct {
		const char *path, *expected; /* NULL: none */
	} rows[] = {
		{ "/sys/bus/pci/devices/0000:3b:02.0", "0000:3b:02.0" },
		{ "/sys/bus/pci/devices/0000:3b:02.0///", "0000:3b:02.0" },
		{ "10000:3B:02.0", "10000:3b:02.0" },
		{ "/sys/bus/mdev/devices/4B20D080-1B54-4048-85B3-A6A62D165C01/",
		  "4b20d080-1b54-4048-85b3-a6a62d165c01" },
		{ "/sys/bus/pci/devices/3b:02.0", NULL },
		{ "/dev/vfio/45", NULL },
		{ "///", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device_name name;
		char text[DEVICE_NAME_SIZE];

		if (!rows[i].expected) {
			assert_int_equal(vm_host_from_path(slice_from(rows[i].path),
							   &name),
					 -EINVAL);
			continue;
		}
		assert_int_equal(vm_host_from_path(slice_from(rows[i].path), &name), 0);
		assert_string_equal(device_name_format(&name, text), rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
