/* SPDX-License-Identifier: Apache-2.0 */
/* Who has the devices of a machine: processes, and the entries of device maps. */
#include "oci-vfio-hook/survey.h"

struct survey_holder *survey_add_holder(struct survey *survey)
{
	return array_append(survey->holders, survey->n_holders, survey->holders_capacity);
}

static int compare_holders(const void *a, const void *b)
{
	const struct survey_holder *x = a, *y = b;
	int order = device_number_compare(&x->number, &y->number);

	return order ? order : (x->process > y->process) - (x->process < y->process);
}

void survey_arrange_holders(struct survey *survey)
{
	array_sort(survey->holders, survey->n_holders, compare_holders);
}

struct survey_entry *survey_add_entry(struct survey *survey)
{
	return array_append(survey->entries, survey->n_entries, survey->entries_capacity);
}

static int compare_entries(const void *a, const void *b)
{
	const struct survey_entry *x = a, *y = b;
	int order = (x->why != NULL) - (y->why != NULL);

	if (order == 0 && !x->why)
		order = device_name_compare(&x->device, &y->device);
	/* As the maps have them. */
	if (order == 0)
		order = (x->entry > y->entry) - (x->entry < y->entry);
	return order ? order : (x->function > y->function) - (x->function < y->function);
}

void survey_arrange_entries(struct survey *survey)
{
	array_sort(survey->entries, survey->n_entries, compare_entries);
	survey->n_found = survey->n_entries;
	while (survey->n_found > 0 && survey->entries[survey->n_found - 1].why)
		survey->n_found--;
}

static int compare_holder(const void *element, const void *key)
{
	return device_number_compare(&((const struct survey_holder *)element)->number,
				     key);
}

const struct survey_holder *survey_find_holders(const struct survey *survey,
						const struct device_number *number,
						size_t *ret_count)
{
	const size_t first = array_find_equal(survey->holders, survey->n_holders,
					      sizeof *survey->holders, number,
					      compare_holder, ret_count);

	return *ret_count ? &survey->holders[first] : NULL;
}

static int compare_entry(const void *element, const void *key)
{
	return device_name_compare(&((const struct survey_entry *)element)->device, key);
}

const struct survey_entry *survey_find_entries(const struct survey *survey,
					       const struct device_name *device,
					       size_t *ret_count)
{
	const size_t first = array_find_equal(survey->entries, survey->n_found,
					      sizeof *survey->entries, device,
					      compare_entry, ret_count);

	return *ret_count ? &survey->entries[first] : NULL;
}
