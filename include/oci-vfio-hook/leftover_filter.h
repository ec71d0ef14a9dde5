/* SPDX-License-Identifier: Apache-2.0 */
/* Where raw JSON may have left-overs: all texts of a mapped container are looked through, and
 * few have any. It finds too much rather than too little; what is a left-over, leftover_find()
 * tells from the text of the string around it. Pure. */
#ifndef OCI_VFIO_HOOK_LEFTOVER_FILTER_H
#define OCI_VFIO_HOOK_LEFTOVER_FILTER_H

#include "oci-vfio-hook/leftover.h"

struct leftover_filter {
	/* Of all paths, as far as JSON has it as it is; empty: there are none; borrowed. */
	struct slice beginning;
	size_t sign;	    /* where in it two characters are that are looked for */
	char first, second; /* these */
	size_t distance;    /* between them; 0: they are one */
	size_t shortest;    /* how many characters a token has at least */
	bool uuids;	    /* there may be any */
	bool odd;	    /* a path has other characters than 0-9A-Za-z and /:._- */
};

/* The table is sorted, has anything, and outlives *ret. */
void leftover_filter_make(const struct leftover_table *table,
			  struct leftover_filter *ret);

/* Returns the first place of [start, end) in the JSON text that is in a string which may have a
 * left-over there or after it, or `end`. Where no string there has escapes it is faster. */
size_t leftover_filter_find(const struct leftover_filter *filter, struct slice json,
			    size_t start, size_t end, bool escapes);

#endif
