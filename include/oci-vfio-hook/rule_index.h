/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of device rules says of a device, in logarithmic time: the last rule that names
 * it decides (config-linux.md, "Allowed Device List"). Pure. */
#ifndef OCI_VFIO_HOOK_RULE_INDEX_H
#define OCI_VFIO_HOOK_RULE_INDEX_H

#include "oci-vfio-hook/device_number_set.h"
#include "oci-vfio-hook/spec.h"

/* Ways of using a device, as bits. */
#define ACCESS_READ 1U
#define ACCESS_WRITE 2U
#define ACCESS_MAKE 4U
#define ACCESS_WAYS 3

/* The ways that a rule is about. One without an access refuses all, or allows nothing. */
unsigned int rule_access(const struct spec_rule *rule);

/* Rules by what they name: one type and numbers, of which any may stand for all. */
struct rule_place {
	char type;
	bool any_major, any_minor;
	uint32_t major, minor;
	uint32_t place;
};

struct rule_index {
	const struct spec_rule *rules; /* borrowed */
	struct rule_place *items;      /* owned */
	size_t count, capacity;
};

#define auto_rule_index __attribute__((cleanup(rule_index_free))) struct rule_index

enum rule_index_which {
	RULE_INDEX_ALL,
	RULE_INDEX_ALLOWS,
	RULE_INDEX_DENIES,
};

/* Indexes those of the rules that are of this kind and about at least these ways (0: all of
 * them). `only`: of those that name just one device only the ones of these numbers; NULL: all.
 * The rules must outlive *ret. */
void rule_index_build(const struct spec_rule *rules, size_t count,
		      enum rule_index_which which, unsigned int ways,
		      const struct device_number_set *only, struct rule_index *ret);

/* The last of these rules that names the device: by its type and numbers, or by a type "a" or
 * numbers that stand for all. NULL: none does. */
const struct spec_rule *rule_index_find(const struct rule_index *index,
					const struct device_number *number);

/* The last that has exactly this type and these numbers, or NULL. */
const struct spec_rule *rule_index_find_exact(const struct rule_index *index,
					      const struct device_number *number);

/* The last that is of its type and for more than these numbers, or NULL. */
const struct spec_rule *rule_index_find_wildcard(const struct rule_index *index,
						 const struct device_number *number);

void rule_index_free(struct rule_index *index);

#endif
