/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of what says which function of this machine is meant. */
#include "helpers.h"

#include "oci-vfio-hook/pci_locator.h"

static void test_path(void **state)
{
	static const struct {
		const char *text;
		struct pci_locator locator;
	} rows[] = {
		{ "06", { .n_steps = 1, .steps = { { 6, 0 } } } },
		{ "06.7", { .n_steps = 1, .steps = { { 6, 7 } } } },
		{ "06/00", { .n_steps = 2, .steps = { { 6, 0 }, { 0, 0 } } } },
		{ "1F.7/1f.0", { .n_steps = 2, .steps = { { 0x1f, 7 }, { 0x1f, 0 } } } },
		{ "1c.4/00.1/00",
		  { .n_steps = 3, .steps = { { 0x1c, 4 }, { 0, 1 }, { 0, 0 } } } },
		{ "1f/00/00",
		  { .n_steps = 3, .steps = { { 0x1f, 0 }, { 0, 0 }, { 0, 0 } } } },
		{ "20/00/00",
		  { .root_bus = 0x20, .n_steps = 2, .steps = { { 0, 0 }, { 0, 0 } } } },
		{ "ff/1f.7/01",
		  { .root_bus = 0xff,
		    .n_steps = 2,
		    .steps = { { 0x1f, 7 }, { 1, 0 } } } },
		{ "80/01/02/03",
		  { .root_bus = 0x80,
		    .n_steps = 3,
		    .steps = { { 1, 0 }, { 2, 0 }, { 3, 0 } } } },
		{ "0000:00/06", { .n_steps = 1, .steps = { { 6, 0 } } } },
		{ "0001:20/00",
		  { .domain = 1,
		    .root_bus = 0x20,
		    .n_steps = 1,
		    .steps = { { 0, 0 } } } },
		{ "10000:e0/06/00.1",
		  { .domain = 0x10000,
		    .root_bus = 0xe0,
		    .n_steps = 2,
		    .steps = { { 6, 0 }, { 0, 1 } } } },
		{ "0000:05/06/07/08",
		  { .root_bus = 5,
		    .n_steps = 3,
		    .steps = { { 6, 0 }, { 7, 0 }, { 8, 0 } } } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_locator locator, expected = rows[i].locator;
		auto_error err = { 0 };

		expected.kind = PCI_LOCATOR_PATH;
		check_done(rows[i].text,
			   pci_locator_parse(slice_from(rows[i].text), &locator, &err),
			   &err);
		if (!pci_locator_equal(&locator, &expected))
			fail_row(rows[i].text, "domain %x, root bus %x, %u steps, %x.%x",
				 locator.domain, locator.root_bus, locator.n_steps,
				 locator.steps[0].slot, locator.steps[0].function);
	}
}

static void test_locator_mdev(void **state)
{
	const struct pci_locator expected = {
		.kind = PCI_LOCATOR_MDEV,
		.uuid = { { 0x5c, 0x2f, 0x6e, 0x0a, 0x8a, 0x34, 0x4b, 0x6e, 0x9d, 0x51,
			    0x0a, 0x1f, 0x3c, 0x7e, 0x2b, 0x90 } },
	};
	struct pci_locator locator, other;
	auto_error err = { 0 };

	(void)state;
	check_done("UUID",
		   pci_locator_parse(SLICE("5C2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b90"),
				     &locator, &err),
		   &err);
	assert_true(pci_locator_equal(&locator, &expected));
	check_done("another",
		   pci_locator_parse(SLICE("5c2f6e0a-8a34-4b6e-9d51-0a1f3c7e2b91"),
				     &other, &err),
		   &err);
	assert_false(pci_locator_equal(&locator, &other));
}

static void test_locator_address(void **state)
{
	struct pci_locator locator;
	auto_error err = { 0 };

	(void)state;
	check_done("address", pci_locator_parse(SLICE("10000:3b:02.1"), &locator, &err),
		   &err);
	assert_int_equal(locator.kind, PCI_LOCATOR_ADDRESS);
	assert_true(pci_address_equal(&locator.address,
				      &(struct pci_address) { 0x10000, 0x3b, 2, 1 }));
}

static void test_path_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"/",
		"06/",
		"/06",
		"06//00",
		"20",
		"20/00",
		"20/",
		"20/00/",
		"20.0/00/00",
		"020/00/00",
		"06/20/00",
		"00/20",
		"006/00",
		"6",
		"6/00",
		"06/0",
		"0000:00/6",
		"06.8",
		"06.",
		"06.00",
		".0",
		"0x6/00",
		"g0/00",
		"06/-1",
		"06 /00",
		" 06/00",
		"06/00 ",
		"06/00\n",
		"0000:20",
		"0000:20/",
		"000:20/00",
		"000000000:20/00",
		"0000:2/00",
		"0000:020/00",
		"0000:20:00",
		"0000:20:00/00",
		":20/00",
		"0000:/00",
		"0000:20/00:1",
		"0000:20/20/00",
		"0000:00:20.0",
		"0000:00:00.8",
		"00:06.0",
		"acpi_index:7",
		"ACPI-INDEX:7",
		"vendor:8086",
		"self",
		"../00",
		"06/..",
		"0000:3b:02.0=06/00",
		"100/00/00",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_locator locator = { .n_steps = 99 };
		auto_error err = { 0 };
		auto_free char *quoted = text_quote(slice_from(rows[i]));
		int r = pci_locator_parse(slice_from(rows[i]), &locator, &err);

		check_error(rows[i], r, &err, ERROR_DATA, quoted);
		assert_int_equal(locator.n_steps, 99);
	}
}

static void test_path_reasons(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "000:20/00", ": the root bus must be DDDD:BB in hex" },
		{ "0000:2/00", ": the root bus must be DDDD:BB in hex" },
		{ "0000:20", ": the root bus must be DDDD:BB in hex" },
		{ "06/20/00", ": a step is SS or SS.F, slot 00 to 1f, function 0 to 7" },
		{ "06.8", ": a step is SS or SS.F, slot 00 to 1f, function 0 to 7" },
		{ "", ": a step is SS or SS.F, slot 00 to 1f, function 0 to 7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_locator locator;
		auto_error err = { 0 };

		check_error(rows[i].text,
			    pci_locator_parse(slice_from(rows[i].text), &locator, &err),
			    &err, ERROR_DATA, rows[i].part);
	}
}

static void test_path_length(void **state)
{
	auto_buffer text = { 0 };
	struct pci_locator locator;
	auto_error err = { 0 };

	(void)state;
	buffer_add(&text, SLICE("00"));
	for (int i = 1; i < 32; i++)
		buffer_add(&text, SLICE("/01"));
	check_done("32 steps", pci_locator_parse(buffer_slice(&text), &locator, &err),
		   &err);
	assert_int_equal(locator.n_steps, 32);
	buffer_add(&text, SLICE("/01"));
	check_error("33 steps", pci_locator_parse(buffer_slice(&text), &locator, &err),
		    &err, ERROR_DATA, "more than 32 steps");
}

static void test_locator_equal(void **state)
{
	/* Those in one row are equal, those of different rows are not. */
	static const char *const rows[][3] = {
		{ "06/00", "06/00.0", "0000:00/06.0/00.0" },
		{ "06/00.1", "06.0/00.1", "0000:00/06/00.1" },
		{ "06.1/00", "06.1/00.0", "00000000:00/06.1/00" },
		{ "06", "06.0", "0000:00/06" },
		{ "20/00/00", "0000:20/00/00", "20/00.0/00" },
		{ "0001:20/00/00", "0001:20/00/00.0", "00000001:20/00.0/00" },
		{ "slot:9+id:8086:154c", "id:8086:154C+slot:9", "slot:9+id:8086:154c" },
		{ "slot:9", "slot:9", "slot:9" },
		{ "label:9", "label:9", "label:9" },
		{ "id:8086:154c", "id:8086:154C", "id:8086:154c" },
		{ "id:8086:154c:8086:0000", "id:8086:154c:8086:0000",
		  "id:8086:154C:8086:0000" },
		{ "serial:00112233445566AA", "serial:00-11-22-33-44-55-66-aa",
		  "serial:00112233445566aa" },
		{ "acpi-index:7", "acpi-index:007", "acpi-index:7" },
		{ "0000:06:00.0", "00000000:06:00.0", "000000:06:00.0" },
		{ "0000:00:06.0", "00000:00:06.0", "0000:00:06.0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows) * 3; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(rows) * 3; k++) {
			const char *x = rows[i / 3][i % 3], *y = rows[k / 3][k % 3];
			struct pci_locator a, b;
			auto_error err = { 0 };

			check_done(x, pci_locator_parse(slice_from(x), &a, &err), &err);
			check_done(y, pci_locator_parse(slice_from(y), &b, &err), &err);
			if (pci_locator_equal(&a, &b) != (i / 3 == k / 3))
				fail_row(x, "and %s", y);
		}
	}
}

static void test_locator_selector(void **state)
{
	struct pci_locator locator = { .n_steps = 99 };
	auto_error err = { 0 };

	(void)state;
	check_error("bad", pci_locator_parse(SLICE("slot:"), &locator, &err), &err,
		    ERROR_DATA, "\"slot:\": slot must be a name in /sys/bus/pci/slots");
	assert_int_equal(locator.n_steps, 99);
	error_free(&err);
	check_done("good", pci_locator_parse(SLICE("slot:9"), &locator, &err), &err);
	assert_int_equal(locator.kind, PCI_LOCATOR_SELECTOR);
	assert_true(locator.selector.has[PCI_FEATURE_SLOT]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_locator_mdev),
		cmocka_unit_test(test_locator_address),
		cmocka_unit_test(test_locator_selector),
		cmocka_unit_test(test_path_refused),
		cmocka_unit_test(test_path_reasons),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_locator_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
