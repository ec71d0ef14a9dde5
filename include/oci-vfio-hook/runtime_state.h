/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime writes down of a container: crun's `status`, runc's and youki's
 * `state.json`. Pure. */
#ifndef OCI_VFIO_HOOK_RUNTIME_STATE_H
#define OCI_VFIO_HOOK_RUNTIME_STATE_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* The bundle's absolute path: the member "bundle" of crun's and youki's, of runc's the last
 * label "bundle=..." (others come from annotations, which are the tenant's). The caller
 * frees *ret. ERROR_DATA where there is none. */
int runtime_state_find_bundle(const char *name, struct slice text, char **ret,
			      struct error *err);

#endif
