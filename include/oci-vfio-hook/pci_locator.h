/* SPDX-License-Identifier: Apache-2.0 */
/* How a map entry says which function of this machine it means, as a value: its address, its
 * PCI path, or what it is. Grammar only, no machine. */
#ifndef OCI_VFIO_HOOK_PCI_LOCATOR_H
#define OCI_VFIO_HOOK_PCI_LOCATOR_H

#include "oci-vfio-hook/device_name.h"
#include "oci-vfio-hook/pci_selector.h"

struct pci_step {
	uint8_t slot;
	uint8_t function;
};

#define PCI_PATH_STEPS_MAX 32

enum pci_locator_kind {
	PCI_LOCATOR_ADDRESS,
	PCI_LOCATOR_PATH,
	PCI_LOCATOR_SELECTOR,
	PCI_LOCATOR_MDEV, /* which is no PCI function */
};

/* How a map entry says which function of this machine it means. */
struct pci_locator {
	enum pci_locator_kind kind;
	struct pci_address address; /* PCI_LOCATOR_ADDRESS */
	uint32_t domain;	    /* PCI_LOCATOR_PATH: of the root bus */
	uint8_t root_bus;
	uint8_t n_steps; /* at least 1 */
	struct pci_step steps[PCI_PATH_STEPS_MAX];
	struct pci_features selector; /* PCI_LOCATOR_SELECTOR; borrows from the text */
	struct uuid uuid;	      /* PCI_LOCATOR_MDEV */
};

/* An address, or slots from the root bus: "06/00" (SS[.F] joined by "/"), "20/00/00"
 * (three or more segments of which the first is >= 0x20: root bus 0x20, as Kata's agent
 * has it for pxb-pcie), "0001:20/00" (domain and root bus); a selector, which borrows from
 * the text; or the UUID of a mediated device. ERROR_DATA says what is wrong. */
int pci_locator_parse(struct slice text, struct pci_locator *ret, struct error *err);

bool pci_locator_equal(const struct pci_locator *a, const struct pci_locator *b);

#endif
