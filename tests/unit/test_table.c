/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns. */
#include "helpers.h"

#include "oci-vfio-hook/table.h"

static void add_row(struct table *table, const char *a, const char *b, const char *c)
{
	table_begin_row(table);
	table_add(table, slice_from(a));
	if (b)
		table_add(table, slice_from(b));
	if (c)
		table_add(table, slice_from(c));
}

static void test_columns(void **state)
{
	auto_table table = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	table_print(&table, 20, &text);
	check_text("no row", buffer_slice(&text), "");
	add_row(&table, "DEVICE", "ID", "NODE");
	add_row(&table, "0000:00:05.0", "-", "/dev/vfio/3");
	add_row(&table, "a last cell makes nothing wider", NULL, NULL);
	add_row(&table, "\303\244", "", "");
	table_begin_row(&table);
	table_printf(&table, "%d", 7);
	table_add(&table, SLICE("a cell that is too wide"));
	table_add(&table, SLICE("x"));
	table_print(&table, 20, &text);
	check_text("rows", buffer_slice(&text),
		   "DEVICE        ID  NODE\n"
		   "0000:00:05.0  -   /dev/vfio/3\n"
		   "a last cell makes nothing wider\n"
		   "\303\244\n"
		   "7             a cell that is too wide  x\n");
}

/* What steers a terminal is shown as its bytes, and counts as what is shown. */
static void test_escapes(void **state)
{
	auto_table table = { 0 };
	auto_buffer text = { 0 };

	(void)state;
	add_row(&table, "\033[m", "x", NULL);
	add_row(&table, "a", "y", NULL);
	table_print(&table, 20, &text);
	check_text("rows", buffer_slice(&text), "\\x1B[m  x\na       y\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
