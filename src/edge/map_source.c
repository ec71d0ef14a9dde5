/* SPDX-License-Identifier: Apache-2.0 */
/* Where device maps and the configuration come from, and who may have written them: a
 * map chooses devices, so it must come from the machine's administrator or from the user
 * that we run as. What is in a map is device_map's business. */
#include "oci-vfio-hook/map_source.h"

#include <errno.h>

#include "oci-vfio-hook/user_namespace.h"

#define FW_CFG_MAP                                                                       \
	"/sys/firmware/qemu_fw_cfg/by_name/opt/io.github.oci-vfio-hook/devices/raw"

static const char *const directories[] = {
	"/etc/oci-vfio-hook/devices.d",
	"/run/oci-vfio-hook/devices.d",
};
#define N_DIRECTORIES (ARRAY_SIZE(directories))

/* In a user namespace the machine's root is not mapped: its files show the overflow user.
 */
static bool is_trusted_owner(uid_t owner)
{
	auto_error ignored = { 0 };
	struct user_namespace user_namespace;

	if (owner == 0 || owner == geteuid())
		return true;
	if (owner != user_namespace_overflow_uid())
		return false;
	return user_namespace_read(&user_namespace, &ignored) == 0 &&
	       !user_namespace.initial;
}

/* Group bits show the mask of a POSIX ACL, so that the mode is enough. */
static int check_trusted(const struct stat *status, const char *name, struct error *err)
{
	if (!is_trusted_owner(status->st_uid))
		return error_set(
			err, ERROR_PERMISSION,
			"%s: must be owned by root, but is owned by user %u; run: chown root %s && chmod go-w %s",
			name, status->st_uid, name, name);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(
			err, ERROR_PERMISSION,
			"%s: must be writable by its owner alone, but has mode %04o; run: chmod go-w %s",
			name, status->st_mode & 07777, name);
	return 0;
}

static int open_error(const char *name, int number, struct error *err)
{
	return error_set(err, error_class_of_errno(number), "%s: can't be opened: %s",
			 name, strerror(number));
}

/* Returns the fd or -errno. O_NONBLOCK: opening a FIFO must not wait for a writer. */
static int open_file(const struct sysroot *sysroot, const char *path)
{
	return sysroot_openat(sysroot != NULL ? sysroot : &sysroot_real, AT_FDCWD, path,
			      O_RDONLY | O_NONBLOCK);
}

static char *display(const struct sysroot *sysroot, const char *path)
{
	return sysroot != NULL ? sysroot_display(sysroot, path) : path_display(path);
}

static int read_trusted(int fd, const char *name, char **ret, size_t *ret_length,
			struct error *err)
{
	struct stat status;
	int r;

	if (fstat(fd, &status) < 0)
		return error_set(err, ERROR_IO, "%s: can't be examined: %s", name,
				 strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_PERMISSION, "%s: must be a regular file",
				 name);
	r = check_trusted(&status, name, err);
	if (r < 0)
		return r;
	return file_read(fd, name, (uint64_t)status.st_size, MAP_SIZE_MAX, ret,
			 ret_length, err);
}

int trusted_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		      size_t *ret_length, struct error *err)
{
	auto_close int fd = open_file(sysroot, path);
	auto_free char *name = NULL;

	if (fd == -ENOENT && sysroot != NULL)
		return 1;
	name = display(sysroot, path);
	if (fd < 0)
		return open_error(name, -fd, err);
	return read_trusted(fd, name, ret, ret_length, err);
}

static int add_file(const struct sysroot *sysroot, enum map_source source,
		    const char *path, struct device_map *map, struct messages *messages,
		    struct error *err)
{
	auto_close int fd = open_file(sysroot, path);
	auto_free char *name = display(sysroot, path);
	auto_free char *text = NULL;
	size_t length = 0;
	int r;

	/* Not there, although listed: a link to nowhere. */
	if (fd < 0)
		return open_error(name, -fd, err);
	r = read_trusted(fd, name, &text, &length, err);
	if (r < 0)
		return r;
	map->exists = true;
	return device_map_add(map, source, name, (struct slice) { text, length },
			      messages, err);
}

int map_source_add_options(const char *const *files, size_t n_files,
			   struct device_map *map, struct messages *messages,
			   struct error *err)
{
	for (size_t i = 0; i < n_files; i++) {
		int r = add_file(NULL, MAP_SOURCE_OPTION, files[i], map, messages, err);

		if (r < 0)
			return r;
	}
	return device_map_close_source(map, messages, err);
}

/* Lists a devices.d; that there is none is fine. */
static int list_directory(const struct sysroot *sysroot, const char *path,
			  struct names *ret, struct error *err)
{
	auto_close int fd = -1;
	auto_free char *name = NULL;
	struct stat status;
	int r;

	fd = sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	if (fd == -ENOENT)
		return 0;
	name = sysroot_display(sysroot, path);
	if (fd < 0)
		return open_error(name, -fd, err);
	if (fstat(fd, &status) < 0)
		return error_set(err, ERROR_IO, "%s: can't be examined: %s", name,
				 strerror(errno));
	r = check_trusted(&status, name, err);
	if (r < 0)
		return r;
	r = names_read(fd, ret);
	if (r < 0)
		return error_set(err, ERROR_IO, "%s: can't be listed: %s", name,
				 strerror(-r));
	return 0;
}

static bool is_map_name(const char *name)
{
	return name[0] != '.' && slice_ends(slice_from(name), SLICE(".json"));
}

/* Adds the maps of both lists, which are sorted, as one sorted list; of one name the
 * first's. */
static int add_merged(const struct sysroot *sysroot,
		      const struct names lists[N_DIRECTORIES], struct device_map *map,
		      struct messages *messages, struct error *err)
{
	size_t at[N_DIRECTORIES] = { 0 };

	while (at[0] < lists[0].count || at[1] < lists[1].count) {
		auto_free char *path = NULL;
		const char *name;
		int order, r;
		size_t from;

		if (at[0] == lists[0].count)
			order = 1;
		else if (at[1] == lists[1].count)
			order = -1;
		else
			order = strcmp(lists[0].items[at[0]], lists[1].items[at[1]]);
		from = order > 0;
		name = lists[from].items[at[from]];
		at[0] += order <= 0;
		at[1] += order >= 0;
		if (!is_map_name(name))
			continue;
		path = text_join(directories[from], "/", name, NULL);
		r = add_file(sysroot, MAP_SOURCE_DIRECTORY, path, map, messages, err);
		if (r < 0)
			return r;
	}
	return device_map_close_source(map, messages, err);
}

static int add_directories(const struct sysroot *sysroot, struct device_map *map,
			   struct messages *messages, struct error *err)
{
	struct names lists[N_DIRECTORIES] = { 0 };
	int r = 0;

	for (size_t i = 0; i < N_DIRECTORIES && r >= 0; i++)
		r = list_directory(sysroot, directories[i], &lists[i], err);
	if (r >= 0)
		r = add_merged(sysroot, lists, map, messages, err);
	for (size_t i = 0; i < N_DIRECTORIES; i++)
		names_free(&lists[i]);
	return r;
}

/* Reads the item; *ret stays NULL where QEMU was given none. The kernel lets only root
 * open it, and only CAP_SYS_ADMIN read it. */
static int read_fw_cfg(const struct sysroot *sysroot, const char *name, char **ret,
		       size_t *ret_length, struct error *err)
{
	auto_free char *directory = NULL;
	auto_error found = { 0 };
	auto_close int fd = open_file(sysroot, FW_CFG_MAP);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		open_error(name, -fd, &found);
	else if (read_trusted(fd, name, ret, ret_length, &found) >= 0)
		return 0;
	if (found.class != ERROR_PERMISSION)
		return error_set(err, found.class, "%s", found.message);
	directory = sysroot_display(sysroot, directories[0]);
	return error_set(
		err, found.class,
		"%s; run as root, or copy the map to %s and set \"fw_cfg\": false in the configuration file",
		found.message, directory);
}

static int add_fw_cfg(const struct sysroot *sysroot, struct device_map *map,
		      struct messages *messages, struct error *err)
{
	auto_free char *text = NULL, *name = sysroot_display(sysroot, FW_CFG_MAP);
	size_t length = 0;
	int r = read_fw_cfg(sysroot, name, &text, &length, err);

	if (r < 0 || text == NULL)
		return r;
	map->exists = true;
	r = device_map_add(map, MAP_SOURCE_FW_CFG, name, (struct slice) { text, length },
			   messages, err);
	return r < 0 ? r : device_map_close_source(map, messages, err);
}

int map_source_add_machine(const struct sysroot *sysroot, bool fw_cfg,
			   struct device_map *map, struct messages *messages,
			   struct error *err)
{
	int r = add_directories(sysroot, map, messages, err);

	if (r < 0 || !fw_cfg)
		return r;
	return add_fw_cfg(sysroot, map, messages, err);
}
