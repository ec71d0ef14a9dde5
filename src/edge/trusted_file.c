/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have written a map or the configuration: a map chooses devices, so it must come
 * from the machine's administrator or from the user that we run as. What is in the files is
 * not known here. */
#include "oci-vfio-hook/trusted_file.h"

#include <errno.h>

#include "oci-vfio-hook/user_namespace.h"

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

int trusted_file_error(const char *name, int number, struct error *err)
{
	return error_set(err, error_class_of_errno(number), "%s: can't be opened: %s",
			 name, strerror(number));
}

/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
int trusted_file_open(const struct sysroot *sysroot, const char *path)
{
	return sysroot_openat(sysroot != NULL ? sysroot : &sysroot_real, AT_FDCWD, path,
			      O_RDONLY | O_NONBLOCK);
}

char *trusted_file_display(const struct sysroot *sysroot, const char *path)
{
	return sysroot != NULL ? sysroot_display(sysroot, path) : path_display(path);
}

int trusted_file_read_fd(int fd, const char *name, char **ret, size_t *ret_length,
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
	return file_read(fd, name, (uint64_t)status.st_size, TRUSTED_FILE_MAX, ret,
			 ret_length, err);
}

int trusted_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		      size_t *ret_length, struct error *err)
{
	auto_close int fd = trusted_file_open(sysroot, path);
	auto_free char *name = NULL;

	if (fd == -ENOENT && sysroot != NULL)
		return 1;
	name = trusted_file_display(sysroot, path);
	if (fd < 0)
		return trusted_file_error(name, -fd, err);
	return trusted_file_read_fd(fd, name, ret, ret_length, err);
}

int trusted_directory_list(const struct sysroot *sysroot, const char *path,
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
		return trusted_file_error(name, -fd, err);
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
