/* The container's first process: its mount namespace, to go there and back, and who its
 * users are.
 * SPDX-License-Identifier: Apache-2.0 */
#include "live_internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "oci-vfio-hook/user_namespace.h"

static int namespace_error(const struct live_namespace *namespace, const char *what,
			   int number, struct error *err)
{
	if (number == EPERM || number == EACCES)
		return error_set(err, ERROR_PERMISSION,
				 "state: pid %d: %s: %s; the hook must be root, or the "
				 "user that the container's user namespace belongs to",
				 namespace->pid, what, strerror(number));
	if (number == ESRCH || number == ENOENT)
		return error_set(err, ERROR_DATA,
				 "state: pid %d: there is no such process",
				 namespace->pid);
	return error_set(err, ERROR_IO, "state: pid %d: %s: %s", namespace->pid, what,
			 strerror(number));
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
static int open_process(struct live_namespace *namespace, struct error *err)
{
	auto_free char *path = text_number("/proc/", (uint64_t) namespace->pid, "");

	if (namespace->process < 0)
		return namespace_error(namespace, "can't be opened", -namespace->process,
				       err);
	namespace->proc = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (namespace->proc < 0)
		return namespace_error(namespace, "/proc", errno, err);
	namespace->other = openat(namespace->proc, "ns/mnt", O_RDONLY | O_CLOEXEC);
	if (namespace->other < 0)
		return namespace_error(namespace, "its mount namespace can't be opened",
				       errno, err);
	if (syscall(SYS_pidfd_send_signal, namespace->process, 0, NULL, 0) < 0)
		return namespace_error(namespace, "can't be asked", errno, err);
	return 0;
}

static int check_mount_namespace(struct live_namespace *namespace, struct error *err)
{
	struct stat own, other;

	namespace->own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	namespace->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	namespace->directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (namespace->own < 0 || namespace->root < 0 || namespace->directory < 0 ||
	    fstat(namespace->own, &own) < 0 || fstat(namespace->other, &other) < 0)
		return namespace_error(namespace, "the hook's own mount namespace", errno,
				       err);
	if (file_same(&own, &other))
		return error_set(
			err, ERROR_DATA,
			"state: pid %d: its mount namespace is the hook's own: it "
			"is no created container, and this machine's nodes are "
			"not to be changed",
			namespace->pid);
	return 0;
}

static int read_users(struct live_namespace *namespace, struct error *err)
{
	struct user_namespace self;
	char other[USER_NAMESPACE_NAME_SIZE];
	int r = user_namespace_read(&self, err);

	if (r < 0)
		return r;
	namespace->privileged = self.initial;
	r = machine_readlink(&machine_real, namespace->proc, "ns/user", other,
			     sizeof(other));
	/* A kernel without user namespaces has no such file, for us neither. */
	if (r == -ENOENT && self.name[0] == '\0')
		return 0;
	if (r < 0)
		return namespace_error(namespace, "its user namespace can't be examined",
				       -r, err);
	namespace->foreign = !text_equal(self.name, other);
	if (!namespace->foreign)
		return 0;
	r = id_map_read(namespace->proc, "uid_map", &namespace->users, err);
	if (r == 0)
		r = id_map_read(namespace->proc, "gid_map", &namespace->groups, err);
	if (r < 0)
		return error_prefix(err, "state: pid %d", namespace->pid);
	return live_namespace_find_owner(namespace, 0, 0, &namespace->root_user,
					 &namespace->root_group, err);
}

int live_namespace_open(int64_t pid, int process, struct live_namespace *ret,
			struct error *err)
{
	int r;

	if (pid <= 0)
		return error_set(err, ERROR_DATA,
				 "state: has no \"pid\" of a created container, whose "
				 "devices have to change");
	ret->pid = (pid_t)pid;
	ret->process = process;
	r = open_process(ret, err);
	if (r == 0)
		r = check_mount_namespace(ret, err);
	return r < 0 ? r : read_users(ret, err);
}

int live_namespace_join(struct live_namespace *namespace, struct error *err)
{
	if (setns(namespace->other, CLONE_NEWNS) < 0)
		return namespace_error(namespace, "its mount namespace can't be joined",
				       errno, err);
	namespace->joined = true;
	return 0;
}

static int way_back_failed(const struct live_namespace *namespace, struct error *err)
{
	return namespace_error(namespace, "the way back from its mount namespace failed",
			       errno, err);
}

int live_namespace_leave(struct live_namespace *namespace, struct error *err)
{
	if (!namespace->joined)
		return 0;
	if (setns(namespace->own, CLONE_NEWNS) < 0)
		return way_back_failed(namespace, err);
	namespace->joined = false;
	/* setns() has set the root to the namespace's, which is not ours in a chroot. */
	if (fchdir(namespace->root) < 0 || chroot(".") < 0 ||
	    fchdir(namespace->directory) < 0)
		return way_back_failed(namespace, err);
	return 0;
}

void live_namespace_close(struct live_namespace *namespace)
{
	close_fd(&namespace->proc);
	close_fd(&namespace->own);
	close_fd(&namespace->other);
	close_fd(&namespace->root);
	close_fd(&namespace->directory);
	id_map_free(&namespace->users);
	id_map_free(&namespace->groups);
}

int live_namespace_open_rootfs(const struct live_namespace *namespace, const char *path,
			       int *ret, struct error *err)
{
	auto_close int base = -1, fd = -1;
	auto_free char *name = path_display(path);
	struct statx status;

	base = path[0] == '/'
		       ? open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)
		       : openat(namespace->proc, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (base >= 0)
		fd = openat(base, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, ERROR_DATA,
				 "%s: can't be opened as the rootfs in the mount "
				 "namespace of pid %d: %s",
				 name, namespace->pid, strerror(errno));
	if (statx(fd, "", AT_EMPTY_PATH, 0, &status) < 0 ||
	    !(status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return error_set(err, ERROR_UNAVAILABLE,
				 "%s: this kernel doesn't tell whether it is a mount "
				 "point; Linux 5.8 does",
				 name);
	if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(
			err, ERROR_DATA,
			"%s: is no mount point in the mount namespace of pid %d, "
			"so it is not the rootfs of a created container",
			name, namespace->pid);
	*ret = take_fd(fd);
	return 0;
}

int live_namespace_become_root(const struct live_namespace *namespace)
{
	if (!namespace->foreign)
		return 0;
	setfsgid(namespace->root_group);
	setfsuid(namespace->root_user);
	/* They return the old id, whatever they did. */
	if ((uid_t)setfsuid((uid_t)-1) == namespace->root_user &&
	    (gid_t)setfsgid((gid_t)-1) == namespace->root_group)
		return 0;
	live_namespace_become_self(namespace);
	return -EPERM;
}

void live_namespace_become_self(const struct live_namespace *namespace)
{
	if (!namespace->foreign)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
}

int live_namespace_find_owner(const struct live_namespace *namespace, uint32_t uid,
			      uint32_t gid, uid_t *ret_uid, gid_t *ret_gid,
			      struct error *err)
{
	*ret_uid = uid;
	*ret_gid = gid;
	if (!namespace->foreign || (id_map_find(&namespace->users, uid, ret_uid) &&
				    id_map_find(&namespace->groups, gid, ret_gid)))
		return 0;
	return error_set(
		err, ERROR_DATA,
		"state: pid %d: its user namespace has no user %u or no group %u",
		namespace->pid, uid, gid);
}
