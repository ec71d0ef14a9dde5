/* SPDX-License-Identifier: Apache-2.0 */
/* Where a PCI function is among the buses, from what its link in /sys/bus/pci/devices points to:
 * ".../pci0000:00/0000:00:06.0/0000:01:00.0". Pure. */
#ifndef OCI_VFIO_HOOK_PCI_POSITION_H
#define OCI_VFIO_HOOK_PCI_POSITION_H

#include "oci-vfio-hook/pci.h"

struct pci_position {
	bool has_root; /* else nothing is known: the layout of /sys/devices is another */
	struct pci_address root; /* its domain and bus; nothing else is set */
	bool has_function;	 /* the last one in the link: the function itself, or what
				  * another device is a part of */
	struct pci_address function;
	bool has_parent; /* there is a function above it: */
	struct pci_address parent;
};

void pci_position_from_link(struct slice target, struct pci_position *ret);

/* The PCI path of a function, from what its link in /sys/bus/pci/devices points to:
 * ".../pci0000:00/0000:00:06.0/0000:01:00.0" is 06/00. NULL where the layout of /sys/devices is
 * another. The caller frees. */
char *pci_path_from_link(struct slice target);

#endif
