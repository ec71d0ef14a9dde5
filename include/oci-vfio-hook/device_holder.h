/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device open. */
#ifndef OCI_VFIO_HOOK_DEVICE_HOLDER_H
#define OCI_VFIO_HOOK_DEVICE_HOLDER_H

#include "oci-vfio-hook/survey.h"
#include "oci-vfio-hook/sysroot.h"

struct device_holder {
	int64_t process;
	struct device_number number; /* that it has open */
};

struct device_holders {
	struct device_holder *items; /* owned */
	size_t count, capacity;
	size_t n_hidden; /* processes that this one may not look into */
};

#define auto_device_holders                                                              \
	__attribute__((cleanup(device_holders_free))) struct device_holders

/* Looks through the open files of all processes that this one may look into, whatever the path
 * by which they opened one of these devices (sorted), until `most` were found. What ends
 * meanwhile is passed over. ERROR_IO. The caller frees *ret. */
int device_holders_list(const struct sysroot *sysroot,
			const struct device_number *numbers, size_t n_numbers,
			size_t most, struct device_holders *ret, struct error *err);
void device_holders_free(struct device_holders *holders);

/* *ret_process is the first process that has the device open, or 0. ERROR_IO. */
int device_holder_find(const struct sysroot *sysroot, const struct device_number *number,
		       int64_t *ret_process, struct error *err);

/* Adds all processes that have a VFIO node of the survey open, each with its container. ERROR_IO. */
int device_holders_survey(const struct sysroot *sysroot, struct survey *survey,
			  struct error *err);

#endif
