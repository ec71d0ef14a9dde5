/* SPDX-License-Identifier: Apache-2.0 */
/* The annotation io.github.oci-vfio-hook.applied: what an earlier run did to a spec, and
 * the token that proves that it was us in this boot. Pure.
 *
 * Its value is JSON in a string:
 * {"token":"<32 hex digits>",
 *  "nodes":[{"container_path":"/dev/vfio/45","final_path":"/dev/vfio/3","node":"/dev/vfio/3",
 *            "type":"c","major":242,"minor":0}],
 *  "addresses":[["0000:3b:02.0","0000:01:00.0"]]}
 * `final_path`, `node`, `type`, `major` and `minor` are absent for a vfio-pci-gk entry:
 * its nodes were taken out. */
#ifndef OCI_VFIO_HOOK_APPLIED_H
#define OCI_VFIO_HOOK_APPLIED_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/pci.h"

struct annotation_node {
	char *container_path; /* owned, as all strings here */
	char *final_path;     /* NULL: taken out */
	char *node;	      /* on the machine */
	struct device_number number;
};

struct annotation_address {
	struct pci_address host, guest;
};

struct annotation {
	struct annotation_node *nodes;
	size_t n_nodes, nodes_capacity;
	struct annotation_address *addresses;
	size_t n_addresses, addresses_capacity;
	/* Numbers that a rule got for a bind mount of the whole /dev/vfio. */
	struct device_number *rules;
	size_t n_rules, rules_capacity;
};

#define auto_annotation __attribute__((cleanup(annotation_free))) struct annotation

/* Parses the annotation's text if its token is `token` (NULL: there is none yet). Returns
 * 0, or 1 if the token is another or the text isn't ours: then *ret is empty and the
 * annotation counts as absent. */
int annotation_parse(struct slice text, const char *token, struct annotation *ret);

/* Appends the annotation's text. */
void annotation_format(const struct annotation *annotation, const char *token,
		       struct buffer *ret);

/* Adds what is not yet listed. */
void annotation_add_node(struct annotation *annotation, const char *container_path,
			 const char *final_path, const char *node,
			 const struct device_number *number);
void annotation_add_address(struct annotation *annotation, const struct pci_address *host,
			    const struct pci_address *guest);

/* The node that the container sees at this final path, or NULL. */
const struct annotation_node *annotation_find_final(const struct annotation *annotation,
						    struct slice path);
/* Is the node behind this final path a VFIO node of the machine? */
bool annotation_is_vfio(const struct annotation *annotation, struct slice final_path);
/* Is the entry of this container path done? */
bool annotation_has_container_path(const struct annotation *annotation,
				   struct slice path);
bool annotation_has_guest(const struct annotation *annotation,
			  const struct pci_address *address);

void annotation_add_rule(struct annotation *annotation,
			 const struct device_number *number);

void annotation_free(struct annotation *annotation);

#endif
