/* SPDX-License-Identifier: Apache-2.0 */
/* The story of check: is this machine ready for VFIO in containers, and would this container
 * start? Prints nothing, changes nothing. */
#ifndef OCI_VFIO_HOOK_CHECK_H
#define OCI_VFIO_HOOK_CHECK_H

#include "oci-vfio-hook/finding.h"
#include "oci-vfio-hook/hook.h"

/* Looks at the machine of a configured run. `configuration`: why its configuration file can't be
 * used, or NULL. */
void check_machine(struct hook_run *run, const char *configuration,
		   struct findings *findings);

/* What would become of the container of this bundle. */
void check_bundle(struct hook_run *run, const struct hook_options *options,
		  const char *bundle, struct findings *findings);

#endif
