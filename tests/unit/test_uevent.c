/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of devices. */
#include "helpers.h"

#include "oci-vfio-hook/uevent.h"

static void test_is_of(void **state)
{
	/* NULL: of none. */
	static const struct {
		struct slice message;
		const char *subsystem;
	} rows[] = {
		{ SLICE("add@/devices/pci0000:00/0000:00:06.0/0000:01:00.0\0ACTION=add\0"
			"DEVPATH=/devices/pci0000:00/0000:00:06.0/0000:01:00.0\0SUBSYSTEM=pci\0"
			"PCI_CLASS=20000\0SEQNUM=1234\0"),
		  "pci" },
		{ SLICE("bind@/x\0ACTION=bind\0SUBSYSTEM=pci"), "pci" },
		{ SLICE("add@/devices/virtual/vfio/3\0SUBSYSTEM=vfio\0"), "vfio" },
		{ SLICE("add@/x\0SUBSYSTEM=vfio-dev\0"), "vfio-dev" },
		{ SLICE("add@/x\0SUBSYSTEM=\0"), "" },
		/* The first one counts, and only a whole one. */
		{ SLICE("add@/x\0SUBSYSTEM=net\0SUBSYSTEM=pci\0"), "net" },
		{ SLICE("add@/x\0XSUBSYSTEM=pci\0"), NULL },
		{ SLICE("add@SUBSYSTEM=pci\0"), NULL },
		{ SLICE("add@/x"), NULL },
		/* udevd's own begin with its name. */
		{ SLICE("libudev\0\xfe\xed\xca\xfe\0SUBSYSTEM=pci\0"), NULL },
		{ SLICE("\0SUBSYSTEM=pci\0"), NULL },
		{ SLICE(""), NULL },
	};
	static const char *const subsystems[] = { "pci", "vfio", "vfio-dev", "net", "" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct slice all = rows[i].message;
		auto_free char *copy = xmalloc(all.length);

		memcpy(copy, all.data, all.length);
		for (size_t k = 0; k < ARRAY_SIZE(subsystems); k++) {
			const bool expected =
				rows[i].subsystem &&
				text_equal(rows[i].subsystem, subsystems[k]);

			if (uevent_is_of((struct slice) { copy, all.length },
					 slice_from(subsystems[k])) != expected)
				fail_row(all.data, "of \"%s\"", subsystems[k]);
		}
	}
}

static void test_find(void **state)
{
	const struct slice attribute = SLICE(
		"DRIVER=vfio-pci\nPCI_CLASS=20000\nXPCI_ID=1\nPCI_ID=8086:154C\nPCI_ID=1\n"
		"EMPTY=\nNOTHING\nMODALIAS=pci:v=1");
	static const struct {
		const char *key, *value;
	} rows[] = {
		{ "DRIVER", "vfio-pci" },  { "PCI_CLASS", "20000" },
		{ "PCI_ID", "8086:154C" }, { "EMPTY", "" },
		{ "MODALIAS", "pci:v=1" }, { "NOTHING", NULL },
		{ "PCI", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice value = { 0 };
		const bool found =
			uevent_find(attribute, slice_from(rows[i].key), &value);

		if (found != (rows[i].value != NULL))
			fail_row(rows[i].key, "found: %d", found);
		if (found)
			check_text(rows[i].key, value, rows[i].value);
	}
	assert_false(uevent_find(SLICE(""), SLICE("DRIVER"), &(struct slice) { 0 }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_of),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
