/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the host that are left in texts: PCI addresses, UUIDs of mediated devices and paths
 * as whole tokens, found in one pass by a sorted table. Pure. */
#ifndef OCI_VFIO_HOOK_LEFTOVER_H
#define OCI_VFIO_HOOK_LEFTOVER_H

#include "oci-vfio-hook/device_name.h"

struct leftover_address {
	struct device_name host;
	bool known; /* what it is here */
	struct device_name guest;
	/* For the caller: where it was found last; whether it was used. */
	size_t seen;
	bool listed;
};

struct leftover_path {
	struct slice path; /* borrowed */
	const char *final; /* borrowed; NULL: there is none, or more than one */
	size_t beginning; /* another path that this one begins with: index plus 1; 0: none */
	size_t seen;	  /* for the caller */
};

/* Begins with {0}. */
struct leftover_table {
	struct leftover_address *addresses; /* sorted, as paths are; owned */
	size_t n_addresses, addresses_capacity;
	bool has_uuids;		     /* among them */
	struct leftover_path *paths; /* owned */
	size_t n_paths, paths_capacity;
};

/* `guest` NULL: it isn't known. */
void leftover_table_add_address(struct leftover_table *table,
				const struct device_name *host,
				const struct device_name *guest);
/* `path` is clean, and isn't empty. `final` NULL: the container sees nothing in its place. Both
 * are borrowed. */
void leftover_table_add_path(struct leftover_table *table, struct slice path,
			     const char *final);
/* After the last one: makes the table ready. */
void leftover_table_sort(struct leftover_table *table);
void leftover_table_free(struct leftover_table *table);

/* A token: an address in any spelling, a UUID, or a path. */
struct leftover {
	size_t start, end;		  /* bytes of the text */
	struct leftover_address *address; /* or: */
	struct leftover_path *path;
	/* The path is the end of a longer one, as that of a volume that shows all of the host. */
	bool below;
	struct pci_spelling spelling; /* of the address */
};

/* Where the search is; begins with {0}. */
struct leftover_search {
	size_t at;
	size_t run_start, run_end; /* the last run of letters and digits before it */
	/* Where the last run of a path's characters begins, looked for as far as this. */
	size_t path_start, path_seen;
};

/* Finds the next left-over of the text; false: there is no more.
 *
 * A token is bounded by the ends of the text or a character other than 0-9A-Za-z; the
 * longest counts. A ":" before an address belongs to it after a whole run of two, or of
 * four to eight, hex digits; a "." after a token where a digit follows; a path goes on with
 * any of 0-9A-Za-z/_-. Slashes of a path may be several, and have a "." between them; and it may
 * follow other elements of an absolute path. */
bool leftover_find(const struct leftover_table *table, struct slice text,
		   struct leftover_search *search, struct leftover *ret);

#endif
