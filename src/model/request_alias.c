/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the host that the spec has under another path than the map. Whoever may choose a
 * path can't choose the numbers: they say which device of the host it is. */
#include "request_alias.h"

#include "oci-vfio-hook/host_number.h"

static void add_devices(struct host_numbers *numbers, const struct request *request,
			const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct map_entry *entry = request->devices[i].entry;
		const struct spec_device *device = &spec->devices[i];

		if (entry && map_entry_is_vfio(entry) && !entry->stand_in &&
		    device->has_numbers)
			host_numbers_add(numbers, &device->number, entry, i);
	}
}

/* Under an entry's path the device is that entry's or nobody's: only another entry's host_dev
 * says more. */
static bool is_alias(const struct request_place *place, const struct host_number *found)
{
	if (!place->entry)
		return true;
	return found->twin == HOST_NUMBER_OF_MAP && !place->entry->has_host_dev &&
	       !place->entry->stand_in;
}

void request_find_aliases(struct request *request, const struct spec *spec,
			  const struct device_map *map,
			  const struct annotation *annotation)
{
	auto_host_numbers numbers = { 0 };

	host_numbers_add_map(&numbers, map);
	add_devices(&numbers, request, spec);
	host_numbers_sort(&numbers);
	for (size_t i = 0; i < spec->n_devices && numbers.count; i++) {
		const struct spec_device *device = &spec->devices[i];
		struct request_place *place = &request->devices[i];
		const struct host_number *found;

		/* VFIO's paths that no entry has are judged as such. */
		if ((!device->has_numbers && !device->has_one_number) ||
		    annotation_find_final(annotation, device->path) ||
		    (!place->entry && path_is_vfio_node(device->path)))
			continue;
		found = host_numbers_find(&numbers, &device->number);
		if (!found || !is_alias(place, found))
			continue;
		place->alias = found->entry;
		place->twin = found->twin == HOST_NUMBER_OF_MAP ? REQUEST_NONE
								: (uint32_t)found->twin;
	}
}
