/* The file system of the machine below --root: how every path of sysfs, /dev, /run and
 * /etc is opened, and how files are read. Knows no format.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_MACHINE_H
#define OCI_VFIO_HOOK_MACHINE_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

struct machine {
	int root;  /* directory fd, -1 with `real`; owned */
	bool real; /* / itself; else paths are resolved below `root` (RESOLVE_IN_ROOT) */
};

#define MACHINE_INIT                                                                     \
	{                                                                                \
		.root = -1                                                               \
	}

/* The machine itself, without --root. */
extern const struct machine machine_real;

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

/* `directory` NULL: the real machine; else the argument of --root, "/" too.
 * ERROR_NO_INPUT, ERROR_DATA (no directory), ERROR_PERMISSION. */
int machine_open(const char *directory, struct machine *ret, struct error *err);
void machine_close(struct machine *machine);

/* Opens an absolute path of the machine (`at` is AT_FDCWD), or a path below the directory
 * fd `at` of it; below --root the second one follows no link that leads out of `at`
 * (-EXDEV). O_CLOEXEC and O_NOCTTY are added. Returns the fd or -errno. */
int machine_openat(const struct machine *machine, int at, const char *path, int flags);

/* Reads a link's target, NUL-terminated, into `target`. 0 or -errno (-ENAMETOOLONG: does
 * not fit). The path's last component is not followed. */
int machine_readlink(const struct machine *machine, int at, const char *path,
		     char *target, size_t size);

/* Reads a small attribute (sysfs) without its final newline, NUL-terminated. 0 or -errno
 * (-EFBIG: does not fit, -EILSEQ: a NUL in it). */
int machine_read_attribute(const struct machine *machine, int at, const char *path,
			   char *value, size_t size);

/* Reads an open file to its end: `expected` bytes (its st_size; with one read if that is
 * right), or as many as there are (0: not known, a pipe). More than `max` bytes:
 * ERROR_DATA. `name` is for messages. *ret has a NUL behind it; the caller frees. */
int file_read(int fd, const char *name, uint64_t expected, size_t max, char **ret,
	      size_t *ret_length, struct error *err);

/* Returns the path as messages show it: as it is, but quoted where it has bytes that a
 * terminal should not get. The caller frees. */
char *path_display(const char *path);

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

#endif
