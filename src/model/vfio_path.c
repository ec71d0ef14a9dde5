/* SPDX-License-Identifier: Apache-2.0 */
/* VFIO nodes by their paths (Documentation/driver-api/vfio.rst). */
#include "oci-vfio-hook/vfio_path.h"

#include "oci-vfio-hook/number.h"

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
	       is_prefix_and_number(path, SLICE("/dev/vfio/devices/vfio")) ||
	       slice_equal(path, SLICE("/dev/iommu"));
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

bool path_is_control_node(struct slice path)
{
	return slice_equal(path, SLICE(CONTROL_NODE));
}
