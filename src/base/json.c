/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing: yajl's callbacks build the index of spans. The only file that includes yajl;
 * how an index is read is in json_value.c. */
#include "oci-vfio-hook/json.h"

#include "json_key.h"
#include "json_plain.h"

#include <yajl/yajl_parse.h>

const struct json_shape json_any = { .others = &json_any,
				     .map = true,
				     .elements = &json_any };
const struct json_shape json_value = { 0 };

/* An indexed object or array that is still open. */
struct frame {
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
	/* As it was before: what is not kept leaves nothing. */
	uint32_t last_sibling;
	size_t n_extras, n_decoded;
};

struct parser {
	yajl_handle yajl;
	yajl_callbacks callbacks; /* what yajl is to hand out at the moment */
	struct json *doc;
	const void *context;
	struct error *err;
	const struct json_shape *root_shape;
	struct frame *frames;  /* JSON_DEPTH_MAX */
	unsigned int depth;    /* open frames */
	unsigned int skipped;  /* containers open below them that are not indexed */
	struct json_keys keys; /* of the open objects */
};

enum { CANCEL = 0, CONTINUE = 1 };

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

static int cancel_at(struct parser *parser, size_t offset, const char *message)
{
	size_t line, column;

	position_of(parser->doc->text, offset, &line, &column);
	error_set(parser->err, ERROR_DATA, "%s: line %zu, column %zu: %s",
		  parser->doc->name, line, column, message);
	return CANCEL;
}

static int cancel(struct parser *parser, const char *message)
{
	return cancel_at(parser, yajl_get_bytes_consumed(parser->yajl), message);
}

static uint32_t add_span(struct parser *parser, enum json_type type, size_t start,
			 size_t end, uint32_t position)
{
	struct json *doc = parser->doc;
	uint32_t index = (uint32_t)doc->n_spans;
	struct json_span *span;

	array_grow(&doc->spans, &doc->spans_capacity, doc->n_spans + 1,
		   sizeof *doc->spans);
	span = &doc->spans[doc->n_spans++];
	*span = (struct json_span) {
		.start = (uint32_t)start,
		.end = (uint32_t)end,
		.position = position & 0xfffffff,
		.type = type & 7,
	};
	if (parser->depth > 0) {
		struct frame *frame = &parser->frames[parser->depth - 1];

		if (frame->last_child)
			doc->spans[frame->last_child].next = index;
		frame->last_child = index;
	}
	return index;
}

static void add_extra(struct json *doc, uint32_t json, size_t value)
{
	*array_append(doc->extras, doc->n_extras, doc->extras_capacity) =
		(struct json_extra) { json, (uint32_t)value };
}

/* The shape of the value that begins now, NULL if it is not indexed, and its position. */
static const struct json_shape *next_shape(struct parser *parser, uint32_t *ret_position)
{
	struct frame *frame;

	*ret_position = 0;
	if (parser->depth == 0)
		return parser->root_shape;
	frame = &parser->frames[parser->depth - 1];
	if (frame->object) {
		*ret_position = frame->position;
		return frame->value_shape;
	}
	*ret_position = frame->position++;
	return frame->shape->elements;
}

static int on_scalar(struct parser *parser, enum json_type type, size_t length)
{
	const struct json_shape *shape;
	uint32_t position;
	size_t end;

	if (parser->skipped)
		return CONTINUE;
	shape = next_shape(parser, &position);
	if (shape) {
		end = yajl_get_bytes_consumed(parser->yajl);
		add_span(parser, type, end - length, end, position);
	}
	return CONTINUE;
}

static int on_null(void *context)
{
	return on_scalar(context, JSON_NULL, strlen("null"));
}

static int on_bool(void *context, int value)
{
	return on_scalar(context, JSON_BOOL, value ? strlen("true") : strlen("false"));
}

static int on_number(void *context, const char *text, size_t length)
{
	struct parser *parser = context;

	/* A number that ends with the document is reported only after its end: it is the
	 * whole document. */
	if (text < parser->doc->text.data ||
	    text >= parser->doc->text.data + parser->doc->text.length) {
		struct slice text_all = parser->doc->text;

		add_span(parser, JSON_NUMBER, json_skip_space(text_all, 0),
			 json_skip_space_back(text_all, text_all.length), 0);
		return CONTINUE;
	}
	return on_scalar(parser, JSON_NUMBER, length);
}

/* Adds a string or key that yajl decoded to `decoded`. */
static void add_string(struct parser *parser, enum json_type type, struct slice decoded,
		       uint32_t position)
{
	struct json *doc = parser->doc;
	size_t end = yajl_get_bytes_consumed(parser->yajl);
	size_t start = (size_t)(decoded.data - doc->text.data) - 1;
	uint32_t json, length = (uint32_t)decoded.length;

	/* Without escapes yajl hands out the text itself. */
	if (decoded.data > doc->text.data &&
	    decoded.data < doc->text.data + doc->text.length &&
	    end - start == decoded.length + 2) {
		add_span(parser, type, start, end, position);
		return;
	}
	json = add_span(parser, type, json_string_start(doc->text, end), end, position);
	doc->spans[json].escaped = true;
	add_extra(doc, json, doc->decoded.length);
	buffer_add(&doc->decoded,
		   (struct slice) { (const char *)&length, sizeof length });
	buffer_add(&doc->decoded, decoded);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct slice decoded = { (const char *)text, length };
	const struct json_shape *shape;
	uint32_t position;

	if (parser->skipped)
		return CONTINUE;
	shape = next_shape(parser, &position);
	if (shape && (!shape->wanted || shape->wanted(parser->context, decoded)))
		add_string(parser, JSON_STRING, decoded, position);
	return CONTINUE;
}

/* A string in an array of which only some are wanted. */
static int on_element(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct frame *frame = &parser->frames[parser->depth - 1];
	const struct json_shape *shape = frame->shape->elements;
	struct slice decoded = { (const char *)text, length };
	uint32_t position = frame->position++;

	if (shape->wanted(parser->context, decoded))
		add_string(parser, JSON_STRING, decoded, position);
	return CONTINUE;
}

static int on_key(void *context, const unsigned char *text, size_t length);

/* A string that nobody wants isn't even decoded, which is most of what yajl does with one
 * that has escapes. (yajl has kept a pointer to the callbacks; one that had copied them would
 * call those that find nothing to do.) */
static void want_text(struct parser *parser, bool keys, bool strings)
{
	parser->callbacks.yajl_map_key = keys ? on_key : NULL;
	parser->callbacks.yajl_string = strings ? on_string : NULL;
}

static void begin_skipping(struct parser *parser)
{
	if (parser->skipped++ == 0)
		want_text(parser, false, false);
}

static void end_skipping(struct parser *parser)
{
	if (--parser->skipped == 0)
		want_text(parser, true, true);
}

static int open_container(struct parser *parser, bool object)
{
	const struct json_shape *shape = NULL;
	struct frame *frame;
	uint32_t position = 0;
	size_t end;

	if (parser->depth + parser->skipped >= JSON_DEPTH_MAX)
		return cancel(parser, "nested more than 128 levels deep");
	if (!parser->skipped)
		shape = next_shape(parser, &position);
	if (!shape) {
		begin_skipping(parser);
		return CONTINUE;
	}
	end = yajl_get_bytes_consumed(parser->yajl);
	frame = &parser->frames[parser->depth];
	*frame = (struct frame) {
		.shape = shape,
		.first_key = parser->keys.count,
		.object = object,
		.last_sibling = parser->depth ? frame[-1].last_child : 0,
		.n_extras = parser->doc->n_extras,
		.n_decoded = parser->doc->decoded.length,
	};
	frame->json = add_span(parser, object ? JSON_OBJECT : JSON_ARRAY, end - 1,
			       parser->doc->text.length, position);
	if (!object)
		add_extra(parser->doc, frame->json, 0);
	parser->depth++;
	want_text(parser, true, true);
	/* Most strings of a config are such. */
	if (!object && shape->elements && shape->elements->wanted)
		parser->callbacks.yajl_string = on_element;
	return CONTINUE;
}

static int on_start_object(void *context)
{
	return open_container(context, true);
}

static int on_start_array(void *context)
{
	return open_container(context, false);
}

static void close_container(struct parser *parser)
{
	struct frame *frame = &parser->frames[--parser->depth];

	if (!frame->object)
		parser->doc->extras[frame->n_extras].value = frame->position;
	parser->doc->spans[frame->json].end =
		(uint32_t)yajl_get_bytes_consumed(parser->yajl);
	want_text(parser, true, true);
}

/* Removes what was indexed of the element that was closed last. */
static void drop_element(struct parser *parser)
{
	const struct frame *dropped = &parser->frames[parser->depth];
	struct frame *array = &parser->frames[parser->depth - 1];
	struct json *doc = parser->doc;

	doc->n_spans = dropped->json;
	doc->n_extras = dropped->n_extras;
	doc->decoded.length = dropped->n_decoded;
	array->last_child = dropped->last_sibling;
	if (array->last_child)
		doc->spans[array->last_child].next = 0;
}

static int on_end_array(void *context)
{
	struct parser *parser = context;

	if (parser->skipped)
		end_skipping(parser);
	else
		close_container(parser);
	return CONTINUE;
}

/* Ends parsing with a message about the object, whose place is named. */
__attribute__((format(printf, 3, 4))) static int refuse_in(struct parser *parser,
							   const struct frame *frame,
							   const char *format, ...)
{
	auto_free char *path = json_path(parser->doc, frame->json);
	auto_free char *message = NULL, *whole = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = xvasprintf(format, arguments);
	va_end(arguments);
	whole = xasprintf("%s%s%s", path, *path ? ": " : "", message);
	return cancel(parser, whole);
}

static int refuse_spelling(struct parser *parser, const struct frame *frame,
			   struct slice key, const struct json_member *member)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(
		parser, frame,
		"key %s must be spelled \"%s\": Go programs would read it as that",
		quoted, member->key.data);
}

static int refuse_unknown(struct parser *parser, const struct frame *frame,
			  struct slice key)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(parser, frame, "unknown key %s; correct or remove it", quoted);
}

/* Readers that end a key there would take it for another. */
static int refuse_nul(struct parser *parser, const struct frame *frame, struct slice key)
{
	auto_free char *quoted = text_quote(key);

	return refuse_in(parser, frame, "key %s has a NUL (\\u0000); remove it", quoted);
}

/* A key that none of the members has. `decoded`: it had escapes. */
static int take_other_key(struct parser *parser, struct frame *frame, struct slice key,
			  bool decoded)
{
	const struct json_shape *shape = frame->shape;

	json_keys_add(&parser->keys, key, decoded);
	frame->value_shape = shape->others;
	for (size_t i = 0; i < shape->n_members && !shape->map; i++) {
		if (json_key_folds_to(key, shape->members[i].key))
			return refuse_spelling(parser, frame, key, &shape->members[i]);
	}
	if (shape->closed)
		return refuse_unknown(parser, frame, key);
	if (shape->others)
		add_string(parser, JSON_KEY, key, 0);
	return CONTINUE;
}

static void take_member(struct frame *frame, size_t position)
{
	const struct json_member *member = &frame->shape->members[position];
	uint64_t bit = UINT64_C(1) << position;

	if (frame->seen & bit)
		frame->twice = member->key;
	frame->seen |= bit;
	frame->position = (uint32_t)position;
	frame->value_shape = member->shape;
}

static int match_key(struct parser *parser, struct frame *frame, struct slice key,
		     bool decoded)
{
	const struct json_shape *shape = frame->shape;

	for (size_t i = 0; i < shape->n_members; i++) {
		if (slice_equal(shape->members[i].key, key)) {
			take_member(frame, i);
			return CONTINUE;
		}
	}
	return take_other_key(parser, frame, key, decoded);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct slice key = { (const char *)text, length };
	const struct slice *whole = &parser->doc->text;
	struct frame *frame;
	bool decoded;
	int r;

	if (parser->skipped)
		return CONTINUE;
	frame = &parser->frames[parser->depth - 1];
	/* It had escapes: without them yajl hands out the text itself. */
	decoded = key.data < whole->data || key.data >= whole->data + whole->length;
	if (decoded && memchr(key.data, '\0', key.length))
		return refuse_nul(parser, frame, key);
	r = match_key(parser, frame, key, decoded);
	want_text(parser, true, frame->value_shape != NULL);
	return r;
}

static int on_end_object(void *context)
{
	struct parser *parser = context;
	const struct frame *frame;
	struct slice duplicate;

	if (parser->skipped) {
		end_skipping(parser);
		return CONTINUE;
	}
	frame = &parser->frames[parser->depth - 1];
	duplicate = frame->twice;
	if (duplicate.data ||
	    json_keys_find_duplicate(&parser->keys, frame->first_key, &duplicate)) {
		auto_free char *quoted = text_quote(duplicate);

		return refuse_in(parser, frame, "duplicate key %s; keep one", quoted);
	}
	json_keys_forget(&parser->keys, frame->first_key);
	close_container(parser);
	if (frame->shape->kept && parser->depth > 0 && !frame[-1].object &&
	    !frame->shape->kept(parser->context, parser->doc, frame->json))
		drop_element(parser);
	return CONTINUE;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_start_map = on_start_object,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static void *allocate(void *context, size_t size)
{
	(void)context;
	return xmalloc(size);
}

static void *resize(void *context, void *memory, size_t size)
{
	(void)context;
	return xrealloc(memory, size);
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

/* These never fail, so yajl_alloc() doesn't either. */
static yajl_handle new_yajl(const yajl_callbacks *functions, void *context)
{
	yajl_alloc_funcs memory = { allocate, resize, release, NULL };

	return yajl_alloc(functions, &memory, context);
}

/* yajl's sentences, and how other tools say the same. */
static const struct {
	const char *yajl, *message;
} sentences[] = {
	{ "premature EOF", "unexpected end of file" },
	{ "trailing garbage", "trailing text" },
	{ "unallowed token at this point in JSON text", "unexpected token" },
	{ "after key and value, inside map, I expect ',' or '}'",
	  "',' or '}' expected after a member" },
	{ "after array element, I expect ',' or ']'",
	  "',' or ']' expected after an element" },
};

/* yajl's message is "parse error: SENTENCE\n" or "lexical error: SENTENCE.\n". */
static void report_syntax(struct parser *parser, size_t offset)
{
	unsigned char *message = yajl_get_error(parser->yajl, 0, NULL, 0);
	const char *sentence = strstr((char *)message, ": "), *end;
	auto_free char *line = NULL;
	size_t length;

	sentence = sentence ? sentence + 2 : (char *)message;
	end = strchr(sentence, '\n');
	length = end ? (size_t)(end - sentence) : strlen(sentence);
	if (length > 0 && sentence[length - 1] == '.')
		length--;
	for (size_t i = 0; i < ARRAY_SIZE(sentences) && !line; i++)
		if (slice_equal(slice_from(sentences[i].yajl),
				(struct slice) { sentence, length }))
			line = xasprintf("invalid JSON: %s", sentences[i].message);
	if (!line)
		line = xasprintf("invalid JSON: %.*s", (int)length, sentence);
	yajl_free_error(parser->yajl, message);
	cancel_at(parser, offset, line);
}

/* yajl takes these for white space. JSON has them nowhere, not even in strings. */
static bool has_odd_space(struct slice text)
{
	return memchr(text.data, '\v', text.length) ||
	       memchr(text.data, '\f', text.length);
}

int json_parse(const char *name, struct slice text, const struct json_shape *shape,
	       const void *context, struct json *ret, struct error *err)
{
	auto_json doc = { .name = name, .text = text, .shape = shape };
	struct frame frames[JSON_DEPTH_MAX];
	struct parser parser = { .doc = &doc,
				 .context = context,
				 .err = err,
				 .root_shape = shape,
				 .frames = frames };
	yajl_status status;

	if (text.length > JSON_SIZE_MAX)
		return error_set(err, ERROR_DATA, "%s: is larger than 512 MiB", name);
	if (text.length == 0)
		return error_set(err, ERROR_DATA, "%s: is empty", name);
	if (has_odd_space(text))
		return error_set(err, ERROR_DATA,
				 "%s: invalid JSON: it has a vertical tab or a form feed",
				 name);
	/* A guess that is seldom too small; pages that aren't touched cost nothing. (Short
	 * texts may be many.) */
	array_grow(&doc.spans, &doc.spans_capacity,
		   text.length < 512 ? text.length / 8 + 8 : text.length / 64 + 64,
		   sizeof *doc.spans);
	parser.callbacks = callbacks;
	want_text(&parser, true, true);
	parser.yajl = new_yajl(&parser.callbacks, &parser);
	status = yajl_parse(parser.yajl, (const unsigned char *)text.data, text.length);
	if (status == yajl_status_error) {
		report_syntax(&parser, yajl_get_bytes_consumed(parser.yajl));
	} else if (status == yajl_status_ok) {
		/* It counts what is consumed from 0 again. */
		status = yajl_complete_parse(parser.yajl);
		if (status == yajl_status_error)
			report_syntax(&parser, text.length);
	}
	/* yajl overlooks a string that begins after the value and never ends. */
	if (status == yajl_status_ok) {
		size_t end = json_skip_space(text, doc.spans[0].end);

		if (end != text.length) {
			cancel_at(&parser, end, "invalid JSON: trailing text");
			status = yajl_status_error;
		}
	}
	yajl_free(parser.yajl);
	json_keys_free(&parser.keys);
	if (status != yajl_status_ok)
		return error_set(
			err, ERROR_INTERNAL,
			"%s: the parser stopped without a reason; please report this with the file",
			name);
	*ret = take_struct(doc);
	return 0;
}

static bool is_value(struct slice text)
{
	yajl_handle yajl = new_yajl(NULL, NULL);
	/* yajl overlooks a string that begins after the value and never ends, but not
	 * the line break in it. */
	bool valid = yajl_parse(yajl, (const unsigned char *)text.data, text.length) ==
			     yajl_status_ok &&
		     yajl_parse(yajl, (const unsigned char *)"\n", 1) == yajl_status_ok &&
		     yajl_complete_parse(yajl) == yajl_status_ok;

	yajl_free(yajl);
	return valid && !has_odd_space(text);
}

int json_check_value(struct slice value, struct error *err)
{
	auto_free char *quoted = NULL;

	if (json_is_plain(value) || is_value(value))
		return 0;
	quoted = text_quote(value);
	return error_set(err, ERROR_DATA, "%s is not one JSON value", quoted);
}

void json_free(struct json *doc)
{
	free(doc->spans);
	free(doc->extras);
	buffer_free(&doc->decoded);
	*doc = (struct json) { 0 };
}
