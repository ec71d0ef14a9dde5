/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of objects while these are parsed: duplicates, and spellings that another reader
 * takes for the same. Knows nothing of yajl. */
#ifndef JSON_KEY_H
#define JSON_KEY_H

#include "oci-vfio-hook/text.h"

/* A key of an object that is still open. */
struct json_key {
	const char *text; /* in the document, or our copy */
	uint32_t length;
	bool owned;
};

/* The keys of all open objects, those of the innermost one last; initialised with {0}. */
struct json_keys {
	struct json_key *items;
	size_t count, capacity;
};

/* Adds a key; with `copy` a copy of it, because its text won't last. */
void json_keys_add(struct json_keys *keys, struct slice key, bool copy);

/* Has the object whose keys begin at `first` one of them twice? Then *ret is that one,
 * borrowed. The keys may be in another order afterwards. */
bool json_keys_find_duplicate(struct json_keys *keys, size_t first, struct slice *ret);

/* Removes the keys from `first` on. */
void json_keys_forget(struct json_keys *keys, size_t first);
void json_keys_free(struct json_keys *keys);

/* Would Go's encoding/json, which ignores letter case, take `key` for `member`? */
bool json_key_folds_to(struct slice key, struct slice member);

#endif
