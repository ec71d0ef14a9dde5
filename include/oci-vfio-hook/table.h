/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns, for a person. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_TABLE_H
#define OCI_VFIO_HOOK_TABLE_H

#include "oci-vfio-hook/text.h"

/* Rows of cells; begins with { 0 }. */
struct table {
	struct table_cell *cells; /* of all rows, one after the other; owned */
	size_t count, capacity;
};

#define auto_table __attribute__((cleanup(table_free))) struct table

/* The cells that follow are of a new row. */
void table_begin_row(struct table *table);

/* Adds the row's next cell; what must not be shown is escaped. An empty one is blank. */
void table_add(struct table *table, struct slice text);
void table_printf(struct table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends the rows, each with a newline. A column is as wide as its widest cell, two blanks
 * from the next one, but that a row's last cell makes nothing wider, nor one that is wider
 * than `most` columns. */
void table_print(const struct table *table, size_t most, struct buffer *ret);

void table_free(struct table *table);

#endif
