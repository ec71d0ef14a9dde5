/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is wrong with a device map. Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_MAP_CHECK_H
#define OCI_VFIO_HOOK_DEVICE_MAP_CHECK_H

#include "oci-vfio-hook/device_map.h"

/* For a person: parses the whole file, and adds each fault to the messages as an error, and what
 * warnings it gives; of entries that contradict each other, the first two. Returns how many entries
 * there are; *ret_faults are faulty, or 1 where the file is none. */
size_t device_map_check(const char *name, struct slice text, struct messages *messages,
			size_t *ret_faults);

#endif
