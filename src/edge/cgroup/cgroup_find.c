/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the device cgroup of a process: which hierarchy decides, and where it is mounted. */
#include <errno.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "oci-vfio-hook/sysroot.h"
#include "oci-vfio-hook/number.h"

#include "cgroup_internal.h"

/* A line for each hierarchy; v1 has a dozen at most, a path PATH_MAX bytes. */
#define PROC_CGROUP_MAX 65536
#define PROCESSES_MAX (1 << 20)

/* Where a machine's hierarchies are, as systemd and all container engines have them. */
static const char *const v1_places[] = { "/sys/fs/cgroup/devices", NULL };
static const char *const v2_places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					 NULL };

static bool has_controller(const char *controllers, const char *name)
{
	const size_t length = strlen(name);

	for (;;) {
		const char *comma = strchr(controllers, ',');

		if (comma == NULL)
			return text_equal(controllers, name);
		if ((size_t)(comma - controllers) == length &&
		    memcmp(controllers, name, length) == 0)
			return true;
		controllers = comma + 1;
	}
}

/* Finds the line "ID:CONTROLLERS:PATH" that decides; *ret_path is part of `text`, NULL
 * without a line. cgroups(7), "/proc files". */
static enum device_cgroup_kind parse_membership(char *text, const char **ret_path)
{
	enum device_cgroup_kind kind = DEVICE_CGROUP_NONE;
	char *line;

	*ret_path = NULL;
	while ((line = strsep(&text, "\n")) != NULL) {
		const char *id = strsep(&line, ":");
		const char *controllers = line != NULL ? strsep(&line, ":") : NULL;

		if (line == NULL || line[0] != '/')
			continue;
		if (has_controller(controllers, "devices")) {
			*ret_path = line;
			return DEVICE_CGROUP_V1;
		}
		if (text_equal(id, "0") && controllers[0] == '\0') {
			*ret_path = line;
			kind = DEVICE_CGROUP_V2;
		}
	}
	return kind;
}

/* Reads the membership of a process; *ret_path is owned by the caller, NULL for none. */
static int read_membership(int proc, const char *file, enum device_cgroup_kind *ret_kind,
			   char **ret_path, struct error *err)
{
	auto_close int fd = sysroot_openat(&sysroot_real, proc, file, O_RDONLY);
	auto_free char *text = NULL;
	const char *path;
	size_t length;
	int r;

	if (fd == -ENOENT) { /* a kernel without cgroups */
		*ret_kind = DEVICE_CGROUP_NONE;
		*ret_path = NULL;
		return 0;
	}
	if (fd < 0)
		return error_set(err, error_class_of_errno(-fd),
				 "/proc/PID/cgroup can't be opened: %s", strerror(-fd));
	r = file_read(fd, "/proc/PID/cgroup", 0, PROC_CGROUP_MAX, &text, &length, err);
	if (r < 0)
		return r;
	*ret_kind = parse_membership(text, &path);
	*ret_path = path != NULL ? xstrndup(path, strlen(path)) : NULL;
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
	char *rest, *line;
	size_t length;
	uint64_t number;

	if (fd < 0 ||
	    file_read(fd, "cgroup.procs", 0, PROCESSES_MAX, &text, &length, &err) < 0)
		return false;
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (number_parse(slice_from(line), 10, 10, INT32_MAX, &number) == 0 &&
		    number == (uint64_t)pid)
			return true;
	return false;
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

	/* One that leads out of this cgroup namespace begins with "/..", and the kernel
	 * writes none that isn't clean otherwise. */
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
	ret->mount_length = strlen(target);
	return true;
}

/* Returns what of `path` is below the root of a mount, or NULL if nothing is. */
static const char *below_root(const char *path, const char *root)
{
	size_t length = text_equal(root, "/") ? 0 : strlen(root);

	if (!slice_starts(slice_from(path), (struct slice) { root, length }))
		return NULL;
	if (path[length] == '\0')
		return "/";
	return path[length] == '/' ? path + length : NULL;
}

static int try_mounts(enum device_cgroup_kind kind, const char *path, pid_t pid,
		      struct device_cgroup *ret, struct error *err)
{
	auto_cgroup_mounts mounts = { 0 };
	int r = cgroup_mounts_read(kind, &mounts, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < mounts.count; i++) {
		const char *below = below_root(path, mounts.items[i].root);

		if (below != NULL &&
		    try_place(kind, mounts.items[i].target, below, pid, ret))
			return 0;
	}
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the container's %s cgroup %s is in no cgroup mount that is seen here: run the runtime in the cgroup namespace of the machine",
		kind == DEVICE_CGROUP_V1 ? "v1 devices" : "v2", path);
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

/* Is `above` the cgroup at `path`, or one above it? */
static bool holds(const char *above, const char *path)
{
	const struct slice whole = slice_from(path), start = slice_from(above);

	return slice_starts(whole, start) &&
	       (path[start.length] == '/' || path[start.length] == '\0');
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
		text_equal(path, "/") || (own_path != NULL && holds(path, own_path));
	return locate(ret->kind, path, pid, ret, err);
}
