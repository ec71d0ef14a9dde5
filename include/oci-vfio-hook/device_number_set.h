/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers, each once: to ask whether one was seen. Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_NUMBER_SET_H
#define OCI_VFIO_HOOK_DEVICE_NUMBER_SET_H

#include "oci-vfio-hook/device_number.h"

/* Initialised with {0}. */
struct device_number_set {
	struct device_number *slots; /* type 0: free; owned */
	size_t count, capacity;	     /* a power of two, or 0 */
};

#define auto_device_number_set                                                           \
	__attribute__((cleanup(device_number_set_free))) struct device_number_set

/* Returns whether it wasn't there before. */
bool device_number_set_add(struct device_number_set *set,
			   const struct device_number *number);

bool device_number_set_has(const struct device_number_set *set,
			   const struct device_number *number);

void device_number_set_free(struct device_number_set *set);

#endif
