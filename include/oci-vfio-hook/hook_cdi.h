/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a CDI spec. Prints nothing. */
#ifndef OCI_VFIO_HOOK_HOOK_CDI_H
#define OCI_VFIO_HOOK_HOOK_CDI_H

#include "oci-vfio-hook/cdi.h"
#include "oci-vfio-hook/hook.h"

/* The spec of this machine's VFIO devices, in *ret and, where `output` isn't NULL, in that file,
 * which is replaced if it has another text or mode than 0644. Without a device the file is
 * removed, with a warning; without `output` that is ERROR_UNAVAILABLE. */
int hook_cdi(struct hook_run *run, const struct cdi_options *options, const char *output,
	     struct buffer *ret, struct error *err);

#endif
