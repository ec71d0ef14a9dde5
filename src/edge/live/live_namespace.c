/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process: its mount namespace, to go there and back, and who its
 * users are. */
#include "live_internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "oci-vfio-hook/user_namespace.h"

static int namespace_error(const struct live_namespace *mount_namespace, const char *what,
			   int number, struct error *err)
{
	if (number == EPERM || number == EACCES)
		return error_set(
			err, ERROR_PERMISSION,
			"state: pid %d: %s: %s; the hook must be root, or the user that the container's user namespace belongs to",
			mount_namespace->pid, what, strerror(number));
	if (number == ESRCH || number == ENOENT)
		return error_set(err, ERROR_DATA,
				 "state: pid %d: there is no such process",
				 mount_namespace->pid);
	return error_set(err, ERROR_IO, "state: pid %d: %s: %s", mount_namespace->pid,
			 what, strerror(number));
}

int live_open_process(int64_t pid)
{
	long fd;

	if (pid <= 0)
		return -ESRCH;
	fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	return fd < 0 ? -errno : (int)fd;
}

/* The pidfd came first and is asked last: in between /proc/PID was this process. */
static int open_process(struct live_namespace *mount_namespace, struct error *err)
{
	auto_free char *path = text_number("/proc/", (uint64_t)mount_namespace->pid, "");

	if (mount_namespace->process < 0)
		return namespace_error(mount_namespace, "can't be opened",
				       -mount_namespace->process, err);
	mount_namespace->proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount_namespace->proc < 0)
		return namespace_error(mount_namespace, "/proc", errno, err);
	mount_namespace->other =
		openat(mount_namespace->proc, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (mount_namespace->other < 0)
		return namespace_error(mount_namespace,
				       "its mount namespace can't be opened", errno, err);
	if (syscall(SYS_pidfd_send_signal, mount_namespace->process, 0, NULL, 0) < 0)
		return namespace_error(mount_namespace, "can't be asked", errno, err);
	return 0;
}

static int check_mount_namespace(struct live_namespace *mount_namespace,
				 struct error *err)
{
	struct stat own, other;

	mount_namespace->own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	mount_namespace->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	mount_namespace->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount_namespace->own < 0 || mount_namespace->root < 0 ||
	    mount_namespace->directory < 0 || fstat(mount_namespace->own, &own) < 0 ||
	    fstat(mount_namespace->other, &other) < 0)
		return namespace_error(mount_namespace, "the hook's own mount namespace",
				       errno, err);
	if (file_same(&own, &other))
		return error_set(
			err, ERROR_DATA,
			"state: pid %d: its mount namespace is the hook's own: it is not a created container, and this machine's nodes are not to be changed",
			mount_namespace->pid);
	return 0;
}

static int read_users(struct live_namespace *mount_namespace, struct error *err)
{
	struct user_namespace self;
	uint32_t other;
	int r = user_namespace_read(&self, err);

	if (r < 0)
		return r;
	mount_namespace->privileged = self.initial;
	r = user_namespace_read_link(mount_namespace->proc, "ns/user", &other);
	/* A kernel without user namespaces has no such file, not even for ourselves. */
	if (r == -ENOENT && self.number == 0)
		return 0;
	if (r < 0)
		return namespace_error(mount_namespace,
				       "its user namespace can't be examined", -r, err);
	mount_namespace->foreign = self.number != other;
	if (!mount_namespace->foreign)
		return 0;
	r = user_namespace_read_map(mount_namespace->proc, "uid_map",
				    &mount_namespace->users, err);
	if (r == 0)
		r = user_namespace_read_map(mount_namespace->proc, "gid_map",
					    &mount_namespace->groups, err);
	if (r < 0)
		return error_prefix(err, "state: pid %d", mount_namespace->pid);
	return live_namespace_find_owner(mount_namespace, 0, 0,
					 &mount_namespace->root_user,
					 &mount_namespace->root_group, err);
}

int live_namespace_open(int64_t pid, int process, struct live_namespace *ret,
			struct error *err)
{
	int r;

	if (pid <= 0)
		return error_set(
			err, ERROR_DATA,
			"state: \"pid\" is missing: the container must be created before its devices can be changed");
	ret->pid = (pid_t)pid;
	ret->process = process;
	r = open_process(ret, err);
	if (r == 0)
		r = check_mount_namespace(ret, err);
	return r < 0 ? r : read_users(ret, err);
}

int live_namespace_join(struct live_namespace *mount_namespace, struct error *err)
{
	if (setns(mount_namespace->other, CLONE_NEWNS) < 0)
		return namespace_error(mount_namespace,
				       "its mount namespace can't be joined", errno, err);
	mount_namespace->joined = true;
	return 0;
}

static int way_back_failed(const struct live_namespace *mount_namespace,
			   struct error *err)
{
	return namespace_error(mount_namespace,
			       "the way back from its mount namespace failed", errno,
			       err);
}

int live_namespace_leave(struct live_namespace *mount_namespace, struct error *err)
{
	if (!mount_namespace->joined)
		return 0;
	if (setns(mount_namespace->own, CLONE_NEWNS) < 0)
		return way_back_failed(mount_namespace, err);
	mount_namespace->joined = false;
	/* setns() has set the root to the namespace's, which isn't ours if we are in a
	 * chroot. */
	if (fchdir(mount_namespace->root) < 0 || chroot(".") < 0 ||
	    fchdir(mount_namespace->directory) < 0)
		return way_back_failed(mount_namespace, err);
	return 0;
}

void live_namespace_close(struct live_namespace *mount_namespace)
{
	close_fd(&mount_namespace->proc);
	close_fd(&mount_namespace->own);
	close_fd(&mount_namespace->other);
	close_fd(&mount_namespace->root);
	close_fd(&mount_namespace->directory);
	id_map_free(&mount_namespace->users);
	id_map_free(&mount_namespace->groups);
}

static int open_rootfs(const struct live_namespace *mount_namespace, const char *path,
		       int *ret, struct error *err)
{
	auto_close int base = -1, fd = -1;
	struct statx status;

	base = path[0] == '/' ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
			      : openat(mount_namespace->proc, "cwd",
				       O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0)
		fd = openat(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(
			err, ERROR_DATA,
			"can't be opened as the rootfs in the mount namespace of pid %d: %s",
			mount_namespace->pid, strerror(errno));
	if (statx(fd, "", AT_EMPTY_PATH, 0, &status) < 0 ||
	    !(status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return error_set(
			err, ERROR_UNAVAILABLE,
			"this kernel doesn't tell whether it is a mount point; Linux 5.8 does");
	if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(
			err, ERROR_DATA,
			"is not a mount point in the mount namespace of pid %d, so it is not the rootfs of a created container",
			mount_namespace->pid);
	*ret = take_fd(fd);
	return 0;
}

/* Quotes its path only where that failed: otherwise no memory may be taken any more. */
int live_namespace_open_rootfs(const struct live_namespace *mount_namespace,
			       const char *path, int *ret, struct error *err)
{
	int r = open_rootfs(mount_namespace, path, ret, err);

	if (r < 0) {
		auto_free char *name = path_display(path);

		error_prefix(err, "%s", name);
	}
	return r;
}

int live_namespace_become_root(const struct live_namespace *mount_namespace)
{
	if (!mount_namespace->foreign)
		return 0;
	setfsgid(mount_namespace->root_group);
	setfsuid(mount_namespace->root_user);
	/* They return the old id, whatever they did. */
	if ((uid_t)setfsuid((uid_t)-1) == mount_namespace->root_user &&
	    (gid_t)setfsgid((gid_t)-1) == mount_namespace->root_group)
		return 0;
	live_namespace_become_self(mount_namespace);
	return -EPERM;
}

void live_namespace_become_self(const struct live_namespace *mount_namespace)
{
	if (!mount_namespace->foreign)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

int live_namespace_find_owner(const struct live_namespace *mount_namespace, uint32_t uid,
			      uint32_t gid, uid_t *ret_uid, gid_t *ret_gid,
			      struct error *err)
{
	*ret_uid = uid;
	*ret_gid = gid;
	if (!mount_namespace->foreign ||
	    (id_map_find(&mount_namespace->users, uid, ret_uid) &&
	     id_map_find(&mount_namespace->groups, gid, ret_gid)))
		return 0;
	return error_set(
		err, ERROR_DATA,
		"state: pid %d: its user namespace has no user %u or no group %u",
		mount_namespace->pid, uid, gid);
}
