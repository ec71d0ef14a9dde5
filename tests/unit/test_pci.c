/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of PCI addresses. */
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
