/* SPDX-License-Identifier: Apache-2.0 */
/* The directories of the container on the way to its nodes. All are known before anything is
 * changed; each is opened below the rootfs when it is needed, once and without ever
 * following a link, and made where it is missing. */
#include "live_internal.h"

#include <errno.h>
#include <linux/openat2.h>

#include "oci-vfio-hook/slice_index.h"

#define DIRECTORY_MODE 0755

static int compare_directories(const void *a, const void *b)
{
	const struct live_directory *first = a, *second = b;

	return slice_compare(first->path, second->path);
}

/* The directory of a path: "/" of "/file". */
static struct slice parent_of(const char *path)
{
	size_t length = (size_t)(path_name(path) - path) - 1;

	return (struct slice) { path, length > 0 ? length : 1 };
}

/* Those above a path, from "/" on. */
static void add_directories_of(struct live *live, const char *path)
{
	for (size_t i = 0; path && path[i] != '\0'; i++)
		if (path[i] == '/')
			*array_append(live->directories, live->n_directories,
				      live->directories_capacity) =
				(struct live_directory) { .path = { path, i > 0 ? i : 1 },
							  .fd = -1 };
}

void live_directories_prepare(struct live *live)
{
	size_t count = 0;

	add_directories_of(live, LIVE_NEIGHBOUR);
	for (size_t i = 0; i < live->n_nodes; i++) {
		add_directories_of(live, live->nodes[i].old.path);
		add_directories_of(live, live->nodes[i].final.path);
	}
	qsort(live->directories, live->n_directories, sizeof *live->directories,
	      compare_directories);
	for (size_t i = 0; i < live->n_directories; i++)
		if (count == 0 || !slice_equal(live->directories[count - 1].path,
					       live->directories[i].path))
			live->directories[count++] = live->directories[i];
	live->n_directories = count;
}

void live_directories_close(struct live *live)
{
	for (size_t i = 0; i < live->n_directories; i++)
		close_fd(&live->directories[i].fd);
	free(live->directories);
}

/* Is the directory on this machine's own /dev, by a bind mount? 0, 1 or -errno. */
static int is_machines(const struct live *live, int directory)
{
	const struct live_machine_dev *dev = &live->machine_dev;
	struct stat status;

	if (fstat(directory, &status) < 0)
		return -errno;
	for (size_t i = 0; i < dev->n_systems; i++)
		if (status.st_dev == dev->systems[i])
			return 1;
	for (size_t i = 0; i < dev->n_directories; i++)
		if (file_same(&status, &dev->directories[i]))
			return 1;
	return 0;
}

/* A part of a path as system calls take it. */
static int copy_path(struct slice path, char ret[static PATH_MAX])
{
	if (path.length >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, path.data, path.length);
	ret[path.length] = '\0';
	return 0;
}

/* 0 or -errno; *ret stays what it is until live_directories_close(). */
static int open_directory(struct live *live, struct slice path,
			  const struct live_directory **ret)
{
	const struct live_directory wanted = { .path = path };
	struct live_directory *directory =
		bsearch(&wanted, live->directories, live->n_directories,
			sizeof *live->directories, compare_directories);
	auto_close int fd = -1;
	char text[PATH_MAX];
	int machines;

	if (!directory || copy_path(path, text) < 0)
		return -ENAMETOOLONG;
	*ret = directory;
	if (directory->fd >= 0)
		return 0;
	fd = fd_open_confined(live->rootfs, text, O_PATH | O_DIRECTORY,
			      RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return fd;
	machines = is_machines(live, fd);
	if (machines < 0)
		return machines;
	directory->machines = machines > 0;
	directory->fd = take_fd(fd);
	return 0;
}

/* Makes the directory `path`, of which the parent is there. -EXDEV: it would be on the
 * machine's own /dev. */
static int make_directory(struct live *live, struct slice path)
{
	const struct live_directory *above;
	char text[PATH_MAX];
	const char *name;
	int r = copy_path(path, text);

	if (r == 0)
		r = open_directory(live, parent_of(text), &above);
	if (r < 0)
		return r;
	if (above->machines)
		return -EXDEV;
	name = path_name(text);
	r = live_steps_add(&live->steps, LIVE_DIRECTORY, above->fd, name, -1);
	if (r < 0)
		return r;
	r = live_namespace_become_root(&live->mount_namespace);
	if (r == 0 && mkdirat(above->fd, name, DIRECTORY_MODE) < 0)
		r = -errno;
	live_namespace_become_self(&live->mount_namespace);
	if (r < 0)
		live_steps_drop(&live->steps);
	return r == -EEXIST ? 0 : r;
}

/* Makes those that are missing, from the first. */
static int make_directories(struct live *live, struct slice path,
			    const struct live_directory **ret)
{
	int r = -ENOENT;

	for (size_t end = 1; end <= path.length; end++) {
		struct slice part = slice_from_to(path, 0, end);

		if (end < path.length && path.data[end] != '/')
			continue;
		r = open_directory(live, part, ret);
		if (r == -ENOENT) {
			r = make_directory(live, part);
			if (r == 0)
				r = open_directory(live, part, ret);
		}
		if (r < 0)
			break;
	}
	return r;
}

int live_directory_open(struct live *live, const char *path, bool make,
			const struct live_directory **ret)
{
	const struct slice parent = parent_of(path);
	int r = open_directory(live, parent, ret);

	return r == -ENOENT && make ? make_directories(live, parent, ret) : r;
}
