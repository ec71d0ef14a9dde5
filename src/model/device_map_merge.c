/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: contradictions within a source, precedence between sources. */
#include "oci-vfio-hook/device_map.h"

/* Calls for each pair of functions of two entries until `check` returns other than 0. */
typedef int check_fn(const struct map_entry *a, const struct map_function *x,
		     const struct map_entry *b, const struct map_function *y,
		     struct error *err);

static int each_pair(const struct map_entry *a, const struct map_entry *b,
		     check_fn *check, struct error *err)
{
	for (size_t i = 0; i < a->n_functions; i++) {
		for (size_t k = 0; k < b->n_functions; k++) {
			int r;

			if (a == b && k >= i)
				break;
			r = check(a, &a->functions[i], b, &b->functions[k], err);
			if (r)
				return r;
		}
	}
	return 0;
}

static int check_contradiction(const struct map_entry *a, const struct map_function *x,
			       const struct map_entry *b, const struct map_function *y,
			       struct error *err)
{
	bool same_host = device_name_equal(&x->host, &y->host);
	bool same_guest = pci_locator_equal(&x->guest, &y->guest);
	char host[DEVICE_NAME_SIZE], other[DEVICE_NAME_SIZE];

	device_name_format(&x->host, host);
	device_name_format(&y->host, other);
	if (same_host && !same_guest)
		return error_set(
			err, ERROR_DATA,
			"%s: options: host function %s is %s here and %s in %s; keep one",
			a->where, host, x->guest_text, y->guest_text, b->where);
	if (same_guest && !same_host)
		return error_set(
			err, ERROR_DATA,
			"%s: options: %s is host function %s here and %s in %s; keep one",
			a->where, x->guest_text, host, other, b->where);
	return 0;
}

static int check_same_host(const struct map_entry *a, const struct map_function *x,
			   const struct map_entry *b, const struct map_function *y,
			   struct error *err)
{
	(void)a, (void)b, (void)err;
	return device_name_equal(&x->host, &y->host);
}

/* Is a path or host function of the entry taken by an earlier source? */
static bool is_taken(const struct device_map *map, const struct map_entry *entry)
{
	for (size_t i = 0; i < map->n_closed; i++) {
		const struct map_entry *earlier = &map->entries[i];

		if (text_equal(earlier->container_path, entry->container_path) ||
		    each_pair(entry, earlier, check_same_host, NULL))
			return true;
	}
	return false;
}

static int check_source(const struct device_map *map, struct error *err)
{
	for (size_t i = map->n_closed; i < map->n_entries; i++) {
		for (size_t k = map->n_closed; k <= i; k++) {
			const struct map_entry *a = &map->entries[i],
					       *b = &map->entries[k];
			int r;

			if (k < i && text_equal(a->container_path, b->container_path)) {
				auto_free char *path =
					text_quote(slice_from(a->container_path));

				return error_set(
					err, ERROR_DATA,
					"%s: container_path: %s is in %s already; keep one, with the options of both",
					a->where, path, b->where);
			}
			r = each_pair(a, b, check_contradiction, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int device_map_close_source(struct device_map *map, struct messages *messages,
			    struct error *err)
{
	struct device_map dropped = { 0 };
	size_t kept = map->n_closed;
	int r = check_source(map, err);

	if (r < 0)
		return r;
	for (size_t i = map->n_closed; i < map->n_entries; i++) {
		if (is_taken(map, &map->entries[i])) {
			messages_add(
				messages, MESSAGE_DEBUG,
				"%s: dropped, an earlier map has its path or function",
				map->entries[i].where);
			*array_append(dropped.entries, dropped.n_entries,
				      dropped.capacity) = map->entries[i];
		} else {
			map->entries[kept++] = map->entries[i];
		}
	}
	map->n_entries = map->n_closed = kept;
	device_map_free(&dropped);
	slice_index_free(&map->by_path);
	for (size_t i = 0; i < kept; i++) {
		if (!map_entry_is_idle(&map->entries[i]))
			slice_index_add(&map->by_path,
					slice_from(map->entries[i].container_path), i);
	}
	slice_index_sort(&map->by_path);
	return 0;
}

const struct map_entry *device_map_find(const struct device_map *map, struct slice path)
{
	size_t count;
	const struct slice_place *found = slice_index_find(&map->by_path, path, &count);

	return found ? &map->entries[found->place] : NULL;
}
