/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the device cgroup of a process: which hierarchy decides, and where it is mounted. */
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "oci-vfio-hook/sysroot.h"

#include "cgroup_internal.h"

/* A line for each hierarchy; v1 has a dozen at most, a path PATH_MAX bytes. */
#define PROC_CGROUP_MAX 65536
#define PROCESSES_MAX (1 << 20)

/* Where a machine's hierarchies are, as systemd and all container engines have them. */
static const char *const v1_places[] = { "/sys/fs/cgroup/devices", NULL };
static const char *const v2_places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					 NULL };

/* Reads the membership of a process; *ret_path is owned by the caller, NULL for none. */
static int read_membership(int proc, const char *file, enum device_cgroup_kind *ret_kind,
			   char **ret_path, struct error *err)
{
	auto_close int fd = sysroot_openat(&sysroot_real, proc, file, O_RDONLY);
	auto_free char *text = NULL;
	struct slice path;
	size_t length;
	int r;

	*ret_path = NULL;
	if (fd == -ENOENT) { /* a kernel without cgroups */
		*ret_kind = DEVICE_CGROUP_NONE;
		return 0;
	}
	if (fd < 0)
		return error_set(err, error_class_of_errno(-fd),
				 "/proc/PID/cgroup can't be opened: %s", strerror(-fd));
	r = file_read(fd, "/proc/PID/cgroup", 0, PROC_CGROUP_MAX, &text, &length, err);
	if (r < 0)
		return r;
	*ret_kind = proc_cgroup_parse((struct slice) { text, length }, &path);
	if (*ret_kind != DEVICE_CGROUP_NONE)
		*ret_path = xstrndup(path.data, path.length);
	return 0;
}

/* Is the directory that of a cgroup in which the process is? That a path leads somewhere
 * isn't enough: it may be seen from another cgroup namespace. */
static bool holds_process(int directory, pid_t pid)
{
	auto_close int fd =
		sysroot_openat(&sysroot_real, directory, "cgroup.procs", O_RDONLY);
	auto_free char *text = NULL;
	auto_error err = { 0 };
	size_t length;

	return fd >= 0 &&
	       file_read(fd, "cgroup.procs", 0, PROCESSES_MAX, &text, &length, &err) ==
		       0 &&
	       proc_cgroup_lists((struct slice) { text, length }, pid);
}

/* Tries one mount of the hierarchy. Returns whether the process is in target + path. */
static bool try_place(enum device_cgroup_kind kind, const char *target, const char *path,
		      pid_t pid, struct device_cgroup *ret)
{
	long magic = kind == DEVICE_CGROUP_V1 ? CGROUP_SUPER_MAGIC : CGROUP2_SUPER_MAGIC;
	auto_free char *whole =
		text_join(target, text_equal(path, "/") ? "" : path, NULL);
	auto_close int fd = -1;
	struct statfs status;

	/* One that leads out of this cgroup namespace begins with "/..", and
	 * otherwise the kernel writes only clean ones. */
	if (!path_is_clean(slice_from(path)))
		return false;
	fd = sysroot_openat(&sysroot_real, AT_FDCWD, whole,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	/* A v1 hierarchy's place may be a link to that of several controllers. */
	if (fd == -ELOOP || fd == -ENOTDIR)
		fd = sysroot_openat(&sysroot_real, AT_FDCWD, whole,
				    O_RDONLY | O_DIRECTORY);
	if (fd < 0 || fstatfs(fd, &status) < 0 || (long)status.f_type != magic ||
	    !holds_process(fd, pid))
		return false;
	ret->directory = take_fd(fd);
	ret->path = take_ptr(whole);
	ret->shown = path_display(ret->path);
	ret->mount_length = strlen(target);
	return true;
}

static int try_mounts(enum device_cgroup_kind kind, const char *path, pid_t pid,
		      struct device_cgroup *ret, struct error *err)
{
	auto_cgroup_mounts mounts = { 0 };
	auto_free char *shown = NULL;
	int r = cgroup_mounts_read(kind, &mounts, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < mounts.count; i++) {
		const char *below = proc_cgroup_below(path, mounts.items[i].root);

		if (below != NULL &&
		    try_place(kind, mounts.items[i].target, below, pid, ret))
			return 0;
	}
	shown = path_display(path);
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the container's %s cgroup %s is in no cgroup mount that is seen here: run the runtime in the cgroup namespace of the machine",
		kind == DEVICE_CGROUP_V1 ? "v1 devices" : "v2", shown);
}

static int locate(enum device_cgroup_kind kind, const char *path, pid_t pid,
		  struct device_cgroup *ret, struct error *err)
{
	const char *const *places = kind == DEVICE_CGROUP_V1 ? v1_places : v2_places;

	for (; *places != NULL; places++)
		if (try_place(kind, *places, path, pid, ret))
			return 0;
	return try_mounts(kind, path, pid, ret, err);
}

int cgroup_find(int proc, pid_t pid, struct device_cgroup *ret, struct error *err)
{
	enum device_cgroup_kind own_kind;
	auto_free char *path = NULL, *own_path = NULL;
	int r = read_membership(proc, "cgroup", &ret->kind, &path, err);

	if (r == 0)
		r = read_membership(AT_FDCWD, "/proc/self/cgroup", &own_kind, &own_path,
				    err);
	if (r < 0 || path == NULL)
		return r;
	ret->shared =
		text_equal(path, "/") || (own_path && proc_cgroup_below(own_path, path));
	return locate(ret->kind, path, pid, ret, err);
}
