/* SPDX-License-Identifier: Apache-2.0 */
/* What must be looked up on this machine before the plan can be made. Pure. */
#ifndef OCI_VFIO_HOOK_REQUEST_H
#define OCI_VFIO_HOOK_REQUEST_H

#include <sys/types.h>

#include "oci-vfio-hook/annotation.h"
#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/environment.h"
#include "oci-vfio-hook/settings.h"
#include "oci-vfio-hook/spec.h"

struct request_function {
	const struct map_entry *entry;	/* borrowed from the map */
	const struct map_function *map; /* borrowed from the map */
	bool named; /* the spec names the entry; else only the environment its address */
	bool want_group;  /* members, drivers and node of its group */
	bool want_handle; /* what iommufd's users open it by */
	bool want_identity;
};

enum request_node_kind {
	REQUEST_NODE_VFIO, /* a VFIO node by its path: numbers from sysfs, never from /dev
			      */
	REQUEST_NODE_FILE, /* a device node by its path: st_rdev */
	REQUEST_NODE_NUMBER, /* /sys/dev/char/MAJOR:MINOR: is it there, and not VFIO's? */
};

struct request_node {
	enum request_node_kind kind;
	const char *path; /* cleaned; in request.texts */
};

#define REQUEST_NONE UINT32_MAX

/* What of the machine is asked for on behalf of one device or bind mount of the spec. */
struct request_place {
	const struct map_entry
		*entry; /* of which it has the path: it may name it; NULL */
	/* Device: the entry of which it has the numbers, but not the path, or NULL; by the
	 * numbers of the device `twin`, which has that path, or by host_dev: REQUEST_NONE. */
	const struct map_entry *alias;
	uint32_t twin;
	uint32_t node;	     /* index into nodes, or REQUEST_NONE */
	uint32_t number;     /* the same, of kind REQUEST_NODE_NUMBER */
	bool by_source;	     /* mount: its source is that path */
	bool by_destination; /* mount: its destination is */
};

/* What the spec says of an entry of the map. */
struct request_entry {
	bool named; /* a device or mount of the spec has its path */
	/* It is not named, but its node is in a directory that is mounted, and a variable names
	 * a function of it. */
	bool followed;
	uint32_t node; /* of a named `node` entry: its vm_path in nodes */
};

struct request {
	/* The policy for what no entry names: never UNMAPPED_AUTO. */
	enum unmapped_policy unmapped;
	/* For each of spec.devices, and after these for each of spec.mounts; owned. */
	struct request_place *devices, *mounts;
	struct request_entry *entries; /* for each entry of the map; owned */
	struct request_function *functions;
	size_t n_functions, functions_capacity;
	/* Functions of entries that the spec doesn't ask for: looked up only where a group has
	 * functions that aren't among these. */
	struct request_function *others;
	size_t n_others, others_capacity;
	struct request_node *nodes;
	size_t n_nodes, nodes_capacity;
	struct text_pool texts; /* of these */
	/* Devices that variables name, where the spec may be this machine's own; sorted, each
	 * once. */
	struct device_name *own;
	size_t n_own, own_capacity;
	bool vfio_nodes; /* the numbers of all VFIO nodes of this machine */
	/* The groups that no entry names: one of them may be the spec's device. With vfio_nodes
	 * and the functions of all entries. */
	bool match;
	/* The same if a node that is looked up as a file might be one of them. */
	bool vfio_nodes_of_files;
	bool own_handles;	  /* the handles of the functions in `own` */
	bool control[VFIO_KINDS]; /* the numbers of these control nodes */
};

/* A directory of VFIO nodes, or one above: /, /dev, /dev/vfio, /dev/vfio/devices. */
bool path_holds_vfio_nodes(struct slice path);

/* Is the node at this final path done by an earlier run: the device, or the mount to it?
 */
bool device_is_done(const struct annotation *annotation,
		    const struct spec_device *device);
bool mount_is_done(const struct annotation *annotation, const struct spec_mount *mount);

/* Is anything left that a machine map could name, after what earlier runs did? */
bool request_may_need_map(const struct spec *spec, const struct environment *environment,
			  const struct annotation *annotation);

/* Could one of the spec's devices be wrong without the machine's maps? Then a map that can't
 * be read stops it. */
bool request_needs_map(const struct spec *spec, const struct environment *environment,
		       const struct annotation *annotation);

/* Does one of these paths lie elsewhere than below /dev? Then mounts that spec_parse_near()
 * leaves out may matter. */
bool request_needs_far_mounts(const struct device_map *map,
			      const struct annotation *annotation);

/* What is to become of devices that no entry names. */
struct request_policy {
	enum unmapped_policy unmapped;
	enum by_address_policy by_address;
	bool match; /* the only group of this machine is the spec's only device */
};

/* Which entries may the spec name, and what decides it? A --device-map entry that it doesn't
 * name is ERROR_DATA. */
int request_build(const struct spec *spec, const struct environment *environment,
		  const struct device_map *map, const struct annotation *annotation,
		  const struct request_policy *policy, struct request *ret,
		  struct error *err);

void request_free(struct request *request);

#endif
