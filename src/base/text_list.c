/* SPDX-License-Identifier: Apache-2.0 */
/* A list of texts. */
#include "oci-vfio-hook/text_list.h"

void text_list_add(struct text_list *list, const char *text)
{
	*array_append(list->items, list->count, list->capacity) = xstrdup(text);
}

void text_list_add_new(struct text_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (text_equal(list->items[i], text))
			return;
	}
	text_list_add(list, text);
}

void text_list_free(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct text_list) { 0 };
}
