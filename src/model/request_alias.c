/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the host that the spec has under another path than the map. Whoever may choose a
 * path can't choose the numbers: they say which device of the host it is. */
#include "request_alias.h"

/* Numbers that a device has on the host, and whose it is. */
struct host_number {
	struct device_number number;
	const struct map_entry *entry;
	size_t twin; /* the device of the spec that says so; REQUEST_NONE: host_dev */
};

struct host_numbers {
	struct host_number *items;
	size_t count, capacity;
};

static void add_number(struct host_numbers *numbers, char type,
		       const struct device_number *number, const struct map_entry *entry,
		       size_t twin)
{
	struct host_number *item =
		array_append(numbers->items, numbers->count, numbers->capacity);

	*item = (struct host_number) { *number, entry, twin };
	item->number.type = type;
}

/* What stands in for a device of VFIO's may be anybody's, such as /dev/null. */
static bool may_stand_in(const struct map_entry *entry,
			 const struct device_number *number)
{
	return entry->stand_in && !major_is_dynamic(number->major);
}

static void add_entries(struct host_numbers *numbers, const struct device_map *map)
{
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (!entry->has_host_dev || may_stand_in(entry, &entry->host_dev))
			continue;
		add_number(numbers, 'c', &entry->host_dev, entry, REQUEST_NONE);
		if (!map_entry_is_vfio(entry))
			add_number(numbers, 'b', &entry->host_dev, entry, REQUEST_NONE);
	}
}

static void add_devices(struct host_numbers *numbers, const struct request *request,
			const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct map_entry *entry = request->devices[i].entry;
		const struct spec_device *device = &spec->devices[i];

		if (entry && map_entry_is_vfio(entry) && !entry->stand_in &&
		    device->has_numbers)
			add_number(numbers, device->number.type, &device->number, entry,
				   i);
	}
}

/* What the map says comes before what a device of the spec says. */
static int compare_numbers(const void *a, const void *b)
{
	const struct host_number *x = a, *y = b;
	int order = device_number_compare(&x->number, &y->number);

	if (order)
		return order;
	if ((x->twin == REQUEST_NONE) != (y->twin == REQUEST_NONE))
		return x->twin == REQUEST_NONE ? -1 : 1;
	if (x->twin != y->twin)
		return x->twin < y->twin ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

/* The first with these numbers, or NULL. */
static const struct host_number *find_number(const struct host_numbers *numbers,
					     const struct device_number *number)
{
	size_t low = 0, high = numbers->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (device_number_compare(&numbers->items[middle].number, number) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < numbers->count &&
			       device_number_equal(&numbers->items[low].number, number)
		       ? &numbers->items[low]
		       : NULL;
}

/* Under an entry's path the device is that entry's or nobody's: only another entry's host_dev
 * says more. */
static bool is_alias(const struct request_place *place, const struct host_number *found)
{
	if (!place->entry)
		return true;
	return found->twin == REQUEST_NONE && !place->entry->has_host_dev &&
	       !place->entry->stand_in;
}

void request_find_aliases(struct request *request, const struct spec *spec,
			  const struct device_map *map,
			  const struct annotation *annotation)
{
	struct host_numbers numbers = { 0 };

	add_entries(&numbers, map);
	add_devices(&numbers, request, spec);
	if (numbers.count > 1)
		qsort(numbers.items, numbers.count, sizeof *numbers.items,
		      compare_numbers);
	for (size_t i = 0; i < spec->n_devices && numbers.count; i++) {
		const struct spec_device *device = &spec->devices[i];
		struct request_place *place = &request->devices[i];
		const struct host_number *found;

		/* VFIO's paths that no entry has are judged as such. */
		if ((!device->has_numbers && !device->has_one_number) ||
		    annotation_find_final(annotation, device->path) ||
		    (!place->entry && path_is_vfio_node(device->path)))
			continue;
		found = find_number(&numbers, &device->number);
		if (!found || !is_alias(place, found))
			continue;
		place->alias = found->entry;
		place->twin = found->twin;
	}
	free(numbers.items);
}
