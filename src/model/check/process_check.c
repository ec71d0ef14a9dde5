/* SPDX-License-Identifier: Apache-2.0 */
/* Limits and libraries: judgement. */
#include "oci-vfio-hook/process_check.h"

/* Less than this hardly any program that drives a device can do with: it maps its memory for the
 * device, and what is mapped is locked. */
#define ENOUGH (UINT64_C(1) << 30)

const struct process_library process_libraries[PROCESS_LIBRARIES] = {
	{ "libudev.so.1", "libudev1", "wait for a device that is being hot-plugged" },
	{ "libmount.so.1", "libmount1", "find a cgroup v1 hierarchy elsewhere" },
	{ "libsystemd.so.0", "libsystemd0", "change the device rules of a unit" },
	{ "libkmod.so.2", "libkmod2", "load vfio-pci with --bind" },
	{ "libz.so.1", "zlib1g", "read /proc/config.gz" },
};

static void check_memory_lock(const struct process_facts *facts,
			      struct findings *findings)
{
	static const char topic[] = "memlock";

	if (facts->memory_lock == UINT64_MAX)
		findings_add(findings, FINDING_OK, topic, "unlimited");
	else if (facts->maps_raise_it)
		findings_add(findings, FINDING_OK, topic,
			     "%llu KiB, which the entries of the maps raise",
			     (unsigned long long)(facts->memory_lock >> 10));
	else if (facts->memory_lock >= ENOUGH)
		findings_add(findings, FINDING_OK, topic, "%llu KiB",
			     (unsigned long long)(facts->memory_lock >> 10));
	else {
		findings_add(
			findings, FINDING_WARNING, topic,
			"%llu KiB: a container that inherits this limit may not map more memory for its device",
			(unsigned long long)(facts->memory_lock >> 10));
		findings_mend(
			findings,
			"\"memlock\": \"unlimited\" in the entries of the map, or podman run --ulimit memlock=-1:-1");
	}
}

void process_check(const struct process_facts *facts, struct findings *findings)
{
	size_t n_found = 0;

	check_memory_lock(facts, findings);
	for (size_t i = 0; i < PROCESS_LIBRARIES; i++) {
		const struct process_library *library = &process_libraries[i];

		n_found += facts->has_library[i];
		if (facts->has_library[i])
			continue;
		findings_add(findings, FINDING_WARNING, "libraries",
			     "%s can't be loaded, which is needed to %s", library->soname,
			     library->need);
		findings_mend(findings, "apt-get install %s", library->package);
	}
	if (n_found == PROCESS_LIBRARIES)
		findings_add(findings, FINDING_OK, "libraries", "all can be loaded");
}
