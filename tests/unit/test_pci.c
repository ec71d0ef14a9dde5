/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of PCI addresses and PCI paths. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/pci.h"

static void test_address(void **state)
{
	static const struct {
		const char *text, *formatted;
		struct pci_address address;
	} rows[] = {
		{ "0000:00:00.0", "0000:00:00.0", { 0, 0, 0, 0 } },
		{ "0000:3b:02.1", "0000:3b:02.1", { 0, 0x3b, 2, 1 } },
		{ "0001:ff:1f.7", "0001:ff:1f.7", { 1, 0xff, 0x1f, 7 } },
		{ "ABCD:EF:1A.0", "abcd:ef:1a.0", { 0xabcd, 0xef, 0x1a, 0 } },
		{ "10000:e1:00.0", "10000:e1:00.0", { 0x10000, 0xe1, 0, 0 } },
		{ "ffffffff:00:00.0", "ffffffff:00:00.0", { 0xffffffff, 0, 0, 0 } },
		{ "00000001:02:03.4", "0001:02:03.4", { 1, 2, 3, 4 } },
		{ "012345:02:03.4", "12345:02:03.4", { 0x12345, 2, 3, 4 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_address address, again;
		char text[PCI_ADDRESS_SIZE];

		assert_int_equal(pci_address_parse(slice_from(rows[i].text), &address),
				 0);
		if (!pci_address_equal(&address, &rows[i].address))
			fail_row(rows[i].text, "%x %x %x %x", address.domain, address.bus,
				 address.slot, address.function);
		assert_ptr_equal(pci_address_format(&address, text), text);
		check_text(rows[i].text, slice_from(text), rows[i].formatted);
		assert_int_equal(pci_address_parse(slice_from(text), &again), 0);
		assert_true(pci_address_equal(&address, &again));
	}
}

static void test_address_refused(void **state)
{
	static const char *const rows[] = {
		"",
		"0000",
		"00:00.0",
		"000:00:00.0",
		"000000000:00:00.0",
		"0000:0:00.0",
		"0000:000:00.0",
		"0000:00:0.0",
		"0000:00:000.0",
		"0000:00:20.0",
		"0000:00:ff.0",
		"0000:00:00.8",
		"0000:00:00.a",
		"0000:00:00.",
		"0000:00:00.00",
		"0000:00:00",
		"0000:00.00.0",
		"0000-00-00.0",
		"0000:00:00:0",
		"0000:00:00.0 ",
		" 0000:00:00.0",
		"0000:00:00.0\n",
		"0000:00:00.0,",
		"0000:00:00.0.0",
		"0000:00:00:00.0",
		"0x00:00:00.0",
		"000g:00:00.0",
		"0000:g0:00.0",
		"0000:00:0g.0",
		"+000:00:00.0",
		"-000:00:00.0",
		":00:00.0",
		"0000::00.0",
		"0000:00:.0",
		"::.",
		"0000:00:00.0/00",
		"0000:00:00.\xef\xbc\x90",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_address address = { 9, 9, 9, 9 };
		int r = pci_address_parse(slice_from(rows[i]), &address);

		if (r != -EINVAL || address.domain != 9 || address.function != 9)
			fail_row(rows[i], "returned %d", r);
	}
	/* A part of a text, without a NUL after it. */
	assert_int_equal(pci_address_parse((struct slice) { "0000:00:00.01", 12 },
					   &(struct pci_address) { 0 }),
			 0);
}

static void test_address_equal(void **state)
{
	const struct pci_address address = { 1, 2, 3, 4 };
	const struct pci_address others[] = {
		{ 0, 2, 3, 4 }, { 1, 0, 3, 4 }, { 1, 2, 0, 4 }, { 1, 2, 3, 0 }
	};

	(void)state;
	assert_true(pci_address_equal(&address, &address));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(pci_address_equal(&address, &others[i]));
}

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
		"acpi-index:7",
		"id:8086:154c",
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

/* Every spelling, from a place in a text on; what follows it is somebody else's business. */
static void test_scan(void **state)
{
	static const struct {
		const char *text;
		size_t at, end; /* 0: there is none */
		const char *address, *spelled;
	} rows[] = {
		{ "0000:3b:02.1", 0, 12, "0000:3b:02.1", "0000:01:00.0" },
		{ "3B:02.1", 0, 7, "0000:3b:02.1", "01:00.0" },
		{ "10000_3b_0A_7", 0, 13, "10000:3b:0a.7", "0000_01_00_0" },
		{ "3b_02_1", 0, 7, "0000:3b:02.1", "01_00_0" },
		{ "x=0000:3b:02.17", 2, 14, "0000:3b:02.1", "0000:01:00.0" },
		{ "0000:3b:02.1", 5, 12, "0000:3b:02.1", "01:00.0" },
		{ "00000000:3b:02.1", 0, 16, "0000:3b:02.1", "0000:01:00.0" },
		{ "0000:3b:02.1", 1, 0, NULL, NULL },
		{ "000000000:3b:02.1", 0, 0, NULL, NULL },
		{ "0000_3b:02.1", 0, 0, NULL, NULL },
		{ "0000:3b_02_1", 0, 0, NULL, NULL },
		{ "3b:02_1", 0, 0, NULL, NULL },
		{ "3b_02.1", 0, 0, NULL, NULL },
		{ "3b:20.1", 0, 0, NULL, NULL },
		{ "3b:02.8", 0, 0, NULL, NULL },
		{ "3b:02.", 0, 0, NULL, NULL },
		{ "3b:02", 0, 0, NULL, NULL },
		{ "0000:3b", 0, 0, NULL, NULL },
		{ "0000", 0, 0, NULL, NULL },
		{ "", 0, 0, NULL, NULL },
	};
	const struct pci_address other = { .bus = 1 }, far = { .domain = 0x10000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_spelling spelling;
		struct pci_address address;
		char text[PCI_ADDRESS_SIZE];
		size_t end = pci_address_scan(slice_from(rows[i].text), rows[i].at,
					      &address, &spelling);

		if (end != rows[i].end)
			fail_row(rows[i].text, "ends at %zu", end);
		if (end == 0)
			continue;
		check_text(rows[i].text, slice_from(pci_address_format(&address, text)),
			   rows[i].address);
		check_text(rows[i].text,
			   slice_from(pci_address_spell(&other, spelling, text)),
			   rows[i].spelled);
		check_text(rows[i].text,
			   slice_from(pci_address_spell(&far, spelling, text)),
			   spelling.underscores ? "10000_00_00_0" : "10000:00:00.0");
	}
}

static void test_compare(void **state)
{
	static const struct pci_address ordered[] = {
		{ 0, 0, 0, 0 },		 { 0, 0, 0, 1 },    { 0, 0, 1, 0 },
		{ 0, 1, 0, 0 },		 { 0, 0xff, 0, 0 }, { 1, 0, 0, 0 },
		{ 0xffffffff, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ordered); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(ordered); k++) {
			int order = pci_address_compare(&ordered[i], &ordered[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_address_refused),
		cmocka_unit_test(test_address_equal),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_locator_address),
		cmocka_unit_test(test_path_refused),
		cmocka_unit_test(test_path_reasons),
		cmocka_unit_test(test_path_length),
		cmocka_unit_test(test_locator_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
