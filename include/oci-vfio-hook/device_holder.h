/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device open. */
#ifndef OCI_VFIO_HOOK_DEVICE_HOLDER_H
#define OCI_VFIO_HOOK_DEVICE_HOLDER_H

#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/sysroot.h"

/* Looks through the open files of all processes that this one may look into, whatever the path
 * by which they opened the device. *ret_process is the first that has it, or 0. What ends
 * meanwhile is passed over. ERROR_IO. */
int device_holder_find(const struct sysroot *sysroot, const struct device_number *number,
		       int64_t *ret_process, struct error *err);

#endif
