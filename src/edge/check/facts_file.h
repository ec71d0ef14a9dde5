/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the machine that a check looks into: small ones, whoever wrote them. */
#ifndef OCI_VFIO_HOOK_FACTS_FILE_H
#define OCI_VFIO_HOOK_FACTS_FILE_H

#include "oci-vfio-hook/sysroot.h"

/* More than that no file has that is looked into. */
#define FACTS_FILE_MAX ((size_t)8 << 20)

/* Reads a regular file, or one of /proc and /sys. The caller frees *ret, which ends with a NUL.
 * 0 or -errno: -EFBIG if it is larger, -EINVAL if it is another kind of file. */
int facts_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		    size_t *ret_length);

/* Opens it alone. The fd or -errno. */
int facts_file_open(const struct sysroot *sysroot, const char *path);

/* Is there anything of this name? -errno that isn't -ENOENT or -ENOTDIR counts as yes. */
bool facts_file_exists(const struct sysroot *sysroot, const char *path);

/* Lists a directory: 0 or -errno. */
int facts_file_list(const struct sysroot *sysroot, const char *path, struct names *ret);

#endif
