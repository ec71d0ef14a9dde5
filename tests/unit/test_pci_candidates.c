/* SPDX-License-Identifier: Apache-2.0 */
/* What tells several functions apart. */
#include "helpers.h"

#include "oci-vfio-hook/pci_candidates.h"

/* A function on this bus: "id:8086:154c+slot:9", and its PCI path. */
static struct pci_candidate candidate(uint8_t bus, const char *features, char *path)
{
	struct pci_candidate ret = { .address = { .bus = bus }, .path = path };
	auto_error err = { 0 };

	check_done(features,
		   pci_selector_parse(slice_from(features), &ret.features, &err), &err);
	return ret;
}

static void check(const char *a, char *path_a, const char *b, char *path_b,
		  const char *expected)
{
	const struct pci_candidate both[] = { candidate(1, a, path_a),
					      candidate(2, b, path_b) };
	auto_free char *text = pci_candidates_describe(both, ARRAY_SIZE(both), 2);

	check_text(a, slice_from(text), expected);
}

static void test_describe(void **state)
{
	char first[] = "06/00", second[] = "0000:20/00/00";

	(void)state;
	check("id:8086:154c+slot:9", first, "id:8086:154c+slot:10", second,
	      "0000:01:00.0 (06/00, slot:9), 0000:02:00.0 (0000:20/00/00, slot:10)");
	check("id:8086:154c", first, "id:8086:154c", second,
	      "0000:01:00.0 (06/00), 0000:02:00.0 (0000:20/00/00)");
	check("id:8086:154c", NULL, "id:8086:154c", NULL, "0000:01:00.0, 0000:02:00.0");
	check("id:8086:154c+slot:1", NULL, "id:8086:154d+slot:1", NULL,
	      "0000:01:00.0 (id:8086:154c), 0000:02:00.0 (id:8086:154d)");
	check("id:8086:154c:1af4:1100", NULL, "id:8086:154c:1af4:1101", NULL,
	      "0000:01:00.0 (id:8086:154c:1af4:1100), 0000:02:00.0 (id:8086:154c:1af4:1101)");
	/* Only one of them has it. */
	check("slot:1+acpi-index:7", NULL, "slot:1", NULL,
	      "0000:01:00.0 (acpi-index:7), 0000:02:00.0");
	check("label:a\x1b+b+slot:1", NULL,
	      "serial:00-11-22-33-44-55-66-77+acpi-index:8+slot:2", NULL,
	      "0000:01:00.0 (slot:1, label:a\\x1B+b), "
	      "0000:02:00.0 (slot:2, acpi-index:8, serial:0011223344556677)");
}

static void test_more(void **state)
{
	const struct pci_candidate all[] = { candidate(1, "slot:1", NULL),
					     candidate(2, "slot:1", NULL),
					     candidate(3, "slot:2", NULL) };
	auto_free char *text = pci_candidates_describe(all, ARRAY_SIZE(all), 10);

	(void)state;
	check_text("more", slice_from(text),
		   "0000:01:00.0 (slot:1), 0000:02:00.0 (slot:1), "
		   "0000:03:00.0 (slot:2), and 7 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
