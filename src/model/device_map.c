/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: parsing one file. How sources are merged is in device_map_merge.c. */
#include "oci-vfio-hook/device_map.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/memory_lock.h"
#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/spec.h"

const char *const pci_identity_names[PCI_IDENTITY_COUNT] = {
	[PCI_VENDOR] = "vendor",
	[PCI_DEVICE] = "device",
	[PCI_SUBSYSTEM_VENDOR] = "subsystem_vendor",
	[PCI_SUBSYSTEM_DEVICE] = "subsystem_device",
	[PCI_CLASS] = "class",
};

static const struct json_member expect_members[] = {
	[PCI_VENDOR] = JSON_MEMBER("vendor", &json_value),
	[PCI_DEVICE] = JSON_MEMBER("device", &json_value),
	[PCI_SUBSYSTEM_VENDOR] = JSON_MEMBER("subsystem_vendor", &json_value),
	[PCI_SUBSYSTEM_DEVICE] = JSON_MEMBER("subsystem_device", &json_value),
	[PCI_CLASS] = JSON_MEMBER("class", &json_value),
};
static const struct json_shape expect_shape = { .members = expect_members,
						.n_members = PCI_IDENTITY_COUNT,
						.closed = true };
static const struct json_shape options_shape = { .elements = &json_value };

enum entry_member {
	ENTRY_ID,
	ENTRY_TYPE,
	ENTRY_TYPE_ALIAS,
	ENTRY_FIELD_TYPE,
	ENTRY_VM_PATH,
	ENTRY_VM_PATH_CAMEL,
	ENTRY_CONTAINER_PATH,
	ENTRY_CONTAINER_PATH_CAMEL,
	ENTRY_FINAL_PATH,
	ENTRY_OPTIONS,
	ENTRY_EXPECT,
	ENTRY_HOST_DEV,
	ENTRY_STAND_IN,
	ENTRY_FORCE,
	ENTRY_BIND_GROUP,
	ENTRY_NODE,
	ENTRY_ALLOW_NOIOMMU,
	ENTRY_MEMLOCK,
	/* Not in this version: from the first to the last. */
	ENTRY_INFINIBAND,
	/* What a writer of protobuf messages may add. */
	ENTRY_UNKNOWN_FIELDS,
	ENTRY_CACHED_SIZE,
	ENTRY_SPECIAL_FIELDS,
	ENTRY_MEMBERS,
};
static const struct json_member entry_members[] = {
	[ENTRY_ID] = JSON_MEMBER("id", &json_value),
	[ENTRY_TYPE] = JSON_MEMBER("type", &json_value),
	[ENTRY_TYPE_ALIAS] = JSON_MEMBER("type_", &json_value),
	[ENTRY_FIELD_TYPE] = JSON_MEMBER("field_type", &json_value),
	[ENTRY_VM_PATH] = JSON_MEMBER("vm_path", &json_value),
	[ENTRY_VM_PATH_CAMEL] = JSON_MEMBER("vmPath", &json_value),
	[ENTRY_CONTAINER_PATH] = JSON_MEMBER("container_path", &json_value),
	[ENTRY_CONTAINER_PATH_CAMEL] = JSON_MEMBER("containerPath", &json_value),
	[ENTRY_FINAL_PATH] = JSON_MEMBER("final_path", &json_value),
	[ENTRY_OPTIONS] = JSON_MEMBER("options", &options_shape),
	[ENTRY_EXPECT] = JSON_MEMBER("expect", &expect_shape),
	[ENTRY_HOST_DEV] = JSON_MEMBER("host_dev", &json_value),
	[ENTRY_STAND_IN] = JSON_MEMBER("stand_in", &json_value),
	[ENTRY_NODE] = JSON_MEMBER("node", &json_value),
	[ENTRY_ALLOW_NOIOMMU] = JSON_MEMBER("allow_noiommu", &json_value),
	[ENTRY_MEMLOCK] = JSON_MEMBER("memlock", &json_value),
	[ENTRY_INFINIBAND] = JSON_MEMBER("infiniband", &json_value),
	[ENTRY_FORCE] = JSON_MEMBER("force", &json_value),
	[ENTRY_BIND_GROUP] = JSON_MEMBER("bind_group", &json_value),
	[ENTRY_UNKNOWN_FIELDS] = JSON_MEMBER("unknown_fields", NULL),
	[ENTRY_CACHED_SIZE] = JSON_MEMBER("cached_size", NULL),
	[ENTRY_SPECIAL_FIELDS] = JSON_MEMBER("special_fields", NULL),
};
static const struct json_shape entry_shape = { .members = entry_members,
					       .n_members = ENTRY_MEMBERS,
					       .others = &json_value };
static const struct json_shape entries_shape = { .elements = &entry_shape };

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
					      .elements = &entry_shape };

static void entry_free(struct map_entry *entry)
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

#define auto_entry __attribute__((cleanup(entry_free))) struct map_entry

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

static struct pci_locator locate_self(const struct device_name *host)
{
	if (host->bus == DEVICE_BUS_MDEV)
		return (struct pci_locator) { .kind = PCI_LOCATOR_MDEV,
					      .uuid = host->uuid };
	return (struct pci_locator) { .kind = PCI_LOCATOR_ADDRESS,
				      .address = host->address };
}

/* Where the function is on this machine; "self": where it is on the host. */
static int read_guest(const struct json *doc, uint32_t json,
		      struct map_function *function, struct error *err)
{
	const struct slice text = slice_from(function->guest_text);
	auto_free char *path = NULL;

	if (slice_equal(text, SLICE("self"))) {
		function->guest = locate_self(&function->host);
		return 0;
	}
	if (pci_locator_parse(text, &function->guest, err) < 0) {
		path = json_path(doc, json);
		return error_prefix(err, "%s: %s", doc->name, path);
	}
	if (function->guest.kind != PCI_LOCATOR_MDEV ||
	    function->host.bus == DEVICE_BUS_MDEV)
		return 0;
	return json_error(
		err, ERROR_DATA, doc, json,
		"%s is the UUID of a mediated device, which a PCI function of the host can't be here",
		function->guest_text);
}

/* One option HOST=GUEST. */
static int read_function(const struct json *doc, uint32_t json, struct map_entry *entry,
			 struct messages *messages, struct error *err)
{
	struct map_function function = { 0 };
	auto_free char *quoted = NULL;
	struct slice text, host, guest;
	const char *equals;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	equals = memchr(text.data, '=', text.length);
	if (!equals) {
		quoted = text_quote(text);
		return json_error(err, ERROR_DATA, doc, json,
				  "must be HOST=GUEST, not %s", quoted);
	}
	host = slice_from_to(text, 0, (size_t)(equals - text.data));
	guest = slice_from_to(text, host.length + 1, text.length);
	if (device_name_parse(host, &function.host) < 0) {
		quoted = text_quote(text);
		return json_error(
			err, ERROR_DATA, doc, json,
			"the part before = must be a PCI address such as 0000:3b:02.0, or the UUID of a mediated device, in %s",
			quoted);
	}
	if (guest.length == 0) {
		quoted = text_quote(text);
		messages_add(messages, MESSAGE_WARNING,
			     "%s: option %s names no function of this machine; skipped",
			     entry->where, quoted);
		return 0;
	}
	function.guest_text = xstrndup(guest.data, guest.length);
	r = read_guest(doc, json, &function, err);
	if (r < 0) {
		free(function.guest_text);
		return r;
	}
	*array_append(entry->functions, entry->n_functions, entry->functions_capacity) =
		function;
	return 0;
}

static int read_functions(const struct json *doc, uint32_t object,
			  struct map_entry *entry, struct messages *messages,
			  struct error *err)
{
	uint32_t options = json_member(doc, object, ENTRY_OPTIONS);
	int r;

	if (options) {
		r = json_expect(doc, options, JSON_ARRAY, err);
		if (r < 0)
			return r;
		for (uint32_t json = json_child(doc, options); json;
		     json = json_next(doc, json)) {
			r = read_function(doc, json, entry, messages, err);
			if (r < 0)
				return r;
		}
	}
	/* Kata sends such entries for GPUs that the guest's kernel drives. */
	if (entry->n_functions == 0 && entry->type != DEVICE_VFIO_PCI_GK)
		return json_error(err, ERROR_DATA, doc, options ? options : object,
				  "a %s entry needs at least one option HOST=GUEST",
				  entry->type_name);
	return 0;
}

static int read_identity(const struct json *doc, uint32_t json, enum pci_identity which,
			 uint32_t *ret, struct error *err)
{
	unsigned int max_digits = which == PCI_CLASS ? 6 : 4;
	struct slice text, digits;
	uint64_t value;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	digits = text;
	if (slice_starts(text, SLICE("0x")) || slice_starts(text, SLICE("0X")))
		digits = slice_from_to(text, 2, text.length);
	if (number_parse(digits, 16, max_digits, UINT32_MAX, &value) < 0) {
		auto_free char *quoted = text_quote(text);

		return json_error(
			err, ERROR_DATA, doc, json,
			"must be at most %u hex digits, with or without 0x, not %s",
			max_digits, quoted);
	}
	*ret = (uint32_t)value;
	return 0;
}

static int read_expect(const struct json *doc, uint32_t object, struct map_entry *entry,
		       struct error *err)
{
	uint32_t expect = json_member(doc, object, ENTRY_EXPECT);
	int r;

	if (!expect)
		return 0;
	r = json_expect(doc, expect, JSON_OBJECT, err);
	if (r < 0)
		return r;
	if (entry->type == DEVICE_NODE)
		return json_error(err, ERROR_DATA, doc, expect,
				  "a node has no PCI identity; remove the field");
	for (size_t i = 0; i < entry->n_functions; i++) {
		if (entry->functions[i].guest.kind == PCI_LOCATOR_MDEV)
			return json_error(
				err, ERROR_DATA, doc, expect,
				"a mediated device has no PCI identity; remove the field");
	}
	for (unsigned int i = 0; i < PCI_IDENTITY_COUNT; i++) {
		uint32_t json = json_member(doc, expect, i);

		if (!json)
			continue;
		r = read_identity(doc, json, i, &entry->expect[i], err);
		if (r < 0)
			return r;
		entry->expected[i] = true;
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
		r = read_functions(doc, object, entry, messages, err);
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
	return read_expect(doc, object, entry, err);
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

static int check_version(const struct json *doc, uint32_t object, struct error *err)
{
	for (unsigned int i = ENTRY_INFINIBAND; i <= ENTRY_INFINIBAND; i++) {
		uint32_t json = json_member(doc, object, i);

		if (json)
			return json_error(err, ERROR_DATA, doc, json,
					  "not in this version; remove the field");
	}
	return 0;
}

/* The next character at *at that isn't "-" or "_", in lower case; 0 at the end. */
static char next_letter(struct slice text, size_t *at)
{
	while (*at < text.length) {
		char c = text.data[(*at)++];

		if (c != '-' && c != '_')
			return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	return '\0';
}

/* Alike but for letter case, "-" and "_"? */
static bool looks_like(struct slice key, struct slice name)
{
	size_t i = 0, k = 0;

	for (;;) {
		char a = next_letter(key, &i), b = next_letter(name, &k);

		if (a != b)
			return false;
		if (a == '\0')
			return true;
	}
}

/* A misspelt field would leave the entry without what it is there for. */
static int check_unknown_fields(const struct json *doc, uint32_t object,
				const struct map_entry *entry, struct messages *messages,
				struct error *err)
{
	for (uint32_t json = json_child(doc, object); json; json = json_next(doc, json)) {
		auto_free char *quoted = NULL;
		struct slice key;
		int r;

		if (json_type(doc, json) != JSON_KEY)
			continue;
		r = json_string(doc, json, &key, err);
		if (r < 0)
			return r;
		quoted = text_quote(key);
		for (unsigned int i = 0; i < ENTRY_MEMBERS; i++) {
			if (looks_like(key, entry_members[i].key))
				return json_error(err, ERROR_DATA, doc, object,
						  "the field %s must be spelled \"%s\"",
						  quoted, entry_members[i].key.data);
		}
		messages_add(messages, MESSAGE_WARNING, "%s: unknown field %s ignored",
			     entry->where, quoted);
	}
	return 0;
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

static int read_entry(const struct json *doc, uint32_t object, enum map_source source,
		      struct device_map *map, struct messages *messages,
		      struct error *err)
{
	auto_entry entry = { .source = source };
	auto_free char *path = json_path(doc, object);
	struct slice id;
	int r = json_expect(doc, object, JSON_OBJECT, err);

	if (r < 0)
		return r;
	entry.where = text_join(doc->name, ": ", path, NULL);
	r = check_unknown_fields(doc, object, &entry, messages, err);
	if (r < 0)
		return r;
	r = json_member_string(doc, object, ENTRY_ID, &id, err);
	if (r == 0)
		r = read_type(doc, object, &entry, err);
	if (r == 0)
		r = read_paths(doc, object, &entry, err);
	if (r == 0)
		r = check_version(doc, object, err);
	if (r == 0)
		r = read_host_dev(doc, object, &entry, err);
	if (r == 0)
		r = read_stand_in(doc, object, &entry, err);
	if (r == 0)
		r = read_binding(doc, object, &entry, err);
	if (r == 0)
		r = read_node_choice(doc, object, &entry, err);
	if (r == 0)
		r = read_memlock(doc, object, &entry, err);
	if (r == 0)
		r = read_type_fields(doc, object, &entry, messages, err);
	if (r < 0)
		return r;
	if (entry.type == DEVICE_NODE && is_handed_in(source)) {
		messages_add(
			messages, MESSAGE_WARNING,
			"%s: skipped: a node of this machine is named in its own maps only",
			entry.where);
		return 0;
	}
	*array_append(map->entries, map->n_entries, map->capacity) = entry;
	entry = (struct map_entry) { 0 };
	return 0;
}

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

int device_map_add(struct device_map *map, enum map_source source, const char *name,
		   struct slice text, struct messages *messages, struct error *err)
{
	auto_json doc = { 0 };
	uint32_t entries = 0;
	int r = json_parse(name, text, &file_shape, NULL, &doc, err);

	if (r == 0)
		r = find_entries(&doc, &entries, err);
	if (r < 0)
		return r;
	map->exists = true;
	if (entries ? json_type(&doc, entries) == JSON_NULL
		    : json_type(&doc, 0) == JSON_OBJECT)
		return 0; /* a CreateContainerRequest without devices */
	r = json_expect(&doc, entries, JSON_ARRAY, err);
	if (r < 0)
		return r;
	for (uint32_t json = json_child(&doc, entries); json;
	     json = json_next(&doc, json)) {
		r = read_entry(&doc, json, source, map, messages, err);
		if (r < 0)
			return r;
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
		entry_free(&map->entries[i]);
	free(map->entries);
	slice_index_free(&map->by_path);
	*map = (struct device_map) { 0 };
}
