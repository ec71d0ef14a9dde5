/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: what every entry has, and a node of this machine. */
#include "map_entry_read.h"

#include "oci-vfio-hook/number.h"

void map_entry_free(struct map_entry *entry)
{
	for (size_t i = 0; i < entry->n_functions; i++)
		free(entry->functions[i].guest_text);
	free(entry->functions);
	free(entry->where);
	free(entry->type_name);
	free(entry->container_path);
	free(entry->final_path);
	free(entry->vm_path);
	*entry = (struct map_entry) { 0 };
}

#define auto_entry __attribute__((cleanup(map_entry_free))) struct map_entry

/* The one of the spellings [first, last] of a field that is there, 0 if none. */
static int find_field(const struct json *doc, uint32_t object, enum entry_member first,
		      enum entry_member last, uint32_t *ret, struct error *err)
{
	uint32_t found = 0;

	*ret = 0;
	for (unsigned int i = first; i <= last; i++) {
		uint32_t member = json_member(doc, object, i);

		if (member && found)
			return json_error(
				err, ERROR_DATA, doc, member,
				"the field is given in two spellings; keep one");
		if (member)
			found = member;
	}
	*ret = found;
	return 0;
}

/* Reads a path field, cleaned; *ret stays NULL where it is absent. */
static int read_path(const struct json *doc, uint32_t object, enum entry_member first,
		     enum entry_member last, char **ret, struct error *err)
{
	auto_free char *clean = NULL;
	struct slice text;
	uint32_t json;
	int r = find_field(doc, object, first, last, &json, err);

	if (r < 0 || !json)
		return r;
	r = json_string(doc, json, &text, err);
	if (r < 0)
		return r;
	clean = path_clean(text);
	if (text_equal(clean, "/"))
		return json_error(err, ERROR_DATA, doc, json,
				  "must be the path of a file");
	*ret = take_ptr(clean);
	return 0;
}

/* Kata's `blk` with the node's path is what we call a node. */
static enum device_type type_parse(struct slice name, bool has_vm_path)
{
	if (slice_equal(name, SLICE("blk")) && has_vm_path)
		return DEVICE_NODE;
	if (slice_equal(name, SLICE("vfio-pci")))
		return DEVICE_VFIO_PCI;
	if (slice_equal(name, SLICE("vfio-pci-gk")))
		return DEVICE_VFIO_PCI_GK;
	if (slice_equal(name, SLICE("node")))
		return DEVICE_NODE;
	return DEVICE_UNSUPPORTED;
}

static int read_type(const struct json *doc, uint32_t object, struct map_entry *entry,
		     struct error *err)
{
	struct slice name;
	uint32_t json;
	int r = find_field(doc, object, ENTRY_TYPE, ENTRY_FIELD_TYPE, &json, err);

	if (r < 0)
		return r;
	if (!json)
		return json_error(err, ERROR_DATA, doc, object,
				  "has no \"type\"; add vfio-pci, vfio-pci-gk or node");
	r = json_string(doc, json, &name, err);
	if (r < 0)
		return r;
	entry->type =
		type_parse(name, json_member(doc, object, ENTRY_VM_PATH) ||
					 json_member(doc, object, ENTRY_VM_PATH_CAMEL));
	entry->type_name = xstrndup(name.data, name.length);
	if (entry->type == DEVICE_UNSUPPORTED && entry->source == MAP_SOURCE_OPTION) {
		auto_free char *quoted = text_quote(name);

		return json_error(
			err, ERROR_DATA, doc, json,
			"unsupported device type %s; use vfio-pci, vfio-pci-gk or node",
			quoted);
	}
	return 0;
}

/* The directories of VFIO nodes: an entry is for one node. */
static bool is_vfio_directory(const char *path)
{
	return path != NULL &&
	       (text_equal(path, "/dev/vfio") || text_equal(path, "/dev/vfio/devices"));
}

static int read_paths(const struct json *doc, uint32_t object, struct map_entry *entry,
		      struct error *err)
{
	enum vfio_kind control;
	int r = read_path(doc, object, ENTRY_CONTAINER_PATH, ENTRY_CONTAINER_PATH_CAMEL,
			  &entry->container_path, err);

	if (r < 0)
		return r;
	if (!entry->container_path)
		return json_error(
			err, ERROR_DATA, doc, object,
			"has no \"container_path\"; add the path in the spec, such as /dev/vfio/45");
	if (path_find_control_node(slice_from(entry->container_path), &control) &&
	    control == VFIO_GROUP)
		return json_error(
			err, ERROR_DATA, doc, object,
			"/dev/vfio/vfio is the control node, which is never mapped; remove the entry");
	r = read_path(doc, object, ENTRY_FINAL_PATH, ENTRY_FINAL_PATH, &entry->final_path,
		      err);
	if (r == 0 && (is_vfio_directory(entry->container_path) ||
		       is_vfio_directory(entry->final_path)))
		return json_error(
			err, ERROR_DATA, doc, object,
			"%s is a directory; name the node in it, such as /dev/vfio/45",
			is_vfio_directory(entry->container_path) ? entry->container_path
								 : entry->final_path);
	return r;
}

/* /dev/iommu is everybody's: an entry may say no more than that it is meant. */
static int check_control_entry(const struct json *doc, uint32_t object,
			       const struct map_entry *entry, struct error *err)
{
	if (text_equal(entry->vm_path, entry->container_path) &&
	    (!entry->final_path || text_equal(entry->final_path, entry->container_path)))
		return 0;
	return json_error(
		err, ERROR_DATA, doc, object,
		"%s is a control node, which becomes no other: \"vm_path\" must be the same, and \"final_path\" absent or the same",
		entry->container_path);
}

static int read_node_path(const struct json *doc, uint32_t object,
			  struct map_entry *entry, struct error *err)
{
	struct slice path;
	int r = read_path(doc, object, ENTRY_VM_PATH, ENTRY_VM_PATH_CAMEL,
			  &entry->vm_path, err);

	if (r < 0)
		return r;
	if (!entry->vm_path)
		return json_error(
			err, ERROR_DATA, doc, object,
			"a node entry needs \"vm_path\", the node on this machine");
	path = slice_from(entry->vm_path);
	if (path_is_control_node(slice_from(entry->container_path)))
		return check_control_entry(doc, object, entry, err);
	if (path_is_vfio_node(path) || path_is_control_node(path)) {
		auto_free char *name = text_name(path);

		return json_error(
			err, ERROR_DATA, doc, object,
			"%s is a VFIO node: use the type vfio-pci with options, which finds and checks its function",
			name);
	}
	return 0;
}

/* The fields that a type reads beyond those that every type has. */
static int read_type_fields(const struct json *doc, uint32_t object,
			    struct map_entry *entry, struct messages *messages,
			    struct error *err)
{
	int r;

	switch (entry->type) {
	case DEVICE_VFIO_PCI:
	case DEVICE_VFIO_PCI_GK:
		r = map_entry_read_functions(doc, object, entry, messages, err);
		break;
	case DEVICE_NODE:
		r = read_node_path(doc, object, entry, err);
		break;
	case DEVICE_UNSUPPORTED:
	default:
		return 0;
	}
	if (r < 0)
		return r;
	if (entry->final_path && path_is_control_node(slice_from(entry->final_path)) &&
	    !text_equal(entry->final_path, entry->container_path))
		return json_error(err, ERROR_DATA, doc, object,
				  "\"final_path\" is the control node; choose another");
	return map_entry_read_expect(doc, object, entry, err);
}

static int read_host_dev(const struct json *doc, uint32_t object, struct map_entry *entry,
			 struct error *err)
{
	uint32_t json = json_member(doc, object, ENTRY_HOST_DEV);
	struct slice text;
	int r = json ? json_string(doc, json, &text, err) : 0;

	if (r < 0 || !json)
		return r;
	if (device_number_parse(text, UINT32_MAX, UINT32_MAX, &entry->host_dev) < 0) {
		auto_free char *quoted = text_quote(text);

		return json_error(
			err, ERROR_DATA, doc, json,
			"must be the node's numbers on the host, such as \"243:5\", not %s",
			quoted);
	}
	entry->has_host_dev = true;
	return 0;
}

static int read_stand_in(const struct json *doc, uint32_t object, struct map_entry *entry,
			 struct error *err)
{
	uint32_t json = json_member(doc, object, ENTRY_STAND_IN);

	return json ? json_bool(doc, json, &entry->stand_in, err) : 0;
}

/* Does whoever started this machine say so, who knows of the devices that he gave it? */
static bool is_handed_in(enum map_source source)
{
	switch (source) {
	case MAP_SOURCE_OPTION:
	case MAP_SOURCE_DIRECTORY:
		return false;
	case MAP_SOURCE_CREDENTIAL:
	case MAP_SOURCE_FW_CFG:
	case MAP_SOURCE_SMBIOS:
		break;
	}
	return true;
}

int map_entry_read(const struct json *doc, uint32_t object, enum map_source source,
		   struct map_entry *ret, struct messages *messages, struct error *err)
{
	auto_entry entry = { .source = source };
	auto_free char *path = json_path(doc, object);
	struct slice id;
	int r = json_expect(doc, object, JSON_OBJECT, err);

	if (r < 0)
		return r;
	entry.where = text_join(doc->name, ": ", path, NULL);
	r = map_entry_check_fields(doc, object, &entry, messages, err);
	if (r == 0)
		r = json_member_string(doc, object, ENTRY_ID, &id, err);
	if (r == 0)
		r = read_type(doc, object, &entry, err);
	if (r == 0)
		r = read_paths(doc, object, &entry, err);
	if (r == 0)
		r = read_host_dev(doc, object, &entry, err);
	if (r == 0)
		r = read_stand_in(doc, object, &entry, err);
	if (r == 0)
		r = map_entry_read_vfio(doc, object, &entry, err);
	if (r == 0)
		r = read_type_fields(doc, object, &entry, messages, err);
	if (r < 0)
		return r;
	if (entry.type == DEVICE_NODE && is_handed_in(source)) {
		messages_add(
			messages, MESSAGE_WARNING,
			"%s: skipped: a node of this machine is named in its own maps only",
			entry.where);
		return 1;
	}
	*ret = entry;
	entry = (struct map_entry) { 0 };
	return 0;
}
