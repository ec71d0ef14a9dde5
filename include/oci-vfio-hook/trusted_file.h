/* SPDX-License-Identifier: Apache-2.0 */
/* Files that choose devices, maps and the configuration: who may have written them. */
#ifndef OCI_VFIO_HOOK_TRUSTED_FILE_H
#define OCI_VFIO_HOOK_TRUSTED_FILE_H

#include "oci-vfio-hook/sysroot.h"

#define TRUSTED_FILE_MAX ((size_t)64 << 20)

/* Of all of these `sysroot` NULL: a path that the user gave, as it stands. */

/* Reads a map or configuration file. It must be a regular file, owned by root or the
 * effective user (in a user namespace also the overflow user) and writable by nobody
 * else, else ERROR_PERMISSION; it isn't there: ERROR_NO_INPUT, but 1 for a
 * file of the machine. The opened file is checked. The caller frees *ret. */
int trusted_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		      size_t *ret_length, struct error *err);

/* The same in two steps. Returns the fd or -errno; */
int trusted_file_open(const struct sysroot *sysroot, const char *path);
/* checks and reads it. `name` is for messages. */
int trusted_file_read_fd(int fd, const char *name, char **ret, size_t *ret_length,
			 struct error *err);

/* Lists a directory that must belong to the same. That there is none is fine. */
int trusted_directory_list(const struct sysroot *sysroot, const char *path,
			   struct names *ret, struct error *err);

/* Records that the file can't be opened, for a positive errno. */
int trusted_file_error(const char *name, int number, struct error *err);

/* Returns the path as messages name it. The caller frees. */
char *trusted_file_display(const struct sysroot *sysroot, const char *path);

#endif
