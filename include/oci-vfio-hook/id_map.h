/* SPDX-License-Identifier: Apache-2.0 */
/* Which users or groups of a user namespace stand for those of another
 * (user_namespaces(7), /proc/PID/uid_map and gid_map). Pure: user_namespace.h reads them. */
#ifndef OCI_VFIO_HOOK_ID_MAP_H
#define OCI_VFIO_HOOK_ID_MAP_H

#include <stdint.h>

#include "oci-vfio-hook/text.h"

struct id_range {
	uint32_t inside, outside, count;
};

/* Initialised with {0}, which maps nothing. */
struct id_map {
	struct id_range *items; /* owned */
	size_t count, capacity;
};

#define auto_id_map __attribute__((cleanup(id_map_free))) struct id_map

/* Parses lines of three columns: "         0     100000      65536". 0 or -EINVAL. */
int id_map_parse(struct slice text, struct id_map *ret);

/* False where the map has no such id. */
bool id_map_find(const struct id_map *map, uint32_t inside, uint32_t *ret_outside);

/* Is it the map that the initial user namespace has: all of the ids, each itself? */
bool id_map_is_initial(const struct id_map *map);

void id_map_free(struct id_map *map);

#endif
