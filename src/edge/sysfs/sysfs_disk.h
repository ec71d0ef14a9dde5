/* SPDX-License-Identifier: Apache-2.0 */
/* Disks of a PCI function (Documentation/ABI/testing/sysfs-block). */
#ifndef OCI_VFIO_HOOK_SYSFS_DISK_H
#define OCI_VFIO_HOOK_SYSFS_DISK_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/sysroot.h"

/* Finds one that is in use: mounted, swapped to, part of another block device, or claimed.
 * ERROR_IO, ERROR_PERMISSION. */
int sysfs_find_disk(const struct sysroot *sysroot, const struct pci_address *address,
		    struct function_use *ret, struct error *err);

#endif
