/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO nodes by their paths. */
#include "oci-vfio-hook/vfio_path.h"

#include "oci-vfio-hook/number.h"

static const struct slice handle_prefix = { "/dev/vfio/devices/vfio",
					    sizeof "/dev/vfio/devices/vfio" - 1 };

static const struct slice control_nodes[VFIO_KINDS] = {
	[VFIO_GROUP] = { "/dev/vfio/vfio", sizeof "/dev/vfio/vfio" - 1 },
	[VFIO_HANDLE] = { "/dev/iommu", sizeof "/dev/iommu" - 1 },
};

static bool is_prefix_and_number(struct slice path, struct slice prefix)
{
	if (!slice_starts(path, prefix) || path.length == prefix.length)
		return false;
	for (size_t i = prefix.length; i < path.length; i++) {
		if (path.data[i] < '0' || path.data[i] > '9')
			return false;
	}
	return true;
}

bool path_is_vfio_node(struct slice path)
{
	return is_prefix_and_number(path, SLICE("/dev/vfio/")) ||
	       is_prefix_and_number(path, SLICE("/dev/vfio/noiommu-")) ||
	       is_prefix_and_number(path, handle_prefix);
}

bool path_is_group_node(struct slice path, uint32_t *ret)
{
	const struct slice prefix = SLICE("/dev/vfio/");
	uint64_t number;

	if (!slice_starts(path, prefix) ||
	    number_parse(slice_from_to(path, prefix.length, path.length), 10, 10,
			 UINT32_MAX, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

bool path_is_vfio_handle(struct slice path, uint32_t *ret)
{
	uint64_t number;

	if (!is_prefix_and_number(path, handle_prefix))
		return false;
	/* One that is too large for the kernel is a handle that no machine has. */
	if (ret)
		*ret = number_parse(slice_from_to(path, handle_prefix.length,
						  path.length),
				    10, 10, UINT32_MAX, &number) == 0
			       ? (uint32_t)number
			       : UINT32_MAX;
	return true;
}

struct slice vfio_control_node(enum vfio_kind kind)
{
	return control_nodes[kind];
}

bool path_find_control_node(struct slice path, enum vfio_kind *ret)
{
	for (unsigned int kind = 0; kind < VFIO_KINDS; kind++) {
		if (!slice_equal(path, control_nodes[kind]))
			continue;
		*ret = (enum vfio_kind)kind;
		return true;
	}
	return false;
}

bool path_is_control_node(struct slice path)
{
	enum vfio_kind kind;

	return path_find_control_node(path, &kind);
}

char *vfio_group_path(uint32_t group, bool noiommu)
{
	return text_number(noiommu ? "/dev/vfio/noiommu-" : "/dev/vfio/", group, "");
}

char *vfio_handle_path(uint32_t handle)
{
	return text_number(handle_prefix.data, handle, "");
}
