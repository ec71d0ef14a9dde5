/* SPDX-License-Identifier: Apache-2.0 */
/* What a machine has, put in order and looked up. */
#include "helpers.h"

#include "oci-vfio-hook/pci_locator.h"
#include "oci-vfio-hook/survey.h"

static struct pci_address address_of(const char *text)
{
	struct pci_address address;

	assert_int_equal(pci_address_parse(slice_from(text), &address), 0);
	return address;
}

struct row {
	const char *link;  /* below ../../../devices/; the address is its last part */
	const char *below; /* the bus below it; NULL: none is known */
	const char *path;  /* expected; NULL: none */
	const char *driver;
	uint32_t class;
	int64_t group; /* -1: none */
};

/* Not in the order of their addresses. */
static const struct row machine[] = {
	{ "pci0000:00/0000:00:06.0", "0000:01:00.0", "06", "pcieport", 0x060400, 2 },
	{ "pci0000:00/0000:00:06.0/0000:01:00.0", NULL, "06/00", "vfio-pci", 0x020000,
	  3 },
	{ "pci0000:00/0000:00:06.0/0000:01:00.1", NULL, "06/00.1", "ixgbe", 0x020000, 3 },
	/* A virtual function on a bus that no bridge has. */
	{ "pci0000:00/0000:00:06.0/0000:02:10.0", NULL, NULL, NULL, 0x020000, 4 },
	{ "pci0000:00/0000:00:05.0", NULL, "05", "vfio-pci", 0x00ff00, 5 },
	/* An expander bus. */
	{ "pci0000:20/0000:20:00.0", "0000:21:00.0", "0000:20/00", "pcieport", 0x060400,
	  2 },
	{ "pci0000:20/0000:20:00.0/0000:21:1f.7", NULL, "0000:20/00/1f.7", "pci-stub",
	  0x010802, 6 },
	/* VMD begins a domain. */
	{ "pci0000:00/0000:00:0e.0", "10000:00:00.0", "0e", "vmd", 0x010400, -1 },
	{ "pci0000:00/0000:00:0e.0/pci10000:00/10000:00:02.0", "10000:01:00.0",
	  "10000:00/02", NULL, 0x060400, -1 },
	{ "pci0000:00/0000:00:0e.0/pci10000:00/10000:00:02.0/10000:01:00.0", NULL,
	  "10000:00/02/00", "nvme", 0x010802, 7 },
	/* Below a bridge of which the bus isn't known, and one that isn't here. */
	{ "pci0000:00/0000:00:07.0", NULL, "07", NULL, 0x060400, -1 },
	{ "pci0000:00/0000:00:07.0/0000:05:00.0", NULL, NULL, NULL, 0x020000, -1 },
	{ "pci0000:00/0000:00:08.0/0000:06:00.0", NULL, NULL, NULL, 0x020000, -1 },
	/* Another layout. */
	{ "platform/0000:07:00.0", NULL, NULL, NULL, 0x020000, -1 },
	/* What says that it is on another bus than it is. */
	{ "pci0000:30/0000:31:00.0", NULL, NULL, NULL, 0x020000, -1 },
};

static void add_machine(struct survey *survey)
{
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		const struct pci_address address = address_of(path_name(machine[i].link));
		struct survey_function *function = survey_add_function(survey, &address);

		pci_position_from_link(slice_from(machine[i].link), &function->position);
		function->device.driver = machine[i].driver;
		function->device.vfio =
			machine[i].driver && text_equal(machine[i].driver, "vfio-pci");
		function->class = machine[i].class;
		function->device.has_group = machine[i].group >= 0;
		function->device.group = (uint32_t)machine[i].group;
	}
}

static void set_buses(struct survey *survey)
{
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		const struct pci_address address = address_of(path_name(machine[i].link));
		struct survey_function *function =
			&survey->functions[survey_find_function(survey, &address)];

		if (!machine[i].below)
			continue;
		function->has_below = true;
		function->below_domain = address_of(machine[i].below).domain;
		function->below_bus = address_of(machine[i].below).bus;
	}
}

static void make_machine(struct survey *survey)
{
	add_machine(survey);
	survey_arrange(survey);
	set_buses(survey);
	survey_find_paths(survey);
}

/* Goes the path as a map's is gone: by numbers of buses alone. */
static size_t walk(const struct survey *survey, const char *path)
{
	auto_error err = { 0 };
	struct pci_locator locator;
	struct pci_address at;
	size_t index = SURVEY_NONE;

	check_done(path, pci_locator_parse(slice_from(path), &locator, &err), &err);
	assert_int_equal(locator.kind, PCI_LOCATOR_PATH);
	at = (struct pci_address) { .domain = locator.domain, .bus = locator.root_bus };
	for (size_t i = 0; i < locator.n_steps; i++) {
		at.slot = locator.steps[i].slot;
		at.function = locator.steps[i].function;
		index = survey_find_function(survey, &at);
		if (index == SURVEY_NONE)
			fail_row(path, "step %zu leads nowhere", i);
		at.domain = survey->functions[index].below_domain;
		at.bus = survey->functions[index].below_bus;
	}
	return index;
}

static void test_paths(void **state)
{
	auto_survey survey = { 0 };

	(void)state;
	make_machine(&survey);
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++) {
		const struct pci_address address = address_of(path_name(machine[i].link));
		const size_t index = survey_find_function(&survey, &address);
		const char *path = survey.functions[index].path;

		if (!path != !machine[i].path)
			fail_row(machine[i].link, "path %s", path ? path : "NULL");
		if (!path)
			continue;
		check_text(machine[i].link, slice_from(path), machine[i].path);
		assert_int_equal(walk(&survey, path), index);
	}
}

/* A captured machine may say anything. */
static void test_circle(void **state)
{
	auto_survey survey = { 0 };
	const struct pci_address a = address_of("0000:00:01.0"),
				 b = address_of("0000:00:02.0");

	(void)state;
	survey_add_function(&survey, &a)->position = (struct pci_position) {
		.has_root = true, .has_parent = true, .parent = b
	};
	survey_add_function(&survey, &b)->position = (struct pci_position) {
		.has_root = true, .has_parent = true, .parent = a
	};
	survey_arrange(&survey);
	survey.functions[0].has_below = survey.functions[1].has_below = true;
	survey_find_paths(&survey);
	assert_null(survey.functions[0].path);
	assert_null(survey.functions[1].path);
}

static void add_node(struct survey *survey, const char *path, uint32_t minor)
{
	*array_append(survey->nodes, survey->n_nodes, survey->nodes_capacity) =
		(struct vfio_node) { { 'c', 242, minor }, xstrdup(path) };
}

static void test_groups(void **state)
{
	static const struct {
		uint32_t number;
		size_t count;
		enum survey_viable viable;
		bool has_node, noiommu;
	} rows[] = {
		{ 2, 2, SURVEY_VIABLE, false, false }, /* bridges */
		{ 3, 2, SURVEY_NOT_VIABLE, true, false },
		{ 4, 1, SURVEY_VIABLE, false, false },
		{ 5, 1, SURVEY_VIABLE, true, true },
		{ 6, 1, SURVEY_VIABLE, false, false }, /* pci-stub */
		{ 7, 1, SURVEY_NOT_VIABLE, false, false },
		{ 9, 0, SURVEY_VIABLE, true, false }, /* of no PCI function */
	};
	auto_survey survey = { 0 };

	(void)state;
	add_node(&survey, "/dev/vfio/noiommu-5", 5);
	add_node(&survey, "/dev/vfio/3", 1);
	add_node(&survey, "/dev/vfio/9", 0);
	add_node(&survey, "/dev/vfio/devices/vfio3", 9);
	add_node(&survey, "/dev/vfio/77", 8);
	survey_add_group(&survey, 9);
	survey_add_group(&survey, 3);
	make_machine(&survey);
	assert_int_equal(survey.n_groups, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct survey_group *group =
			survey_find_group(&survey, rows[i].number);

		assert_ptr_equal(group, &survey.groups[i]);
		assert_int_equal(group->count, rows[i].count);
		assert_int_equal(survey_group_viable(&survey, group), rows[i].viable);
		assert_int_equal(group->has_node, rows[i].has_node);
		assert_int_equal(group->noiommu, rows[i].noiommu);
		for (size_t k = 0; k < group->count; k++)
			assert_int_equal(survey_member(&survey, group, k)->device.group,
					 rows[i].number);
	}
	assert_null(survey_find_group(&survey, 8));
	check_text("node",
		   slice_from(survey_find_node(&survey,
					       &(struct device_number) { 'c', 242, 1 })
				      ->path),
		   "/dev/vfio/3");
	assert_null(survey_find_node(&survey, &(struct device_number) { 'c', 241, 1 }));
}

/* What a user may not read. */
static void test_unknown(void **state)
{
	auto_survey survey = { 0 };
	const struct survey_group *group;
	const struct pci_address first = address_of("0000:01:00.0"),
				 second = address_of("0000:01:00.1");

	(void)state;
	make_machine(&survey);
	group = survey_find_group(&survey, 3);
	survey.functions[survey_find_function(&survey, &first)].device.unknown =
		SURVEY_UNKNOWN_DRIVER;
	/* One offender is enough. */
	assert_int_equal(survey_group_viable(&survey, group), SURVEY_NOT_VIABLE);
	survey.functions[survey_find_function(&survey, &second)].device.driver = NULL;
	assert_int_equal(survey_group_viable(&survey, group), SURVEY_VIABLE_UNKNOWN);
}

static void test_relatives(void **state)
{
	auto_survey survey = { 0 };
	const struct pci_address physical = address_of("0000:01:00.1"),
				 virtual = address_of("0000:02:10.0"),
				 port = address_of("0000:00:06.0");
	struct survey_function *function;
	size_t i;

	(void)state;
	add_machine(&survey);
	for (i = 0; i < survey.n_functions; i++) {
		if (!device_name_is(&survey.functions[i].device.name, &virtual))
			continue;
		survey.functions[i].is_virtual = true;
		survey.functions[i].physical_address = physical;
	}
	survey_arrange(&survey);
	function = &survey.functions[survey_find_function(&survey, &virtual)];
	assert_int_equal(function->physical, survey_find_function(&survey, &physical));
	assert_int_equal(function->parent, survey_find_function(&survey, &port));
	assert_true(survey.functions[function->parent].is_parent);
	function = &survey.functions[function->physical];
	assert_int_equal(function->n_virtual, 1);
	assert_int_equal(function->physical, SURVEY_NONE);
	assert_int_equal(survey_find_role(function), OFFENDER_PHYSICAL_FUNCTION);
	function->n_virtual = 0;
	assert_int_equal(survey_find_role(function), OFFENDER_SPARE);
	function->interface_up = true;
	assert_int_equal(survey_find_role(function), OFFENDER_NETWORK_UP);
	function->class = 0x030000;
	function->is_boot_vga = true;
	assert_int_equal(survey_find_role(function), OFFENDER_DISPLAY);
	function->class = 0x010601;
	assert_int_equal(survey_find_role(function), OFFENDER_DISK);
}

static const char *slot_of(const struct survey *survey, const char *address)
{
	const struct pci_address at = address_of(address);
	const struct pci_features *features =
		&survey->functions[survey_find_function(survey, &at)].features;

	return features->has[PCI_FEATURE_SLOT] ? features->texts[PCI_FEATURE_SLOT].data
					       : "";
}

static void test_slots(void **state)
{
	auto_survey survey = { 0 };

	(void)state;
	make_machine(&survey);
	survey_add_slot(&survey, SLICE("9"), &(struct pci_slot) { 0, 1, false, 0 });
	survey_add_slot(&survey, SLICE("again"), &(struct pci_slot) { 0, 1, true, 0 });
	survey_add_slot(&survey, SLICE("bus"), &(struct pci_slot) { 0, 2, true, 0 });
	survey_add_slot(&survey, SLICE("none"), &(struct pci_slot) { 0, 3, true, 0 });
	assert_string_equal(slot_of(&survey, "0000:01:00.0"), "9");
	assert_string_equal(slot_of(&survey, "0000:01:00.1"), "9");
	assert_string_equal(slot_of(&survey, "0000:02:10.0"), "bus");
	assert_string_equal(slot_of(&survey, "0000:00:06.0"), "");
}

static void test_nothing(void **state)
{
	auto_survey survey = { 0 };
	const struct uuid uuid = { { 1 } }, other = { { 2 } };

	(void)state;
	survey_arrange(&survey);
	survey_find_paths(&survey);
	assert_int_equal(survey_find_function(&survey, &(struct pci_address) { 0 }),
			 SURVEY_NONE);
	assert_int_equal(survey_find_mdev(&survey, &uuid), SURVEY_NONE);
	survey_add_mdev(&survey, &other)->device.has_group = true;
	survey_add_mdev(&survey, &uuid);
	free(survey.by_group);
	survey_arrange(&survey);
	assert_int_equal(survey_find_mdev(&survey, &uuid), 0);
	assert_int_equal(survey_find_mdev(&survey, &other), 1);
	assert_int_equal(survey_find_group(&survey, 0)->n_mdevs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),	  cmocka_unit_test(test_circle),
		cmocka_unit_test(test_groups),	  cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_relatives), cmocka_unit_test(test_slots),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
