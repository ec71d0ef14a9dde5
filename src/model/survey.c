/* SPDX-License-Identifier: Apache-2.0 */
/* What a whole machine has, as values: put in order, and looked up. */
#include "oci-vfio-hook/survey.h"

#include "oci-vfio-hook/number.h"

struct survey_function *survey_add_function(struct survey *survey,
					    const struct pci_address *address)
{
	struct survey_function *function = array_append(
		survey->functions, survey->n_functions, survey->functions_capacity);

	function->device.name = device_name_of(address);
	return function;
}

struct survey_mdev *survey_add_mdev(struct survey *survey, const struct uuid *uuid)
{
	struct survey_mdev *mdev =
		array_append(survey->mdevs, survey->n_mdevs, survey->mdevs_capacity);

	mdev->device.name =
		(struct device_name) { .bus = DEVICE_BUS_MDEV, .uuid = *uuid };
	return mdev;
}

void survey_add_group(struct survey *survey, uint32_t number)
{
	array_append(survey->groups, survey->n_groups, survey->groups_capacity)->number =
		number;
}

static int compare_functions(const void *a, const void *b)
{
	const struct survey_function *x = a, *y = b;

	return device_name_compare(&x->device.name, &y->device.name);
}

static int compare_mdevs(const void *a, const void *b)
{
	const struct survey_mdev *x = a, *y = b;

	return device_name_compare(&x->device.name, &y->device.name);
}

static int compare_groups(const void *a, const void *b)
{
	const struct survey_group *x = a, *y = b;

	return number_compare_u32(&x->number, &y->number);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct vfio_node *x = a, *y = b;

	return device_number_compare(&x->number, &y->number);
}

size_t survey_find_function(const struct survey *survey,
			    const struct pci_address *address)
{
	const struct survey_function key = { .device.name = device_name_of(address) };
	const struct survey_function *found =
		survey->n_functions
			? bsearch(&key, survey->functions, survey->n_functions,
				  sizeof key, compare_functions)
			: NULL;

	return found ? (size_t)(found - survey->functions) : SURVEY_NONE;
}

size_t survey_find_mdev(const struct survey *survey, const struct uuid *uuid)
{
	const struct survey_mdev key = { .device.name = { .bus = DEVICE_BUS_MDEV,
							  .uuid = *uuid } };
	const struct survey_mdev *found =
		survey->n_mdevs ? bsearch(&key, survey->mdevs, survey->n_mdevs,
					  sizeof key, compare_mdevs)
				: NULL;

	return found ? (size_t)(found - survey->mdevs) : SURVEY_NONE;
}

static struct survey_group *find_group(const struct survey *survey, uint32_t number)
{
	const struct survey_group key = { .number = number };

	return survey->n_groups ? bsearch(&key, survey->groups, survey->n_groups,
					  sizeof key, compare_groups)
				: NULL;
}

const struct survey_group *survey_find_group(const struct survey *survey, uint32_t number)
{
	return find_group(survey, number);
}

const struct vfio_node *survey_find_node(const struct survey *survey,
					 const struct device_number *number)
{
	const struct vfio_node key = { .number = *number };

	return survey->n_nodes ? bsearch(&key, survey->nodes, survey->n_nodes, sizeof key,
					 compare_nodes)
			       : NULL;
}

static void add_groups_of_devices(struct survey *survey)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		if (survey->functions[i].device.has_group)
			survey_add_group(survey, survey->functions[i].device.group);
	}
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		if (survey->mdevs[i].device.has_group)
			survey_add_group(survey, survey->mdevs[i].device.group);
	}
	array_sort(survey->groups, survey->n_groups, compare_groups);
	if (survey->n_groups > 0)
		survey->n_groups =
			array_unique(survey->groups, survey->n_groups, compare_groups);
}

static struct survey_group *group_of(const struct survey *survey,
				     const struct survey_device *device)
{
	return device->has_group ? find_group(survey, device->group) : NULL;
}

/* Counts the devices of each group, and gives each its room in by_group. */
static void fill_groups(struct survey *survey)
{
	struct survey_group *group;
	size_t first = 0;

	for (size_t i = 0; i < survey->n_functions; i++) {
		group = group_of(survey, &survey->functions[i].device);
		if (group)
			group->count++;
	}
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		group = group_of(survey, &survey->mdevs[i].device);
		if (group)
			group->n_mdevs++;
	}
	for (size_t i = 0; i < survey->n_groups; i++) {
		survey->groups[i].first = first;
		first += survey->groups[i].count;
		survey->groups[i].count = 0;
	}
	survey->by_group = array_zalloc(first, survey->by_group);
	survey->n_by_group = first;
	for (size_t i = 0; i < survey->n_functions; i++) {
		group = group_of(survey, &survey->functions[i].device);
		if (group)
			survey->by_group[group->first + group->count++] = i;
	}
}

static void find_nodes(struct survey *survey)
{
	array_sort(survey->nodes, survey->n_nodes, compare_nodes);
	for (size_t i = 0; i < survey->n_nodes; i++) {
		const struct vfio_node *node = &survey->nodes[i];
		const struct slice path = slice_from(node->path);
		struct survey_group *group;
		uint32_t number;

		if (!path_find_group(path, &number))
			continue;
		group = find_group(survey, number);
		if (!group)
			continue;
		group->has_node = true;
		group->noiommu = !path_is_group_node(path, &number);
		group->node = node->number;
	}
}

static void find_relatives(struct survey *survey)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		struct survey_function *function = &survey->functions[i];
		const struct pci_position *position = &function->position;

		function->parent = function->physical = SURVEY_NONE;
		if (position->has_parent)
			function->parent =
				survey_find_function(survey, &position->parent);
		if (function->parent != SURVEY_NONE)
			survey->functions[function->parent].is_parent = true;
		if (function->is_virtual)
			function->physical =
				survey_find_function(survey, &function->physical_address);
		if (function->physical != SURVEY_NONE)
			survey->functions[function->physical].n_virtual++;
	}
}

void survey_arrange(struct survey *survey)
{
	array_sort(survey->functions, survey->n_functions, compare_functions);
	array_sort(survey->mdevs, survey->n_mdevs, compare_mdevs);
	add_groups_of_devices(survey);
	fill_groups(survey);
	find_nodes(survey);
	find_relatives(survey);
}

/* The first function that isn't before this address. */
static size_t find_first(const struct survey *survey, const struct pci_address *address)
{
	const struct device_name name = device_name_of(address);
	size_t low = 0, high = survey->n_functions;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (device_name_compare(&survey->functions[middle].device.name, &name) <
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void survey_add_slot(struct survey *survey, struct slice name,
		     const struct pci_slot *slot)
{
	const struct pci_address first = { .domain = slot->domain,
					   .bus = slot->bus,
					   .slot = slot->whole_bus ? 0 : slot->slot };

	for (size_t i = find_first(survey, &first); i < survey->n_functions; i++) {
		struct pci_features *features = &survey->functions[i].features;

		if (!pci_slot_has(slot, &survey->functions[i].device.name.address))
			break;
		/* Of several slots at one place the first counts. */
		if (features->has[PCI_FEATURE_SLOT])
			continue;
		features->has[PCI_FEATURE_SLOT] = true;
		features->texts[PCI_FEATURE_SLOT] =
			(struct slice) { text_pool_add(&survey->texts, name),
					 name.length };
	}
}

bool survey_is_offender(const struct survey_function *function)
{
	return !function->device.vfio &&
	       function_is_offender(function->class, function->device.driver);
}

enum survey_viable survey_group_viable(const struct survey *survey,
				       const struct survey_group *group)
{
	const unsigned int needed = SURVEY_UNKNOWN_CLASS | SURVEY_UNKNOWN_DRIVER;
	enum survey_viable viable = SURVEY_VIABLE;

	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function = survey_member(survey, group, i);

		if (function->device.unknown & needed)
			viable = SURVEY_VIABLE_UNKNOWN;
		else if (survey_is_offender(function))
			return SURVEY_NOT_VIABLE;
	}
	return viable;
}

enum offender_role survey_find_role(const struct survey_function *function)
{
	const struct offender_facts facts = { .class = function->class,
					      .has_virtual = function->n_virtual > 0,
					      .is_boot_vga = function->is_boot_vga,
					      .interface_up = function->interface_up };

	return offender_find_role(&facts);
}

void survey_free(struct survey *survey)
{
	for (size_t i = 0; i < survey->n_nodes; i++)
		free(survey->nodes[i].path);
	free(survey->nodes);
	free(survey->functions);
	free(survey->mdevs);
	free(survey->groups);
	free(survey->by_group);
	free(survey->holders);
	free(survey->entries);
	free((void *)survey->iommus);
	text_pool_free(&survey->texts);
	*survey = (struct survey) { 0 };
}
