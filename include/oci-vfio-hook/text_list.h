/* SPDX-License-Identifier: Apache-2.0 */
/* A list of texts that owns them. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_TEXT_LIST_H
#define OCI_VFIO_HOOK_TEXT_LIST_H

#include "oci-vfio-hook/text.h"

/* Begins with { 0 }. */
struct text_list {
	char **items; /* owned */
	size_t count, capacity;
};

#define auto_text_list __attribute__((cleanup(text_list_free))) struct text_list

/* Appends a copy; the latter unless the list has the text already, for short lists. */
void text_list_add(struct text_list *list, const char *text);
void text_list_add_new(struct text_list *list, const char *text);

/* Leaves an empty list. */
void text_list_free(struct text_list *list);

#endif
