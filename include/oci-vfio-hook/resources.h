/* SPDX-License-Identifier: Apache-2.0 */
/* The resources that `update` of a runtime gets (LinuxResources of config-linux.md, as a
 * document of their own). Pure. */
#ifndef OCI_VFIO_HOOK_RESOURCES_H
#define OCI_VFIO_HOOK_RESOURCES_H

#include "oci-vfio-hook/splice.h"

/* The edits that remove the device rules; none where there are none. Anything but an
 * object has none either. ERROR_DATA for what a runtime might read in another way: "devices"
 * twice, in another letter case or with a NUL after it, a comment, trailing text. */
int resources_remove_devices(const char *name, struct slice text, struct splices *ret,
			     struct error *err);

#endif
