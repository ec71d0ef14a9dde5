/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine uses a PCI function for, from sysfs and /proc. */
#ifndef OCI_VFIO_HOOK_SYSFS_USE_H
#define OCI_VFIO_HOOK_SYSFS_USE_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/sysroot.h"

/* Finds a network interface of it that is up, or in another network namespace; a disk that is
 * mounted, swapped to, part of another block device, or claimed by whom we don't see; a virtual
 * function of it that has a driver. The first of these that there is; the function may be gone.
 * Where one can't be looked for: FUNCTION_USE_UNKNOWN. The caller frees *ret. */
void sysfs_look_up_use(const struct sysroot *sysroot, const struct pci_address *address,
		       struct function_use *ret);

#endif
