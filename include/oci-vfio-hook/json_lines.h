/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON text indented: a line for each value of an array and member of an object, and where
 * each line comes from. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_JSON_LINES_H
#define OCI_VFIO_HOOK_JSON_LINES_H

#include "oci-vfio-hook/text.h"

struct json_lines {
	struct buffer text; /* strings and numbers as they are spelled */
	struct json_line {
		size_t start;  /* in `text` */
		size_t source; /* where its first token is in the original */
	} * items;	       /* owned */
	size_t count, capacity;
};

#define auto_json_lines __attribute__((cleanup(json_lines_free))) struct json_lines

/* Indents a text that json_parse() has found to be right, by two blanks a level. */
void json_lines_make(struct slice text, struct json_lines *ret);

/* The line at this index, without its newline. */
struct slice json_lines_get(const struct json_lines *lines, size_t index);

/* The line that the byte at `offset` of the original is in; white space is of the line before
 * it. */
size_t json_lines_find(const struct json_lines *lines, size_t offset);

void json_lines_free(struct json_lines *lines);

#endif
