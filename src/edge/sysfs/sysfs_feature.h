/* SPDX-License-Identifier: Apache-2.0 */
/* By what a PCI function can be told from others: attributes in sysfs, the serial number in
 * its configuration space, the name of its slot (Documentation/ABI/testing/sysfs-bus-pci). */
#ifndef OCI_VFIO_HOOK_SYSFS_FEATURE_H
#define OCI_VFIO_HOOK_SYSFS_FEATURE_H

#include "oci-vfio-hook/pci_selector.h"
#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/text_pool.h"

#define SYSFS_PCI_SLOTS "/sys/bus/pci/slots"

/* Sets the feature of the function, if it has it; never the slot, which only the slots know.
 * Texts go to the pool. ERROR_IO, ERROR_PERMISSION: serial numbers are root's to read. */
int sysfs_read_feature(const struct sysroot *sysroot, const struct pci_address *address,
		       enum pci_feature feature, struct pci_features *features,
		       struct text_pool *texts, struct error *err);

/* Where the functions of a slot are; *ret_has: there is such a slot. ERROR_IO,
 * ERROR_PERMISSION. */
int sysfs_read_slot(const struct sysroot *sysroot, struct slice name, bool *ret_has,
		    struct pci_slot *ret, struct error *err);

struct sysfs_slot {
	struct slice name; /* in the pool */
	struct pci_slot place;
};

struct sysfs_slots {
	struct sysfs_slot *items; /* owned, as is the pool */
	size_t count, capacity;
	struct text_pool texts;
};

#define auto_sysfs_slots __attribute__((cleanup(sysfs_slots_free))) struct sysfs_slots

/* All slots of the machine that can be read. The caller frees. */
void sysfs_list_slots(const struct sysroot *sysroot, struct sysfs_slots *ret);

/* Sets the function's slot, if it is in one. The text goes to the pool. */
void sysfs_slots_find(const struct sysfs_slots *slots, const struct pci_address *address,
		      struct pci_features *features, struct text_pool *texts);

void sysfs_slots_free(struct sysfs_slots *slots);

#endif
