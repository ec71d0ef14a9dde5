/* SPDX-License-Identifier: Apache-2.0 */
/* What a bus of the kernel calls a device: a PCI function by its address, a mediated device by
 * its UUID (Documentation/driver-api/vfio-mediated-device.rst). Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_NAME_H
#define OCI_VFIO_HOOK_DEVICE_NAME_H

#include "oci-vfio-hook/pci.h"

struct uuid {
	uint8_t bytes[16];
};

/* Where sysfs has PCI functions and mediated devices, by their names. */
#define SYSFS_PCI_DEVICES "/sys/bus/pci/devices"
#define SYSFS_MDEV_DEVICES "/sys/bus/mdev/devices"

enum device_bus {
	DEVICE_BUS_PCI,
	DEVICE_BUS_MDEV,
};

struct device_name {
	enum device_bus bus;
	union {
		struct pci_address address; /* DEVICE_BUS_PCI */
		struct uuid uuid;	    /* DEVICE_BUS_MDEV */
	};
};

/* The longest text of one, with its NUL. */
#define DEVICE_NAME_SIZE sizeof("01234567-89ab-cdef-0123-456789abcdef")

/* The whole text is 8-4-4-4-12 hex digits of either letter case; else -EINVAL. */
int uuid_parse(struct slice text, struct uuid *ret);

/* The whole text is an address, as for pci_address_parse(), or a UUID; else -EINVAL. */
int device_name_parse(struct slice text, struct device_name *ret);

/* Writes it as sysfs spells it, with a NUL, and returns `text`. */
char *device_name_format(const struct device_name *name,
			 char text[static DEVICE_NAME_SIZE]);

/* An order, as qsort() needs one: addresses come first. */
int device_name_compare(const struct device_name *a, const struct device_name *b);

static inline bool device_name_equal(const struct device_name *a,
				     const struct device_name *b)
{
	return device_name_compare(a, b) == 0;
}

static inline struct device_name device_name_of(const struct pci_address *address)
{
	return (struct device_name) { .bus = DEVICE_BUS_PCI, .address = *address };
}

/* Is it the name of the function at this address? */
static inline bool device_name_is(const struct device_name *name,
				  const struct pci_address *address)
{
	return name->bus == DEVICE_BUS_PCI && pci_address_equal(&name->address, address);
}

#endif
