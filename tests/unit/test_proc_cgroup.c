/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/cgroup and cgroup.procs: which cgroup decides, and who is in it. */
#include "helpers.h"

#include "oci-vfio-hook/proc_cgroup.h"

static void test_membership(void **state)
{
	static const struct {
		const char *text;
		enum device_cgroup_kind kind;
		const char *path;
	} rows[] = {
		{ "0::/system.slice/crun-box.scope/container\n", DEVICE_CGROUP_V2,
		  "/system.slice/crun-box.scope/container" },
		{ "0::/\n", DEVICE_CGROUP_V2, "/" },
		/* Without a newline, which the kernel always writes. */
		{ "0::/a", DEVICE_CGROUP_V2, "/a" },
		/* v1 decides where it has the controller, before or after the others. */
		{ "3:cpu,cpuacct:/a\n2:devices:/b\n0::/c\n", DEVICE_CGROUP_V1, "/b" },
		{ "0::/c\n2:devices:/b\n", DEVICE_CGROUP_V1, "/b" },
		{ "2:devices:/\n", DEVICE_CGROUP_V1, "/" },
		{ "4:freezer,devices:/b\n", DEVICE_CGROUP_V1, "/b" },
		{ "4:devices,freezer:/b\n", DEVICE_CGROUP_V1, "/b" },
		{ "4:cpu,devices,pids:/b\n", DEVICE_CGROUP_V1, "/b" },
		/* Hybrid: systemd's own hierarchy has no controller. */
		{ "1:name=systemd:/a\n0::/b\n", DEVICE_CGROUP_V2, "/b" },
		/* Controllers and hierarchies that only look like it. */
		{ "2:devices2:/a\n3:xdevices:/a\n1:name=devices:/a\n", DEVICE_CGROUP_NONE,
		  NULL },
		{ "10::/a\n", DEVICE_CGROUP_NONE, NULL },
		{ "00::/a\n", DEVICE_CGROUP_NONE, NULL },
		{ "0:cpu:/a\n", DEVICE_CGROUP_NONE, NULL },
		/* A path may have colons, commas and spaces, and leave a namespace. */
		{ "0::/a:b:c\n", DEVICE_CGROUP_V2, "/a:b:c" },
		{ "2:devices:/kubepods:cri:0123\n", DEVICE_CGROUP_V1,
		  "/kubepods:cri:0123" },
		{ "0::/a:devices:/b\n", DEVICE_CGROUP_V2, "/a:devices:/b" },
		{ "0::/a b (deleted)\n", DEVICE_CGROUP_V2, "/a b (deleted)" },
		{ "0::/../../a\n", DEVICE_CGROUP_V2, "/../../a" },
		{ "nonsense\n5:cpu:\n0::/a\n", DEVICE_CGROUP_V2, "/a" },
		/* No such line. */
		{ "", DEVICE_CGROUP_NONE, NULL },
		{ "\n", DEVICE_CGROUP_NONE, NULL },
		{ "0::\n", DEVICE_CGROUP_NONE, NULL },
		{ "0::a\n", DEVICE_CGROUP_NONE, NULL },
		{ "0:/a\n", DEVICE_CGROUP_NONE, NULL },
		{ "0\n", DEVICE_CGROUP_NONE, NULL },
		{ "2:devices\n", DEVICE_CGROUP_NONE, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice path = SLICE("untouched");
		enum device_cgroup_kind kind =
			proc_cgroup_parse(slice_from(rows[i].text), &path);

		if (kind != rows[i].kind)
			fail_row(rows[i].text, "kind %d", (int)kind);
		check_text(rows[i].text, path, rows[i].path ? rows[i].path : "untouched");
	}
}

/* Not more than the slice is looked at. */
static void test_part(void **state)
{
	struct slice path;

	(void)state;
	assert_int_equal(proc_cgroup_parse((struct slice) { "0::/abc", 5 }, &path),
			 DEVICE_CGROUP_V2);
	check_text("part", path, "/a");
	assert_int_equal(proc_cgroup_parse((struct slice) { "0::/abc", 3 }, &path),
			 DEVICE_CGROUP_NONE);
}

static void test_processes(void **state)
{
	static const struct {
		const char *text;
		int64_t pid;
		bool listed;
	} rows[] = {
		{ "1\n42\n4200\n", 42, true },
		{ "1\n42\n4200\n", 1, true },
		{ "1\n42\n4200\n", 4200, true },
		{ "1\n42\n4200\n", 420, false },
		{ "1\n42\n4200\n", 2, false },
		{ "2147483647\n", 2147483647, true },
		{ "", 1, false },
		/* A process of another PID namespace. */
		{ "0\n0\n", 42, false },
		{ "-42\n+42\n 42\n42 \n0x2a\n", 42, false },
		{ "4294967338\n", 42, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (proc_cgroup_lists(slice_from(rows[i].text), rows[i].pid) !=
		    rows[i].listed)
			fail_row(rows[i].text, "%d: expected %d", (int)rows[i].pid,
				 rows[i].listed);
}

static void test_below(void **state)
{
	static const struct {
		const char *path, *root;
		const char *below; /* NULL: it isn't */
	} rows[] = {
		{ "/a/b", "/", "/a/b" },
		{ "/a/b", "/a", "/b" },
		{ "/a/b", "/a/b", "/" },
		{ "/", "/", "/" },
		{ "/ab", "/a", NULL },
		{ "/a", "/ab", NULL },
		{ "/a", "/a/b", NULL },
		{ "/b/a", "/a", NULL },
		{ "/", "/a", NULL },
		/* Who knows what is there? */
		{ "/../a", "/a", NULL },
		{ "/../a/b", "/../a", "/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *below = proc_cgroup_below(rows[i].path, rows[i].root);

		check_text(rows[i].path, slice_from(below ? below : "NULL"),
			   rows[i].below ? rows[i].below : "NULL");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_membership),
		cmocka_unit_test(test_part),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
