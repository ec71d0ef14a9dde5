/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns. */
#include "oci-vfio-hook/table.h"

struct table_cell {
	char *text; /* printable; owned; NULL: a row begins */
	size_t width;
};

void table_begin_row(struct table *table)
{
	(void)array_append(table->cells, table->count, table->capacity);
}

/* How many columns of a terminal a printable text takes, as far as each character takes one. */
static size_t measure(struct slice text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.length; i++)
		width += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return width;
}

void table_add(struct table *table, struct slice text)
{
	struct table_cell *cell =
		array_append(table->cells, table->count, table->capacity);
	auto_buffer printable = { 0 };

	buffer_add_printable(&printable, text);
	cell->width = measure(buffer_slice(&printable));
	cell->text = printable.data ? take_ptr(printable.data) : xstrdup("");
}

void table_printf(struct table *table, const char *format, ...)
{
	auto_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	table_add(table, slice_from(text));
}

/* Is it the last cell of its row? */
static bool is_last(const struct table *table, size_t cell)
{
	return cell + 1 == table->count || !table->cells[cell + 1].text;
}

/* The width of each column; the caller frees. */
static size_t *measure_columns(const struct table *table, size_t most)
{
	size_t *widths = array_zalloc(table->count + 1, widths);
	size_t column = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct table_cell *cell = &table->cells[i];

		if (!cell->text) {
			column = 0;
			continue;
		}
		if (!is_last(table, i) && cell->width <= most &&
		    cell->width > widths[column])
			widths[column] = cell->width;
		column++;
	}
	return widths;
}

/* Blank cells leave no blanks at the end of a line. */
static void end_line(struct buffer *ret)
{
	while (ret->length && ret->data[ret->length - 1] == ' ')
		ret->length--;
	buffer_add(ret, SLICE("\n"));
}

void table_print(const struct table *table, size_t most, struct buffer *ret)
{
	auto_free size_t *widths = measure_columns(table, most);
	size_t column = 0;

	for (size_t i = 0; i < table->count; i++) {
		const struct table_cell *cell = &table->cells[i];
		size_t width = 0;

		if (!cell->text) {
			column = 0;
			continue;
		}
		buffer_add(ret, slice_from(cell->text));
		if (is_last(table, i)) {
			end_line(ret);
			continue;
		}
		width = widths[column++];
		buffer_printf(ret, "%*s",
			      (int)(cell->width < width ? width - cell->width + 2 : 2),
			      "");
	}
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	*table = (struct table) { 0 };
}
