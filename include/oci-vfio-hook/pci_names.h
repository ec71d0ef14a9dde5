/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors call their devices: pci.ids(5). */
#ifndef OCI_VFIO_HOOK_PCI_NAMES_H
#define OCI_VFIO_HOOK_PCI_NAMES_H

#include "oci-vfio-hook/survey.h"

/* Sets the names of the functions, as far as there are any; a function of no known class has
 * none. ERROR_UNAVAILABLE: libpci isn't there. */
int pci_names_find(struct survey *survey, struct error *err);

#endif
