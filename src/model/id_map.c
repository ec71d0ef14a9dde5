/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of user and group ids. */
#include "oci-vfio-hook/id_map.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

/* Cuts the next number off, and the spaces before it. */
static bool cut_number(struct slice *rest, uint32_t *ret)
{
	struct slice column;
	uint64_t value;

	do {
		if (!slice_cut(rest, ' ', &column))
			return false;
	} while (column.length == 0);
	if (number_parse(column, 10, 10, UINT32_MAX, &value) < 0)
		return false;
	*ret = (uint32_t)value;
	return true;
}

int id_map_parse(struct slice text, struct id_map *ret)
{
	auto_id_map map = { 0 };
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		struct id_range range;

		/* After the last newline. */
		if (line.length == 0 && text.data == NULL)
			break;
		if (!cut_number(&line, &range.inside) ||
		    !cut_number(&line, &range.outside) ||
		    !cut_number(&line, &range.count) || line.data != NULL)
			return -EINVAL;
		*array_append(map.items, map.count, map.capacity) = range;
	}
	*ret = take_struct(map);
	return 0;
}

bool id_map_find(const struct id_map *map, uint32_t inside, uint32_t *ret_outside)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *range = &map->items[i];

		if (inside >= range->inside && inside - range->inside < range->count) {
			*ret_outside = range->outside + (inside - range->inside);
			return true;
		}
	}
	return false;
}

bool id_map_is_initial(const struct id_map *map)
{
	const struct id_range *first = map->items;

	return map->count == 1 && first->inside == 0 && first->outside == 0 &&
	       first->count == UINT32_MAX;
}

void id_map_free(struct id_map *map)
{
	free(map->items);
	*map = (struct id_map) { 0 };
}
