/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: fields that only a VFIO entry has. */
#include "map_entry_read.h"

#include "oci-vfio-hook/memory_lock.h"
#include "oci-vfio-hook/number.h"

/* How far --bind may go. */
static int read_binding(const struct json *doc, uint32_t object, struct map_entry *entry,
			struct error *err)
{
	uint32_t force = json_member(doc, object, ENTRY_FORCE);
	uint32_t group = json_member(doc, object, ENTRY_BIND_GROUP);
	int r = force ? json_bool(doc, force, &entry->force, err) : 0;

	if (r == 0 && group)
		r = json_bool(doc, group, &entry->bind_group, err);
	if (r < 0 || !(entry->force || entry->bind_group) ||
	    entry->type == DEVICE_VFIO_PCI || entry->type == DEVICE_UNSUPPORTED)
		return r;
	return json_error(
		err, ERROR_DATA, doc, entry->force ? force : group,
		"only a vfio-pci entry's functions are bound; remove the field");
}

static int read_node_kind(const struct json *doc, uint32_t object,
			  struct map_entry *entry, struct error *err)
{
	static const struct {
		struct slice name;
		enum map_node node;
	} kinds[] = {
		{ SLICE("group"), MAP_NODE_GROUP },
		{ SLICE("handle"), MAP_NODE_HANDLE },
		{ SLICE("auto"), MAP_NODE_AUTO },
	};
	uint32_t json = json_member(doc, object, ENTRY_NODE);
	auto_free char *quoted = NULL;
	struct slice text;
	int r = json ? json_string(doc, json, &text, err) : 0;

	if (r < 0 || !json)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!slice_equal(text, kinds[i].name))
			continue;
		entry->node = kinds[i].node;
		return 0;
	}
	quoted = text_quote(text);
	return json_error(err, ERROR_DATA, doc, json,
			  "must be \"group\", \"handle\" or \"auto\", not %s", quoted);
}

/* Which node of its function a VFIO entry asks for. */
static int read_node_choice(const struct json *doc, uint32_t object,
			    struct map_entry *entry, struct error *err)
{
	uint32_t json = json_member(doc, object, ENTRY_ALLOW_NOIOMMU);
	int r = read_node_kind(doc, object, entry, err);

	if (r == 0 && json)
		r = json_bool(doc, json, &entry->allow_noiommu, err);
	if (r < 0 || entry->type != DEVICE_NODE)
		return r;
	if (!json)
		json = json_member(doc, object, ENTRY_NODE);
	return json ? json_error(
			      err, ERROR_DATA, doc, json,
			      "a node entry names its node by vm_path; remove the field")
		    : 0;
}

static int read_memlock(const struct json *doc, uint32_t object, struct map_entry *entry,
			struct error *err)
{
	uint32_t json = json_member(doc, object, ENTRY_MEMLOCK);
	struct slice text;

	if (!json)
		return 0;
	if (json_type(doc, json) == JSON_NUMBER) {
		if (number_parse(json_raw(doc, json), 10, 20, UINT64_MAX,
				 &entry->memlock) < 0)
			entry->memlock = 0;
	} else if (json_type(doc, json) == JSON_STRING) {
		int r = json_string(doc, json, &text, err);

		if (r < 0)
			return r;
		if (slice_equal(text, SLICE("unlimited")))
			entry->memlock = MEMORY_LOCK_UNLIMITED;
	}
	if (entry->memlock == 0)
		return json_error(err, ERROR_DATA, doc, json,
				  "must be \"unlimited\" or a number of bytes");
	return entry->type == DEVICE_VFIO_PCI || entry->type == DEVICE_UNSUPPORTED
		       ? 0
		       : json_error(
				 err, ERROR_DATA, doc, json,
				 "only for a vfio-pci entry's device memory is locked; remove the field");
}

int map_entry_read_vfio(const struct json *doc, uint32_t object, struct map_entry *entry,
			struct error *err)
{
	int r = read_binding(doc, object, entry, err);

	if (r == 0)
		r = read_node_choice(doc, object, entry, err);
	return r < 0 ? r : read_memlock(doc, object, entry, err);
}
