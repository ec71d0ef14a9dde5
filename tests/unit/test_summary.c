/* SPDX-License-Identifier: Apache-2.0 */
/* A run in a few words. */
#include "plan_check.h"

#include "oci-vfio-hook/summary.h"

#define GK_45 TYPED_ENTRY("vfio-pci-gk", "/dev/vfio/45", "\"0000:3b:02.0=06/00\"")

struct row {
	const char *spec, *map, *expected;
	uint64_t duration;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct plan_run_input input = { .spec = slice_from(rows[i].spec),
						.machine_map = slice_from(rows[i].map),
						.answer = machine_answer };
		auto_plan_run run = { 0 };
		auto_buffer text = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].spec, plan_run(&input, &run, &err), &err);
		summary_text(&run.plan, rows[i].duration, &text);
		check_text(rows[i].spec, buffer_slice(&text), rows[i].expected);
	}
}

static void test_kinds(void **state)
{
	static const struct row rows[] = {
		{ "{}", "[]", "nothing to change, 0.0 ms", 99 },
		{ "{}", MAP_45, "nothing to change, 3000.1 ms", 3000199 },
		{ SPEC(CONTROL "," DEV("/dev/vfio/45", "243", "5"),
		       ALLOW("10", "196") "," ALLOW("243", "5")),
		  MAP_45,
		  "/dev/vfio/45 -> /dev/vfio/6 (243:5 -> 242:6); 5 changes in 1.8 ms",
		  1899 },
		/* The control node is added. */
		{ SPEC(DEV("/dev/vfio/45", "243", "5"), DENY_ALL), MAP_45,
		  "/dev/vfio/45 -> /dev/vfio/6 (243:5 -> 242:6), added /dev/vfio/vfio (10:196); 6 changes in 1.0 ms",
		  1000 },
		/* The path is right, or only the path is wrong. */
		{ SPEC(CONTROL "," DEV("/dev/vfio/6", "243", "5"), ALLOW_ALL),
		  "[" ENTRY("/dev/vfio/6", "\"0000:3b:02.0=06/00\"") "]",
		  "/dev/vfio/6 (243:5 -> 242:6); 2 changes in 0.1 ms", 100 },
		{ SPEC(CONTROL "," DEV("/dev/vfio/45", "242", "6"), ALLOW_ALL), MAP_45,
		  "/dev/vfio/45 -> /dev/vfio/6 (242:6); 1 change in 0.1 ms", 100 },
		/* Only a rule is missing. */
		{ SPEC(CONTROL "," DEV("/dev/vfio/6", "242", "6"),
		       DENY_ALL "," ALLOW("10", "196")),
		  "[" ENTRY("/dev/vfio/6", "\"0000:3b:02.0=06/00\"") "]",
		  "cgroup rules; 1 change in 0.1 ms", 100 },
		{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), MAP_45,
		  "/dev/vfio/45 -> /dev/vfio/6 (242:6), added /dev/vfio/vfio (10:196); 4 changes in 0.1 ms",
		  100 },
		/* Where a mount stays, what it shows. */
		{ MOUNTS(MOUNT("/run/card", "/dev/sda")),
		  "[" NODE_ENTRY("/dev/sda", "/dev/vda") "]",
		  "/dev/sda -> /dev/vda (254:0); 2 changes in 0.1 ms", 100 },
		{ MOUNTS(MOUNT("/dev/sda", "/dev/vda")),
		  "[{\"type\":\"node\",\"container_path\":\"/dev/sda\",\"vm_path\":\"/dev/vda\",\"final_path\":\"/dev/disk\"}]",
		  "/dev/sda -> /dev/disk (254:0); 2 changes in 0.1 ms", 100 },
		{ SPEC(DEV("/dev/vfio/45", "243", "5"), DENY_ALL), "[" GK_45 "]",
		  "removed /dev/vfio/45; 1 change in 0.1 ms", 100 },
		{ MOUNTS(MOUNT("/dev/vfio/45", "/dev/vfio/45")), "[" GK_45 "]",
		  "removed /dev/vfio/45; 1 change in 0.1 ms", 100 },
		{ "{\"process\":{\"env\":[\"PCIDEVICE_B=0000:3b:02.0\"]}}", MAP_45,
		  "PCIDEVICE_B; 1 change in 0.1 ms", 100 },
		/* A tenant chooses the name. */
		{ "{\"process\":{\"env\":[\"PCIDEVICE_B\\n, x=0000:3b:02.0\"]}}", MAP_45,
		  "\"PCIDEVICE_B\\x0A, x\"; 1 change in 0.1 ms", 100 },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

#define VARIABLE(name) "\"PCIDEVICE_" name "=0000:3b:02.0\""
#define EIGHT                                                                            \
	VARIABLE("1")                                                                    \
	"," VARIABLE("2") "," VARIABLE("3") "," VARIABLE("4") "," VARIABLE(              \
		"5") "," VARIABLE("6") "," VARIABLE("7") "," VARIABLE("8")
#define EIGHT_NAMES                                                                      \
	"PCIDEVICE_1, PCIDEVICE_2, PCIDEVICE_3, PCIDEVICE_4, PCIDEVICE_5, PCIDEVICE_6, " \
	"PCIDEVICE_7, PCIDEVICE_8"

static void test_many(void **state)
{
	static const struct row rows[] = {
		{ "{\"process\":{\"env\":[" EIGHT "]}}", MAP_45,
		  EIGHT_NAMES "; 8 changes in 0.1 ms", 100 },
		{ "{\"process\":{\"env\":[" EIGHT
		  "," VARIABLE("9") "," VARIABLE("10") "]}}",
		  MAP_45, EIGHT_NAMES ", 2 more; 10 changes in 0.1 ms", 100 },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

#define CGROUP(path) "{\"linux\":{\"cgroupsPath\":\"" path "\"}}"
#define ID "8f00d0fdd34ed1741aca1334b11a31905acfe869f7053fd528f8e1030d211398"

static void test_container(void **state)
{
	static const struct {
		const char *spec, *id;
	} rows[] = {
		{ "{}", "" },
		{ "{\"linux\":{}}", "" },
		{ CGROUP("machine.slice:libpod:" ID), ID },
		{ CGROUP("/libpod_parent/libpod-" ID), ID },
		{ CGROUP("libpod-" ID), ID },
		{ "{\"linux\":{\"cgroupsPath\":null}}", "" },
		{ CGROUP(ID), "" },
		{ CGROUP("libpod" ID), "" },
		{ CGROUP("libpod/" ID), "" },
		{ CGROUP("system.slice:docker:" ID), "" },
		{ CGROUP("libpod-0" ID), "" },
		{ CGROUP("libpod-" ID "/x"), "" },
		{ CGROUP("libpod-8F00d0fdd34ed1741aca1334b11a31905acfe869f7053fd528f8e1030d211398"),
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		auto_spec spec = { 0 };

		check_done(rows[i].spec,
			   plan_run_parse(slice_from(rows[i].spec), &spec, &err), &err);
		check_text(rows[i].spec, summary_find_container(&spec), rows[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
