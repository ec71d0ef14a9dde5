/* SPDX-License-Identifier: Apache-2.0 */
/* What a survey looks at of one device. What can't be read, or makes no sense, is unknown. */
#ifndef OCI_VFIO_HOOK_SURVEY_DEVICE_H
#define OCI_VFIO_HOOK_SURVEY_DEVICE_H

#include "oci-vfio-hook/survey.h"
#include "oci-vfio-hook/sysroot.h"

/* Adds the function with this name in the open directory SYSFS_PCI_DEVICES, if it is one, and is
 * still there. */
void survey_read_function(const struct sysroot *sysroot, int devices, const char *name,
			  struct survey *survey);

/* The same of a mediated device in SYSFS_MDEV_DEVICES. */
void survey_read_mdev(const struct sysroot *sysroot, int devices, const char *name,
		      struct survey *survey);

#endif
