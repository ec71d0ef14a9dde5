/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of check share. */
#ifndef OCI_VFIO_HOOK_CHECK_INTERNAL_H
#define OCI_VFIO_HOOK_CHECK_INTERNAL_H

#include "oci-vfio-hook/check.h"
#include "oci-vfio-hook/survey.h"

/* The machine's maps: each file, all of them together, and each entry. Do all entries raise what
 * a container may lock? */
bool check_maps(struct hook_run *run, const struct survey *survey, bool has_driverctl,
		struct findings *findings);

#endif
