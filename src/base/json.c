/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing: yajl's callbacks hand what they find to the builder of the index. The only file that
 * includes yajl. */
#include "oci-vfio-hook/json.h"

#include "json_builder.h"
#include "json_plain.h"

#include <yajl/yajl_parse.h>

const struct json_shape json_any = { .others = &json_any,
				     .map = true,
				     .elements = &json_any };
const struct json_shape json_value = { 0 };

struct parser {
	yajl_handle yajl;
	yajl_callbacks callbacks; /* what yajl is to hand out at the moment */
	struct json_builder builder;
	unsigned int skipped; /* containers that are open and not indexed */
};

enum { CANCEL = 0, CONTINUE = 1 };

/* What was found last ends before this byte of the text. */
static size_t end_of(const struct parser *parser)
{
	return yajl_get_bytes_consumed(parser->yajl);
}

static int on_scalar(struct parser *parser, enum json_type type, size_t length)
{
	uint32_t position;
	size_t end;

	if (parser->skipped)
		return CONTINUE;
	if (json_builder_next(&parser->builder, &position)) {
		end = end_of(parser);
		json_builder_add(&parser->builder, type, end - length, end, position);
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
	const struct slice whole = parser->builder.doc->text;

	/* A number that ends with the document is reported only after its end: it is the
	 * whole document. */
	if (text < whole.data || text >= whole.data + whole.length) {
		json_builder_add(&parser->builder, JSON_NUMBER, json_skip_space(whole, 0),
				 json_skip_space_back(whole, whole.length), 0);
		return CONTINUE;
	}
	return on_scalar(parser, JSON_NUMBER, length);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct json_builder *builder = &parser->builder;
	struct slice decoded = { (const char *)text, length };
	const struct json_shape *shape;
	uint32_t position;

	if (parser->skipped)
		return CONTINUE;
	shape = json_builder_next(builder, &position);
	if (shape && (!shape->wanted || shape->wanted(builder->context, decoded)))
		json_builder_add_string(builder, JSON_STRING, decoded, end_of(parser),
					position);
	return CONTINUE;
}

/* A string in an array of which only some are wanted. */
static int on_element(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct json_builder *builder = &parser->builder;
	struct json_frame *frame = json_builder_frame(builder);
	struct slice decoded = { (const char *)text, length };
	uint32_t position = frame->position++;

	const struct json_shape *shape = frame->shape->elements;
	struct json_mark mark;

	if (!shape->wanted(builder->context, decoded))
		return CONTINUE;
	mark = json_builder_mark(builder);
	json_builder_add_string(builder, JSON_STRING, decoded, end_of(parser), position);
	return shape->read && json_builder_read(builder, shape, &mark) < 0 ? CANCEL
									   : CONTINUE;
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

static int end_skipping(struct parser *parser)
{
	if (--parser->skipped == 0)
		want_text(parser, true, true);
	return CONTINUE;
}

static int open_container(struct parser *parser, bool object)
{
	const struct json_shape *shape = NULL;
	uint32_t position = 0;

	if (parser->builder.depth + parser->skipped >= JSON_DEPTH_MAX) {
		json_builder_refuse(&parser->builder, end_of(parser),
				    "nested more than 128 levels deep");
		return CANCEL;
	}
	if (!parser->skipped)
		shape = json_builder_next(&parser->builder, &position);
	if (!shape) {
		begin_skipping(parser);
		return CONTINUE;
	}
	json_builder_open(&parser->builder, shape, object, end_of(parser), position);
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

static int on_end_array(void *context)
{
	struct parser *parser = context;

	if (parser->skipped)
		return end_skipping(parser);
	json_builder_close_array(&parser->builder, end_of(parser));
	want_text(parser, true, true);
	return CONTINUE;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct slice key = { (const char *)text, length };

	if (parser->skipped)
		return CONTINUE;
	if (!json_builder_take_member(&parser->builder, key) &&
	    json_builder_take_other_key(&parser->builder, key, end_of(parser)) < 0)
		return CANCEL;
	want_text(parser, true,
		  json_builder_frame(&parser->builder)->value_shape != NULL);
	return CONTINUE;
}

static int on_end_object(void *context)
{
	struct parser *parser = context;

	if (parser->skipped)
		return end_skipping(parser);
	if (json_builder_close_object(&parser->builder, end_of(parser)) < 0)
		return CANCEL;
	want_text(parser, true, true);
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
	json_builder_refuse(&parser->builder, offset, line);
}

/* yajl takes these for white space. JSON has them nowhere, not even in strings. */
static bool has_odd_space(struct slice text)
{
	return memchr(text.data, '\v', text.length) ||
	       memchr(text.data, '\f', text.length);
}

/* Parses all of the text; what is wrong is in the builder's error. */
static yajl_status parse(struct parser *parser, struct slice text)
{
	yajl_status status =
		yajl_parse(parser->yajl, (const unsigned char *)text.data, text.length);
	size_t end;

	if (status == yajl_status_error)
		report_syntax(parser, end_of(parser));
	if (status != yajl_status_ok)
		return status;
	/* It counts what is consumed from 0 again. */
	status = yajl_complete_parse(parser->yajl);
	if (status == yajl_status_error)
		report_syntax(parser, text.length);
	if (status != yajl_status_ok)
		return status;
	/* yajl overlooks a string that begins after the value and never ends. */
	end = json_skip_space(text, parser->builder.doc->spans[0].end);
	if (end == text.length)
		return yajl_status_ok;
	json_builder_refuse(&parser->builder, end, "invalid JSON: trailing text");
	return yajl_status_error;
}

static int check_text(const char *name, struct slice text, struct error *err)
{
	if (text.length > JSON_SIZE_MAX)
		return error_set(err, ERROR_DATA, "%s: is larger than 512 MiB", name);
	if (text.length == 0)
		return error_set(err, ERROR_DATA, "%s: is empty", name);
	if (has_odd_space(text))
		return error_set(err, ERROR_DATA,
				 "%s: invalid JSON: it has a vertical tab or a form feed",
				 name);
	return 0;
}

int json_parse(const char *name, struct slice text, const struct json_shape *shape,
	       void *context, struct json *ret, struct error *err)
{
	auto_json doc = { .name = name, .text = text, .shape = shape };
	struct json_frame frames[JSON_DEPTH_MAX];
	struct parser parser = { .callbacks = callbacks,
				 .builder = { .doc = &doc,
					      .context = context,
					      .err = err,
					      .root_shape = shape,
					      .frames = frames } };
	yajl_status status;
	int r = check_text(name, text, err);

	if (r < 0)
		return r;
	/* A guess that is seldom too small; pages that aren't touched cost nothing. (Short
	 * texts may be many.) */
	array_grow(&doc.spans, &doc.spans_capacity,
		   text.length < 512 ? text.length / 8 + 8 : text.length / 64 + 64,
		   sizeof *doc.spans);
	want_text(&parser, true, true);
	parser.yajl = new_yajl(&parser.callbacks, &parser);
	status = parse(&parser, text);
	yajl_free(parser.yajl);
	json_keys_free(&parser.builder.keys);
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
