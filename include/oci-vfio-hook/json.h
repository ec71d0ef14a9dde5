/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as an index of spans over the text it was parsed from; the text itself is never
 * regenerated. One pass of yajl's callbacks records only the parts that a shape names.
 * This is the only module that knows yajl. It knows nothing of the domain.
 *
 * Everywhere: duplicate keys in an indexed object, and a key that Go's encoding/json
 * would take for a known one although its letter case differs, are ERROR_DATA; so are
 * comments, text after the value, invalid UTF-8, too much depth or size. */
#ifndef OCI_VFIO_HOOK_JSON_H
#define OCI_VFIO_HOOK_JSON_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_OBJECT,
	JSON_ARRAY,
	JSON_KEY, /* the key of a member that no shape names; its value is the next
		     sibling */
};

#define JSON_DEPTH_MAX 128

struct json;

/* What to index below a value. A value without a shape is skipped: only its syntax
 * counts. */
struct json_shape {
	/* Objects: known members, at most 64, found by their position in this table. */
	const struct json_member *members;
	size_t n_members;
	/* Objects: members with other keys are indexed with this shape, each after a
	 * JSON_KEY. NULL: they are skipped. */
	const struct json_shape *others;
	/* Objects: a key that no member names is an error. */
	bool closed;
	/* Objects: a map of free keys (Go's map[string]...), so letter case tells keys
	 * apart. */
	bool map;
	/* Arrays: the shape of each element; NULL: elements are skipped. */
	const struct json_shape *elements;
	/* Strings in arrays: which to index; NULL: all. `context` is json_parse()'s. */
	bool (*wanted)(const void *context, struct slice text);
	/* Objects in arrays, and strings of which only some are wanted: called with each once all
	 * of it is parsed. From then on what is below it isn't in the index, nor is it itself if
	 * *ret_kept is set to false. NULL: all of it stays. */
	int (*read)(void *context, const struct json *doc, uint32_t json, bool *ret_kept,
		    struct error *err);
};

struct json_member {
	struct slice key;
	const struct json_shape *shape;
};

/* `literal`'s initialiser in a table of members; shape NULL: only its spelling counts. */
#define JSON_MEMBER(literal, shape)                                                      \
	{                                                                                \
		{ (literal), sizeof(literal) - 1 }, (shape)                              \
	}

/* Index everything (JSON_KEY for each member), or the value alone. */
extern const struct json_shape json_any;
extern const struct json_shape json_value;

/* A longer text is not parsed, so that places of elements fit into a span. */
#define JSON_SIZE_MAX ((size_t)512 << 20)

/* A span is named by its index; 0 is the root, and as a child or sibling means "none". */
struct json_span {
	uint32_t start,
		end;   /* bytes [start, end) of the text, quotes and brackets included */
	uint32_t next; /* next sibling, 0: none */
	uint32_t type : 3;    /* enum json_type */
	uint32_t escaped : 1; /* string or key with escapes */
	/* Member: index in the shape's table; element: index in the array. */
	uint32_t position : 28;
};

/* What few spans have besides: an array, how many elements it has, indexed or not; an escaped
 * string, where it is in `decoded`. */
struct json_extra {
	uint32_t json, value;
};

struct json {
	const char *name;  /* of the document, for messages; borrowed */
	struct slice text; /* borrowed: must outlive this value */
	const struct json_shape *shape;
	struct json_span *spans;
	size_t n_spans, spans_capacity;
	struct json_extra *extras; /* in the order of the spans */
	size_t n_extras, extras_capacity;
	struct buffer decoded; /* [length, 4 bytes, native][bytes] of escaped strings */
};

#define auto_json __attribute__((cleanup(json_free))) struct json

/* Parses the whole of `text` and indexes it by `shape`. `name` and `text` are borrowed by
 * *ret, which the caller frees. ERROR_DATA with line and column. */
int json_parse(const char *name, struct slice text, const struct json_shape *shape,
	       void *context, struct json *ret, struct error *err);
void json_free(struct json *doc);

static inline const struct json_span *json_span(const struct json *doc, uint32_t json)
{
	return &doc->spans[json];
}
static inline enum json_type json_type(const struct json *doc, uint32_t json)
{
	return (enum json_type)doc->spans[json].type;
}
static inline struct slice json_raw(const struct json *doc, uint32_t json)
{
	return slice_from_to(doc->text, doc->spans[json].start, doc->spans[json].end);
}
/* First child of an object or array, or 0. */
uint32_t json_child(const struct json *doc, uint32_t json);
static inline uint32_t json_next(const struct json *doc, uint32_t json)
{
	return doc->spans[json].next;
}

/* How many elements the array has in the text, indexed or not. */
size_t json_array_length(const struct json *doc, uint32_t array);

/* The member at `position` of the object's shape, also if it is null; 0: not there. */
uint32_t json_member_raw(const struct json *doc, uint32_t object, uint32_t position);
/* The same, but null counts as not there. */
uint32_t json_member(const struct json *doc, uint32_t object, uint32_t position);

/* Sets ret[position] for each of the first `count` members of the object's shape that is there
 * and not null; the others stay as they are. Where many are read, once through the object is
 * enough. */
void json_members(const struct json *doc, uint32_t object, size_t count, uint32_t *ret);

/* Is the value of this type? Else ERROR_DATA that names the place. */
int json_expect(const struct json *doc, uint32_t json, enum json_type type,
		struct error *err);

/* The decoded text of a string or key, whatever is in it: only to be looked at, since half a
 * surrogate pair has become something else. */
struct slice json_decoded(const struct json *doc, uint32_t json);

/* The decoded text of a string or key; borrowed from *doc or its text. A lone surrogate,
 * NUL or bytes that are not strict UTF-8: ERROR_DATA. */
int json_string(const struct json *doc, uint32_t json, struct slice *ret,
		struct error *err);

/* The same of the member at `position` of the object's shape; *ret stays as it is where
 * the member is absent or null. */
int json_member_string(const struct json *doc, uint32_t object, uint32_t position,
		       struct slice *ret, struct error *err);

/* A number in plain digits within min..max; anything else ERROR_DATA. */
int json_integer(const struct json *doc, uint32_t json, int64_t min, int64_t max,
		 int64_t *ret, struct error *err);

int json_bool(const struct json *doc, uint32_t json, bool *ret, struct error *err);

/* Returns where the span is, as "linux.devices[2].path"; "" for the root. The caller
 * frees. */
char *json_path(const struct json *doc, uint32_t json);

/* The same of a member that the object has, or might have. */
char *json_path_of_member(const struct json *doc, uint32_t object, struct slice key);

/* Records "<name>: <path>: <message>" as an error of `class`; returns as error_set(). */
int json_error(struct error *err, enum error_class class, const struct json *doc,
	       uint32_t json, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* The same of the object's member of this key; NULL: of the object itself. */
int json_error_member(struct error *err, enum error_class class, const struct json *doc,
		      uint32_t object, const char *key, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* Is the text one JSON value by itself? ERROR_DATA where it isn't. */
int json_check_value(struct slice value, struct error *err);

/* Returns the first place from `at` on without white space; the end of the text before
 * `at` without the white space there. */
static inline bool json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static inline size_t json_skip_space(struct slice text, size_t at)
{
	while (at < text.length && json_is_space(text.data[at]))
		at++;
	return at;
}
size_t json_skip_space_back(struct slice text, size_t at);

/* Where the string (or key) begins of which the closing quote is the byte before `end`; where
 * the one ends that begins at `start`, after its closing quote. */
size_t json_string_start(struct slice text, size_t end);
size_t json_string_end(struct slice text, size_t start);

/* Bytes [start, end) of a text: a value, or a key. */
struct json_place {
	uint32_t start, end;
};

static inline struct slice json_text_at(struct slice text, struct json_place place)
{
	return slice_from_to(text, place.start, place.end);
}

/* What is in an object or array that an index leaves out, where the text is known to be right.
 * `start` is the place of its bracket.
 *
 * The member of this key, which may be null; false: it isn't there. */
bool json_find_member(struct slice text, size_t start, struct slice key,
		      struct json_place *ret);
/* The same of several: sets ret[i] for each keys[i] that is there; the others stay as they are. */
void json_find_members(struct slice text, size_t start, const struct slice *keys,
		       size_t count, struct json_place *ret);
/* The first element from `at` on, which is after the bracket or another element; false: there is
 * none. */
bool json_find_element(struct slice text, size_t at, struct json_place *ret);

/* Appends the text as a JSON string, quotes included; "/" and non-ASCII stay as they are.
 */
void json_quote(struct buffer *buffer, struct slice text);
/* The same of a text that needn't be UTF-8; else as buffer_add_printable() has it. */
void json_quote_any(struct buffer *buffer, struct slice text);
/* Makes a JSON string of what is in the buffer from `start` on. */
void json_quote_end(struct buffer *buffer, size_t start);

#endif
