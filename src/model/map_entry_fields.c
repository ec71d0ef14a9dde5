/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: the fields of an entry, and those that it should not have. */
#include "map_entry_read.h"

const struct json_member map_entry_members[ENTRY_MEMBERS] = {
	[ENTRY_ID] = JSON_MEMBER("id", &json_value),
	[ENTRY_TYPE] = JSON_MEMBER("type", &json_value),
	[ENTRY_TYPE_ALIAS] = JSON_MEMBER("type_", &json_value),
	[ENTRY_FIELD_TYPE] = JSON_MEMBER("field_type", &json_value),
	[ENTRY_VM_PATH] = JSON_MEMBER("vm_path", &json_value),
	[ENTRY_VM_PATH_CAMEL] = JSON_MEMBER("vmPath", &json_value),
	[ENTRY_CONTAINER_PATH] = JSON_MEMBER("container_path", &json_value),
	[ENTRY_CONTAINER_PATH_CAMEL] = JSON_MEMBER("containerPath", &json_value),
	[ENTRY_FINAL_PATH] = JSON_MEMBER("final_path", &json_value),
	[ENTRY_OPTIONS] = JSON_MEMBER("options", &map_options_shape),
	[ENTRY_EXPECT] = JSON_MEMBER("expect", &map_expect_shape),
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
const struct json_shape map_entry_shape = { .members = map_entry_members,
					    .n_members = ENTRY_MEMBERS,
					    .others = &json_value };

static int check_version(const struct json *doc, uint32_t object, struct error *err)
{
	uint32_t json = json_member(doc, object, ENTRY_INFINIBAND);

	return json ? json_error(err, ERROR_DATA, doc, json,
				 "not in this version; remove the field")
		    : 0;
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
int map_entry_check_fields(const struct json *doc, uint32_t object,
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
			if (looks_like(key, map_entry_members[i].key))
				return json_error(err, ERROR_DATA, doc, object,
						  "the field %s must be spelled \"%s\"",
						  quoted, map_entry_members[i].key.data);
		}
		messages_add(messages, MESSAGE_WARNING, "%s: unknown field %s ignored",
			     entry->where, quoted);
	}
	return check_version(doc, object, err);
}
