/* The answers to a request: the devices of this machine, the guest, as values. Pure.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_GUEST_H
#define OCI_VFIO_HOOK_GUEST_H

#include "oci-vfio-hook/device_map.h"

/* Answer to a request_function, at the same index. */
struct guest_function {
	/* Not there: where the walk ended, as a sentence without a full stop, such as
	 * "0000:00:06.0 is not in /sys/bus/pci/devices"; then nothing else is set. Owned.
	 */
	char *absent;
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
struct guest_offender {
	struct pci_address address;
	char *driver; /* owned */
};

/* A group that a function with want_group is in. */
struct guest_group {
	uint32_t number;
	struct guest_offender *offenders;
	size_t n_offenders, capacity;
	bool has_node; /* /sys/class/vfio/<number>/dev is there */
	uint32_t major, minor;
};

/* Answer to a request_node, at the same index. */
struct guest_node {
	/* Not there or no device node: why, as a sentence without a full stop; then
	 * nothing else is set. Owned. */
	char *absent;
	char type; /* 'c' or 'b' */
	uint32_t major, minor;
};

struct guest {
	struct guest_function *functions;
	size_t n_functions;
	struct guest_group *groups;
	size_t n_groups, groups_capacity;
	struct guest_node *nodes;
	size_t n_nodes;
	/* With request.control: from /sys/class/misc/vfio/dev, where that is absent
	 * 10:196. */
	uint32_t control_major, control_minor;
};

#define auto_guest __attribute__((cleanup(guest_free))) struct guest

/* The group of this number, or NULL. */
const struct guest_group *guest_find_group(const struct guest *guest, uint32_t number);

void guest_free(struct guest *guest);

#endif
