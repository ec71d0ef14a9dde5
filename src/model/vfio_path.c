/* What in a spec could be ours: VFIO nodes by their paths
 * (Documentation/driver-api/vfio.rst), and where to look no further.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/spec.h"

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

bool path_is_control_node(struct slice path)
{
	return slice_equal(path, SLICE(CONTROL_NODE));
}

bool mount_may_be_ours(const struct spec_mount *mount)
{
	return slice_starts(mount->source, SLICE("/dev/")) ||
	       slice_starts(mount->destination, SLICE("/dev/vfio/"));
}

bool spec_may_be_ours(const struct spec *spec)
{
	if (spec->n_devices || spec->n_variables)
		return true;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (mount_may_be_ours(&spec->mounts[i]))
			return true;
	}
	return false;
}
