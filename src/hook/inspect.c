/* SPDX-License-Identifier: Apache-2.0 */
/* The stories of commands that look at a whole machine, for a person. */
#include "oci-vfio-hook/hook.h"
#include "oci-vfio-hook/sysfs_survey.h"

int hook_survey(const struct hook_run *run, unsigned int wanted, struct survey *ret,
		struct error *err)
{
	return sysfs_survey(&run->sysroot, wanted, ret, err);
}
