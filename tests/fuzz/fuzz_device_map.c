/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes device maps: two files of one source and one of the next, with 0xff between. */
#include "fuzz.h"

#include "oci-vfio-hook/device_map.h"

static void check_entry(const struct map_entry *entry)
{
	fuzz_check(entry->where && entry->type_name && entry->container_path,
		   "an entry without its texts");
	fuzz_check(path_is_clean(slice_from(entry->container_path)), "%s isn't clean",
		   entry->container_path);
	fuzz_check(!entry->final_path || path_is_clean(slice_from(entry->final_path)),
		   "%s isn't clean", entry->final_path);
	switch (entry->type) {
	case DEVICE_VFIO_PCI:
		fuzz_check(entry->n_functions > 0 && !entry->vm_path, "VFIO entry");
		break;
	case DEVICE_VFIO_PCI_GK:
		fuzz_check(!entry->vm_path, "VFIO entry");
		break;
	case DEVICE_NODE:
		fuzz_check(entry->n_functions == 0 && entry->vm_path, "node entry");
		break;
	case DEVICE_UNSUPPORTED:
		fuzz_check(entry->source != MAP_SOURCE_OPTION, "unsupported");
		break;
	}
}

/* No path and no host function twice, after both sources. */
static void check_map(const struct device_map *map)
{
	for (size_t i = 0; i < map->n_entries; i++) {
		check_entry(&map->entries[i]);
		for (size_t k = 0; k < i; k++)
			fuzz_check(strcmp(map->entries[i].container_path,
					  map->entries[k].container_path) != 0,
				   "%s is given twice", map->entries[i].container_path);
	}
}

static int add(struct device_map *map, enum map_source source, struct slice text,
	       struct messages *messages)
{
	auto_free char *copy = fuzz_copy(text);
	auto_error err = { 0 };
	int r = device_map_add(map, source, "fuzz", (struct slice) { copy, text.length },
			       messages, &err);

	fuzz_check_error(r, &err);
	return r;
}

static int close_source(struct device_map *map, struct messages *messages)
{
	auto_error err = { 0 };
	int r = device_map_close_source(map, messages, &err);

	fuzz_check_error(r, &err);
	fuzz_check(r < 0 || map->n_closed == map->n_entries, "not closed");
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	auto_messages messages = { 0 };
	auto_device_map map = { 0 };

	for (int i = 0; i < 2; i++) {
		if (add(&map, MAP_SOURCE_OPTION, fuzz_part(&rest), &messages) < 0)
			return 0;
		if (rest.length == 0)
			break;
	}
	if (close_source(&map, &messages) < 0)
		return 0;
	check_map(&map);
	if (rest.length == 0 ||
	    add(&map, MAP_SOURCE_DIRECTORY, fuzz_part(&rest), &messages) < 0 ||
	    close_source(&map, &messages) < 0)
		return 0;
	check_map(&map);
	return 0;
}
