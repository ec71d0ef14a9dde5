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

bool path_find_group(struct slice path, uint32_t *ret)
{
	const struct slice prefix = SLICE("/dev/vfio/noiommu-");
	uint64_t number;

	if (!slice_starts(path, prefix))
		return path_is_group_node(path, ret);
	if (number_parse(slice_from_to(path, prefix.length, path.length), 10, 10,
			 UINT32_MAX, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* "<before><the path's last part><after>". */
static char *with_name(const char *before, struct slice path, const char *after)
{
	const char *slash = memrchr(path.data, '/', path.length);
	struct buffer text = { 0 };

	buffer_add(&text, slice_from(before));
	buffer_add(&text,
		   slice_from_to(path, (size_t)(slash - path.data) + 1, path.length));
	buffer_add(&text, slice_from(after));
	return text.data;
}

char *vfio_dev_attribute(struct slice path, char **ret_other)
{
	*ret_other = NULL;
	if (path_is_control_node(path))
		return with_name("/sys/class/misc/", path, "/dev");
	if (path_is_vfio_handle(path, NULL))
		return with_name("/sys/class/vfio-dev/", path, "/dev");
	if (!path_is_vfio_node(path))
		return NULL;
	/* The device plugin shows a noiommu group to the container without that word. */
	if (is_prefix_and_number(path, SLICE("/dev/vfio/")))
		*ret_other = with_name("/sys/class/vfio/noiommu-", path, "/dev");
	return with_name("/sys/class/vfio/", path, "/dev");
}

char *vfio_group_link(struct slice path)
{
	return path_is_vfio_handle(path, NULL)
		       ? with_name("/sys/class/vfio-dev/", path, "/device/iommu_group")
		       : NULL;
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
