/* SPDX-License-Identifier: Apache-2.0 */
/* Which places have a text. */
#include "oci-vfio-hook/slice_index.h"

void slice_index_add(struct slice_index *index, struct slice text, size_t place)
{
	*array_append(index->items, index->count, index->capacity) =
		(struct slice_place) { text.data, (uint32_t)text.length,
				       (uint32_t)place };
}

static int compare_items(const void *a, const void *b)
{
	const struct slice_place *x = a, *y = b;
	int order = slice_compare(slice_place_text(x), slice_place_text(y));

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

void slice_index_sort(struct slice_index *index)
{
	if (index->count > 1)
		qsort(index->items, index->count, sizeof *index->items, compare_items);
}

/* The first item that isn't below the text, or with `after` the first that is above it. */
static size_t find_bound(const struct slice_index *index, struct slice text, bool after)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = slice_compare(slice_place_text(&index->items[middle]), text);

		if (order < 0 || (after && order == 0))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct slice_place *slice_index_find(const struct slice_index *index,
					   struct slice text, size_t *ret_count)
{
	size_t first = find_bound(index, text, false);

	*ret_count = 0;
	if (first == index->count ||
	    !slice_equal(slice_place_text(&index->items[first]), text))
		return NULL;
	*ret_count = find_bound(index, text, true) - first;
	return &index->items[first];
}

size_t slice_index_run_end(const struct slice_index *index, size_t first)
{
	const struct slice text = slice_place_text(&index->items[first]);
	size_t end = first + 1;

	while (end < index->count &&
	       slice_equal(slice_place_text(&index->items[end]), text))
		end++;
	return end;
}

void slice_index_free(struct slice_index *index)
{
	free(index->items);
	*index = (struct slice_index) { 0 };
}
