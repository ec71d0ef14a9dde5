/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that match one selector, for the person who has to tell them apart. Pure. */
#ifndef OCI_VFIO_HOOK_PCI_CANDIDATES_H
#define OCI_VFIO_HOOK_PCI_CANDIDATES_H

#include "oci-vfio-hook/pci_selector.h"

/* More of them tell nobody more. */
#define PCI_CANDIDATES_SHOWN 8

struct pci_candidate {
	struct pci_address address;
	struct pci_features features;
	char *path; /* its PCI path; NULL: not known; owned */
};

/* "0000:01:00.0 (06/00, slot:1), 0000:02:00.0 (07/00, slot:2)": each with its PCI path and
 * that in which it differs from the others, as selectors have it; "and 7 more" where `total`
 * are more than these. The caller frees. */
char *pci_candidates_describe(const struct pci_candidate *candidates, size_t count,
			      size_t total);

#endif
