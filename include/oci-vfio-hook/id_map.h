/* SPDX-License-Identifier: Apache-2.0 */
/* Which users or groups of this process' user namespace stand for those of another
 * process' (user_namespaces(7), /proc/PID/uid_map and gid_map). */
#ifndef OCI_VFIO_HOOK_ID_MAP_H
#define OCI_VFIO_HOOK_ID_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "oci-vfio-hook/error.h"

struct id_range {
	uint32_t inside, outside, count;
};

/* Initialised with {0}, which maps nothing. */
struct id_map {
	struct id_range *items; /* owned */
	size_t count, capacity;
};

#define auto_id_map __attribute__((cleanup(id_map_free))) struct id_map

/* Reads the map at `path` from the directory `at`, as openat(2): "uid_map" from an open
 * /proc/PID, or a whole path. ERROR_IO. */
int id_map_read(int at, const char *path, struct id_map *ret, struct error *err);

/* False where the map has no such id. */
bool id_map_find(const struct id_map *map, uint32_t inside, uint32_t *ret_outside);

void id_map_free(struct id_map *map);

#endif
