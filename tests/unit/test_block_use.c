/* SPDX-License-Identifier: Apache-2.0 */
/* Block devices in the kernel's tables. */
#include "helpers.h"

#include "oci-vfio-hook/block_use.h"

static struct block_devices make_devices(void)
{
	static const struct {
		const char *name;
		struct device_number number;
	} rows[] = {
		{ "vda", { 'b', 254, 0 } },
		{ "vda1", { 'b', 254, 1 } },
		{ "cciss!c0d0", { 'b', 104, 0 } },
	};
	struct block_devices devices = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		block_devices_add(&devices, rows[i].name, &rows[i].number);
	return devices;
}

static void check_use(const char *what, struct function_use *use,
		      enum function_use_kind kind, const char *name, const char *by)
{
	if ((name == NULL) != (use->name == NULL) || (by == NULL) != (use->by == NULL))
		fail_row(what, "found %s by %s", use->name, use->by);
	if (name) {
		assert_int_equal(use->kind, kind);
		check_text(what, slice_from(use->name), name);
	}
	if (by)
		check_text(what, slice_from(use->by), by);
	function_use_free(use);
}

static void test_mounted(void **state)
{
	static const struct {
		const char *text, *name, *by;
	} rows[] = {
		{ "", NULL, NULL },
		{ "nonsense\n1 0 254:16 / / rw - ext4 /dev/vdb rw\n", NULL, NULL },
		{ "1 0 254:16 / / rw - ext4 /dev/vdb rw\n"
		  "2 1 254:1 / /srv rw shared:1 - ext4 /dev/root rw\n",
		  "vda1", "/srv" },
		/* Without a newline. */
		{ "2 1 254:0 / /srv rw - ext4 /dev/vda rw", "vda", "/srv" },
		/* Numbers of its own. */
		{ "2 1 0:40 /root /srv rw - btrfs /dev/vda1 rw\n", "vda1", "/srv" },
		{ "2 1 0:40 / /srv rw - btrfs /dev/cciss/c0d0 rw\n", "cciss!c0d0",
		  "/srv" },
		/* Others that only begin like it. */
		{ "2 1 0:40 / /srv rw - btrfs /dev/vda12 rw\n", NULL, NULL },
		{ "2 1 0:40 / /srv rw - tmpfs vda rw\n", NULL, NULL },
		{ "2 1 0:40 / /srv rw - btrfs /dev/cciss!c0d0 rw\n", NULL, NULL },
		/* Where it is mounted is a name from outside. */
		{ "2 1 254:0 / /a\\040b rw - ext4 /dev/vda rw\n", "vda",
		  "\"/a\\\\040b\"" },
		{ "2 1 254:0 / /a\033b rw - ext4 /dev/vda rw\n", "vda", "\"/a\\x1Bb\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct block_devices devices = make_devices();
		struct function_use use = { 0 };

		block_find_mounted(&devices, slice_from(rows[i].text), &use);
		check_use(rows[i].text, &use, FUNCTION_DISK_MOUNTED, rows[i].name,
			  rows[i].by);
		block_devices_free(&devices);
	}
}

static void test_swap(void **state)
{
#define SWAPS "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "", NULL },
		{ SWAPS, NULL },
		{ SWAPS
		  "/dev/vda1                               partition\t65532\t0\t-2\n",
		  "vda1" },
		{ SWAPS "/swapfile file\t1\t0\t-2\n/dev/vda partition\t1\t0\t-3\n",
		  "vda" },
		{ SWAPS "/dev/vda11 partition\t1\t0\t-2\n", NULL },
		{ SWAPS "/dev/vda", "vda" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct block_devices devices = make_devices();
		struct function_use use = { 0 };

		block_find_swap(&devices, slice_from(rows[i].text), &use);
		check_use(rows[i].text, &use, FUNCTION_DISK_SWAP, rows[i].name, NULL);
		block_devices_free(&devices);
	}
}

static void test_multipath(void **state)
{
	static const struct {
		const char *name, *head;
	} rows[] = {
		{ "nvme0c1n1", "nvme0n1" },
		{ "nvme12c345n6", "nvme12n6" },
		{ "nvme0n1", NULL },
		{ "nvme0n1p2", NULL },
		{ "nvme0c1", NULL },
		{ "nvme0c", NULL },
		{ "nvmec1n1", NULL },
		{ "nvme0cn1", NULL },
		{ "nvme", NULL },
		{ "sda", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *head = block_multipath_head(rows[i].name);

		if ((head == NULL) != (rows[i].head == NULL))
			fail_row(rows[i].name, "is %s", head);
		if (head)
			check_text(rows[i].name, slice_from(head), rows[i].head);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_multipath),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
