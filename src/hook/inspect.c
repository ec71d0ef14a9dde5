/* SPDX-License-Identifier: Apache-2.0 */
/* The stories of commands that look at a whole machine, for a person. */
#include "oci-vfio-hook/device_holder.h"
#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/map_source.h"
#include "oci-vfio-hook/pci_names.h"
#include "oci-vfio-hook/sysfs_survey.h"

/* What one can do without. */
static void tell(struct hook_run *run, const struct error *why)
{
	messages_add(&run->messages, MESSAGE_INFO, "%s", why->message);
}

int hook_survey(struct hook_run *run, unsigned int wanted, struct survey *ret,
		struct error *err)
{
	auto_error no_names = { 0 }, no_holders = { 0 };
	int r = sysfs_survey(&run->sysroot, wanted, ret, err);

	if (r < 0)
		return r;
	if (wanted & SURVEY_NAMES && pci_names_find(ret, &no_names) < 0)
		tell(run, &no_names);
	if (wanted & SURVEY_HOLDERS &&
	    device_holders_survey(&run->sysroot, ret, &no_holders) < 0)
		tell(run, &no_holders);
	return 0;
}

void hook_survey_maps(struct hook_run *run, const struct hook_options *options,
		      struct survey *survey)
{
	auto_error broken = { 0 };
	int r = map_source_add_options(options->maps, options->n_maps, &run->map,
				       &run->messages, &broken);

	if (r == 0)
		r = map_source_add_machine(&run->sysroot, &run->settings.sources,
					   &run->map, &run->messages, &broken);
	if (r < 0) {
		messages_add(&run->messages, MESSAGE_WARNING,
			     "%s; no map entry is shown that comes after",
			     broken.message);
		survey->maps_are_broken = true;
	}
	sysfs_survey_map(&run->sysroot, &run->map, survey);
}
