/* SPDX-License-Identifier: Apache-2.0 */
/* What sysfs has of one PCI function (Documentation/ABI/testing/sysfs-bus-pci) or mediated device
 * (sysfs-bus-vfio-mdev), below the open directory of it. All of these: ERROR_IO,
 * ERROR_PERMISSION. */
#ifndef OCI_VFIO_HOOK_SYSFS_FUNCTION_H
#define OCI_VFIO_HOOK_SYSFS_FUNCTION_H

#include "oci-vfio-hook/inventory.h"
#include "oci-vfio-hook/sysroot.h"

/* Opens the directory of a device, or of a PCI function. Returns the fd or -errno. */
int device_open(const struct sysroot *sysroot, const struct device_name *name);
int function_open(const struct sysroot *sysroot, const struct pci_address *address);

/* Records that an attribute can't be read, or with NULL its directory. */
int device_error(const struct device_name *name, const char *attribute, int number,
		 struct error *err);
int function_error(const struct pci_address *address, const char *attribute, int number,
		   struct error *err);

/* Its IOMMU group, if it has one; else *ret_has stays as it is. */
int device_read_group(const struct sysroot *sysroot, const struct device_name *name,
		      int device, bool *ret_has, uint32_t *ret, struct error *err);

/* Reads the driver (NULL: none; the caller frees), and whether it is one of VFIO's. A variant
 * driver (mlx5_vfio_pci, nvgrace_gpu_vfio_pci) may have any name, but all of them make
 * vfio-dev. */
int device_read_driver(const struct sysroot *sysroot, const struct device_name *name,
		       int device, char **ret_driver, bool *ret_vfio, struct error *err);

/* Reads what its directory vfio-dev has; where there is none, *ret stays as it is. */
int device_read_handle(const struct sysroot *sysroot, const struct device_name *name,
		       int device, struct inventory_handle *ret, struct error *err);

int function_read_identity(const struct sysroot *sysroot,
			   const struct pci_address *address, int function,
			   enum pci_identity which, uint32_t *ret, struct error *err);

/* Does the link, by which a class has a device, lead below the function? 1, 0, also where there is
 * no link, or -errno. */
int function_has_below(const struct sysroot *sysroot, const struct pci_address *address,
		       const char *link);

/* Is there an entry of this name in its directory? */
bool function_has(const struct sysroot *sysroot, int function, const char *name);

#endif
