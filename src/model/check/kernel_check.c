/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel and its IOMMU: judgement. */
#include "oci-vfio-hook/kernel_check.h"

#include "oci-vfio-hook/pci.h"

const char *const kernel_option_names[KERNEL_OPTIONS] = {
	[KERNEL_VFIO] = "CONFIG_VFIO",
	[KERNEL_VFIO_PCI] = "CONFIG_VFIO_PCI",
	[KERNEL_VFIO_IOMMU_TYPE1] = "CONFIG_VFIO_IOMMU_TYPE1",
	[KERNEL_VFIO_GROUP] = "CONFIG_VFIO_GROUP",
	[KERNEL_VFIO_DEVICE_CDEV] = "CONFIG_VFIO_DEVICE_CDEV",
	[KERNEL_IOMMUFD] = "CONFIG_IOMMUFD",
	[KERNEL_INTEL_IOMMU] = "CONFIG_INTEL_IOMMU",
	[KERNEL_AMD_IOMMU] = "CONFIG_AMD_IOMMU",
};

const char *const kernel_module_names[MODULE_KINDS] = {
	[MODULE_VFIO_PCI] = "vfio-pci",
	[MODULE_TYPE1] = "vfio_iommu_type1",
	[MODULE_IOMMUFD] = "iommufd",
};

static const char *const iommu_kind_names[IOMMU_KINDS] = {
	[IOMMU_INTEL] = "Intel",   [IOMMU_AMD] = "AMD",	    [IOMMU_ARM] = "ARM",
	[IOMMU_VIRTIO] = "virtio", [IOMMU_OTHER] = "other",
};

/* "CONFIG_X=y" or "# CONFIG_X is not set". */
static void read_option(struct slice line, char options[KERNEL_OPTIONS])
{
	const bool is_unset = slice_starts(line, SLICE("# "));

	if (is_unset)
		line = slice_from_to(line, 2, line.length);
	for (size_t i = 0; i < KERNEL_OPTIONS; i++) {
		const struct slice name = slice_from(kernel_option_names[i]);
		struct slice rest;

		if (!slice_starts(line, name))
			continue;
		rest = slice_from_to(line, name.length, line.length);
		if (is_unset && slice_equal(rest, SLICE(" is not set")))
			options[i] = 'n';
		else if (!is_unset && rest.length == 2 && rest.data[0] == '=' &&
			 (rest.data[1] == 'y' || rest.data[1] == 'm'))
			options[i] = rest.data[1];
	}
}

void kernel_check_read_options(struct slice text, char options[KERNEL_OPTIONS])
{
	struct slice line;

	while (text.data && slice_cut(&text, '\n', &line))
		read_option(line, options);
}

/* Drivers name their IOMMUs: dmar0 (drivers/iommu/intel/dmar.c), ivhd0 (amd/init.c), smmu3.0x...
 * and smmu.0x... (arm/); virtio-iommu has the name of the device that it is on. */
enum iommu_kind iommu_kind_of(struct slice name, struct slice target)
{
	struct pci_address address;

	if (slice_starts(name, SLICE("dmar")))
		return IOMMU_INTEL;
	if (slice_starts(name, SLICE("ivhd")))
		return IOMMU_AMD;
	if (slice_starts(name, SLICE("smmu")) || slice_starts(name, SLICE("arm-smmu")))
		return IOMMU_ARM;
	if (pci_address_parse(name, &address) == 0 ||
	    slice_starts(name, SLICE("virtio")) ||
	    slice_contains(target, SLICE("virtio")))
		return IOMMU_VIRTIO;
	return IOMMU_OTHER;
}

static bool has_word(const char *line, const char *word)
{
	return line && slice_contains(slice_from(line), slice_from(word));
}

/* The first thing to be done where no group is there. */
static void mend_iommu(const struct kernel_facts *facts, struct findings *findings)
{
	const bool intel = facts->firmware_has_dmar || facts->cpu_is_intel;

	if (intel && facts->options[KERNEL_INTEL_IOMMU] == 'n')
		findings_mend(findings, "a kernel with CONFIG_INTEL_IOMMU=y");
	else if ((facts->firmware_has_dmar || facts->n_iommus[IOMMU_INTEL] ||
		  (intel && !facts->is_guest)) &&
		 !has_word(facts->command_line, "intel_iommu=on"))
		findings_mend(findings, "on the kernel's command line: intel_iommu=on");
	else if (facts->is_guest)
		findings_mend(
			findings,
			"give this VM one: -device intel-iommu,intremap=on,caching-mode=on with kernel-irqchip=split (QEMU, q35); <iommu model='intel'/> (libvirt)");
	else
		findings_mend(findings,
			      "in the firmware's setup: switch on %s; then boot again",
			      intel ? "VT-d" : "the IOMMU (AMD-Vi, SMMU)");
}

static size_t count_iommus(const struct kernel_facts *facts)
{
	size_t count = 0;

	for (size_t i = 0; i < IOMMU_KINDS; i++)
		count += facts->n_iommus[i];
	return count;
}

static void add_kinds(const struct kernel_facts *facts, struct buffer *ret)
{
	for (size_t i = 0; i < IOMMU_KINDS; i++) {
		if (facts->n_iommus[i])
			buffer_printf(ret, "%s%s", ret->length ? ", " : "",
				      iommu_kind_names[i]);
	}
	if (facts->iommu_names)
		buffer_printf(ret, " (%s)", facts->iommu_names);
}

static void check_iommu(const struct kernel_facts *facts, struct findings *findings)
{
	static const char topic[] = "IOMMU";
	auto_buffer kinds = { 0 };

	if (facts->has_sysfs != MEASURED_YES) {
		findings_add(findings, FINDING_UNKNOWN, topic,
			     "could not be measured: /sys is not there");
		return;
	}
	if (count_iommus(facts))
		add_kinds(facts, &kinds);
	else
		buffer_add(&kinds, SLICE("not named in /sys/class/iommu"));
	if (facts->n_groups) {
		findings_add(findings, FINDING_OK, topic, "%s, %zu group%s", kinds.data,
			     facts->n_groups, facts->n_groups == 1 ? "" : "s");
		return;
	}
	if (count_iommus(facts))
		findings_add(findings, FINDING_FAILURE, topic,
			     "%s, but the kernel has made no IOMMU group", kinds.data);
	else
		findings_add(
			findings, facts->has_noiommu ? FINDING_WARNING : FINDING_FAILURE,
			topic,
			facts->has_noiommu
				? "none, and VFIO is in noiommu mode: whoever has a device can read and write all of this machine's memory"
				: "none: /sys/class/iommu and /sys/kernel/iommu_groups are empty");
	mend_iommu(facts, findings);
}

/* vfio_iommu_type1_attach_group() refuses a group whose interrupts aren't remapped. */
static void check_interrupts(const struct kernel_facts *facts, struct findings *findings)
{
	static const char topic[] = "interrupts";
	const bool unsafe = facts->allows_unsafe_interrupts == MEASURED_YES;

	if (!facts->n_groups)
		return;
	switch (facts->remaps_interrupts) {
	case MEASURED_UNKNOWN:
		findings_add(
			findings, FINDING_UNKNOWN, topic,
			"whether they are remapped could not be measured: /proc/interrupts can't be read");
		return;
	case MEASURED_YES:
		if (!unsafe) {
			findings_add(findings, FINDING_OK, topic, "remapped");
			return;
		}
		findings_add(
			findings, FINDING_WARNING, topic,
			"remapped, yet vfio_iommu_type1 has allow_unsafe_interrupts, which nothing needs here");
		findings_mend(
			findings,
			"echo N > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
		return;
	case MEASURED_NO:
		break;
	}
	if (unsafe) {
		findings_add(
			findings, FINDING_WARNING, topic,
			"not remapped, which allow_unsafe_interrupts accepts: a device can raise any interrupt of this machine");
		findings_mend(findings,
			      facts->is_guest
				      ? "-device intel-iommu,intremap=on (QEMU)"
				      : "on the kernel's command line: intremap=on");
		return;
	}
	findings_add(
		findings, FINDING_FAILURE, topic,
		"not remapped (no IR- or ITS- in /proc/interrupts): VFIO refuses every group with EPERM");
	findings_mend(
		findings,
		"echo Y > /sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
}

static bool is_off(const struct kernel_facts *facts, enum kernel_option option)
{
	return facts->options[option] == 'n';
}

static void add_options(const struct kernel_facts *facts, struct buffer *ret)
{
	for (size_t i = 0; i < KERNEL_INTEL_IOMMU; i++) {
		if (facts->options[i])
			buffer_printf(ret, "%s%s=%c", ret->length ? ", " : "",
				      kernel_option_names[i] + strlen("CONFIG_"),
				      facts->options[i]);
	}
}

static void check_options(const struct kernel_facts *facts, struct findings *findings)
{
	static const char topic[] = "kernel";
	const struct kernel_module_facts *vfio_pci = &facts->modules[MODULE_VFIO_PCI];
	const char *release = facts->release ? facts->release : "this kernel";
	auto_buffer options = { 0 };

	if (!facts->config_name) {
		if (vfio_pci->is_loaded)
			findings_add(findings, FINDING_OK, topic,
				     "%s: has vfio-pci (its configuration can't be read)",
				     release);
		else
			findings_add(
				findings, FINDING_UNKNOWN, topic,
				"%s: its options could not be measured: neither /boot/config-* nor /proc/config.gz can be read, and vfio-pci is not there",
				release);
		return;
	}
	add_options(facts, &options);
	if (is_off(facts, KERNEL_VFIO) || is_off(facts, KERNEL_VFIO_PCI) ||
	    !options.data) {
		findings_add(findings, FINDING_FAILURE, topic,
			     "%s: has no vfio-pci, by %s", release, facts->config_name);
		findings_mend(findings,
			      "a kernel with CONFIG_VFIO=m and CONFIG_VFIO_PCI=m");
		return;
	}
	if (is_off(facts, KERNEL_VFIO_IOMMU_TYPE1) &&
	    facts->options[KERNEL_IOMMUFD] != 'y' &&
	    facts->options[KERNEL_IOMMUFD] != 'm') {
		findings_add(findings, FINDING_FAILURE, topic,
			     "%s: has no IOMMU driver for VFIO, by %s", release,
			     facts->config_name);
		findings_mend(findings, "a kernel with CONFIG_VFIO_IOMMU_TYPE1=m");
		return;
	}
	findings_add(findings, FINDING_OK, topic, "%s: %s (%s)", release, options.data,
		     facts->config_name);
}

static void check_module(const struct kernel_facts *facts, enum kernel_module which,
			 struct findings *findings)
{
	const struct kernel_module_facts *module = &facts->modules[which];
	const char *name = kernel_module_names[which];

	if (module->is_loaded) {
		findings_add(findings, FINDING_OK, "modules", "%s", name);
		return;
	}
	switch (module->is_kept) {
	case MEASURED_YES:
		findings_add(findings, FINDING_WARNING, "modules", "%s is not loaded",
			     name);
		findings_mend(findings, "modprobe %s", name);
		return;
	case MEASURED_NO:
		findings_add(findings, FINDING_FAILURE, "modules",
			     "%s is neither loaded nor among this kernel's modules",
			     name);
		findings_mend(findings, "install the package of all modules of kernel %s",
			      facts->release);
		return;
	case MEASURED_UNKNOWN:
		findings_add(
			findings, FINDING_UNKNOWN, "modules",
			"%s is not loaded; whether this kernel has it could not be measured: its modules.dep can't be read",
			name);
		return;
	}
}

/* What handles need is wanted by few: that it isn't there is no finding. */
static void check_modules(const struct kernel_facts *facts, struct findings *findings)
{
	/* That has been said. */
	if (is_off(facts, KERNEL_VFIO) || is_off(facts, KERNEL_VFIO_PCI))
		return;
	check_module(facts, MODULE_VFIO_PCI, findings);
	if (!facts->modules[MODULE_IOMMUFD].is_loaded)
		check_module(facts, MODULE_TYPE1, findings);
	else
		check_module(facts, MODULE_IOMMUFD, findings);
}

static void check_cgroup(const struct kernel_facts *facts, struct findings *findings)
{
	if (!facts->cgroup_version)
		findings_add(
			findings, FINDING_UNKNOWN, "cgroup",
			"could not be measured: /sys/fs/cgroup has neither cgroup.controllers nor devices");
	else
		findings_add(findings, FINDING_OK, "cgroup", "version %d",
			     facts->cgroup_version);
	if (facts->bpf_jit_harden == 2 && facts->cgroup_version == 2) {
		findings_add(
			findings, FINDING_WARNING, "bpf_jit_harden",
			"2: no device program can be read, so createRuntime and prestart can't give a created container its device; precreate and the wrapper can");
		findings_mend(findings, "sysctl -w net.core.bpf_jit_harden=1");
	} else if (facts->bpf_jit_harden >= 0) {
		findings_add(findings, FINDING_OK, "bpf_jit_harden", "%d",
			     facts->bpf_jit_harden);
	} else if (facts->bpf_unreadable) {
		findings_add(
			findings, FINDING_UNKNOWN, "bpf_jit_harden",
			"could not be measured: only root may read /proc/sys/net/core/bpf_jit_harden");
	}
}

void kernel_check(const struct kernel_facts *facts, struct findings *findings)
{
	check_iommu(facts, findings);
	check_interrupts(facts, findings);
	check_options(facts, findings);
	check_modules(facts, findings);
	check_cgroup(facts, findings);
}

void kernel_facts_free(struct kernel_facts *facts)
{
	free(facts->release);
	free(facts->config_name);
	free(facts->iommu_names);
	free(facts->command_line);
	*facts = (struct kernel_facts) { 0 };
}
