/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of a device map asks for. */
#include "oci-vfio-hook/device_map.h"

enum vfio_kind map_entry_kind(const struct map_entry *entry)
{
	switch (entry->node) {
	case MAP_NODE_GROUP:
		return VFIO_GROUP;
	case MAP_NODE_HANDLE:
		return VFIO_HANDLE;
	case MAP_NODE_AS_SPEC:
	case MAP_NODE_AUTO:
		break;
	}
	return path_is_vfio_handle(slice_from(entry->container_path), NULL) ? VFIO_HANDLE
									    : VFIO_GROUP;
}

bool map_entry_takes(const struct map_entry *entry, enum vfio_kind kind)
{
	return entry->type == DEVICE_VFIO_PCI &&
	       (entry->node == MAP_NODE_AUTO || kind == map_entry_kind(entry));
}

bool map_entry_is_idle(const struct map_entry *entry)
{
	enum vfio_kind kind;

	return map_entry_is_vfio(entry) &&
	       path_find_control_node(slice_from(entry->container_path), &kind) &&
	       kind == VFIO_HANDLE;
}
