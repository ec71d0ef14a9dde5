/* SPDX-License-Identifier: Apache-2.0 */
/* Writes device maps for a person or a virtual machine: from what a whole machine has, and where a
 * device of it is elsewhere. Pure. */
#ifndef OCI_VFIO_HOOK_MAP_WRITER_H
#define OCI_VFIO_HOOK_MAP_WRITER_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/survey.h"
#include "oci-vfio-hook/vm_device.h"

/* What stands in a draft for what only a person, or another machine, knows. Neither is an address
 * or a path, so that a draft is no map. */
#define MAP_DRAFT_HOST "HOST"
#define MAP_DRAFT_GROUP "HOSTGROUP"
#define MAP_DRAFT_GUEST "GUEST"

/* Of which nodes of this machine there are entries. */
enum map_nodes {
	MAP_NODES_ALL, /* that there are: of groups, and the handles of their functions */
	MAP_NODES_GROUP,
	MAP_NODES_HANDLE,
};

struct map_wish {
	enum map_nodes nodes;
	bool with_subsystem; /* "expect" has the subsystem's identity, too */
};

/* Appends the map of this machine's devices, the host's of a spec, each of which must be there and
 * VFIO's: an entry for each group and each handle, with the numbers of its node and what all of
 * its functions are. ERROR_UNAVAILABLE says what to do; ERROR_DATA: a device comes twice. */
int map_write(const struct survey *survey, const struct vm_devices *devices,
	      const struct map_wish *wish, struct buffer *ret, struct error *err);

/* The devices of this machine that VFIO has, each its own guest: for after the next start. */
void map_list_own(const struct survey *survey, struct vm_devices *ret);

/* Appends a draft of a map on this machine: an entry for each group of what VFIO has here, in which
 * the host's names are to be filled in. False: there is none. */
bool map_write_draft(const struct survey *survey, struct buffer *ret);

/* What an entry may say of a function that is meant by it: "expect", and a comma before it; nothing
 * where the functions have nothing in common. NULL is of a device that is no PCI function. */
void map_add_expect(const struct pci_features *const *functions, size_t count,
		    bool with_subsystem, struct buffer *ret);

/* Appends a map without the white space between its tokens. */
void map_add_compact(struct slice map, struct buffer *ret);

#endif
