/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a JSON text while it is built, whatever parser finds the values. Internal to
 * base. Where a function refuses the text, it returns -1 with builder->err set, and place
 * offsets are counted in bytes of the text. */
#ifndef OCI_VFIO_HOOK_JSON_BUILDER_H
#define OCI_VFIO_HOOK_JSON_BUILDER_H

#include "oci-vfio-hook/json.h"

#include "json_key.h"

/* What an index has before a value is added. */
struct json_mark {
	uint32_t json; /* which the value becomes */
	uint32_t last_sibling;
	size_t n_extras, n_decoded;
};

/* An indexed object or array that is still open. */
struct json_frame {
	const struct json_shape *shape;
	const struct json_shape
		*value_shape; /* of an object: that of the member whose key came last */
	size_t first_key;     /* of those that no member of the shape has */
	uint64_t seen;	      /* a bit for each member of the shape that came */
	struct slice twice;   /* the key of one that came again */
	uint32_t json;
	uint32_t last_child;
	uint32_t position;
	bool object;
	struct json_mark before; /* what is read at once leaves nothing */
};

struct json_builder {
	struct json *doc;
	void *context;
	struct error *err;
	const struct json_shape *root_shape;
	struct json_frame *frames; /* JSON_DEPTH_MAX; borrowed */
	unsigned int depth;	   /* open frames */
	struct json_keys keys;	   /* of the open objects */
};

/* The innermost open object or array; there is one. */
static inline struct json_frame *json_builder_frame(const struct json_builder *builder)
{
	return &builder->frames[builder->depth - 1];
}

/* Adds a span and returns it. */
static inline uint32_t json_builder_add(struct json_builder *builder, enum json_type type,
					size_t start, size_t end, uint32_t position)
{
	struct json *doc = builder->doc;
	uint32_t index = (uint32_t)doc->n_spans;

	array_grow(&doc->spans, &doc->spans_capacity, doc->n_spans + 1,
		   sizeof *doc->spans);
	doc->spans[doc->n_spans++] = (struct json_span) {
		.start = (uint32_t)start,
		.end = (uint32_t)end,
		.position = position & 0xfffffff,
		.type = type & 7,
	};
	if (builder->depth > 0) {
		struct json_frame *frame = json_builder_frame(builder);

		if (frame->last_child)
			doc->spans[frame->last_child].next = index;
		frame->last_child = index;
	}
	return index;
}

/* The shape of the value that begins now, NULL if it is not indexed, and its position. */
static inline const struct json_shape *json_builder_next(struct json_builder *builder,
							 uint32_t *ret_position)
{
	struct json_frame *frame;

	*ret_position = 0;
	if (builder->depth == 0)
		return builder->root_shape;
	frame = json_builder_frame(builder);
	if (frame->object) {
		*ret_position = frame->position;
		return frame->value_shape;
	}
	*ret_position = frame->position++;
	return frame->shape->elements;
}

struct json_mark json_builder_mark(const struct json_builder *builder);

/* Hands out an element that was added after the mark, and removes what was indexed of it. -1: who
 * reads it refuses it. */
int json_builder_read(struct json_builder *builder, const struct json_shape *shape,
		      const struct json_mark *mark);

/* Adds a string or key that ends before `end`; `decoded` lies in the document's text where
 * there are no escapes. */
void json_builder_add_string(struct json_builder *builder, enum json_type type,
			     struct slice decoded, size_t end, uint32_t position);

/* Opens an object or array, whose bracket is the byte before `end`. */
void json_builder_open(struct json_builder *builder, const struct json_shape *shape,
		       bool object, size_t end, uint32_t position);

/* Takes a key of the open object, the value of which comes next, if a member has it. */
static inline bool json_builder_take_member(struct json_builder *builder,
					    struct slice key)
{
	struct json_frame *frame = json_builder_frame(builder);
	const struct json_shape *shape = frame->shape;

	for (size_t i = 0; i < shape->n_members; i++) {
		const struct json_member *member = &shape->members[i];
		uint64_t bit = UINT64_C(1) << i;

		if (!slice_equal(member->key, key))
			continue;
		if (frame->seen & bit)
			frame->twice = member->key;
		frame->seen |= bit;
		frame->position = (uint32_t)i;
		frame->value_shape = member->shape;
		return true;
	}
	return false;
}

/* The same of one that no member has; it ends before `end`. It lies outside of the document's
 * text if it had escapes. */
int json_builder_take_other_key(struct json_builder *builder, struct slice key,
				size_t end);

/* Closes what is open, whose bracket is the byte before `end`. */
void json_builder_close_array(struct json_builder *builder, size_t end);
int json_builder_close_object(struct json_builder *builder, size_t end);

/* Refuses the text with a message about this place. Returns -1. */
int json_builder_refuse(struct json_builder *builder, size_t offset, const char *message);

#endif
