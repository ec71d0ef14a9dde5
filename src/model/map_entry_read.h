/* SPDX-License-Identifier: Apache-2.0 */
/* How the parts of one entry of a device map are read. Internal to the model. */
#ifndef OCI_VFIO_HOOK_MAP_ENTRY_READ_H
#define OCI_VFIO_HOOK_MAP_ENTRY_READ_H

#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/json.h"

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
	/* Not in this version. */
	ENTRY_INFINIBAND,
	/* What a writer of protobuf messages may add. */
	ENTRY_UNKNOWN_FIELDS,
	ENTRY_CACHED_SIZE,
	ENTRY_SPECIAL_FIELDS,
	ENTRY_MEMBERS,
};
extern const struct json_member map_entry_members[ENTRY_MEMBERS];
extern const struct json_shape map_entry_shape, map_options_shape, map_expect_shape;

/* Reads one entry; *ret is the caller's to free. Returns 1 where the entry is skipped, with a
 * warning: *ret stays as it is. */
int map_entry_read(const struct json *doc, uint32_t object, enum map_source source,
		   struct map_entry *ret, struct messages *messages, struct error *err);
void map_entry_free(struct map_entry *entry);

/* Each of these reads fields of its kind into `entry`, whose `where`, `type` and paths are known.
 * ERROR_DATA names the field. */
int map_entry_read_functions(const struct json *doc, uint32_t object,
			     struct map_entry *entry, struct messages *messages,
			     struct error *err);
int map_entry_read_expect(const struct json *doc, uint32_t object,
			  struct map_entry *entry, struct error *err);
/* force, bind_group; node, allow_noiommu; memlock: refused for entries that aren't for a VFIO
 * node. */
int map_entry_read_vfio(const struct json *doc, uint32_t object, struct map_entry *entry,
			struct error *err);

/* Refuses what is spelled almost as a field, or is one of a later version, and warns of others
 * that no writer of such messages has. */
int map_entry_check_fields(const struct json *doc, uint32_t object,
			   const struct map_entry *entry, struct messages *messages,
			   struct error *err);

/* Parses a file as far as its list of entries; 1: it has none. In device_map.c. */
int device_map_open(const char *name, struct slice text, struct json *doc, uint32_t *ret,
		    struct error *err);

#endif
