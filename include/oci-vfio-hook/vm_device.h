/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of this machine that a virtual machine has: what each is called here, and where it
 * is there. Pure. */
#ifndef OCI_VFIO_HOOK_VM_DEVICE_H
#define OCI_VFIO_HOOK_VM_DEVICE_H

#include "oci-vfio-hook/device_name.h"
#include "oci-vfio-hook/pci_locator.h"

struct vm_device {
	struct device_name host;
	char *guest; /* as GUEST in a device map: a PCI path; owned */
};

struct vm_devices {
	struct vm_device *items;
	size_t count, capacity;
};

#define auto_vm_devices __attribute__((cleanup(vm_devices_free))) struct vm_devices

/* Takes over `guest`. */
void vm_devices_add(struct vm_devices *devices, const struct device_name *host,
		    char *guest);
void vm_devices_free(struct vm_devices *devices);

/* Where a function of a virtual machine is, from the function up to its root bus. */
struct vm_path {
	uint32_t domain;
	uint8_t root_bus;
	uint8_t n_steps;
	struct pci_step steps[PCI_PATH_STEPS_MAX]; /* the function's comes first */
};

/* Adds the next bridge above; false: there is no room, or such a place can't be. */
bool vm_path_add(struct vm_path *path, uint64_t slot, uint64_t function);

/* Returns the PCI path as a device map has it, the root bus only where it isn't 0000:00:
 * "06/00", "20/00/00" for root bus 0x20, "0000:10/00" for a bus that could be taken for a slot.
 * The caller frees. */
char *vm_path_format(const struct vm_path *path);

/* The device that the last part of a path in sysfs names ("/sys/bus/pci/devices/0000:3b:02.0/");
 * -EINVAL. */
int vm_host_from_path(struct slice path, struct device_name *ret);

#endif
