/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: what the host said of the devices of a container, and where they are on
 * this machine. JSON in the shape of the Kata agent's `Device` message (agent.proto).
 * Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_MAP_H
#define OCI_VFIO_HOOK_DEVICE_MAP_H

#include "oci-vfio-hook/device_name.h"
#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/pci_locator.h"
#include "oci-vfio-hook/slice_index.h"
#include "oci-vfio-hook/vfio_path.h"

enum device_type {
	DEVICE_VFIO_PCI,    /* "vfio-pci": the container drives it, through a VFIO node */
	DEVICE_VFIO_PCI_GK, /* "vfio-pci-gk": the guest kernel drives it, no node */
	DEVICE_NODE,	    /* "node": a device node of this machine, at vm_path */
	DEVICE_UNSUPPORTED, /* one of Kata's that isn't built */
};

/* Identity attributes of a PCI function, named as in sysfs. */
enum pci_identity {
	PCI_VENDOR,
	PCI_DEVICE,
	PCI_SUBSYSTEM_VENDOR,
	PCI_SUBSYSTEM_DEVICE,
	PCI_CLASS,
	PCI_IDENTITY_COUNT,
};
extern const char *const pci_identity_names[PCI_IDENTITY_COUNT];

struct map_function {
	struct device_name host;
	struct pci_locator guest;
	char *guest_text; /* as the map spells it, and the locator borrows it; owned */
};

/* Where an entry was read, in order of precedence. */
enum map_source {
	MAP_SOURCE_OPTION,    /* --device-map */
	MAP_SOURCE_DIRECTORY, /* devices.d */
	/* What whoever started a virtual machine says of its own devices: no `node` entries. */
	MAP_SOURCE_CREDENTIAL, /* the system credential */
	MAP_SOURCE_FW_CFG,     /* QEMU's fw_cfg */
	MAP_SOURCE_SMBIOS,     /* SMBIOS' strings */
};

/* Which kind of VFIO node an entry asks for. */
enum map_node {
	MAP_NODE_AS_SPEC, /* that of its container_path */
	MAP_NODE_GROUP,
	MAP_NODE_HANDLE,
	MAP_NODE_AUTO, /* that of its container_path if this kernel has it, else the other */
};

struct map_entry {
	enum map_source source;
	char *where; /* "<file>: [2]" for messages; owned, as all that follows */
	enum device_type type;
	char *type_name;
	char *container_path; /* cleaned */
	char *final_path;     /* cleaned; NULL: the default of the type */
	char *vm_path;	      /* cleaned; DEVICE_NODE only, else NULL */
	/* The node's numbers on the host, of any type: a device with others is a stand-in. */
	bool has_host_dev;
	struct device_number host_dev;
	/* What is not a VFIO device may stand in under the path of a VFIO entry. */
	bool stand_in;
	enum map_node node;
	bool allow_noiommu; /* a group that no IOMMU keeps apart will do */
	/* With --bind, of vfio-pci only: also what is in use; also the rest of its group. */
	bool force, bind_group;
	/* Of vfio-pci only: bytes that the container's process may lock at least, or
	 * MEMORY_LOCK_UNLIMITED; 0: nothing is said. */
	uint64_t memlock;
	struct map_function *functions;
	size_t n_functions, functions_capacity;
	bool expected[PCI_IDENTITY_COUNT];
	uint32_t expect[PCI_IDENTITY_COUNT];
};

struct device_map {
	struct map_entry *entries;
	size_t n_entries, capacity;
	size_t n_closed; /* entries of sources that device_map_close_source() has seen */
	bool exists;	 /* there is a map file, if only an empty one */
	/* Of the closed sources' entries, by container_path. */
	struct slice_index by_path;
};

#define auto_device_map __attribute__((cleanup(device_map_free))) struct device_map

/* Adds the entries of one file. Accepts a bare array, {"devices": [...]} and a whole
 * CreateContainerRequest, with Kata's spellings of the fields. Warnings and debug
 * messages go to `messages`. ERROR_DATA names file, entry and field. */
int device_map_add(struct device_map *map, enum map_source source, const char *name,
		   struct slice text, struct messages *messages, struct error *err);

/* After the last file of a source: a container path twice, two guests for one host
 * function or two host functions of one guest within it are ERROR_DATA; an entry of which
 * an earlier source has the path or a host function is dropped whole. */
int device_map_close_source(struct device_map *map, struct messages *messages,
			    struct error *err);

/* The entry whose container_path this cleaned path is, or NULL. */
const struct map_entry *device_map_find(const struct device_map *map, struct slice path);

/* Is it of a type that VFIO's nodes are for? */
bool map_entry_is_vfio(const struct map_entry *entry);

/* The kind of VFIO node that the entry asks for first, and whether it takes this one. */
enum vfio_kind map_entry_kind(const struct map_entry *entry);
bool map_entry_takes(const struct map_entry *entry, enum vfio_kind kind);

/* Is it an entry of VFIO type for /dev/iommu? It does nothing: the node comes with a handle. */
bool map_entry_is_idle(const struct map_entry *entry);

void device_map_free(struct device_map *map);

#endif
