/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the container: a name in a directory that is found below the rootfs without
 * ever following a link. All else in the live part works on (directory, name). */
#include "live_internal.h"

#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#define DIRECTORY_MODE 0755

static const char *link_or_errno(int number)
{
	return number == ELOOP ? "leads over a symbolic link, which is not followed"
			       : strerror(number);
}

int live_error(const char *path, const char *what, int number, struct error *err)
{
	auto_free char *name = path_display(path);
	enum error_class class = error_class_of_errno(number);

	if (class == ERROR_NO_INPUT || number == EEXIST)
		class = ERROR_DATA;
	return error_set(err, class, "%s in the container: %s: %s; nothing was changed",
			 name, what, link_or_errno(number));
}

/* Opens a directory below the rootfs. Fd or -errno. */
static int open_directory(int rootfs, const char *path)
{
	return fd_open_confined(rootfs, path, O_PATH | O_DIRECTORY,
				RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
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

/* Opens a directory below the rootfs, once: journal and places use it to the end. */
static int open_once(struct live *live, struct slice path, struct live_directory *ret)
{
	auto_free char *text = NULL;
	auto_close int fd = -1;
	int machines;

	for (size_t i = 0; i < live->n_directories; i++) {
		if (slice_equal(slice_from(live->directories[i].path), path)) {
			*ret = live->directories[i];
			return 0;
		}
	}
	text = xstrndup(path.data, path.length);
	fd = open_directory(live->rootfs, text);
	if (fd < 0)
		return fd;
	machines = is_machines(live, fd);
	if (machines < 0)
		return machines;
	*ret = (struct live_directory) { take_ptr(text), take_fd(fd), machines > 0 };
	*array_append(live->directories, live->n_directories,
		      live->directories_capacity) = *ret;
	return 0;
}

/* Makes the directory `path`, of which the parent is there. -EXDEV: it would be on the
 * machine's own /dev. */
static int make_directory(struct live *live, struct slice path,
			  struct live_directory *ret)
{
	auto_free char *text = xstrndup(path.data, path.length);
	const char *name = path_name(text);
	size_t length = (size_t)(name - text) - 1;
	struct live_directory above;
	int r = open_once(live, slice_from_to(path, 0, length > 0 ? length : 1), &above);

	if (r < 0)
		return r;
	if (above.machines)
		return -EXDEV;
	r = live_undo_add(&live->undo, LIVE_DIRECTORY, above.fd, name, -1);
	if (r < 0)
		return r;
	r = live_namespace_become_root(&live->mount_namespace);
	if (r == 0 && mkdirat(above.fd, name, DIRECTORY_MODE) < 0)
		r = -errno;
	live_namespace_become_self(&live->mount_namespace);
	if (r < 0)
		live_undo_drop(&live->undo);
	return r < 0 && r != -EEXIST ? r : open_once(live, path, ret);
}

/* The same for several missing ones: from the first. */
static int make_directories(struct live *live, struct slice path,
			    struct live_directory *ret)
{
	int r = -ENOENT;

	for (size_t end = 1; end <= path.length; end++) {
		struct slice part = slice_from_to(path, 0, end);

		if (end < path.length && path.data[end] != '/')
			continue;
		r = open_once(live, part, ret);
		if (r == -ENOENT)
			r = make_directory(live, part, ret);
		if (r < 0)
			break;
	}
	return r;
}

int live_place_open(struct live *live, const char *path, bool make,
		    struct live_place *ret, struct error *err)
{
	const char *name = path_name(path);
	size_t length = (size_t)(name - path) - 1;
	struct slice parent = { path, length > 0 ? length : 1 };
	struct live_directory directory = { .fd = -1 };
	int r = open_once(live, parent, &directory);

	if (r == -ENOENT && make)
		r = make_directories(live, parent, &directory);
	if (r < 0 && r != -EXDEV && (r != -ENOENT || make))
		return live_error(path, "its directory can't be opened", -r, err);
	*ret = (struct live_place) {
		.directory = r < 0 ? -1 : directory.fd,
		.name = name,
		.path = path,
		.machines = r < 0 ? r == -EXDEV : directory.machines,
	};
	return 0;
}

void live_place_close_all(struct live *live)
{
	for (size_t i = 0; i < live->n_directories; i++) {
		free(live->directories[i].path);
		close_fd(&live->directories[i].fd);
	}
	free(live->directories);
}

static char type_of(const struct statx *status)
{
	if (S_ISCHR(status->stx_mode))
		return 'c';
	if (S_ISBLK(status->stx_mode))
		return 'b';
	return S_ISREG(status->stx_mode) && status->stx_size == 0 ? 'f' : 'x';
}

int live_place_look(const struct live_place *place, struct found_node *ret,
		    struct error *err)
{
	struct statx status;

	*ret = (struct found_node) { 0 };
	if (place->directory < 0)
		return 0;
	if (statx(place->directory, place->name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS, &status) < 0)
		return errno == ENOENT
			       ? 0
			       : live_error(place->path, "can't be examined", errno, err);
	*ret = (struct found_node) {
		.number.type = type_of(&status),
		.number.major = status.stx_rdev_major,
		.number.minor = status.stx_rdev_minor,
		.mounted = status.stx_attributes & STATX_ATTR_MOUNT_ROOT,
		.file.device = makedev(status.stx_dev_major, status.stx_dev_minor),
		.file.inode = status.stx_ino,
	};
	return 0;
}
