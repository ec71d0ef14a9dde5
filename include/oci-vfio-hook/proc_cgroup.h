/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's texts about who is in which cgroup (cgroups(7), "/proc files"): which
 * hierarchy decides about a process' devices, and paths in it. Pure: reads no file. */
#ifndef OCI_VFIO_HOOK_PROC_CGROUP_H
#define OCI_VFIO_HOOK_PROC_CGROUP_H

#include "oci-vfio-hook/text.h"

/* What decides about the devices of a process. */
enum device_cgroup_kind {
	DEVICE_CGROUP_NONE, /* nothing filters devices, or nothing could */
	DEVICE_CGROUP_V1,
	DEVICE_CGROUP_V2,
};

/* Which hierarchy decides, by /proc/PID/cgroup: v1's controller "devices" wherever it is,
 * else v2. *ret_path is the cgroup there, a part of `text`; unchanged for
 * DEVICE_CGROUP_NONE. */
enum device_cgroup_kind proc_cgroup_parse(struct slice text, struct slice *ret_path);

/* Is the process listed in a cgroup's cgroup.procs? */
bool proc_cgroup_lists(struct slice text, int64_t pid);

/* Returns what of a cgroup's path is below `root`, with a leading slash: a part of `path`,
 * or "/" for `root` itself. NULL: it isn't below. Compares names only, so that a path that
 * leaves a cgroup namespace ("/../a") is below no other. */
const char *proc_cgroup_below(const char *path, const char *root);

#endif
