/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the parsers of what the kernel writes below /proc and in cgroups, and tells of
 * devices. */
#include "fuzz.h"

#include "oci-vfio-hook/block_use.h"
#include "oci-vfio-hook/cgroup_rule.h"
#include "oci-vfio-hook/device_program.h"
#include "oci-vfio-hook/id_map.h"
#include "oci-vfio-hook/mountinfo.h"
#include "oci-vfio-hook/namespace_link.h"
#include "oci-vfio-hook/proc_cgroup.h"
#include "oci-vfio-hook/uevent.h"
#include "oci-vfio-hook/unit_name.h"

static void check_within(struct slice part, struct slice text)
{
	fuzz_check(part.data >= text.data &&
			   part.data + part.length <= text.data + text.length,
		   "not a part of the text");
}

static void check_cgroup(struct slice text)
{
	struct slice path, unit;

	proc_cgroup_lists(text, 1);
	if (proc_cgroup_parse(text, &path) == DEVICE_CGROUP_NONE)
		return;
	check_within(path, text);
	fuzz_check(path.length > 0 && path.data[0] == '/', "no path");
	if (unit_name_from_cgroup(path, &unit))
		check_within(unit, path);
}

static bool is_same(const struct cgroup_rule *a, const struct cgroup_rule *b)
{
	return a->any_major == b->any_major && a->any_minor == b->any_minor &&
	       device_number_equal(&a->number, &b->number);
}

/* Has the list another rule for the same? The kernel has one, with the access of both. */
static bool is_twice(const struct cgroup_rules *rules, size_t index)
{
	const struct cgroup_rule *rule = &rules->items[index];

	return (index > 0 && is_same(rule, rule - 1)) ||
	       (index + 1 < rules->count && is_same(rule, rule + 1));
}

/* A rule of a list allows its own device. */
static void check_rules(struct slice text)
{
	auto_cgroup_rules rules = { 0 };

	if (cgroup_rules_parse(text, &rules) < 0) {
		fuzz_check(!rules.items, "an output in spite of the error");
		return;
	}
	for (size_t i = 0; i < rules.count; i++) {
		const struct cgroup_rule *rule = &rules.items[i];

		uint32_t access;

		fuzz_check(device_access_parse(rule->access, &access) == 0, "access");
		fuzz_check(is_twice(&rules, i) ||
				   cgroup_rules_allow(&rules, &rule->number, access),
			   "not allowed");
		fuzz_check(rule->number.type != 'a' || rules.open, "not open");
	}
}

static void check_map(struct slice text)
{
	auto_id_map map = { 0 };

	if (id_map_parse(text, &map) < 0) {
		fuzz_check(!map.items, "an output in spite of the error");
		return;
	}
	for (size_t i = 0; i < map.count; i++) {
		uint32_t outside;

		fuzz_check(map.items[i].count == 0 ||
				   id_map_find(&map, map.items[i].inside, &outside),
			   "the first of a range isn't found");
	}
}

/* What the tables say of disks, one of which has a name of the text's. */
static void check_disks(struct slice text)
{
	struct block_devices devices = { 0 };
	auto_function_use mounted = { 0 }, swap = { 0 };
	auto_free char *name = xstrndup(text.data, text.length);
	auto_free char *head = block_multipath_head(name);

	block_devices_add(&devices, "vda1", &(struct device_number) { 'b', 254, 1 });
	block_devices_add(&devices, name, &(struct device_number) { 'b', 254, 2 });
	block_find_mounted(&devices, text, &mounted);
	block_find_swap(&devices, text, &swap);
	fuzz_check((mounted.kind == FUNCTION_DISK_MOUNTED) == (mounted.by != NULL),
		   "mounted nowhere");
	fuzz_check((swap.kind == FUNCTION_DISK_SWAP) == (swap.name != NULL), "no name");
	fuzz_check(!head || strlen(head) < strlen(name), "a longer name");
	block_devices_free(&devices);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	struct mountinfo mount;
	uint32_t number;

	text.data = copy = fuzz_copy(text);
	check_cgroup(text);
	check_rules(text);
	check_map(text);
	fuzz_check(!uevent_is_of(text, SLICE("pci")) ||
			   !uevent_is_of(text, SLICE("vfio")),
		   "an event of two subsystems");
	check_disks(text);
	if (mountinfo_parse(text, &mount) == 0)
		check_within(mount.type, text);
	fuzz_check(namespace_link_parse(text, SLICE("user"), &number) < 0 || number > 0,
		   "no number");
	return 0;
}
