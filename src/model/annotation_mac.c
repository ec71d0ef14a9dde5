/* SPDX-License-Identifier: Apache-2.0 */
/* The code that proves who wrote an annotation, and for which container. */
#include "annotation_mac.h"

#include "oci-vfio-hook/spec.h"

bool annotation_needs_bundle(const struct annotation_binding *binding)
{
	return binding->cgroups_path.length == 0 ||
	       !slice_starts(binding->root_path, SLICE("/"));
}

bool annotation_can_bind(const struct annotation_binding *binding)
{
	return binding->has_bundle || binding->cgroups_path.length > 0 ||
	       slice_starts(binding->root_path, SLICE("/"));
}

/* A field of what the code is over. Its length comes first, so that no bytes of one field
 * can pass for those of the next. */
static void add_field(struct buffer *ret, struct slice field)
{
	buffer_add_number(ret, field.length);
	buffer_add(ret, SLICE(":"));
	buffer_add(ret, field);
}

static void add_number(struct buffer *ret, uint64_t number)
{
	char digits[NUMBER_DIGITS];

	add_field(ret, number_format(number, digits));
}

static void add_bundle(const struct annotation_binding *binding, struct buffer *ret)
{
	if (!binding->has_bundle || !annotation_needs_bundle(binding))
		return;
	add_number(ret, binding->device);
	add_number(ret, binding->inode);
}

void annotation_make_mac(struct slice lists, const uint8_t *key,
			 const struct annotation_binding *binding,
			 uint8_t ret[static SIPHASH_SIZE])
{
	auto_buffer after = { 0 };
	char digits[NUMBER_DIGITS];

	add_field(&after, binding->cgroups_path);
	add_field(&after, binding->root_path);
	add_bundle(binding, &after);
	/* The number is this form's: another one gets another. */
	siphash(key,
		(struct slice[]) { SLICE(ANNOTATION_KEY " 1 "),
				   number_format(lists.length, digits), SLICE(":"), lists,
				   buffer_slice(&after) },
		5, ret);
}
