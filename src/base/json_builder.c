/* SPDX-License-Identifier: Apache-2.0 */
/* Building an index: which values of a text are in it, and which keys it may not have. How
 * an index is read is in json_value.c. */
#include "json_builder.h"

static void position_of(struct slice text, size_t offset, size_t *ret_line,
			size_t *ret_column)
{
	size_t line = 1, start = 0;

	for (size_t i = 0; i < offset && i < text.length; i++) {
		if (text.data[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	*ret_line = line;
	*ret_column = offset - start + 1;
}

int json_builder_refuse(struct json_builder *builder, size_t offset, const char *message)
{
	size_t line, column;

	position_of(builder->doc->text, offset, &line, &column);
	error_set(builder->err, ERROR_DATA, "%s: line %zu, column %zu: %s",
		  builder->doc->name, line, column, message);
	return -1;
}

static void add_extra(struct json *doc, uint32_t json, size_t value)
{
	*array_append(doc->extras, doc->n_extras, doc->extras_capacity) =
		(struct json_extra) { json, (uint32_t)value };
}

void json_builder_add_string(struct json_builder *builder, enum json_type type,
			     struct slice decoded, size_t end, uint32_t position)
{
	struct json *doc = builder->doc;
	size_t start = (size_t)(decoded.data - doc->text.data) - 1;
	uint32_t json, length = (uint32_t)decoded.length;

	if (decoded.data > doc->text.data &&
	    decoded.data < doc->text.data + doc->text.length &&
	    end - start == decoded.length + 2) {
		json_builder_add(builder, type, start, end, position);
		return;
	}
	json = json_builder_add(builder, type, json_string_start(doc->text, end), end,
				position);
	doc->spans[json].escaped = true;
	add_extra(doc, json, doc->decoded.length);
	buffer_add(&doc->decoded,
		   (struct slice) { (const char *)&length, sizeof length });
	buffer_add(&doc->decoded, decoded);
}

struct json_mark json_builder_mark(const struct json_builder *builder)
{
	const struct json *doc = builder->doc;

	return (struct json_mark) {
		.json = (uint32_t)doc->n_spans,
		.last_sibling =
			builder->depth ? json_builder_frame(builder)->last_child : 0,
		.n_extras = doc->n_extras,
		.n_decoded = doc->decoded.length,
	};
}

int json_builder_read(struct json_builder *builder, const struct json_shape *shape,
		      const struct json_mark *mark)
{
	struct json_frame *array = json_builder_frame(builder);
	struct json *doc = builder->doc;
	bool kept = true;

	if (shape->read(builder->context, doc, mark->json, &kept, builder->err) < 0)
		return -1;
	doc->n_extras = mark->n_extras;
	doc->decoded.length = mark->n_decoded;
	doc->n_spans = mark->json + 1;
	if (kept)
		return 0;
	doc->n_spans = mark->json;
	array->last_child = mark->last_sibling;
	if (array->last_child)
		doc->spans[array->last_child].next = 0;
	return 0;
}

void json_builder_open(struct json_builder *builder, const struct json_shape *shape,
		       bool object, size_t end, uint32_t position)
{
	struct json_frame *frame = &builder->frames[builder->depth];
	struct json *doc = builder->doc;

	*frame = (struct json_frame) {
		.shape = shape,
		.first_key = builder->keys.count,
		.object = object,
		.before = json_builder_mark(builder),
	};
	frame->json = json_builder_add(builder, object ? JSON_OBJECT : JSON_ARRAY,
				       end - 1, doc->text.length, position);
	if (!object)
		add_extra(doc, frame->json, 0);
	builder->depth++;
}

static void close_frame(struct json_builder *builder, size_t end)
{
	builder->doc->spans[json_builder_frame(builder)->json].end = (uint32_t)end;
	builder->depth--;
}

void json_builder_close_array(struct json_builder *builder, size_t end)
{
	const struct json_frame *frame = json_builder_frame(builder);

	builder->doc->extras[frame->before.n_extras].value = frame->position;
	close_frame(builder, end);
}

/* ---- keys */

/* Refuses an open object, whose place is named. */
__attribute__((format(printf, 4, 5))) static int refuse_in(struct json_builder *builder,
							   const struct json_frame *frame,
							   size_t offset,
							   const char *format, ...)
{
	auto_free char *path = json_path(builder->doc, frame->json);
	auto_free char *message = NULL, *whole = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = xvasprintf(format, arguments);
	va_end(arguments);
	whole = xasprintf("%s%s%s", path, *path ? ": " : "", message);
	return json_builder_refuse(builder, offset, whole);
}

static int refuse_spelling(struct json_builder *builder, const struct json_frame *frame,
			   struct slice key, size_t end, const struct json_member *member)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(
		builder, frame, end,
		"key %s must be spelled \"%s\": Go programs would read it as that",
		quoted, member->key.data);
}

static int refuse_unknown(struct json_builder *builder, const struct json_frame *frame,
			  struct slice key, size_t end)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(builder, frame, end, "unknown key %s; correct or remove it",
			 quoted);
}

/* Readers that end a key there would take it for another. */
static int refuse_nul(struct json_builder *builder, const struct json_frame *frame,
		      struct slice key, size_t end)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(builder, frame, end, "key %s has a NUL (\\u0000); remove it",
			 quoted);
}

static int refuse_duplicate(struct json_builder *builder, const struct json_frame *frame,
			    struct slice key, size_t end)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(builder, frame, end, "duplicate key %s; keep one", quoted);
}

int json_builder_take_other_key(struct json_builder *builder, struct slice key,
				size_t end)
{
	struct json_frame *frame = json_builder_frame(builder);
	const struct json_shape *shape = frame->shape;
	const struct slice *whole = &builder->doc->text;
	bool decoded = key.data < whole->data || key.data >= whole->data + whole->length;

	if (decoded && memchr(key.data, '\0', key.length))
		return refuse_nul(builder, frame, key, end);
	json_keys_add(&builder->keys, key, decoded);
	frame->value_shape = shape->others;
	for (size_t i = 0; i < shape->n_members && !shape->map; i++) {
		if (json_key_folds_to(key, shape->members[i].key))
			return refuse_spelling(builder, frame, key, end,
					       &shape->members[i]);
	}
	if (shape->closed)
		return refuse_unknown(builder, frame, key, end);
	if (shape->others)
		json_builder_add_string(builder, JSON_KEY, key, end, 0);
	return 0;
}

int json_builder_close_object(struct json_builder *builder, size_t end)
{
	const struct json_frame *frame = json_builder_frame(builder);
	struct slice duplicate = frame->twice;

	if (duplicate.data ||
	    json_keys_find_duplicate(&builder->keys, frame->first_key, &duplicate))
		return refuse_duplicate(builder, frame, duplicate, end);
	json_keys_forget(&builder->keys, frame->first_key);
	close_frame(builder, end);
	return frame->shape->read && builder->depth > 0 && !frame[-1].object
		       ? json_builder_read(builder, frame->shape, &frame->before)
		       : 0;
}
