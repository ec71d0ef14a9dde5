/* SPDX-License-Identifier: Apache-2.0 */
/* Is this kernel, with its IOMMU, ready for VFIO in containers? Pure. */
#ifndef OCI_VFIO_HOOK_KERNEL_CHECK_H
#define OCI_VFIO_HOOK_KERNEL_CHECK_H

#include "oci-vfio-hook/finding.h"

enum measured {
	MEASURED_UNKNOWN,
	MEASURED_NO,
	MEASURED_YES,
};

/* Whose IOMMUs sysfs has (/sys/class/iommu). */
enum iommu_kind {
	IOMMU_INTEL,
	IOMMU_AMD,
	IOMMU_ARM,
	IOMMU_VIRTIO,
	IOMMU_OTHER,
	IOMMU_KINDS,
};

/* Options of the kernel's configuration. */
enum kernel_option {
	KERNEL_VFIO,
	KERNEL_VFIO_PCI,
	KERNEL_VFIO_IOMMU_TYPE1,
	KERNEL_VFIO_GROUP, /* there since Linux 6.6; groups can't be left out before */
	KERNEL_VFIO_DEVICE_CDEV,
	KERNEL_IOMMUFD,
	KERNEL_INTEL_IOMMU,
	KERNEL_AMD_IOMMU,
	KERNEL_OPTIONS,
};
extern const char *const kernel_option_names[KERNEL_OPTIONS];

enum kernel_module {
	MODULE_VFIO_PCI,
	MODULE_TYPE1,
	MODULE_IOMMUFD,
	MODULE_KINDS,
};
extern const char *const kernel_module_names[MODULE_KINDS];

struct kernel_module_facts {
	bool is_loaded;	       /* or built in: what it makes is there */
	enum measured is_kept; /* does this kernel have it to be loaded? */
};

/* Texts are owned, and NULL where they can't be read. */
struct kernel_facts {
	enum measured has_sysfs;
	char *release;
	char *config_name;	      /* the file that `options` come from */
	char options[KERNEL_OPTIONS]; /* y, m, n; 0: the file doesn't say */
	size_t n_iommus[IOMMU_KINDS];
	char *iommu_names; /* of the first ones, as in "dmar0, dmar1" */
	size_t n_groups;
	bool has_noiommu; /* VFIO may be, or is, used without an IOMMU */
	/* The firmware says that there is one of Intel's, which the kernel need not use. */
	bool firmware_has_dmar;
	bool cpu_is_intel, is_guest;
	char *command_line;
	enum measured remaps_interrupts, allows_unsafe_interrupts;
	struct kernel_module_facts modules[MODULE_KINDS];
	int cgroup_version;  /* 0: not known */
	int bpf_jit_harden;  /* -1: not known */
	bool bpf_unreadable; /* it is there, but not for us */
};

/* Sets the options that the text of a configuration has. */
void kernel_check_read_options(struct slice text, char options[KERNEL_OPTIONS]);

/* Whose is an entry of /sys/class/iommu, which is a link to `target`? */
enum iommu_kind iommu_kind_of(struct slice name, struct slice target);

void kernel_check(const struct kernel_facts *facts, struct findings *findings);

void kernel_facts_free(struct kernel_facts *facts);

#endif
