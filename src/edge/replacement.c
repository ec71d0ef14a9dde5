/* SPDX-License-Identifier: Apache-2.0 */
/* A new file that takes the place of another in one step. */
#include "oci-vfio-hook/replacement.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#define ACCESS_LIST "system.posix_acl_access"

/* Parts of a text for one writev(): more than nearly all runs have, and 1 KiB of stack. */
#define PARTS_AT_ONCE 64

static int set_error(const char *name, const char *what, int number, const char *outcome,
		     struct error *err)
{
	enum error_class class = ERROR_IO;
	const char *remedy = "";

	switch (number) {
	case EACCES:
	case EPERM:
		class = ERROR_PERMISSION;
		remedy =
			": it takes the rights of the file's owner and write access to its directory";
		break;
	case EROFS:
		remedy = ": put it on a file system that is mounted read-write";
		break;
	case ENOSPC:
	case EDQUOT:
		remedy = ": make room there";
		break;
	case EFBIG:
		remedy = ": raise the limit on the size of files, RLIMIT_FSIZE";
		break;
	default:
		break;
	}
	return error_set(err, class, "%s: %s: %s%s%s", name, what, strerror(number),
			 remedy, outcome);
}

int replacement_error(const char *name, const char *what, int number, struct error *err)
{
	return set_error(name, what, number, "; nothing was changed", err);
}

/* 0600 less the umask, whatever mode follows: until it has its owner nobody else may open
 * it. */
static int create(int directory, const char *temporary, int flags)
{
	int fd = RETRY_ON_EINTR(
		openat(directory, temporary, O_WRONLY | O_CLOEXEC | flags, 0600));

	return fd < 0 ? -errno : fd;
}

#define CREATE (O_CREAT | O_EXCL | O_NOFOLLOW)

static int create_unnamed(int directory, bool *ret_unnamed, const char *temporary)
{
	int fd = create(directory, ".", O_TMPFILE);

	*ret_unnamed = fd >= 0;
	/* Not every file system has such files. */
	return fd >= 0 ? fd : create(directory, temporary, CREATE);
}

/* Without /proc it takes CAP_DAC_READ_SEARCH. */
static int give_name(struct replacement *replacement)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", replacement->fd);
	if (linkat(AT_FDCWD, path, replacement->directory, replacement->temporary,
		   AT_SYMLINK_FOLLOW) < 0 &&
	    linkat(replacement->fd, "", replacement->directory, replacement->temporary,
		   AT_EMPTY_PATH) < 0)
		return -errno;
	replacement->unnamed = false;
	return 0;
}

int replacement_random_name(char ret[static REPLACEMENT_NAME_SIZE], const char *name,
			    struct error *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_set(err, ERROR_IO,
				 "%s: no random number for a temporary name: %s", name,
				 strerror(errno));
	snprintf(ret, REPLACEMENT_NAME_SIZE, ".oci-vfio-hook.%016llx",
		 (unsigned long long)random);
	return 0;
}

int replacement_create(int directory, const char *temporary, bool exclusive,
		       const char *name, struct replacement *ret, struct error *err)
{
	bool unnamed = false;
	int fd = exclusive ? create(directory, temporary, CREATE)
			   : create_unnamed(directory, &unnamed, temporary);

	if (fd == -EEXIST && exclusive && unlinkat(directory, temporary, 0) == 0)
		fd = create(directory, temporary, CREATE);
	if (fd == -EEXIST || fd == -EISDIR)
		return error_set(
			err, ERROR_IO,
			"%s: can't be replaced: %s beside it is in the way: remove it",
			name, temporary);
	if (fd < 0)
		return replacement_error(name, "can't make a new file beside it", -fd,
					 err);
	*ret = (struct replacement) { directory, temporary, unnamed, fd, name };
	return 0;
}

/* Takes `written` bytes off the front of the parts; returns how many of them are left. */
static size_t skip_written(struct iovec *parts, size_t n_parts, size_t written)
{
	size_t done = 0;

	while (done < n_parts && written >= parts[done].iov_len)
		written -= parts[done++].iov_len;
	if (done < n_parts) {
		parts[done].iov_base = (char *)parts[done].iov_base + written;
		parts[done].iov_len -= written;
	}
	if (done > 0 && done < n_parts)
		memmove(parts, parts + done, (n_parts - done) * sizeof(*parts));
	return n_parts - done;
}

int file_write(int fd, const char *name, struct spliced text, struct error *err)
{
	struct iovec left[PARTS_AT_ONCE];
	size_t n_left = 0;
	struct slice piece;

	for (;;) {
		ssize_t n;

		while (n_left < PARTS_AT_ONCE && spliced_next(&text, &piece))
			left[n_left++] = (struct iovec) {
				.iov_base = (void *)(uintptr_t)piece.data,
				.iov_len = piece.length,
			};
		if (n_left == 0)
			return 0;
		n = RETRY_ON_EINTR(writev(fd, left, (int)n_left));
		if (n <= 0)
			return replacement_error(name, "can't be written",
						 n < 0 ? errno : ENOSPC, err);
		n_left = skip_written(left, n_left, (size_t)n);
	}
}

/* Returns the names of the file's extended attributes in *ret, one after the other, each
 * with a NUL, and their length, or -errno. `buffer` serves where it is large enough, so
 * that a file without any costs one call; else *ret_owned. */
static ssize_t list_attributes(int fd, char *buffer, size_t size, const char **ret,
			       char **ret_owned)
{
	ssize_t length = flistxattr(fd, buffer, size);

	*ret = buffer;
	*ret_owned = NULL;
	if (length < 0 && errno == ERANGE) {
		*ret_owned = xzalloc(XATTR_LIST_MAX);
		*ret = *ret_owned;
		length = flistxattr(fd, *ret_owned, XATTR_LIST_MAX);
	}
	if (length < 0)
		return errno == ENOTSUP ? 0 : -errno;
	return length;
}

static bool list_has(const char *list, ssize_t length, const char *name)
{
	for (const char *at = list; at < list + length; at += strlen(at) + 1) {
		if (strcmp(at, name) == 0)
			return true;
	}
	return false;
}

/* Returns 0 or -errno. */
static int copy_attribute(int from, int to, const char *name)
{
	auto_free char *value = NULL;
	ssize_t length = fgetxattr(from, name, NULL, 0);

	if (length >= 0) {
		value = xzalloc((size_t)length);
		length = fgetxattr(from, name, value, (size_t)length);
	}
	if (length < 0)
		return errno == ENOTSUP || errno == ENODATA ? 0 : -errno;
	if (fsetxattr(to, name, value, (size_t)length, 0) < 0 && errno != ENOTSUP)
		return -errno;
	return 0;
}

static int copy_attributes(const struct replacement *replacement, int old,
			   bool *ret_access_list, struct error *err)
{
	char buffer[256];
	const char *list;
	auto_free char *owned = NULL;
	ssize_t length = list_attributes(old, buffer, sizeof(buffer), &list, &owned);

	if (length < 0)
		return replacement_error(replacement->name,
					 "can't list its extended attributes",
					 (int)-length, err);
	for (const char *at = list; at < list + length; at += strlen(at) + 1) {
		auto_free char *what = NULL;
		int r;

		if (strcmp(at, "security.ima") == 0 || strcmp(at, "security.evm") == 0)
			continue;
		r = copy_attribute(old, replacement->fd, at);
		if (r == 0)
			continue;
		what = xasprintf("can't give the new file its extended attribute %s", at);
		return replacement_error(replacement->name, what, -r, err);
	}
	*ret_access_list = list_has(list, length, ACCESS_LIST);
	return 0;
}

/* The new file has inherited a default access list of the directory: with the old mode it
 * would let in others than the old file did. */
static int drop_inherited_access_list(const struct replacement *replacement,
				      struct error *err)
{
	char buffer[256];
	const char *list;
	auto_free char *owned = NULL;
	ssize_t length =
		list_attributes(replacement->fd, buffer, sizeof(buffer), &list, &owned);

	if (length < 0)
		return replacement_error(replacement->name,
					 "can't list the new file's extended attributes",
					 (int)-length, err);
	if (list_has(list, length, ACCESS_LIST) &&
	    fremovexattr(replacement->fd, ACCESS_LIST) < 0)
		return replacement_error(replacement->name,
					 "can't clear the new file's access list", errno,
					 err);
	return 0;
}

int replacement_copy_attributes(const struct replacement *replacement, int old,
				const struct stat *status, struct error *err)
{
	int fd = replacement->fd;
	const char *name = replacement->name;
	bool access_list = false;
	struct stat own;
	int r;

	if (fstat(fd, &own) < 0)
		return replacement_error(name, "can't examine the new file", errno, err);
	/* A umask that cuts what is the owner's is rare: nothing is asked of it before. */
	if ((own.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
		return replacement_error(name, "can't give the new file its mode", errno,
					 err);
	if ((own.st_uid != status->st_uid || own.st_gid != status->st_gid) &&
	    fchown(fd, status->st_uid, status->st_gid) < 0)
		return replacement_error(name, "can't give the new file its owner", errno,
					 err);
	/* The mode comes last: a read-only file takes no user.* attribute from its owner,
	 * and the access list sets the mode too. */
	r = copy_attributes(replacement, old, &access_list, err);
	if (r == 0 && !access_list)
		r = drop_inherited_access_list(replacement, err);
	if (r < 0)
		return r;
	if ((status->st_mode & 07777) != 0600 && fchmod(fd, status->st_mode & 07777) < 0)
		return replacement_error(name, "can't give the new file its mode", errno,
					 err);
	return 0;
}

int replacement_finish(struct replacement *replacement, const char *file,
		       struct error *err)
{
	int r = replacement->unnamed ? give_name(replacement) : 0;
	int fd;

	if (r < 0)
		return set_error(replacement->name, "can't be replaced", -r, "", err);
	fd = take_fd(replacement->fd);
	/* A network file system may say only now that the disk is full. */
	if (close(fd) < 0 && errno != EINTR)
		return set_error(replacement->name, "can't be written", errno, "", err);
	if (renameat(replacement->directory, replacement->temporary,
		     replacement->directory, file) < 0)
		return set_error(replacement->name, "can't be replaced", errno, "", err);
	replacement->temporary = NULL;
	return 0;
}

void replacement_drop(struct replacement *replacement)
{
	close_fd(&replacement->fd);
	if (replacement->temporary != NULL && !replacement->unnamed)
		unlinkat(replacement->directory, replacement->temporary, 0);
	replacement->temporary = NULL;
}
