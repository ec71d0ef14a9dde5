/* SPDX-License-Identifier: Apache-2.0 */
/* Selectors: their grammar, and what matches them. */
#include "helpers.h"

#include <errno.h>
#include <inttypes.h>

#include "oci-vfio-hook/pci_selector.h"

/* "slot=9 vendor=8086 ": what is asked for. */
static void dump(const struct pci_features *features, struct buffer *ret)
{
	static const char *const names[PCI_FEATURE_COUNT] = {
		[PCI_FEATURE_SLOT] = "slot",
		[PCI_FEATURE_VENDOR] = "vendor",
		[PCI_FEATURE_DEVICE] = "device",
		[PCI_FEATURE_SUBSYSTEM_VENDOR] = "subvendor",
		[PCI_FEATURE_SUBSYSTEM_DEVICE] = "subdevice",
		[PCI_FEATURE_ACPI_INDEX] = "index",
		[PCI_FEATURE_LABEL] = "label",
		[PCI_FEATURE_SERIAL] = "serial",
	};

	for (size_t i = 0; i < PCI_FEATURE_COUNT; i++) {
		if (!features->has[i])
			continue;
		buffer_printf(ret, "%s=", names[i]);
		if (features->texts[i].data)
			buffer_add(ret, features->texts[i]);
		else
			buffer_printf(ret, "%" PRIx64, features->numbers[i]);
		buffer_add(ret, SLICE(" "));
	}
}

static void test_parse(void **state)
{
	static const struct {
		const char *text, *dump;
	} rows[] = {
		{ "acpi-index:7", "index=7 " },
		{ "acpi-index:4294967295", "index=ffffffff " },
		{ "label:Onboard LAN 1", "label=Onboard LAN 1 " },
		{ "label:a+b", "label=a+b " },
		{ "label:a+", "label=a+ " },
		{ "label:a+slots:9", "label=a+slots:9 " },
		{ "label:a+slot:9", "slot=9 label=a " },
		{ "label:+", "label=+ " },
		{ "label::", "label=: " },
		{ "slot:9", "slot=9 " },
		{ "slot:9-1", "slot=9-1 " },
		{ "slot:Slot 3", "slot=Slot 3 " },
		{ "serial:0011223344556677", "serial=11223344556677 " },
		{ "serial:00-11-22-FF-ff-55-66-77", "serial=1122ffff556677 " },
		{ "serial:ffffffffffffffff", "serial=ffffffffffffffff " },
		{ "id:8086:154c", "vendor=8086 device=154c " },
		{ "id:8086:154C:1af4:0000",
		  "vendor=8086 device=154c subvendor=1af4 subdevice=0 " },
		{ "serial:0011223344556677+slot:9+id:8086:154c+acpi-index:1+label:x",
		  "slot=9 vendor=8086 device=154c index=1 label=x serial=11223344556677 " },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_features features;
		auto_buffer found = { 0 };
		auto_error err = { 0 };

		assert_true(pci_selector_begins(slice_from(rows[i].text)));
		check_done(rows[i].text,
			   pci_selector_parse(slice_from(rows[i].text), &features, &err),
			   &err);
		dump(&features, &found);
		check_text(rows[i].text, buffer_slice(&found), rows[i].dump);
	}
	assert_false(pci_selector_begins(SLICE("slot")));
	assert_false(pci_selector_begins(SLICE("06/00")));
	assert_false(pci_selector_begins(SLICE("Slot:9")));
	assert_false(pci_selector_begins(SLICE("")));
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "acpi-index:", "acpi-index must be a number, such as acpi-index:7" },
		{ "acpi-index:x", "acpi-index must be a number" },
		{ "acpi-index:-1", "acpi-index must be a number" },
		{ "acpi-index:0x7", "acpi-index must be a number" },
		{ "acpi-index: 7", "acpi-index must be a number" },
		{ "acpi-index:7 ", "acpi-index must be a number" },
		{ "acpi-index:99999999999", "acpi-index must be a number" },
		{ "acpi-index:7+", "acpi-index must be a number" },
		{ "acpi-index:7+7", "acpi-index must be a number" },
		{ "acpi-index:7+x:9", "acpi-index must be a number" },
		{ "label:", "label must have a text" },
		{ "label:+slot:9", "label must have a text" },
		{ "slot:", "slot must be a name in /sys/bus/pci/slots" },
		{ "slot:9+", "slot must be a name in /sys/bus/pci/slots" },
		{ "slot:..", "slot must be a name in /sys/bus/pci/slots" },
		{ "slot:../../etc", "slot must be a name in /sys/bus/pci/slots" },
		{ "slot:9/address", "slot must be a name in /sys/bus/pci/slots" },
		{ "serial:", "serial must be 16 hex digits, or eight pairs joined by -" },
		{ "serial:001122334455667", "serial must be 16 hex digits" },
		{ "serial:00112233445566778", "serial must be 16 hex digits" },
		{ "serial:001122334455667g", "serial must be 16 hex digits" },
		{ "serial:00:11:22:33:44:55:66:77", "serial must be 16 hex digits" },
		{ "serial:00-11-22-33-44-55-66-7-", "serial must be 16 hex digits" },
		{ "serial:0-0-11-22-33-44-55-66-77", "serial must be 16 hex digits" },
		{ "id:", "id must be two or four times four hex digits" },
		{ "id:8086", "id must be two or four times" },
		{ "id:8086:", "id must be two or four times" },
		{ "id:8086:154", "id must be two or four times" },
		{ "id:8086:0x154c", "id must be two or four times" },
		{ "id:8086:154c:", "id must be two or four times" },
		{ "id:8086:154c:1af4", "id must be two or four times" },
		{ "id:8086:154c:1af4:1100:1", "id must be two or four times" },
		{ "id:8086:154c:1af4:1100:", "id must be two or four times" },
		{ "id:8086-154c", "id must be two or four times" },
		{ "id:8086:15*c", "id must be two or four times" },
		{ "slot:9+slot:8",
		  "\"slot:8\" is the second of its kind in one selector" },
		{ "id:8086:154c+slot:9+id:8086:154c:1af4:1100",
		  "\"id:8086:154c:1af4:1100\" is the second of its kind" },
		{ "06/00", "a selector is acpi-index:N, label:TEXT, slot:NAME, " },
		{ "", "a selector is acpi-index:N" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_features features = { .numbers[0] = 7 };
		auto_error err = { 0 };

		check_error(rows[i].text,
			    pci_selector_parse(slice_from(rows[i].text), &features, &err),
			    &err, ERROR_DATA, rows[i].part);
		assert_int_equal(features.numbers[0], 7);
	}
}

static void test_equal(void **state)
{
	const struct pci_features a = { .has[PCI_FEATURE_LABEL] = true,
					.has[PCI_FEATURE_DEVICE] = true,
					.texts[PCI_FEATURE_LABEL] = SLICE("x"),
					.numbers[PCI_FEATURE_DEVICE] = 7 };
	struct pci_features b = a;

	(void)state;
	assert_true(pci_features_equal(&a, &b));
	assert_false(pci_feature_equal(&a, &b, PCI_FEATURE_SLOT));
	b.texts[PCI_FEATURE_LABEL] = SLICE("X");
	assert_false(pci_feature_equal(&a, &b, PCI_FEATURE_LABEL));
	assert_true(pci_feature_equal(&a, &b, PCI_FEATURE_DEVICE));
	assert_false(pci_features_equal(&a, &b));
	b = a;
	b.numbers[PCI_FEATURE_DEVICE] = 8;
	assert_false(pci_feature_equal(&a, &b, PCI_FEATURE_DEVICE));
	b = a;
	b.has[PCI_FEATURE_DEVICE] = false;
	assert_false(pci_feature_equal(&a, &b, PCI_FEATURE_DEVICE));
	assert_false(pci_features_equal(&a, &b));
	assert_false(pci_features_equal(&b, &a));
}

static void test_slot(void **state)
{
	static const struct {
		const char *text;
		int r;
		struct pci_slot slot;
	} rows[] = {
		{ "0000:01:00", 0, { 0, 1, false, 0 } },
		{ "0000:01:1f", 0, { 0, 1, false, 0x1f } },
		{ "10000:ff:02", 0, { 0x10000, 0xff, false, 2 } },
		{ "0000:01", 0, { 0, 1, true, 0 } },
		{ "01234567:01", 0, { 0x1234567, 1, true, 0 } },
		{ "0000:01:20", -EINVAL, { 0 } },
		{ "0000:01:00.0", -EINVAL, { 0 } },
		{ "0000:01:00.0.0", -EINVAL, { 0 } },
		{ "0000:", -EINVAL, { 0 } },
		{ "0000", -EINVAL, { 0 } },
		{ "", -EINVAL, { 0 } },
		{ "01:00", -EINVAL, { 0 } },
		{ "0123456789abcdef0", -EINVAL, { 0 } },
	};
	const struct pci_slot one = { 1, 2, false, 3 }, all = { 1, 2, true, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pci_slot slot = { 0 };
		int r = pci_slot_parse(slice_from(rows[i].text), &slot);

		if (r != rows[i].r || slot.domain != rows[i].slot.domain ||
		    slot.bus != rows[i].slot.bus || slot.slot != rows[i].slot.slot ||
		    slot.whole_bus != rows[i].slot.whole_bus)
			fail_row(rows[i].text, "%d, %x:%x:%x", r, slot.domain, slot.bus,
				 slot.slot);
	}
	assert_true(pci_slot_has(&one, &(struct pci_address) { 1, 2, 3, 7 }));
	assert_false(pci_slot_has(&one, &(struct pci_address) { 1, 2, 4, 0 }));
	assert_true(pci_slot_has(&all, &(struct pci_address) { 1, 2, 4, 0 }));
	assert_false(pci_slot_has(&all, &(struct pci_address) { 1, 3, 4, 0 }));
	assert_false(pci_slot_has(&all, &(struct pci_address) { 0, 2, 4, 0 }));
}

static void test_capabilities(void **state)
{
	struct pci_capability_walk walk = PCI_CAPABILITY_WALK_INIT;
	size_t count = 0;

	(void)state;
	/* Advanced error reporting at 0x100, the serial number at 0x148. */
	assert_false(pci_capability_pass(&walk, 0x14820001));
	assert_int_equal(walk.at, 0x148);
	assert_true(pci_capability_pass(&walk, 0x15010003));
	assert_int_equal(walk.at, 0x150);
	/* The last one; none at all; nobody answers; into what comes before. */
	assert_false(pci_capability_pass(&walk, 0x00010004));
	assert_int_equal(walk.at, 0);
	walk = (struct pci_capability_walk)PCI_CAPABILITY_WALK_INIT;
	assert_false(pci_capability_pass(&walk, 0));
	assert_int_equal(walk.at, 0);
	walk = (struct pci_capability_walk)PCI_CAPABILITY_WALK_INIT;
	assert_false(pci_capability_pass(&walk, UINT32_MAX));
	assert_int_equal(walk.at, 0);
	walk = (struct pci_capability_walk)PCI_CAPABILITY_WALK_INIT;
	assert_false(pci_capability_pass(&walk, 0x0fc10001));
	assert_int_equal(walk.at, 0);
	/* The two lowest bits of an offset are reserved. */
	walk = (struct pci_capability_walk)PCI_CAPABILITY_WALK_INIT;
	assert_false(pci_capability_pass(&walk, 0x14b10001));
	assert_int_equal(walk.at, 0x148);
	/* A circle ends. */
	walk = (struct pci_capability_walk)PCI_CAPABILITY_WALK_INIT;
	while (walk.at) {
		assert_false(pci_capability_pass(&walk, 0x10010001));
		count++;
	}
	assert_int_equal(count, (4096 - 256) / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	     cmocka_unit_test(test_refused),
		cmocka_unit_test(test_equal),	     cmocka_unit_test(test_slot),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
