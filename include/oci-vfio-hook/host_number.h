/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that devices have on the host, and whose they are. Pure. */
#ifndef OCI_VFIO_HOOK_HOST_NUMBER_H
#define OCI_VFIO_HOOK_HOST_NUMBER_H

#include "oci-vfio-hook/device_map.h"

#define HOST_NUMBER_OF_MAP SIZE_MAX

struct host_number {
	struct device_number number;
	const struct map_entry *entry; /* borrowed */
	size_t twin; /* the device of the spec that says so, or HOST_NUMBER_OF_MAP: host_dev */
};

/* Initialised with {0}. */
struct host_numbers {
	struct host_number *items; /* owned */
	size_t count, capacity;
};

#define auto_host_numbers __attribute__((cleanup(host_numbers_free))) struct host_numbers

void host_numbers_add(struct host_numbers *numbers, const struct device_number *number,
		      const struct map_entry *entry, size_t twin);

/* Adds those of the entries' host_dev: of a `node`, which may be either, as a character and as a
 * block device. What only stands in for a device isn't the host's. */
void host_numbers_add_map(struct host_numbers *numbers, const struct device_map *map);

/* After the last was added: finding needs it. */
void host_numbers_sort(struct host_numbers *numbers);

/* The first with these numbers, the map's word before the spec's, or NULL. */
const struct host_number *host_numbers_find(const struct host_numbers *numbers,
					    const struct device_number *number);

void host_numbers_free(struct host_numbers *numbers);

#endif
