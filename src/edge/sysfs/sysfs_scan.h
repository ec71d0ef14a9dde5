/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions by what they are, among all of this machine. */
#ifndef OCI_VFIO_HOOK_SYSFS_SCAN_H
#define OCI_VFIO_HOOK_SYSFS_SCAN_H

#include "oci-vfio-hook/pci_selector.h"
#include "oci-vfio-hook/text_pool.h"

#include "pci_walk.h"

/* A function of this machine, as far as it was looked at. */
struct scanned_function {
	struct pci_address address;
	bool known[PCI_FEATURE_COUNT];
	struct pci_features features; /* borrows from the scan's texts */
};

/* All functions, listed for the first selector of a run and not again; what is read of one of
 * them is read once. Initialised with the machine. */
struct sysfs_scan {
	const struct sysroot *sysroot;
	bool is_listed;
	struct scanned_function *functions;
	size_t n_functions, capacity;
	struct text_pool texts;
};

#define auto_sysfs_scan __attribute__((cleanup(sysfs_scan_free))) struct sysfs_scan

/* Finds the one function that matches; of each no more is read than it takes to tell that it
 * doesn't. 0 also where none does (which one that is being plugged in may) or several do: then
 * *ret_end says so, and *ret is not set. `text` is the selector as the map spells it. ERROR_IO, ERROR_PERMISSION: serial numbers are root's
 * to read. */
int sysfs_scan_find(struct sysfs_scan *scan, const struct pci_features *selector,
		    const char *text, struct pci_address *ret,
		    struct pci_dead_end *ret_end, struct error *err);

void sysfs_scan_free(struct sysfs_scan *scan);

#endif
