/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in the forms that a person reads: what no machine of the other tests has. */
#include "helpers.h"

#include "oci-vfio-hook/list.h"

static const struct list_style piped = { 0 };

static struct survey_function *add(struct survey *survey, const char *link)
{
	struct pci_address address;
	struct survey_function *function;

	assert_int_equal(pci_address_parse(slice_from(path_name(link)), &address), 0);
	function = survey_add_function(survey, &address);
	pci_position_from_link(slice_from(link), &function->position);
	return function;
}

static void print(const struct survey *survey, const struct list_query *query,
		  const struct list_style *style, struct buffer *ret)
{
	const struct device_map map = { 0 };
	auto_list_selection selection = { 0 };
	auto_error err = { 0 };

	check_done("select", list_select(survey, query, &selection, &err), &err);
	ret->length = 0;
	list_print(survey, &map, query, &selection, style, ret);
}

static void check_form(const char *what, const struct survey *survey, enum list_form form,
		       const struct list_style *style, const char *expected)
{
	const struct list_query query = { .form = form };
	auto_buffer text = { 0 };

	print(survey, &query, style, &text);
	check_text(what, buffer_slice(&text), expected);
}

/* Two functions below a bridge, one with names that a vendor didn't mean well with. */
static void make_machine(struct survey *survey)
{
	struct survey_function *function = add(survey, "pci0000:00/0000:00:06.0");

	function->class = 0x060400;
	function->has_below = true;
	function->below_bus = 1;
	function = add(survey, "pci0000:00/0000:00:06.0/0000:01:00.0");
	function->class = 0x020000;
	function->class_name = "Ethernet\033[2J";
	function->vendor_name = "\"Vendor\"\\";
	function->device_name = "\303\234 x\377y";
	function->features.has[PCI_FEATURE_VENDOR] =
		function->features.has[PCI_FEATURE_DEVICE] = true;
	function->features.numbers[PCI_FEATURE_VENDOR] = 0x8086;
	function->features.numbers[PCI_FEATURE_DEVICE] = 0x154c;
	add(survey, "pci0000:00/0000:00:06.0/0000:01:00.1")->device.unknown =
		SURVEY_UNKNOWN_CLASS | SURVEY_UNKNOWN_DRIVER | SURVEY_UNKNOWN_GROUP;
	survey_arrange(survey);
	survey_find_paths(survey);
}

static void test_names(void **state)
{
	auto_survey survey = { .has_pci = true };

	(void)state;
	make_machine(&survey);
	check_form(
		"groups", &survey, LIST_GROUPS, &piped,
		"No IOMMU Group:\n"
		"  00:06.0 Class [0604]: Device [?]\n"
		"    driver none\n"
		"    path 06\n"
		"  01:00.0 Ethernet\\x1B[2J [0200]: \"Vendor\"\\ \303\234 x\\xFFy [8086:154c]\n"
		"    driver none\n"
		"    path 06/00\n"
		"  01:00.1 Class [?]: Device [?]\n"
		"    driver unknown\n"
		"    path 06/00.1\n");
	check_form(
		"dot", &survey, LIST_DOT, &piped,
		"digraph machine {\n\trankdir=LR;\n\tnode [shape=box];\n"
		"\t\t\"0000:00:06.0\" [label=\"0000:00:06.0\\nDevice [?]\"];\n"
		"\t\t\"0000:01:00.0\" [label=\"0000:01:00.0\\n\\\"Vendor\\\"\\\\ \303\234 x\\\\xFFy [8086:154c]\"];\n"
		"\t\t\"0000:01:00.1\" [label=\"0000:01:00.1\\nDevice [?]\"];\n"
		"\t\"bus 0000:00\" -> \"0000:00:06.0\";\n"
		"\t\"0000:00:06.0\" -> \"0000:01:00.0\";\n"
		"\t\"0000:00:06.0\" -> \"0000:01:00.1\";\n"
		"}\n");
}

/* A terminal shows a character of several bytes in one column. */
static void test_narrow(void **state)
{
	static const struct {
		size_t columns;
		bool utf8;
		const char *expected;
	} rows[] = {
		{ 31, false,
		  "0000:00\n`-06.0-[01]  [?]\n"
		  "  |-00.0  \"Vendor\"\\ \303\234 x\\xFFy [+\n  `-00.1  [?]\n" },
		{ 21, true,
		  "0000:00\n\342\224\224\342\224\20006.0-[01]  [?]\n"
		  "  \342\224\234\342\224\20000.0  \"Vendor\"\\ \342\200\246\n"
		  "  \342\224\224\342\224\20000.1  [?]\n" },
		/* As with 20. */
		{ 1, false,
		  "0000:00\n`-06.0-[01]  [?]\n"
		  "  |-00.0  \"Vendor\"\\+\n  `-00.1  [?]\n" },
	};
	auto_survey survey = { .has_pci = true };

	(void)state;
	make_machine(&survey);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct list_style style = { .columns = rows[i].columns,
						  .utf8 = rows[i].utf8 };

		check_form("tree", &survey, LIST_TREE, &style, rows[i].expected);
	}
}

/* What a captured machine can say: bridges below each other without an end, or in a circle. */
static void test_depth(void **state)
{
	enum { BRIDGES = 3000 };
	const struct list_query query = { .form = LIST_TREE };
	auto_survey survey = { .has_pci = true };
	auto_buffer text = { 0 };
	struct survey_function *function;
	size_t lines = 0;

	(void)state;
	for (uint32_t i = 0; i < BRIDGES; i++) {
		const struct pci_address address = { .domain = i },
					 parent = { .domain = i - 1 };

		function = survey_add_function(&survey, &address);
		function->position = (struct pci_position) { .has_root = true,
							     .has_parent = i > 0,
							     .parent = parent };
	}
	for (uint32_t i = 0; i < 2; i++) {
		const struct pci_address address = { .domain = BRIDGES + i },
					 other = { .domain = BRIDGES + 1 - i };

		function = survey_add_function(&survey, &address);
		function->position = (struct pci_position) { .has_root = true,
							     .has_parent = true,
							     .parent = other };
	}
	survey_arrange(&survey);
	survey_find_paths(&survey);
	print(&survey, &query, &piped, &text);
	for (size_t i = 0; i < text.length; i++)
		lines += text.data[i] == '\n';
	assert_int_equal(lines, 1 + 257);
}

static void test_json(void **state)
{
	const struct list_query query = { .form = LIST_JSON };
	auto_survey survey = { .has_pci = true };
	auto_buffer text = { 0 };

	(void)state;
	make_machine(&survey);
	print(&survey, &query, &piped, &text);
	assert_non_null(strstr(text.data, "\"class_name\":\"Ethernet\\u001b[2J\""));
	assert_non_null(strstr(text.data, "\"device_name\":\"\303\234 x\\\\xFFy\""));
	assert_non_null(
		strstr(text.data, "\"unknown\":[\"class\",\"driver\",\"group\"]"));
}

/* Nothing at all. */
static void test_empty(void **state)
{
	auto_survey survey = { 0 };

	(void)state;
	survey_arrange(&survey);
	survey_find_paths(&survey);
	check_form("groups", &survey, LIST_GROUPS, &piped, "");
	check_form("tree", &survey, LIST_TREE, &piped, "");
	check_form("dot", &survey, LIST_DOT, &piped,
		   "digraph machine {\n\trankdir=LR;\n\tnode [shape=box];\n}\n");
	check_form(
		"json", &survey, LIST_JSON, &piped,
		"{\"iommus\":[],\"functions\":[],\"mediated_devices\":[],\"groups\":[],"
		"\"missing\":[],\"processes_not_seen\":0}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_depth), cmocka_unit_test(test_json),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
