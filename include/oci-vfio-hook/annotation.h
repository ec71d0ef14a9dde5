/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run did to a spec, as its annotation lists it: nodes, pairs of addresses,
 * rules. A value; its text is in annotation_text. Pure. */
#ifndef OCI_VFIO_HOOK_ANNOTATION_H
#define OCI_VFIO_HOOK_ANNOTATION_H

#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/device_name.h"
#include "oci-vfio-hook/text_pool.h"

struct annotation_node {
	const char *container_path;
	const char *final_path; /* NULL: removed */
	const char *node;	/* on the machine */
	struct device_number number;
};

struct annotation_address {
	struct device_name host, guest;
};

struct annotation {
	struct annotation_node *nodes; /* by container path and final path */
	size_t n_nodes, nodes_capacity;
	struct annotation_node **by_final;    /* the same by final path; owned */
	struct annotation_address *addresses; /* by host and guest */
	size_t n_addresses, addresses_capacity;
	struct device_name *guests; /* of these; owned */
	/* Numbers that a rule got for a bind mount of the whole /dev/vfio. */
	struct device_number *rules;
	size_t n_rules, rules_capacity;
	struct text_pool texts; /* of what annotation_parse() read */
};

#define auto_annotation __attribute__((cleanup(annotation_free))) struct annotation

/* Adds to what is listed. The texts are borrowed. */
void annotation_add_node(struct annotation *annotation, const char *container_path,
			 const char *final_path, const char *node,
			 const struct device_number *number);
void annotation_add_address(struct annotation *annotation, const struct device_name *host,
			    const struct device_name *guest);
void annotation_add_rule(struct annotation *annotation,
			 const struct device_number *number);

/* Sorts what was added and removes what is listed twice. Looking up needs it, and whoever
 * writes the text. */
void annotation_sort(struct annotation *annotation);
/* The same, where what is listed is looked up by final path or guest, too. */
void annotation_index(struct annotation *annotation);

/* The node that the container sees at this final path, or NULL; needs annotation_index(),
 * as annotation_has_guest() does. */
const struct annotation_node *annotation_find_final(const struct annotation *annotation,
						    struct slice path);
/* The first node of the entry of this container path, which then is done; or NULL. */
const struct annotation_node *annotation_find_container_path(
	const struct annotation *annotation, struct slice path);
/* Is this pair of paths listed? */
bool annotation_has_node(const struct annotation *annotation, const char *container_path,
			 const char *final_path);
bool annotation_has_guest(const struct annotation *annotation,
			  const struct device_name *address);
/* The first pair of this host, or NULL. */
const struct annotation_address *annotation_find_host(const struct annotation *annotation,
						      const struct device_name *host);
/* Is this pair listed? */
bool annotation_has_address(const struct annotation *annotation,
			    const struct device_name *host,
			    const struct device_name *guest);
bool annotation_has_rule(const struct annotation *annotation,
			 const struct device_number *number);

void annotation_free(struct annotation *annotation);

#endif
