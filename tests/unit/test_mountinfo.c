/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/PID/mountinfo. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/mountinfo.h"

static void test_parse(void **state)
{
	static const struct {
		const char *line;
		uint32_t major, minor;
		const char *type; /* NULL: -EINVAL */
	} rows[] = {
		{ "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue",
		  98, 0, "ext3" },
		{ "23 28 0:5 / /dev rw,nosuid,relatime shared:2 - devtmpfs udev rw,size=1k",
		  0, 5, "devtmpfs" },
		/* Without an optional column, and with several. */
		{ "23 28 0:5 / /dev rw - tmpfs tmpfs rw", 0, 5, "tmpfs" },
		{ "23 28 0:5 / /dev rw shared:2 master:1 propagate_from:3 - tmpfs tmpfs rw",
		  0, 5, "tmpfs" },
		{ "23 28 4095:1048575 / / rw - ext4 /dev/sda rw", 4095, 1048575, "ext4" },
		{ "23 28 0:5 / / rw - fuse.sshfs host: rw", 0, 5, "fuse.sshfs" },
		/* A source may be empty. */
		{ "23 28 0:5 / / rw - tmpfs  rw", 0, 5, "tmpfs" },
		/* Names that look like the separator, or like the wanted type. */
		{ "23 28 0:5 /- /a\\040-\\040devtmpfs rw - ext4 - rw", 0, 5, "ext4" },
		{ "23 28 0:5 - - rw - ext4 devtmpfs rw", 0, 5, "ext4" },
		{ "23 28 0:5 / / rw shared:2", 0, 0, NULL },
		{ "23 28 0:5 / / rw -", 0, 0, NULL },
		{ "23 28 0:5 / / rw - ", 0, 0, NULL },
		{ "23 28 5 / / rw - ext4 a rw", 0, 0, NULL },
		{ "23 28 4096:0 / / rw - ext4 a rw", 0, 0, NULL },
		{ "23 28", 0, 0, NULL },
		{ "", 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mountinfo mount = { .type = SLICE("untouched") };
		int r = mountinfo_parse(slice_from(rows[i].line), &mount);

		if (r != (rows[i].type ? 0 : -EINVAL) ||
		    mount.device.major != rows[i].major ||
		    mount.device.minor != rows[i].minor)
			fail_row(rows[i].line, "%d, %u:%u", r, mount.device.major,
				 mount.device.minor);
		check_text(rows[i].line, mount.type,
			   rows[i].type ? rows[i].type : "untouched");
	}
}

/* Names are as the kernel writes them. */
static void test_names(void **state)
{
	static const struct {
		const char *line, *target, *source;
	} rows[] = {
		{ "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw",
		  "/mnt2", "/dev/root" },
		{ "23 28 0:5 /- /a\\040-\\040b rw - btrfs /dev/sda\\0401 rw",
		  "/a\\040-\\040b", "/dev/sda\\0401" },
		{ "23 28 0:5 / / rw shared:2 - tmpfs  rw", "/", "" },
		{ "23 28 0:5 / / rw - tmpfs none", "/", "none" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mountinfo mount;

		if (mountinfo_parse(slice_from(rows[i].line), &mount) < 0)
			fail_row(rows[i].line, "not parsed");
		check_text(rows[i].line, mount.target, rows[i].target);
		check_text(rows[i].line, mount.source, rows[i].source);
	}
}

static void test_find(void **state)
{
	static const char text[] = "1 0 8:1 / / rw - ext4 /dev/devtmpfs rw\n"
				   "nonsense\n"
				   "2 1 0:6 / /x rw - devtmpfs2 a rw\n"
				   "3 1 0:7 / /dev rw - devtmpfs a rw\n"
				   "4 1 0:8 / /d rw - devtmpfs a rw\n";
	struct mountinfo mount;

	(void)state;
	assert_true(mountinfo_find_type(SLICE(text), SLICE("devtmpfs"), &mount));
	assert_int_equal(mount.device.minor, 7);
	assert_false(mountinfo_find_type(SLICE(text), SLICE("tmpfs"), &mount));
	assert_false(mountinfo_find_type(SLICE(""), SLICE("tmpfs"), &mount));
	assert_int_equal(mount.device.minor, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
