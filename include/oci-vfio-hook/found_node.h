/* SPDX-License-Identifier: Apache-2.0 */
/* What is found at the place of a node in a created container, judged by what the plan says:
 * is it the old node, the final one, or something else? Pure: looks at nothing itself. */
#ifndef OCI_VFIO_HOOK_FOUND_NODE_H
#define OCI_VFIO_HOOK_FOUND_NODE_H

#include <sys/types.h>

#include "oci-vfio-hook/device_number.h"

struct plan_node;

/* Which file it is, whatever its name. */
struct file_identity {
	dev_t device; /* of the file system */
	ino_t inode;
};

/* What is at a place; type 0: nothing. */
struct found_node {
	/* Its type also 'f' (an empty regular file) and 'x' (something else). */
	struct device_number number;
	bool mounted; /* it is a mount point */
	struct file_identity file;
};

/* Is it the node that the plan wants there? */
bool found_node_is_final(const struct found_node *found, const struct plan_node *plan);

/* Is it the old node: what the spec let the runtime make, or the machine's file that it
 * bound there instead? `source` is that file; NULL: the runtime makes nodes. */
bool found_node_is_stale(const struct found_node *found, const struct plan_node *plan,
			 const struct file_identity *source);

/* Could a killed run have left it under a name of its own: such an old node, or the empty
 * file of a mount? */
bool found_node_is_leftover(const struct found_node *found, const struct plan_node *plan,
			    const struct file_identity *source);

#endif
