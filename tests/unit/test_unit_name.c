/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd unit of a cgroup. */
#include "helpers.h"

#include "oci-vfio-hook/unit_name.h"

static void names(void **state)
{
	static const struct {
		const char *path;
		const char *name; /* NULL: it is not a unit's */
	} rows[] = {
		{ "/system.slice/crun-box.scope", "crun-box.scope" },
		{ "/machine.slice/libpod-0123.scope", "libpod-0123.scope" },
		{ "/system.slice/a.service", "a.service" },
		{ "/kubepods.slice/kubepods-pod1.slice", "kubepods-pod1.slice" },
		/* What the unit's name has of \x2d is in the cgroup's as well. */
		{ "/a.slice/x\\x2dy.scope", "x\\x2dy.scope" },
		/* As cg_escape() makes them: of "cgroup.x.scope", "memory.x.scope" and
		 * "_x.scope". */
		{ "/a.slice/_cgroup.x.scope", "cgroup.x.scope" },
		{ "/a.slice/_memory.x.scope", "memory.x.scope" },
		{ "/a.slice/__x.scope", "_x.scope" },
		{ "box.scope", "box.scope" },
		{ "/system.slice/crun-box.scope/container", NULL },
		{ "/docker/0123", NULL },
		{ "/a.scopes", NULL },
		{ "/a.scope/", NULL },
		{ "/a.slice/.scope", NULL },
		{ "/a.slice/_.scope", NULL },
		{ "/a.slice/_", NULL },
		{ "/", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice name = SLICE("untouched");
		bool found = unit_name_from_cgroup(slice_from(rows[i].path), &name);

		if (found != (rows[i].name != NULL))
			fail_row(rows[i].path, "found: %d", found);
		check_text(rows[i].path, name,
			   rows[i].name != NULL ? rows[i].name : "untouched");
	}
}

/* Not more than the slice is looked at. */
static void parts(void **state)
{
	static const char path[] = "/system.slice/box.scope/container";
	struct slice name;

	(void)state;
	assert_true(unit_name_from_cgroup((struct slice) { path, 23 }, &name));
	check_text("part", name, "box.scope");
	assert_false(unit_name_from_cgroup((struct slice) { path, 22 }, &name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
