/* Finds the device cgroup of a process: which hierarchy decides, and where it is mounted.
 * What is done there is in cgroup_v1.c, cgroup_v2.c and cgroup_systemd.c.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/device_cgroup.h"

#include <errno.h>
#include <inttypes.h>
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
	while ((line = text_cut(&text, '\n')) != NULL) {
		const char *id = text_cut(&line, ':');
		const char *controllers = line != NULL ? text_cut(&line, ':') : NULL;

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
	auto_close int fd = machine_openat(&machine_real, proc, file, O_RDONLY);
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
	*ret_path = path != NULL ? memory_copy(path, strlen(path)) : NULL;
	return 0;
}

/* Is the directory that of a cgroup in which the process is? That a path leads somewhere
 * isn't enough: it may be seen from another cgroup namespace. */
static bool holds_process(int directory, pid_t pid)
{
	auto_close int fd =
		machine_openat(&machine_real, directory, "cgroup.procs", O_RDONLY);
	auto_free char *text = NULL;
	auto_error err = { 0 };
	char *rest, *line;
	size_t length;
	uint64_t number;

	if (fd < 0 ||
	    file_read(fd, "cgroup.procs", 0, PROCESSES_MAX, &text, &length, &err) < 0)
		return false;
	rest = text;
	while ((line = text_cut(&rest, '\n')) != NULL)
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
	fd = machine_openat(&machine_real, AT_FDCWD, whole,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	/* A v1 hierarchy's place may be a link to that of several controllers. */
	if (fd == -ELOOP || fd == -ENOTDIR)
		fd = machine_openat(&machine_real, AT_FDCWD, whole,
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
		"the container's %s cgroup %s is in no cgroup mount that is seen "
		"here: run the runtime in the cgroup namespace of the machine",
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

int device_cgroup_open(int proc, pid_t pid, struct device_cgroup *ret, struct error *err)
{
	auto_device_cgroup cgroup = DEVICE_CGROUP_INIT;
	enum device_cgroup_kind own_kind;
	auto_free char *path = NULL, *own_path = NULL;
	int r;

	r = read_membership(proc, "cgroup", &cgroup.kind, &path, err);
	if (r == 0)
		r = read_membership(AT_FDCWD, "/proc/self/cgroup", &own_kind, &own_path,
				    err);
	if (r == 0 && path != NULL) {
		cgroup.shared = text_equal(path, "/") ||
				(own_path != NULL && holds(path, own_path));
		r = locate(cgroup.kind, path, pid, &cgroup, err);
	}
	if (r == 0 && cgroup.kind == DEVICE_CGROUP_V1)
		r = cgroup_v1_open(&cgroup, err);
	else if (r == 0 && cgroup.kind == DEVICE_CGROUP_V2)
		r = cgroup_v2_open(&cgroup, err);
	if (r < 0)
		return r;
	*ret = cgroup;
	cgroup = (struct device_cgroup)DEVICE_CGROUP_INIT;
	return 0;
}

int cgroup_refusal_error(const struct device_cgroup *cgroup,
			 const struct device_change *change, struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: the spec's rules refuse device %c %" PRIu32 ":%" PRIu32
		" access \"%s\", which a created container's cgroup that is open "
		"to others can't be given: use precreate (podman), "
		"oci-vfio-runtime, or apply",
		cgroup->path, change->type, change->major, change->minor,
		change->refused);
}

int device_cgroup_prepare(struct device_cgroup *cgroup,
			  const struct device_change *changes, size_t n_changes,
			  struct messages *messages, struct error *err)
{
	cgroup_systemd_prepare(cgroup, changes, n_changes, messages);
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_prepare(cgroup, changes, n_changes, err);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_prepare(cgroup, changes, n_changes, err);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

static int commit_rules(struct device_cgroup *cgroup, struct error *err)
{
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_commit(cgroup, err);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_commit(cgroup, err);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

int device_cgroup_commit(struct device_cgroup *cgroup, struct error *err)
{
	/* systemd's own program changes with its list. */
	int r = cgroup_systemd_allow(cgroup, err);

	if (r == 0)
		r = commit_rules(cgroup, err);
	return r < 0 ? r : cgroup_systemd_pin(cgroup, err);
}

static int undo_rules(struct device_cgroup *cgroup)
{
	switch (cgroup->kind) {
	case DEVICE_CGROUP_V1:
		return cgroup_v1_undo(cgroup);
	case DEVICE_CGROUP_V2:
		return cgroup_v2_undo(cgroup);
	case DEVICE_CGROUP_NONE:
		break;
	}
	return 0;
}

int device_cgroup_undo(struct device_cgroup *cgroup)
{
	int pins = cgroup_systemd_unpin(cgroup);
	int rules = undo_rules(cgroup);
	int allow = cgroup_systemd_disallow(cgroup);

	return pins < 0 ? pins : rules < 0 ? rules : allow;
}

void device_cgroup_close(struct device_cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->n_programs; i++) {
		bpf_program_close(&cgroup->programs[i].old);
		close_fd(&cgroup->programs[i].wider);
	}
	memory_free(cgroup->programs);
	systemd_unit_close(&cgroup->unit);
	device_allow_free(&cgroup->unit_allow);
	memory_free(cgroup->rules);
	memory_free(cgroup->changes);
	memory_free(cgroup->path);
	close_fd(&cgroup->directory);
	close_fd(&cgroup->scope);
	close_fd(&cgroup->allow);
	close_fd(&cgroup->deny);
	*cgroup = (struct device_cgroup)DEVICE_CGROUP_INIT;
}
