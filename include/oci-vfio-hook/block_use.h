/* SPDX-License-Identifier: Apache-2.0 */
/* Which block devices are mounted or swapped to, by the kernel's tables (proc(5)). Pure: reads
 * no file. */
#ifndef OCI_VFIO_HOOK_BLOCK_USE_H
#define OCI_VFIO_HOOK_BLOCK_USE_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/device_number.h"

/* A disk or partition as sysfs has it. */
struct block_device {
	char *name; /* owned */
	struct device_number number;
};

struct block_devices {
	struct block_device *items;
	size_t count, capacity;
};

void block_devices_add(struct block_devices *devices, const char *name,
		       const struct device_number *number);
void block_devices_free(struct block_devices *devices);

/* Finds the first line of /proc/self/mountinfo, or of /proc/swaps, that is for one of the devices.
 * *ret stays where there is none. */
void block_find_mounted(const struct block_devices *devices, struct slice mountinfo,
			struct function_use *ret);
void block_find_swap(const struct block_devices *devices, struct slice swaps,
		     struct function_use *ret);

/* The disk that NVMe's multipath shows for one path to it: nvme0n1 for nvme0c1n1; NULL: it isn't
 * such a path. The caller frees. */
char *block_multipath_head(const char *name);

#endif
