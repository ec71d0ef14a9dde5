/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in the form that was asked for. */
#include "list_internal.h"

void list_print(const struct survey *survey, const struct device_map *map,
		const struct list_query *query, const struct list_selection *selection,
		const struct list_style *style, struct buffer *ret)
{
	const struct listing listing = { survey, map, query, selection, style, ret };

	switch (query->form) {
	case LIST_TABLE:
		list_table(&listing);
		return;
	case LIST_GROUPS:
		list_groups(&listing);
		return;
	case LIST_TREE:
		list_tree(&listing);
		return;
	case LIST_JSON:
		list_json(&listing);
		return;
	case LIST_DOT:
		list_dot(&listing);
		return;
	}
}
