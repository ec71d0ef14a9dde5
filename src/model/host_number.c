/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that devices have on the host. */
#include "oci-vfio-hook/host_number.h"

void host_numbers_add(struct host_numbers *numbers, const struct device_number *number,
		      const struct map_entry *entry, size_t twin)
{
	*array_append(numbers->items, numbers->count, numbers->capacity) =
		(struct host_number) { *number, entry, twin };
}

/* What stands in for a device of VFIO's may be anybody's, such as /dev/null. */
static bool may_stand_in(const struct map_entry *entry)
{
	return entry->stand_in && !major_is_dynamic(entry->host_dev.major);
}

void host_numbers_add_map(struct host_numbers *numbers, const struct device_map *map)
{
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];
		struct device_number number = entry->host_dev;

		if (!entry->has_host_dev || may_stand_in(entry))
			continue;
		host_numbers_add(numbers, &number, entry, HOST_NUMBER_OF_MAP);
		number.type = 'b';
		if (!map_entry_is_vfio(entry))
			host_numbers_add(numbers, &number, entry, HOST_NUMBER_OF_MAP);
	}
}

static int compare(const void *a, const void *b)
{
	const struct host_number *x = a, *y = b;
	int order = device_number_compare(&x->number, &y->number);

	if (order)
		return order;
	if ((x->twin == HOST_NUMBER_OF_MAP) != (y->twin == HOST_NUMBER_OF_MAP))
		return x->twin == HOST_NUMBER_OF_MAP ? -1 : 1;
	if (x->twin != y->twin)
		return x->twin < y->twin ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

void host_numbers_sort(struct host_numbers *numbers)
{
	if (numbers->count > 1)
		qsort(numbers->items, numbers->count, sizeof *numbers->items, compare);
}

const struct host_number *host_numbers_find(const struct host_numbers *numbers,
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

void host_numbers_free(struct host_numbers *numbers)
{
	free(numbers->items);
	*numbers = (struct host_numbers) { 0 };
}
