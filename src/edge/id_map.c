/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of user and group ids. */
#include "oci-vfio-hook/id_map.h"

#include <errno.h>

#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/number.h"

#define MAP_MAX 65536 /* 340 lines of three columns */

/* A number behind spaces; moves *at behind it. */
static bool parse_number(const char **at, uint32_t *ret)
{
	uint64_t value;
	size_t length;

	*at += strspn(*at, " ");
	length = strcspn(*at, " ");
	if (number_parse((struct slice) { *at, length }, 10, 10, UINT32_MAX, &value) < 0)
		return false;
	*at += length;
	*ret = (uint32_t)value;
	return true;
}

int id_map_read(int at, const char *path, struct id_map *ret, struct error *err)
{
	auto_close int fd = openat(at, path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	auto_id_map map = { 0 };
	char *rest, *line;
	size_t length;
	int r;

	if (fd < 0)
		return error_set(err, ERROR_IO, "%s: can't be opened: %s", path,
				 strerror(errno));
	r = file_read(fd, path, 0, MAP_MAX, &text, &length, err);
	if (r < 0)
		return r;
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		struct id_range *range = array_append(map.items, map.count, map.capacity);
		const char *rest_of_line = line;

		if (!parse_number(&rest_of_line, &range->inside) ||
		    !parse_number(&rest_of_line, &range->outside) ||
		    !parse_number(&rest_of_line, &range->count) || *rest_of_line != '\0')
			return error_set(err, ERROR_IO, "%s: has an unknown format",
					 path);
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

void id_map_free(struct id_map *map)
{
	free(map->items);
	*map = (struct id_map) { 0 };
}
