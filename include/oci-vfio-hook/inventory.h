/* SPDX-License-Identifier: Apache-2.0 */
/* The answers to a request: the devices of this machine, the guest, as values. Pure. */
#ifndef OCI_VFIO_HOOK_GUEST_H
#define OCI_VFIO_HOOK_GUEST_H

#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/device_number.h"

/* Answer to a request_function, at the same index. */
struct inventory_function {
	/* Not there: where the walk ended, as a sentence without a full stop, such as
	 * "0000:00:06.0 is not in /sys/bus/pci/devices"; then nothing else is set. Owned.
	 */
	char *absent;
	bool is_final; /* what is absent can't come: the locator contradicts the machine */
	struct pci_address address;
	bool has_group; /* link iommu_group; looked up always */
	uint32_t group;
	/* With want_group: is it bound to a VFIO driver (has a directory vfio-dev, or the
	 * driver's name contains "vfio")? `driver` is NULL where none is bound; owned. */
	char *driver;
	bool vfio;
	uint32_t identity[PCI_IDENTITY_COUNT]; /* with want_identity */
};

/* A function of a group that keeps the group from being viable (struct vfio_group_status
 * in linux/vfio.h): no bridge, and bound to a driver that is neither VFIO's nor pci-stub.
 */
struct inventory_offender {
	struct pci_address address;
	char *driver; /* owned */
};

/* A group that a function with want_group is in. */
struct inventory_group {
	uint32_t number;
	struct inventory_offender *offenders;
	size_t n_offenders, capacity;
	bool has_node; /* /sys/class/vfio/<number>/dev is there */
	struct device_number node;
};

/* Answer to a request_node, at the same index. */
struct inventory_node {
	/* Not there or no device node: why, as a sentence without a full stop; then
	 * nothing else is set. Owned. */
	char *absent;
	struct device_number number;
};

struct inventory {
	struct inventory_function *functions;
	size_t n_functions;
	struct inventory_group *groups;
	size_t n_groups, groups_capacity;
	struct inventory_node *nodes;
	size_t n_nodes;
	/* With request.control: from /sys/class/misc/vfio/dev, where that is absent
	 * 10:196. */
	struct device_number control;
};

#define auto_inventory __attribute__((cleanup(inventory_free))) struct inventory

/* The group of this number, or NULL. */
const struct inventory_group *inventory_find_group(const struct inventory *inventory,
						   uint32_t number);

void inventory_free(struct inventory *inventory);

#endif
