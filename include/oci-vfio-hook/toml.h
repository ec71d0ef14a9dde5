/* SPDX-License-Identifier: Apache-2.0 */
/* TOML as far as it takes to find out what a configuration file of an engine says and whether
 * a table can be added to it: one statement after the other, values as they stand. What it
 * doesn't understand is an error, never a guess; that a key is given twice isn't noticed. */
#ifndef OCI_VFIO_HOOK_TOML_H
#define OCI_VFIO_HOOK_TOML_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

enum toml_kind {
	TOML_TABLE,	  /* [a.b] */
	TOML_ARRAY_TABLE, /* [[a.b]] */
	TOML_VALUE,	  /* c.d = 1 */
};

/* Paths are canonical: their keys joined by ".", those in quotes that can't be bare, as in
 * plugins."io.containerd.grpc.v1.cri".containerd. */
struct toml_statement {
	enum toml_kind kind;
	struct slice path;  /* of the table, or of the value below its table */
	struct slice table; /* the part of `path` that the table's header named */
	struct slice key;   /* of a value: the rest of `path` */
	struct slice value; /* as it stands in the text */
	size_t line;	    /* from 1 */
};

/* Begins with the document's name, for messages, and its text, both borrowed. */
struct toml {
	const char *name;
	struct slice text;
	size_t at, newlines; /* where it is, and how many of these are before */
	struct buffer path;  /* of the statement */
	size_t table_length; /* of its part that is the table's */
};

#define auto_toml __attribute__((cleanup(toml_free))) struct toml

/* 1 and the next statement, which is borrowed until the next call; 0: there is none;
 * ERROR_DATA. */
int toml_next(struct toml *toml, struct toml_statement *ret, struct error *err);
void toml_free(struct toml *toml);

/* The next element of an array as it stands; `at` begins with 0. False: there is none, or
 * `array` isn't an array. */
bool toml_element(struct slice array, size_t *at, struct slice *ret);

/* Returns the text of a string of one line, or NULL: it isn't one, or has a rare escape (\u).
 * The caller frees. */
char *toml_string(struct slice value);

/* Appends the text as a string. */
void toml_quote(struct buffer *buffer, struct slice text);

#endif
