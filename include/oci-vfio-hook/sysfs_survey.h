/* SPDX-License-Identifier: Apache-2.0 */
/* Surveys the whole machine by sysfs. */
#ifndef OCI_VFIO_HOOK_SYSFS_SURVEY_H
#define OCI_VFIO_HOOK_SYSFS_SURVEY_H

#include "oci-vfio-hook/survey.h"
#include "oci-vfio-hook/sysroot.h"

/* Looks at all functions, groups, mediated devices and VFIO nodes; `wanted` (of enum
 * survey_want) is what else is looked at. A machine without PCI, or without an IOMMU, is an
 * answer, and what can't be read of one device is unknown. ERROR_IO, ERROR_PERMISSION: the
 * functions can't be listed. The caller frees *ret. */
int sysfs_survey(const struct sysroot *sysroot, unsigned int wanted, struct survey *ret,
		 struct error *err);

/* Adds what the map says of devices, each found as a plan finds it. */
void sysfs_survey_map(const struct sysroot *sysroot, const struct device_map *map,
		      struct survey *survey);

#endif
