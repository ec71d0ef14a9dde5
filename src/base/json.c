/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing: yajl's callbacks build the index of spans. The only file that includes yajl;
 * how an index is read is in json_value.c. */
#include "oci-vfio-hook/json.h"

#include <yajl/yajl_parse.h>

const struct json_shape json_any = { .others = &json_any,
				     .map = true,
				     .elements = &json_any };
const struct json_shape json_value = { 0 };

/* A key of an object that is still open, to find duplicates. */
struct open_key {
	const char *text; /* in the document, or a copy of ours */
	uint32_t length;
	bool owned;
};

/* An indexed object or array that is still open. */
struct frame {
	const struct json_shape *shape;
	const struct json_shape
		*value_shape; /* object: of the member whose key came last */
	size_t first_key;
	uint32_t json;
	uint32_t last_child;
	uint32_t position;
	bool object;
};

struct parser {
	yajl_handle yajl;
	struct json *doc;
	const void *context;
	struct error *err;
	const struct json_shape *root_shape;
	struct frame *frames; /* JSON_DEPTH_MAX */
	unsigned int depth;   /* open frames */
	unsigned int skipped; /* containers open below them that are not indexed */
	struct open_key *keys;
	size_t n_keys, keys_capacity;
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
		.position = position,
		.type = (uint8_t)type,
	};
	if (parser->depth > 0) {
		struct frame *frame = &parser->frames[parser->depth - 1];

		if (frame->last_child)
			doc->spans[frame->last_child].next = index;
		frame->last_child = index;
	}
	return index;
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
	doc->spans[json].extra = (uint32_t)doc->decoded.length;
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

static int open_container(struct parser *parser, bool object)
{
	const struct json_shape *shape = NULL;
	uint32_t position = 0;
	size_t end;

	if (parser->depth + parser->skipped >= JSON_DEPTH_MAX)
		return cancel(parser, "nested too deeply, more than 128 levels");
	if (!parser->skipped)
		shape = next_shape(parser, &position);
	if (!shape) {
		parser->skipped++;
		return CONTINUE;
	}
	end = yajl_get_bytes_consumed(parser->yajl);
	parser->frames[parser->depth] = (struct frame) {
		.shape = shape,
		.json = add_span(parser, object ? JSON_OBJECT : JSON_ARRAY, end - 1,
				 parser->doc->text.length, position),
		.first_key = parser->n_keys,
		.object = object,
	};
	parser->depth++;
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

	parser->doc->spans[frame->json].extra = frame->object ? 0 : frame->position;
	parser->doc->spans[frame->json].end =
		(uint32_t)yajl_get_bytes_consumed(parser->yajl);
}

static int on_end_array(void *context)
{
	struct parser *parser = context;

	if (parser->skipped)
		parser->skipped--;
	else
		close_container(parser);
	return CONTINUE;
}

/* Go's encoding/json folds ASCII, U+017F to s and U+212A to k. Folds the character at
 * *at. */
static char fold_next(struct slice text, size_t *at)
{
	struct slice rest = slice_from_to(text, *at, text.length);
	unsigned char c = (unsigned char)rest.data[0];

	if (c >= 0x80 && slice_starts(rest, SLICE("\xc5\xbf"))) {
		*at += 2;
		return 's';
	}
	if (c >= 0x80 && slice_starts(rest, SLICE("\xe2\x84\xaa"))) {
		*at += 3;
		return 'k';
	}
	(*at)++;
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool folds_to(struct slice key, struct slice member)
{
	size_t i = 0, k = 0;

	/* Folding makes nothing longer. */
	if (key.length < member.length)
		return false;
	while (i < key.length && k < member.length) {
		if (fold_next(key, &i) != fold_next(member, &k))
			return false;
	}
	return i == key.length && k == member.length;
}

static int refuse_key(struct parser *parser, const struct frame *frame, struct slice key,
		      const char *what)
{
	auto_free char *path = json_path(parser->doc, frame->json);
	auto_free char *quoted = text_quote(key);
	auto_free char *message =
		xasprintf("%s%s%s %s", path, *path ? ": " : "", what, quoted);

	return cancel(parser, message);
}

static int match_key(struct parser *parser, struct frame *frame, struct slice key)
{
	const struct json_shape *shape = frame->shape;

	for (size_t i = 0; i < shape->n_members; i++) {
		if (slice_equal(shape->members[i].key, key)) {
			frame->position = (uint32_t)i;
			frame->value_shape = shape->members[i].shape;
			return CONTINUE;
		}
	}
	frame->value_shape = shape->others;
	for (size_t i = 0; i < shape->n_members && !shape->map; i++) {
		if (folds_to(key, shape->members[i].key))
			return refuse_key(parser, frame, key,
					  "a known key in another letter case:");
	}
	if (shape->closed)
		return refuse_key(parser, frame, key, "unknown key");
	if (shape->others)
		add_string(parser, JSON_KEY, key, 0);
	return CONTINUE;
}

static void remember_key(struct parser *parser, struct slice key, bool decoded)
{
	struct open_key *open =
		array_append(parser->keys, parser->n_keys, parser->keys_capacity);

	open->length = (uint32_t)key.length;
	open->owned = decoded;
	open->text = decoded ? xstrndup(key.data, key.length) : key.data;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct slice key = { (const char *)text, length };
	const struct slice *whole = &parser->doc->text;
	bool decoded;

	if (parser->skipped)
		return CONTINUE;
	/* It had escapes; without, yajl hands out the text itself. */
	decoded = key.data < whole->data || key.data >= whole->data + whole->length;
	/* Readers that end a key there would take it for another. */
	if (decoded && memchr(key.data, '\0', key.length))
		return refuse_key(parser, &parser->frames[parser->depth - 1], key,
				  "a NUL (\\u0000) in a key:");
	remember_key(parser, key, decoded);
	return match_key(parser, &parser->frames[parser->depth - 1], key);
}

static int compare_keys(const void *a, const void *b)
{
	const struct open_key *x = a, *y = b;

	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return memcmp(x->text, y->text, x->length);
}

/* Objects have few keys, as a rule: comparing lengths instead of sorting takes 6 % off the
 * time of a run with a large config. Many keys are sorted, so that no input makes this
 * quadratic. */
static const struct open_key *find_duplicate(struct open_key *keys, size_t count)
{
	const size_t few = 16;

	if (count > few) {
		qsort(keys, count, sizeof *keys, compare_keys);
		for (size_t i = 1; i < count; i++) {
			if (compare_keys(&keys[i - 1], &keys[i]) == 0)
				return &keys[i];
		}
		return NULL;
	}
	for (size_t i = 1; i < count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (keys[i].length == keys[k].length &&
			    memcmp(keys[i].text, keys[k].text, keys[i].length) == 0)
				return &keys[i];
		}
	}
	return NULL;
}

static void forget_keys(struct parser *parser, size_t first)
{
	while (parser->n_keys > first) {
		struct open_key *key = &parser->keys[--parser->n_keys];

		if (key->owned)
			free((char *)(uintptr_t)key->text);
	}
}

static int on_end_object(void *context)
{
	struct parser *parser = context;
	const struct open_key *duplicate;
	const struct frame *frame;

	if (parser->skipped) {
		parser->skipped--;
		return CONTINUE;
	}
	frame = &parser->frames[parser->depth - 1];
	duplicate = parser->n_keys > frame->first_key
			    ? find_duplicate(parser->keys + frame->first_key,
					     parser->n_keys - frame->first_key)
			    : NULL;
	if (duplicate)
		return refuse_key(parser, frame,
				  (struct slice) { duplicate->text, duplicate->length },
				  "the key is there twice:");
	forget_keys(parser, frame->first_key);
	close_container(parser);
	return CONTINUE;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_bool,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
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

/* They never fail: neither does yajl_alloc(). */
static yajl_handle new_yajl(const yajl_callbacks *functions, void *context)
{
	yajl_alloc_funcs memory = { allocate, resize, release, NULL };

	return yajl_alloc(functions, &memory, context);
}

/* yajl's own sentence, without its newline. */
static void report_syntax(struct parser *parser, size_t offset)
{
	unsigned char *message = yajl_get_error(parser->yajl, 0, NULL, 0);
	auto_free char *line = NULL;

	line = xasprintf("not JSON: %.*s", (int)strcspn((char *)message, "\n"),
			 (char *)message);
	yajl_free_error(parser->yajl, message);
	cancel_at(parser, offset, line);
}

/* yajl takes these for white space; JSON knows them nowhere. */
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

	if (text.length >= UINT32_MAX)
		return error_set(err, ERROR_DATA, "%s: too large", name);
	if (text.length == 0)
		return error_set(err, ERROR_DATA, "%s: not JSON: it is empty", name);
	if (has_odd_space(text))
		return error_set(err, ERROR_DATA,
				 "%s: not JSON: a vertical tab or form feed in it", name);
	/* A guess that is seldom too small; pages that aren't touched cost nothing. */
	array_grow(&doc.spans, &doc.spans_capacity, text.length / 64 + 64,
		   sizeof *doc.spans);
	array_grow(&parser.keys, &parser.keys_capacity, 64, sizeof *parser.keys);
	parser.yajl = new_yajl(&callbacks, &parser);
	status = yajl_parse(parser.yajl, (const unsigned char *)text.data, text.length);
	if (status == yajl_status_error) {
		report_syntax(&parser, yajl_get_bytes_consumed(parser.yajl));
	} else if (status == yajl_status_ok) {
		/* It counts what is consumed anew. */
		status = yajl_complete_parse(parser.yajl);
		if (status == yajl_status_error)
			report_syntax(&parser, text.length);
	}
	/* yajl overlooks a string that begins behind the value and never ends. */
	if (status == yajl_status_ok) {
		size_t end = json_skip_space(text, doc.spans[0].end);

		if (end != text.length) {
			cancel_at(&parser, end, "not JSON: text behind the value");
			status = yajl_status_error;
		}
	}
	yajl_free(parser.yajl);
	forget_keys(&parser, 0);
	free(parser.keys);
	if (status != yajl_status_ok)
		return error_set(err, ERROR_INTERNAL, "%s: parsing stopped", name);
	*ret = take_struct(doc);
	return 0;
}

static bool is_value(struct slice text)
{
	yajl_handle yajl = new_yajl(NULL, NULL);
	/* yajl overlooks a string that begins behind the value and never ends, but not
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

	if (is_value(value))
		return 0;
	quoted = text_quote(value);
	return error_set(err, ERROR_DATA, "%s is not one JSON value", quoted);
}

void json_free(struct json *doc)
{
	free(doc->spans);
	buffer_free(&doc->decoded);
	*doc = (struct json) { 0 };
}
