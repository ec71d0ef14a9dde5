/* SPDX-License-Identifier: Apache-2.0 */
/* A machine as a person, or a person's script, reads it: which of its devices, and in which
 * form. Pure. */
#ifndef OCI_VFIO_HOOK_LIST_H
#define OCI_VFIO_HOOK_LIST_H

#include "oci-vfio-hook/survey.h"

enum list_form {
	LIST_TABLE, /* a line a device */
	LIST_GROUPS,
	LIST_TREE,
	LIST_JSON,
	LIST_DOT, /* Graphviz */
};

/* How it looks. */
struct list_style {
	bool colour;
	bool utf8;	/* lines of a tree may be drawn */
	size_t columns; /* where lines of a tree are cut; 0: nowhere */
};

/* What is asked for; all is borrowed. */
struct list_query {
	enum list_form form;
	bool all;	    /* of a table: devices without VFIO, too */
	bool vfio;	    /* only those with */
	const char *driver; /* only those with this driver; NULL: any */
	/* Only these, if there are any: an address, a path, a selector or a UUID as maps have them,
	 * an address without its domain, "group:3". */
	char *const *arguments;
	size_t n_arguments;
};

/* What is shown. */
struct list_selection {
	bool *functions, *mdevs; /* of the survey, by index; owned */
	bool missing;		 /* map entries of which the device isn't here, too */
};

#define auto_list_selection                                                              \
	__attribute__((cleanup(list_selection_free))) struct list_selection

/* What a survey has to look at, of enum survey_want. */
unsigned int list_wants(const struct list_query *query);

/* ERROR_UNAVAILABLE: an argument names nothing of this machine; ERROR_USAGE: or can't name
 * anything. The caller frees *ret. */
int list_select(const struct survey *survey, const struct list_query *query,
		struct list_selection *ret, struct error *err);
void list_selection_free(struct list_selection *selection);

/* Appends the text, its last line too with a newline. `map` is all that the survey's entries are
 * of. */
void list_print(const struct survey *survey, const struct device_map *map,
		const struct list_query *query, const struct list_selection *selection,
		const struct list_style *style, struct buffer *ret);

#endif
