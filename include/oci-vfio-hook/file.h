/* SPDX-License-Identifier: Apache-2.0 */
/* Open files and directories: owned descriptors, reading them whole, names in messages.
 * Knows no format and no path. */
#ifndef OCI_VFIO_HOOK_FILE_H
#define OCI_VFIO_HOOK_FILE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* Evaluates a call that returns -1 and sets errno again as long as a signal interrupts it. */
#define RETRY_ON_EINTR(call)                                                             \
	({                                                                               \
		__typeof__(call) result_;                                                \
		do {                                                                     \
			result_ = (call);                                                \
		} while (result_ == -1 && errno == EINTR);                               \
		result_;                                                                 \
	})

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}
#define auto_close __attribute__((cleanup(close_fd)))
#define take_fd(fd)                                                                      \
	({                                                                               \
		int taken_ = (fd);                                                       \
		(fd) = -1;                                                               \
		taken_;                                                                  \
	})

static inline bool file_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* openat2(2) with RESOLVE_NO_MAGICLINKS and these RESOLVE_*; O_CLOEXEC is added. Returns the
 * fd or -errno. */
int fd_open_confined(int at, const char *path, int flags, uint64_t resolve);

/* openat() with O_CREAT, O_NOFOLLOW and O_CLOEXEC added; a file that it makes has just this mode,
 * whatever the umask. Returns the fd or -errno. */
int fd_make(int at, const char *path, int flags, mode_t mode);

/* As read(), again where a signal interrupts it. Returns the count or -errno. */
ssize_t fd_read(int fd, char *data, size_t size);

/* Reads an open file to its end: `expected` bytes (its st_size; with one read if that is
 * right), or as many as there are (0: not known, a pipe). More than `max` bytes:
 * ERROR_DATA. `name` is for messages. *ret has a NUL after it; the caller frees. */
int file_read(int fd, const char *name, uint64_t expected, size_t max, char **ret,
	      size_t *ret_length, struct error *err);

/* Reads the whole file that somebody named; "-" is the standard input where `or_stdin`.
 * *ret_name is what messages call it, also after an error. The caller frees both. */
int file_read_input(const char *path, bool or_stdin, size_t max, char **ret_name,
		    char **ret, size_t *ret_length, struct error *err);

/* The names in a directory, in the order of their bytes, without "." and "..". */
struct names {
	char **items; /* owned */
	size_t count, capacity;
};

#define auto_names __attribute__((cleanup(names_free))) struct names

/* Lists an open directory (not O_PATH). 0 or -errno. */
int names_read(int directory, struct names *ret);
void names_free(struct names *names);

/* Returns the error class for an errno of opening something that the user named. */
enum error_class error_class_of_errno(int number);

/* Records that `path` can't be read, for a positive errno: ERROR_IO, ERROR_PERMISSION. */
int file_error(const char *path, int number, struct error *err);

#endif
