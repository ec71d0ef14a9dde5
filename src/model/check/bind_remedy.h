/* SPDX-License-Identifier: Apache-2.0 */
/* The command that binds a function to vfio-pci. Pure. */
#ifndef OCI_VFIO_HOOK_BIND_REMEDY_H
#define OCI_VFIO_HOOK_BIND_REMEDY_H

#include "oci-vfio-hook/finding.h"
#include "oci-vfio-hook/inventory.h"

/* Mends the last finding: by driverctl(8), or where that isn't installed by sysfs. `driver` NULL:
 * it has none. */
void bind_remedy(struct findings *findings, const struct pci_address *address,
		 const char *driver, bool has_driverctl);

/* The same for a function that keeps its group from being viable: what may not be taken from
 * this machine is left to it. */
void offender_remedy(struct findings *findings, const struct pci_address *address,
		     const char *driver, enum offender_role role, bool has_driverctl);

#endif
