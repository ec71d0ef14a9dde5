/* SPDX-License-Identifier: Apache-2.0 */
/* IOMMU groups: members, what keeps one from being viable, its node
 * (Documentation/ABI/testing/sysfs-kernel-iommu_groups, Documentation/driver-api/vfio.rst). */
#ifndef OCI_VFIO_HOOK_SYSFS_GROUP_H
#define OCI_VFIO_HOOK_SYSFS_GROUP_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/sysroot.h"

/* Adds the group of this number to the inventory, if it isn't there. `bound` is a member that
 * a driver of VFIO's is known to have, or NULL. ERROR_IO, ERROR_PERMISSION. */
int sysfs_look_up_group(const struct sysroot *sysroot, struct inventory *inventory,
			uint32_t number, const struct pci_address *bound,
			struct error *err);

#endif
