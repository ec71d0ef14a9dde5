/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices of a machine the entries of a map mean. */
#include "oci-vfio-hook/sysfs_survey.h"

#include "sysfs_locate.h"

static bool is_here(const struct survey *survey, const struct device_name *name)
{
	return name->bus == DEVICE_BUS_MDEV
		       ? survey_find_mdev(survey, &name->uuid) != SURVEY_NONE
		       : survey_find_function(survey, &name->address) != SURVEY_NONE;
}

static void add_function(struct sysfs_finder *finder, const struct map_entry *entry,
			 const struct map_function *function, struct survey *survey)
{
	struct survey_entry *added = survey_add_entry(survey);
	auto_error unreadable = { 0 };
	struct pci_dead_end end;
	auto_free char *why = NULL;

	added->entry = entry;
	added->function = function;
	if (sysfs_locate(finder, function, &added->device, &end, &unreadable) < 0)
		why = take_ptr(unreadable.message);
	else if (end.why)
		why = end.why;
	else if (!is_here(survey, &added->device))
		why = sysfs_absent_function(function, &added->device);
	if (why)
		added->why = text_pool_add(&survey->texts, slice_from(why));
}

void sysfs_survey_map(const struct sysroot *sysroot, const struct device_map *map,
		      struct survey *survey)
{
	auto_sysfs_finder finder = SYSFS_FINDER_INIT(sysroot);

	for (size_t i = 0; i < map->n_entries; i++) {
		for (size_t k = 0; k < map->entries[i].n_functions; k++)
			add_function(&finder, &map->entries[i],
				     &map->entries[i].functions[k], survey);
	}
	survey_arrange_entries(survey);
}
