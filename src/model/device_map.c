/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: parsing one file. How sources are merged is in device_map_merge.c. */
#include "map_entry_read.h"

static const struct json_shape entries_shape = { .elements = &map_entry_shape };

enum file_member {
	FILE_DEVICES,
	FILE_CONTAINER_ID,
	FILE_CONTAINER_ID_CAMEL,
	FILE_MEMBERS,
};
static const struct json_member file_members[] = {
	[FILE_DEVICES] = JSON_MEMBER("devices", &entries_shape),
	[FILE_CONTAINER_ID] = JSON_MEMBER("container_id", &json_value),
	[FILE_CONTAINER_ID_CAMEL] = JSON_MEMBER("containerId", &json_value),
};
/* The array of entries itself, or an object that holds it. */
static const struct json_shape file_shape = { .members = file_members,
					      .n_members = FILE_MEMBERS,
					      .elements = &map_entry_shape };

static int find_entries(const struct json *doc, uint32_t *ret, struct error *err)
{
	uint32_t devices;

	if (json_type(doc, 0) == JSON_ARRAY) {
		*ret = 0;
		return 0;
	}
	if (json_type(doc, 0) != JSON_OBJECT)
		return json_error(
			err, ERROR_DATA, doc, 0,
			"must be an array of devices, or an object with \"devices\"");
	devices = json_member_raw(doc, 0, FILE_DEVICES);
	if (!devices && !json_member(doc, 0, FILE_CONTAINER_ID) &&
	    !json_member(doc, 0, FILE_CONTAINER_ID_CAMEL))
		return json_error(err, ERROR_DATA, doc, 0,
				  "has no \"devices\"; add the array of devices");
	*ret = devices;
	return 0;
}

int device_map_open(const char *name, struct slice text, struct json *doc, uint32_t *ret,
		    struct error *err)
{
	uint32_t entries = 0;
	int r = json_parse(name, text, &file_shape, NULL, doc, err);

	if (r == 0)
		r = find_entries(doc, &entries, err);
	if (r < 0)
		return r;
	if (entries ? json_type(doc, entries) == JSON_NULL
		    : json_type(doc, 0) == JSON_OBJECT)
		return 1; /* a CreateContainerRequest without devices */
	*ret = entries;
	return json_expect(doc, entries, JSON_ARRAY, err);
}

int device_map_add(struct device_map *map, enum map_source source, const char *name,
		   struct slice text, struct messages *messages, struct error *err)
{
	auto_json doc = { 0 };
	uint32_t entries = 0;
	int r = device_map_open(name, text, &doc, &entries, err);

	if (r < 0)
		return r;
	map->exists = true;
	for (uint32_t json = r ? 0 : json_child(&doc, entries); json;
	     json = json_next(&doc, json)) {
		struct map_entry entry;

		r = map_entry_read(&doc, json, source, &entry, messages, err);
		if (r < 0)
			return r;
		if (r == 0)
			*array_append(map->entries, map->n_entries, map->capacity) =
				entry;
	}
	return 0;
}

bool map_entry_is_vfio(const struct map_entry *entry)
{
	return entry->type == DEVICE_VFIO_PCI || entry->type == DEVICE_VFIO_PCI_GK;
}

void device_map_free(struct device_map *map)
{
	for (size_t i = 0; i < map->n_entries; i++)
		map_entry_free(&map->entries[i]);
	free(map->entries);
	slice_index_free(&map->by_path);
	*map = (struct device_map) { 0 };
}
