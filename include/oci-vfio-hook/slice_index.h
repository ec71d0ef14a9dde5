/* SPDX-License-Identifier: Apache-2.0 */
/* Which places have a text: built once, then asked in logarithmic time. Knows nothing of the
 * domain. */
#ifndef OCI_VFIO_HOOK_SLICE_INDEX_H
#define OCI_VFIO_HOOK_SLICE_INDEX_H

#include "oci-vfio-hook/text.h"

struct slice_place {
	const char *data; /* borrowed */
	uint32_t length;
	uint32_t place;
};

static inline struct slice slice_place_text(const struct slice_place *place)
{
	return (struct slice) { place->data, place->length };
}

/* Initialised with {0}. */
struct slice_index {
	struct slice_place *items; /* owned */
	size_t count, capacity;
};

#define auto_slice_index __attribute__((cleanup(slice_index_free))) struct slice_index

/* The text is shorter than 4 GiB, and there are not as many places. */
void slice_index_add(struct slice_index *index, struct slice text, size_t place);

/* After the last one was added: places of one text are in ascending order. */
void slice_index_sort(struct slice_index *index);

/* Returns the items with this text, *ret_count of them, in the order of their places. */
const struct slice_place *slice_index_find(const struct slice_index *index,
					   struct slice text, size_t *ret_count);

/* Where the items end, sorted, that have the text of the one at `first`. */
size_t slice_index_run_end(const struct slice_index *index, size_t first);

void slice_index_free(struct slice_index *index);

#endif
