/* SPDX-License-Identifier: Apache-2.0 */
/* Network interfaces of a PCI function (Documentation/ABI/testing/sysfs-class-net). */
#ifndef OCI_VFIO_HOOK_SYSFS_INTERFACE_H
#define OCI_VFIO_HOOK_SYSFS_INTERFACE_H

#include "oci-vfio-hook/binding.h"
#include "oci-vfio-hook/sysroot.h"

/* Finds one that is up, or else says whether there is one in another network namespace, of
 * the function with this open directory. ERROR_IO, ERROR_PERMISSION. */
int sysfs_find_interface(const struct sysroot *sysroot, const struct pci_address *address,
			 int function, struct function_use *ret, struct error *err);

#endif
