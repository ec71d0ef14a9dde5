/* SPDX-License-Identifier: Apache-2.0 */
/* From a PCI path to the address of the function at its end, by bus numbers. */
#ifndef OCI_VFIO_HOOK_PCI_WALK_H
#define OCI_VFIO_HOOK_PCI_WALK_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/pci_locator.h"
#include "oci-vfio-hook/sysroot.h"

/* The bridges that a run has passed, each looked up once; initialised with {0}. */
struct pci_walk {
	const struct sysroot *sysroot;
	struct pci_bridge *bridges;
	size_t n_bridges, capacity;
};

#define auto_pci_walk __attribute__((cleanup(pci_walk_free))) struct pci_walk

/* Where a walk ended before its function. */
struct pci_dead_end {
	char *why;     /* a sentence without a full stop, owned; NULL: it didn't */
	bool is_final; /* what is missing can't come while a device is being plugged in */
};

/* Sets the bus below the function at bridge->address; 0 also where there is none: then *ret_end
 * says so. ERROR_IO, ERROR_PERMISSION. */
int pci_bridge_find_bus(const struct sysroot *sysroot, struct pci_bridge *bridge,
			struct pci_dead_end *ret_end, struct error *err);

/* Walks to the function that a locator means: function -> its secondary_bus_number, or
 * the one directory below pci_bus/, or the bus of its child functions -> next function.
 * The last one is not looked at. 0 also where a step isn't there or is not a bridge: then
 * *ret_end says so, and *ret is not set. `text` is the locator as the map spells it.
 * ERROR_IO, ERROR_PERMISSION. */
int pci_walk_to(struct pci_walk *walk, const struct pci_locator *locator,
		const char *text, struct pci_address *ret, struct pci_dead_end *ret_end,
		struct error *err);

void pci_walk_free(struct pci_walk *walk);

#endif
