/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine's /dev is, so that it is recognised where it is bound into a
 * container. */
#include "live_internal.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "oci-vfio-hook/mountinfo.h"

/* A line for each mount, and there may be thousands. */
#define MOUNTINFO_MAX (64 << 20)

/* statx(2) and statmount(2) of Linux 6.8, which the C library's headers may not have yet
 * (include/uapi/linux/stat.h, include/uapi/linux/mount.h). */
#define MOUNT_ID_UNIQUE 0x4000U
#define SYSCALL_STATMOUNT 457
#define MOUNT_FS_TYPE 0x20U

struct mount_request {
	uint32_t size, spare;
	uint64_t id, param;
};

struct mount_answer {
	uint32_t size, options;
	uint64_t mask;
	uint32_t major, minor;
	uint64_t magic;
	uint32_t flags, fs_type; /* where it begins in `strings` */
	uint64_t rest[59];
	char strings[64];
};

/* Is our own /dev a devtmpfs? It nearly always is, and reading all mounts takes longer than
 * everything else here. False: it isn't, or the kernel is too old to say. */
static bool is_devtmpfs(const char *path, dev_t *ret)
{
	struct mount_request request = { .size = sizeof(request),
					 .param = MOUNT_FS_TYPE };
	struct mount_answer answer;
	struct statx status;

	if (statx(AT_FDCWD, path, 0, MOUNT_ID_UNIQUE, &status) < 0 ||
	    !(status.stx_mask & MOUNT_ID_UNIQUE))
		return false;
	request.id = status.stx_mnt_id;
	if (syscall(SYSCALL_STATMOUNT, &request, &answer, sizeof(answer), 0) < 0 ||
	    !(answer.mask & MOUNT_FS_TYPE) ||
	    !text_equal(answer.strings + answer.fs_type, "devtmpfs"))
		return false;
	*ret = makedev(status.stx_dev_major, status.stx_dev_minor);
	return true;
}

/* The kernel has one devtmpfs, however often it is mounted, and only where the container
 * has it does it matter. Our own /dev may be another
 * file system, where the runtime itself runs in a container. */
static int find_devtmpfs(int proc, struct live_machine_dev *ret, struct error *err)
{
	auto_close int fd = openat(proc, "mountinfo", O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	struct mountinfo mount;
	size_t length;
	int r;

	if (fd < 0)
		return error_set(err, ERROR_IO, "/proc/PID/mountinfo: %s",
				 strerror(errno));
	r = file_read(fd, "/proc/PID/mountinfo", 0, MOUNTINFO_MAX, &text, &length, err);
	if (r < 0)
		return r;
	if (mountinfo_find_type((struct slice) { text, length }, SLICE("devtmpfs"),
				&mount)) {
		ret->systems[0] = makedev(mount.device.major, mount.device.minor);
		ret->n_systems = 1;
	}
	return 0;
}

/* A file system in memory that is mounted on /dev holds nothing but nodes; any other may
 * hold the rootfs as well. A devtmpfs also says that it is a tmpfs, or without that a
 * ramfs. */
static bool is_system_of_its_own(const char *path, dev_t *ret)
{
	struct statx status;
	struct statfs system;

	if (statx(AT_FDCWD, path, 0, 0, &status) < 0 ||
	    !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT) ||
	    statfs(path, &system) < 0 ||
	    (system.f_type != TMPFS_MAGIC && system.f_type != RAMFS_MAGIC))
		return false;
	*ret = makedev(status.stx_dev_major, status.stx_dev_minor);
	return true;
}

int live_machine_dev_find(int proc, struct live_machine_dev *ret, struct error *err)
{
	static const char *const paths[] = { "/dev", "/dev/vfio", "/dev/vfio/devices" };
	int r;

	if (is_devtmpfs(paths[0], &ret->systems[0])) {
		ret->n_systems = 1;
		return 0;
	}
	r = find_devtmpfs(proc, ret, err);
	if (r < 0)
		return r;
	if (is_system_of_its_own(paths[0], &ret->systems[ret->n_systems]))
		ret->n_systems++;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (stat(paths[i], &ret->directories[ret->n_directories]) == 0)
			ret->n_directories++;
		else if (errno != ENOENT)
			return error_set(err, ERROR_IO, "%s: can't be examined: %s",
					 paths[i], strerror(errno));
	}
	return 0;
}
