/* SPDX-License-Identifier: Apache-2.0 */
/* Places in the container: a name in a directory. All else in the live part works on
 * these two. */
#include "live_internal.h"

#include <errno.h>
#include <sys/sysmacros.h>

static const char *link_or_errno(int number)
{
	return number == ELOOP ? "leads over a symbolic link, which is not followed"
			       : strerror(number);
}

int live_error(const char *shown, const char *what, int number, struct error *err)
{
	enum error_class class = error_class_of_errno(number);

	if (class == ERROR_NO_INPUT || number == EEXIST)
		class = ERROR_DATA;
	return error_set(err, class, "%s in the container: %s: %s", shown, what,
			 link_or_errno(number));
}

int live_place_open(struct live *live, const struct live_path *path, bool make,
		    struct live_place *ret, struct error *err)
{
	const struct live_directory *directory;
	int r = live_directory_open(live, path->path, make, &directory);

	if (r < 0 && r != -EXDEV && (r != -ENOENT || make))
		return live_error(path->shown, "its directory can't be opened", -r, err);
	*ret = (struct live_place) {
		.directory = r < 0 ? -1 : directory->fd,
		.name = path_name(path->path),
		.path = path->path,
		.shown = path->shown,
		.machines = r < 0 ? r == -EXDEV : directory->machines,
	};
	return 0;
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
		return errno == ENOENT ? 0
				       : live_error(place->shown, "can't be examined",
						    errno, err);
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
