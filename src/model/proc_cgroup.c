/* SPDX-License-Identifier: Apache-2.0 */
/* Who is in which cgroup, as the kernel writes it. */
#include "oci-vfio-hook/proc_cgroup.h"

#include "oci-vfio-hook/number.h"

static bool has_controller(struct slice controllers, struct slice name)
{
	struct slice controller;

	while (slice_cut(&controllers, ',', &controller))
		if (slice_equal(controller, name))
			return true;
	return false;
}

/* A line is "ID:CONTROLLERS:PATH", and the path may have colons. */
enum device_cgroup_kind proc_cgroup_parse(struct slice text, struct slice *ret_path)
{
	enum device_cgroup_kind kind = DEVICE_CGROUP_NONE;
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		struct slice id, controllers;

		if (!slice_cut(&line, ':', &id) || !slice_cut(&line, ':', &controllers) ||
		    line.length == 0 || line.data[0] != '/')
			continue;
		if (has_controller(controllers, SLICE("devices"))) {
			*ret_path = line;
			return DEVICE_CGROUP_V1;
		}
		if (slice_equal(id, SLICE("0")) && controllers.length == 0) {
			*ret_path = line;
			kind = DEVICE_CGROUP_V2;
		}
	}
	return kind;
}

bool proc_cgroup_lists(struct slice text, int64_t pid)
{
	struct slice line;
	uint64_t number;

	while (slice_cut(&text, '\n', &line))
		if (number_parse(line, 10, 10, INT32_MAX, &number) == 0 &&
		    (int64_t)number == pid)
			return true;
	return false;
}

const char *proc_cgroup_below(const char *path, const char *root)
{
	size_t length = text_equal(root, "/") ? 0 : strlen(root);

	if (!slice_starts(slice_from(path), (struct slice) { root, length }))
		return NULL;
	if (path[length] == '\0')
		return "/";
	return path[length] == '/' ? path + length : NULL;
}
