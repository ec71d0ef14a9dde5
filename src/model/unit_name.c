/* SPDX-License-Identifier: Apache-2.0 */
/* Which systemd unit a cgroup is of. */
#include "oci-vfio-hook/unit_name.h"

/* Kinds of units that have a cgroup in which a container can be. */
static const struct slice suffixes[] = {
	{ ".scope", 6 },
	{ ".service", 8 },
	{ ".slice", 6 },
};

bool unit_name_from_cgroup(struct slice path, struct slice *ret)
{
	const char *slash = memrchr(path.data, '/', path.length);
	size_t start = slash == NULL ? 0 : (size_t)(slash - path.data) + 1;
	struct slice name;

	if (start < path.length && path.data[start] == '_')
		start++;
	name = slice_from_to(path, start, path.length);
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (name.length > suffixes[i].length && slice_ends(name, suffixes[i])) {
			*ret = name;
			return true;
		}
	return false;
}
