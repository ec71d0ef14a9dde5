/* What this machine's /dev is, so that it is recognised where it is bound into a container.
 * SPDX-License-Identifier: Apache-2.0 */
#include "live_internal.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/vfs.h>

/* The kernel has one devtmpfs however often it is mounted (drivers/base/devtmpfs.c), so a new
 * mount of it, attached nowhere, tells its number even where our own /dev is another file
 * system: in a container in which a runtime runs. Its options stay as they are, but for the
 * read-only flag of the whole file system, which every mount clears. Only a real root may ask. */
static int find_devtmpfs(dev_t *ret)
{
	auto_close int context = fsopen("devtmpfs", FSOPEN_CLOEXEC);
	auto_close int mount = -1;
	struct stat status;

	if (context < 0 || fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = fsmount(context, FSMOUNT_CLOEXEC, 0);
	if (mount < 0 || fstat(mount, &status) < 0)
		return -errno;
	*ret = status.st_dev;
	return 0;
}

/* A file system in memory that is mounted on /dev holds nothing but nodes; any other may hold the
 * rootfs as well. A devtmpfs, too, says that it is a tmpfs, or without that a ramfs. */
static bool is_system_of_its_own(const char *path)
{
	struct statx status;
	struct statfs system;

	return statx(AT_FDCWD, path, 0, 0, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) &&
	       statfs(path, &system) == 0 &&
	       (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

int live_machine_dev_find(struct live_machine_dev *ret, struct error *err)
{
	static const char *const paths[] = { "/dev", "/dev/vfio" };
	int r = find_devtmpfs(&ret->systems[0]);
	bool unknown = r == -EPERM || r == -EACCES || r == -ENODEV || r == -ENOSYS;

	if (r < 0 && !unknown)
		return error_set(err, ERROR_IO,
				 "this machine's devtmpfs can't be examined: %s",
				 strerror(-r));
	ret->n_systems = r == 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct stat status;

		if (stat(paths[i], &status) < 0) {
			if (errno == ENOENT)
				continue;
			return error_set(err, ERROR_IO, "%s: can't be examined: %s",
					 paths[i], strerror(errno));
		}
		ret->directories[ret->n_directories].device = status.st_dev;
		ret->directories[ret->n_directories++].inode = status.st_ino;
		if (i == 0 && is_system_of_its_own(paths[i]))
			ret->systems[ret->n_systems++] = status.st_dev;
	}
	return 0;
}
