/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that writers of a bundle take. */
#include "bundle_lock.h"

#include <sys/file.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/replacement.h"

#define LOCK_FILE ".config.json.oci-vfio-hook.lock"

#define LOCK_SECONDS 5

/* Is it a file that others can't lock: a run's of this user, of root, or of the bundle's
 * owner? In a directory where everybody may make files it could be anybody's. */
static bool is_private(int directory, const struct stat *status)
{
	struct stat bundle;

	return S_ISREG(status->st_mode) && (status->st_mode & 077) == 0 &&
	       (status->st_uid == 0 || status->st_uid == geteuid() ||
		(fstat(directory, &bundle) == 0 && status->st_uid == bundle.st_uid));
}

/* Removes what no run has made. Returns -EAGAIN: try again. */
static int clear_place(int directory, const char *name, struct error *err)
{
	if (unlinkat(directory, LOCK_FILE, 0) == 0 || errno == ENOENT)
		return -EAGAIN;
	return error_set(
		err, ERROR_IO,
		"%s: the bundle can't be locked: %s beside it is in the way: remove it",
		name, LOCK_FILE);
}

/* Is it still the file of that name? */
static bool is_in_place(int directory, const struct stat *own)
{
	struct stat named;

	return fstatat(directory, LOCK_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       file_same(own, &named);
}

/* Removes the file if this run made it: one that was there before may be held by somebody
 * else. */
static void give_up(int directory, int fd, bool made)
{
	struct stat own;

	if (made && fstat(fd, &own) == 0 && is_in_place(directory, &own))
		unlinkat(directory, LOCK_FILE, 0);
}

/* Returns the fd or -errno; *ret_made: the file is new. -EAGAIN: there was one, which its
 * holder has removed meanwhile. */
static int open_or_make(int directory, bool *ret_made)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd = fd_make(directory, LOCK_FILE, flags | O_EXCL, 0600);

	*ret_made = fd >= 0;
	if (fd != -EEXIST)
		return fd;
	fd = RETRY_ON_EINTR(openat(directory, LOCK_FILE, flags));
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	return fd;
}

/* Opens the file, making it if it is missing. Returns the fd, or -EAGAIN. */
static int open_lock(int directory, const char *name, struct stat *ret, bool *ret_made,
		     struct error *err)
{
	auto_close int fd = open_or_make(directory, ret_made);
	int r;

	switch (fd) {
	case -EAGAIN:
		return fd;
	case -ELOOP:
	case -ENXIO:
	case -ENODEV:
	case -EISDIR:
		return clear_place(directory, name, err);
	default:
		break;
	}
	if (fd < 0)
		return replacement_error(name, "the bundle can't be locked", -fd, err);
	if (fstat(fd, ret) < 0) {
		r = replacement_error(name, "the bundle's lock can't be examined", errno,
				      err);
		give_up(directory, fd, *ret_made);
		return r;
	}
	if (!*ret_made && !is_private(directory, ret))
		return clear_place(directory, name, err);
	return take_fd(fd);
}

/* One attempt. Returns the fd; -EAGAIN: somebody else had it. Not a blocking flock(): that
 * could only be ended by a signal, and a hook has no timer of its own to spare. */
static int try_lock(int directory, const char *name, struct stat *ret, struct error *err)
{
	bool made = false;
	auto_close int fd = open_lock(directory, name, ret, &made, err);
	int r;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK || errno == EINTR)
			return -EAGAIN;
		r = replacement_error(name, "the bundle can't be locked", errno, err);
		give_up(directory, fd, made);
		return r;
	}
	/* The holder removes the file: whoever waited for it then has one that nobody else can
	 * find. */
	return is_in_place(directory, ret) ? take_fd(fd) : -EAGAIN;
}

static int tell_held(const char *name, uint64_t began, struct error *err)
{
	return error_set(
		err, ERROR_TIMEOUT,
		"%s: another process has held the bundle's lock, %s beside it, for %u s: is an oci-vfio-hook stuck there?",
		name, LOCK_FILE,
		(unsigned int)((clock_read() - began + CLOCK_SECOND / 2) / CLOCK_SECOND));
}

int bundle_lock_take(int directory, const char *name, uint64_t deadline, int *ret,
		     struct stat *ret_file, struct error *err)
{
	uint64_t began = 0, end = 0;
	long pause = 0;

	for (;;) {
		struct stat file = { 0 };
		int fd = try_lock(directory, name, &file, err);

		if (fd >= 0) {
			*ret = fd;
			*ret_file = file;
			return 0;
		}
		if (fd != -EAGAIN)
			return fd;
		if (end == 0) {
			began = clock_read();
			end = clock_end(LOCK_SECONDS * CLOCK_SECOND, deadline);
		}
		if (clock_left(end) == 0)
			return tell_held(name, began, err);
		clock_pause(&pause);
	}
}

void bundle_lock_release(int directory, int *lock, const struct stat *file)
{
	/* Another user's run may have removed it, taking it for something else than a lock. */
	if (*lock >= 0 && is_in_place(directory, file))
		unlinkat(directory, LOCK_FILE, 0);
	/* The descriptor goes with the process: nobody finds that file any more. */
	*lock = -1;
}
