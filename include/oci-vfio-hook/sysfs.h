/* Looks requested functions, groups and nodes up in sysfs, by name; enumerates nothing
 * but the members of a group. Source: sysfs-bus-pci and sysfs-kernel-iommu_groups in
 * the kernel's Documentation/ABI/testing.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_SYSFS_H
#define OCI_VFIO_HOOK_SYSFS_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/request.h"

#define SYSFS_PCI_DEVICES "/sys/bus/pci/devices"

/* Answers the request. What isn't there is an answer, no error; ERROR_IO where sysfs
 * can't be read or makes no sense, ERROR_PERMISSION. The caller frees *ret. */
int sysfs_look_up(const struct machine *machine, const struct request *request,
		  struct guest *ret, struct error *err);

/* Records that `path` of the machine could not be read, for a positive errno. */
int sysfs_error(const char *path, int number, struct error *err);

#endif
