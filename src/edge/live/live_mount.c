/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts of single nodes by file descriptors, and the tmpfs where nodes are made
 * that a user namespace can't make. */
#include "live_internal.h"

#include <errno.h>
#include <sys/mount.h>
#include <sys/syscall.h>

/* libc has functions for these since 2.36 only. */
static int open_tree_at(int directory, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, directory, path, flags);
}

static int attach(int mount, int directory, const char *name)
{
	return (int)syscall(SYS_move_mount, mount, "", directory, name,
			    MOVE_MOUNT_F_EMPTY_PATH);
}

/* Our mount must not propagate to where others do, and nobody executes a node. A kernel
 * before 5.12 leaves the mount as it is, which is an error only if it has to be
 * read-only. */
int live_mount_restrict(int mount, bool read_only)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
			    (read_only ? MOUNT_ATTR_RDONLY : 0),
		.propagation = MS_PRIVATE,
	};

	if (syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &attributes,
		    sizeof(attributes)) < 0)
		return errno == ENOSYS && !read_only ? 0 : -errno;
	return 0;
}

int live_mount_clone(int directory, const char *path)
{
	/* A name in the container is the one that was examined, not where a link
	 * leads. */
	unsigned int follow = directory == AT_FDCWD ? 0 : AT_SYMLINK_NOFOLLOW;
	int mount = open_tree_at(directory, path,
				 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | follow);

	return mount < 0 ? -errno : mount;
}

int live_mount_attach(int mount, int directory, const char *name)
{
	return attach(mount, directory, name) < 0 ? -errno : 0;
}

/* umount2() has no variant with a directory: the working directory is the way in. */
int live_mount_detach(int directory, const char *name)
{
	if (fchdir(directory) < 0 || umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

int live_mount_scratch(void)
{
	auto_close int context = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	int mount;

	if (context < 0 ||
	    syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC,
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	return mount < 0 ? -errno : mount;
}

int live_mount_detach_root(int mount)
{
	if (fchdir(mount) < 0 || umount2(".", MNT_DETACH) < 0)
		return -errno;
	return 0;
}
