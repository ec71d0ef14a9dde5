/* SPDX-License-Identifier: Apache-2.0 */
/* What must be looked up on this machine before the plan can be made. Pure. */
#ifndef OCI_VFIO_HOOK_REQUEST_H
#define OCI_VFIO_HOOK_REQUEST_H

#include <sys/types.h>

#include "oci-vfio-hook/annotation.h"
#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/spec.h"

struct request_function {
	const struct map_entry *entry;	/* borrowed from the map */
	const struct map_function *map; /* borrowed from the map */
	bool named; /* the spec names the entry; else only the environment its address */
	bool want_group; /* members, drivers and node of its group */
	bool want_identity;
};

enum request_node_kind {
	REQUEST_NODE_VFIO, /* a VFIO node by its path: numbers from sysfs, never from /dev
			    */
	REQUEST_NODE_FILE, /* a device node by its path: st_rdev */
};

struct request_node {
	enum request_node_kind kind;
	char *path; /* cleaned; owned */
};

struct request {
	bool *named; /* for each entry of the map: does the spec name it? */
	struct request_function *functions;
	size_t n_functions, functions_capacity;
	struct request_node *nodes;
	size_t n_nodes, nodes_capacity;
	bool control; /* the numbers of /dev/vfio/vfio */
};

#define auto_request __attribute__((cleanup(request_free))) struct request

/* The entry whose container_path this cleaned path is, or NULL. */
const struct map_entry *device_map_find(const struct device_map *map, struct slice path);

/* Is the node at this final path done by an earlier run: the device, or the mount to it?
 */
bool device_is_done(const struct annotation *annotation,
		    const struct spec_device *device);
bool mount_is_done(const struct annotation *annotation, const struct spec_mount *mount);

/* The entry that this bind mount names by its destination, else by its source, or NULL.
 */
const struct map_entry *mount_find_entry(const struct device_map *map,
					 const struct spec_mount *mount);

/* Is anything left that a machine map could name, after what earlier runs did? */
bool request_may_need_map(const struct spec *spec, const struct environment *environment,
			  const struct annotation *annotation);

/* Which entries does the spec name? A --device-map entry that it doesn't name, and a
 * named entry of an unsupported type, are ERROR_DATA. */
int request_build(const struct spec *spec, const struct environment *environment,
		  const struct device_map *map, const struct annotation *annotation,
		  struct request *ret, struct error *err);

/* Index of the node request, or -1. */
ssize_t request_find_node(const struct request *request, enum request_node_kind kind,
			  struct slice path);

void request_free(struct request *request);

#endif
