/* SPDX-License-Identifier: Apache-2.0 */
/* Looks requested functions, groups and nodes up in sysfs, by name; enumerates nothing
 * but the members of a group. Source: sysfs-bus-pci and sysfs-kernel-iommu_groups in
 * the kernel's Documentation/ABI/testing. */
#ifndef OCI_VFIO_HOOK_SYSFS_H
#define OCI_VFIO_HOOK_SYSFS_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/request.h"

/* Answers the request. What isn't there is an answer, not an error; ERROR_IO where sysfs
 * can't be read or makes no sense, ERROR_PERMISSION. The caller frees *ret. */
int sysfs_look_up(const struct sysroot *sysroot, const struct request *request,
		  struct inventory *ret, struct error *err);

#endif
