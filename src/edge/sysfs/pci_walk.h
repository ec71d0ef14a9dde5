/* SPDX-License-Identifier: Apache-2.0 */
/* From a PCI path to the address of the function at its end, by bus numbers. */
#ifndef OCI_VFIO_HOOK_PCI_WALK_H
#define OCI_VFIO_HOOK_PCI_WALK_H

#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/pci.h"

#define SYSFS_PCI_DEVICES "/sys/bus/pci/devices"

struct pci_bridge {
	struct pci_address address;
	uint32_t domain; /* of the bus behind it */
	uint8_t bus;
};

/* The bridges that a run has passed, each looked up once; initialised with {0}. */
struct pci_walk {
	const struct sysroot *sysroot;
	struct pci_bridge *bridges;
	size_t n_bridges, capacity;
};

#define auto_pci_walk __attribute__((cleanup(pci_walk_free))) struct pci_walk

/* Walks to the function that a locator means: function -> its secondary_bus_number, or
 * the one directory below pci_bus/, or the bus of its child functions -> next function.
 * The last one is not looked at. 0, with *ret_absent NULL, or, where a step isn't there
 * or is no bridge, the reason in it as a sentence without a full stop, which the caller
 * frees; then *ret is not set. `text` is the locator as the map spells it. ERROR_IO,
 * ERROR_PERMISSION. */
int pci_walk_to(struct pci_walk *walk, const struct pci_locator *locator,
		const char *text, struct pci_address *ret, char **ret_absent,
		struct error *err);

void pci_walk_free(struct pci_walk *walk);

#endif
