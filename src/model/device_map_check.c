/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: everything that is wrong with one, for a person. */
#include "oci-vfio-hook/device_map_check.h"

#include "map_entry_read.h"

static void add_fault(struct messages *messages, const struct error *err,
		      size_t *ret_faults)
{
	messages_add(messages, MESSAGE_ERROR, "%s", err->message);
	++*ret_faults;
}

size_t device_map_check(const char *name, struct slice text, struct messages *messages,
			size_t *ret_faults)
{
	auto_json doc = { 0 };
	auto_device_map map = { 0 };
	auto_error whole = { 0 };
	uint32_t entries = 0;
	size_t count = 0;
	int r = device_map_open(name, text, &doc, &entries, &whole);

	*ret_faults = 0;
	if (r < 0)
		add_fault(messages, &whole, ret_faults);
	for (uint32_t json = r ? 0 : json_child(&doc, entries); json;
	     json = json_next(&doc, json)) {
		auto_error err = { 0 };
		struct map_entry entry;

		count++;
		if (map_entry_read(&doc, json, MAP_SOURCE_OPTION, &entry, messages,
				   &err) < 0)
			add_fault(messages, &err, ret_faults);
		else
			*array_append(map.entries, map.n_entries, map.capacity) = entry;
	}
	if (device_map_close_source(&map, messages, &whole) < 0 && r == 0)
		add_fault(messages, &whole, ret_faults);
	return count;
}
