/* SPDX-License-Identifier: Apache-2.0 */
/* The file system of the machine below --root: how every path of sysfs, /dev, /run and
 * /etc is opened, and how files are read. Knows no format. */
#ifndef OCI_VFIO_HOOK_SYSROOT_H
#define OCI_VFIO_HOOK_SYSROOT_H

#include "oci-vfio-hook/file.h"

struct sysroot {
	int root;  /* directory fd, -1 with `real`; owned */
	bool real; /* / itself; else paths are resolved below `root` (RESOLVE_IN_ROOT) */
	const char
		*name; /* of the directory as it was given, NULL with `real`; borrowed */
};

#define SYSROOT_INIT                                                                     \
	{                                                                                \
		.root = -1                                                               \
	}

/* The machine itself, without --root. */
extern const struct sysroot sysroot_real;

/* `directory` NULL: the real machine; else the argument of --root, "/" too.
 * ERROR_NO_INPUT, ERROR_DATA (no directory), ERROR_PERMISSION. */
int sysroot_open(const char *directory, struct sysroot *ret, struct error *err);

/* Returns an absolute path of the machine as a message names it, for its reader to type:
 * below --root with that directory before it. The caller frees. */
char *sysroot_display(const struct sysroot *sysroot, const char *path);

/* Opens an absolute path of the machine (`at` is AT_FDCWD), or a path below the directory
 * fd `at` of it; below --root the second one follows no link that leads out of `at`
 * (-EXDEV). O_CLOEXEC and O_NOCTTY are added. Returns the fd or -errno. */
int sysroot_openat(const struct sysroot *sysroot, int at, const char *path, int flags);

/* Reads a link's target, NUL-terminated, into `target`. 0 or -errno (-ENAMETOOLONG: does
 * not fit). The path's last component is not followed. */
int sysroot_readlink(const struct sysroot *sysroot, int at, const char *path,
		     char *target, size_t size);

/* Reads a small attribute (sysfs) without its final newline, NUL-terminated. 0 or -errno
 * (-EFBIG: does not fit, -EILSEQ: a NUL in it). */
int sysroot_read_attribute(const struct sysroot *sysroot, int at, const char *path,
			   char *value, size_t size);

#endif
