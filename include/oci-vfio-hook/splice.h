/* SPDX-License-Identifier: Apache-2.0 */
/* Edits of a JSON text as byte ranges to replace, made from an index of it, and the new
 * text as the old one with the edits spliced in. Every other byte stays. Knows nothing of
 * the domain. */
#ifndef OCI_VFIO_HOOK_SPLICE_H
#define OCI_VFIO_HOOK_SPLICE_H

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/text_pool.h"

/* Replace bytes [start, end) of the text, which is no longer than an index can be, by
 * `with`. */
struct splice {
	uint32_t start, end;
	uint32_t order; /* in which the edits were made */
	uint32_t length;
	const char *with;
};

/* Values that are put in are borrowed: they must outlive the edits. */
struct splices {
	struct splice *items;
	size_t count, capacity;
	struct text_pool texts; /* what was composed */
};

#define auto_splices __attribute__((cleanup(splices_free))) struct splices

void splices_free(struct splices *splices);

/* Bytes [start, end) become `with`, or a copy of it. */
void splice_text(struct splices *splices, size_t start, size_t end, struct slice with);
void splice_bytes(struct splices *splices, size_t start, size_t end, struct slice with);

/* The value's bytes become `with`, one JSON value. */
void splice_replace(struct splices *splices, const struct json *doc, uint32_t json,
		    struct slice with);

/* The object gets a last member, with the white space of its first one. Called more than
 * once for one object, the members come in the order of the calls. `key` needs no
 * escapes. */
void splice_add_member(struct splices *splices, const struct json *doc, uint32_t object,
		       const char *key, struct slice value);

/* Removes the member that has this value, with one comma and the white space before it.
 * Call once for an object. */
void splice_remove_member(struct splices *splices, const struct json *doc, uint32_t json);

/* The array gets an element after the one at `element`, with the indentation of the first. */
void splice_insert_after(struct splices *splices, const struct json *doc, uint32_t array,
			 uint32_t element, struct slice value);

/* The array at this place gets a last element, with the white space of the first. */
void splice_append(struct splices *splices, struct slice text,
		   const struct json_place *array, struct slice value);

/* Removes the elements at `removed` (ascending) from the array, each with one
 * comma and the white space before it, and puts `added` after the last, with the
 * indentation of the first. Call once for an array. */
void splice_array(struct splices *splices, const struct json *doc, uint32_t array,
		  const uint32_t *removed, size_t n_removed, const struct slice *added,
		  size_t n_added);

/* Brings the edits into the order of the text. Two that overlap: ERROR_INTERNAL. */
int splices_sort(struct splices *splices, struct error *err);

/* Returns the length of the new text. Splices are sorted. */
size_t splices_length(const struct splices *splices, size_t text_length);

/* Appends the new text to *ret. Splices are sorted. */
void splices_apply(const struct splices *splices, struct slice text, struct buffer *ret);

/* The new text piece by piece, without a copy of it. Begins with the two, and zeros; splices
 * are sorted, NULL: there are none. */
struct spliced {
	struct slice text;
	const struct splices *splices;
	size_t at;   /* in the text: what is before it is past */
	size_t next; /* of the splices */
};

/* The next piece that isn't empty; false: there is none. */
bool spliced_next(struct spliced *spliced, struct slice *ret);

#endif
