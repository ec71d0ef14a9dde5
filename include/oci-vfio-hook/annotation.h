/* The annotation io.github.oci-vfio-hook.applied: what an earlier run did to a spec, and
 * the token that proves that it was us in this boot. Pure.
 *
 * Its value is JSON in a string:
 * {"token":"<32 hex digits>",
 *  "nodes":[{"container_path":"/dev/vfio/45","final_path":"/dev/vfio/3","node":"/dev/vfio/3",
 *            "type":"c","major":242,"minor":0}],
 *  "addresses":[["0000:3b:02.0","0000:01:00.0"]]}
 * `final_path`, `node`, `type`, `major` and `minor` are absent for a vfio-pci-gk entry:
 * its nodes were taken out. SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_APPLIED_H
#define OCI_VFIO_HOOK_APPLIED_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/pci.h"

struct applied_node {
	char *container_path; /* owned, as all strings here */
	char *final_path;     /* NULL: taken out */
	char *node;	      /* on the machine */
	char type;
	uint32_t major, minor;
};

struct applied_address {
	struct pci_address host, guest;
};

struct applied {
	struct applied_node *nodes;
	size_t n_nodes, nodes_capacity;
	struct applied_address *addresses;
	size_t n_addresses, addresses_capacity;
};

#define auto_applied __attribute__((cleanup(applied_free))) struct applied

/* Parses the annotation's text if its token is `token` (NULL: there is none yet). Returns
 * 0, or 1 if the token is another or the text isn't ours: then *ret is empty and the
 * annotation counts as absent. */
int applied_parse(struct slice text, const char *token, struct applied *ret);

/* Appends the annotation's text. */
void applied_format(const struct applied *applied, const char *token, struct buffer *ret);

/* Adds what is not yet listed. */
void applied_add_node(struct applied *applied, const char *container_path,
		      const char *final_path, const char *node, char type, uint32_t major,
		      uint32_t minor);
void applied_add_address(struct applied *applied, const struct pci_address *host,
			 const struct pci_address *guest);

/* The node that the container sees at this final path, or NULL. */
const struct applied_node *applied_find_final(const struct applied *applied,
					      struct slice path);
/* Is the node behind this final path a VFIO node of the machine? */
bool applied_is_vfio(const struct applied *applied, struct slice final_path);
/* Is the entry of this container path done? */
bool applied_has_container_path(const struct applied *applied, struct slice path);
bool applied_has_guest(const struct applied *applied, const struct pci_address *address);

void applied_free(struct applied *applied);

#endif
