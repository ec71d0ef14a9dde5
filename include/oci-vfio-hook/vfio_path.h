/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO nodes by their paths. Pure. */
#ifndef OCI_VFIO_HOOK_VFIO_PATH_H
#define OCI_VFIO_HOOK_VFIO_PATH_H

#include "oci-vfio-hook/text.h"

#define CONTROL_NODE "/dev/vfio/vfio"

/* Is this cleaned path a VFIO node: /dev/vfio/N, /dev/vfio/noiommu-N,
 * /dev/vfio/devices/vfioN or /dev/iommu? (Not the control node.) */
bool path_is_vfio_node(struct slice path);

/* The node of a group that has an IOMMU, /dev/vfio/N: *ret is N. */
bool path_is_group_node(struct slice path, uint32_t *ret);

/* Is it /dev/vfio/vfio? */
bool path_is_control_node(struct slice path);

#endif
