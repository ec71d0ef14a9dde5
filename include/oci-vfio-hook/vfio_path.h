/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO nodes by their paths (Documentation/driver-api/vfio.rst). Pure. */
#ifndef OCI_VFIO_HOOK_VFIO_PATH_H
#define OCI_VFIO_HOOK_VFIO_PATH_H

#include "oci-vfio-hook/text.h"

/* What a VFIO node stands for: an IOMMU group, or by iommufd one device. */
enum vfio_kind {
	VFIO_GROUP,  /* /dev/vfio/N, /dev/vfio/noiommu-N */
	VFIO_HANDLE, /* /dev/vfio/devices/vfioN */
	VFIO_KINDS,
};

/* Is this cleaned path a VFIO node of either kind? (No control node is.) */
bool path_is_vfio_node(struct slice path);

/* The node of a group that has an IOMMU, /dev/vfio/N: *ret is N. */
bool path_is_group_node(struct slice path, uint32_t *ret);

/* Is it a handle? Then *ret is its number; ret may be NULL. */
bool path_is_vfio_handle(struct slice path, uint32_t *ret);

/* The group of a group's node, in noiommu mode too: *ret. */
bool path_find_group(struct slice path, uint32_t *ret);

/* Returns the attribute `dev` of the VFIO node or control node at this path, below /sys/class, in
 * *ret_other one that may stand for it instead, or NULL; of another path NULL. The caller frees
 * both. */
char *vfio_dev_attribute(struct slice path, char **ret_other);

/* The function of a handle, below /sys/class, by its IOMMU group's link; NULL: not a handle. The
 * caller frees. */
char *vfio_group_link(struct slice path);

/* The node without which those of a kind are of no use: /dev/vfio/vfio, /dev/iommu. Its text
 * ends with a NUL. */
struct slice vfio_control_node(enum vfio_kind kind);

/* Is it the control node of either kind? The latter says in *ret of which. */
bool path_is_control_node(struct slice path);
bool path_find_control_node(struct slice path, enum vfio_kind *ret);

/* The paths of the nodes with these numbers. The caller frees. */
char *vfio_group_path(uint32_t group, bool noiommu);
char *vfio_handle_path(uint32_t handle);

#endif
