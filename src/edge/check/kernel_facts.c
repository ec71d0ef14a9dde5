/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel and its IOMMU: what /proc, /sys and its modules' directory say. */
#include "oci-vfio-hook/kernel_facts.h"

#include "facts_file.h"
#include "kernel_config.h"

/* So many IOMMUs are named; a large machine has dozens. */
#define NAMES_SHOWN 4

#define VALUE_SIZE 4096

static char *read_line(const struct sysroot *sysroot, const char *path)
{
	char value[VALUE_SIZE];

	return sysroot_read_attribute(sysroot, AT_FDCWD, path, value, sizeof value) == 0
		       ? xstrdup(value)
		       : NULL;
}

static enum measured measure(bool is_there)
{
	return is_there ? MEASURED_YES : MEASURED_NO;
}

static void read_iommus(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	static const char class[] = "/sys/class/iommu/";
	auto_buffer shown = { 0 };
	auto_names names = { 0 };

	if (facts_file_list(sysroot, class, &names) < 0)
		return;
	for (size_t i = 0; i < names.count; i++) {
		auto_free char *path = text_join(class, names.items[i], NULL);
		char target[VALUE_SIZE] = "";

		if (sysroot_readlink(sysroot, AT_FDCWD, path, target, sizeof target) < 0)
			target[0] = '\0';
		facts->n_iommus[iommu_kind_of(slice_from(names.items[i]),
					      slice_from(target))]++;
		if (i < NAMES_SHOWN) {
			buffer_add(&shown, i ? SLICE(", ") : SLICE(""));
			buffer_add_name(&shown, slice_from(names.items[i]));
		}
	}
	if (names.count > NAMES_SHOWN)
		buffer_printf(&shown, " and %zu more", names.count - NAMES_SHOWN);
	facts->iommu_names = take_ptr(shown.data);
}

/* A group in noiommu mode is one of VFIO's making (drivers/vfio/group.c). */
static void read_groups(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	static const char groups[] = "/sys/kernel/iommu_groups/";
	auto_free char *mode = read_line(
		sysroot, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode");
	auto_names names = { 0 }, nodes = { 0 };

	if (facts_file_list(sysroot, groups, &names) == 0)
		facts->n_groups = names.count;
	if (facts_file_list(sysroot, "/sys/class/vfio", &nodes) == 0) {
		size_t n_noiommu = 0;

		for (size_t i = 0; i < nodes.count; i++)
			n_noiommu += slice_starts(slice_from(nodes.items[i]),
						  SLICE("noiommu-"));
		facts->has_noiommu = n_noiommu > 0;
		facts->n_groups -=
			n_noiommu < facts->n_groups ? n_noiommu : facts->n_groups;
	}
	facts->has_noiommu |= mode && text_equal(mode, "Y");
}

static void read_firmware(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	auto_free char *cpu = NULL;
	size_t length = 0;

	facts->firmware_has_dmar =
		facts_file_exists(sysroot, "/sys/firmware/acpi/tables/DMAR");
	if (facts_file_read(sysroot, "/proc/cpuinfo", &cpu, &length) == 0) {
		const struct slice text = { cpu, length };

		facts->cpu_is_intel = slice_contains(text, SLICE("GenuineIntel"));
		facts->is_guest = slice_contains(text, SLICE(" hypervisor"));
	}
}

static void read_interrupts(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	auto_free char *text = NULL;
	auto_free char *unsafe = read_line(
		sysroot,
		"/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	size_t length = 0;

	if (unsafe)
		facts->allows_unsafe_interrupts = measure(text_equal(unsafe, "Y"));
	if (facts_file_read(sysroot, "/proc/interrupts", &text, &length) < 0)
		return;
	/* Names of chips: IR-IO-APIC, IR-PCI-MSI (x86), ITS-MSI (GICv3). */
	facts->remaps_interrupts =
		measure(slice_contains((struct slice) { text, length }, SLICE(" IR-")) ||
			slice_contains((struct slice) { text, length }, SLICE(" ITS-")));
}

/* What is there once a module is loaded, or was built in. */
static const char *const traces[MODULE_KINDS][2] = {
	[MODULE_VFIO_PCI] = { "/sys/bus/pci/drivers/vfio-pci", "/sys/module/vfio_pci" },
	[MODULE_TYPE1] = { "/sys/module/vfio_iommu_type1", NULL },
	[MODULE_IOMMUFD] = { "/sys/class/misc/iommu", "/sys/module/iommufd" },
};

static bool is_listed(struct slice list, const char *module)
{
	auto_free char *file = text_join("/", module, ".ko", NULL);

	return slice_contains(list, slice_from(file));
}

static void read_modules(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	auto_free char *path = facts->release ? text_join("/lib/modules/", facts->release,
							  "/modules.dep", NULL)
					      : NULL;
	auto_free char *list = NULL;
	size_t length = 0;

	if (path && facts_file_read(sysroot, path, &list, &length) < 0)
		list = NULL;
	for (size_t i = 0; i < MODULE_KINDS; i++) {
		struct kernel_module_facts *module = &facts->modules[i];

		for (size_t j = 0; j < ARRAY_SIZE(traces[i]); j++)
			module->is_loaded |=
				traces[i][j] && facts_file_exists(sysroot, traces[i][j]);
		if (list)
			module->is_kept = measure(is_listed(
				(struct slice) { list, length }, kernel_module_names[i]));
	}
}

static void read_cgroup(const struct sysroot *sysroot, struct kernel_facts *facts)
{
	static const char harden[] = "/proc/sys/net/core/bpf_jit_harden";
	char value[VALUE_SIZE];
	int r = sysroot_read_attribute(sysroot, AT_FDCWD, harden, value, sizeof value);

	if (facts_file_exists(sysroot, "/sys/fs/cgroup/cgroup.controllers"))
		facts->cgroup_version = 2;
	else if (facts_file_exists(sysroot, "/sys/fs/cgroup/devices"))
		facts->cgroup_version = 1;
	facts->bpf_unreadable = r == -EACCES || r == -EPERM;
	facts->bpf_jit_harden =
		r == 0 && value[0] >= '0' && value[0] <= '9' && value[1] == '\0'
			? value[0] - '0'
			: -1;
}

void kernel_facts_read(const struct sysroot *sysroot, struct kernel_facts *ret)
{
	*ret = (struct kernel_facts) { 0 };
	ret->has_sysfs = measure(facts_file_exists(sysroot, "/sys/kernel"));
	ret->release = read_line(sysroot, "/proc/sys/kernel/osrelease");
	ret->command_line = read_line(sysroot, "/proc/cmdline");
	kernel_config_read(sysroot, ret);
	read_iommus(sysroot, ret);
	read_groups(sysroot, ret);
	read_firmware(sysroot, ret);
	read_interrupts(sysroot, ret);
	read_modules(sysroot, ret);
	read_cgroup(sysroot, ret);
}
