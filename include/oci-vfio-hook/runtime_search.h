/* SPDX-License-Identifier: Apache-2.0 */
/* Which program file is the real runtime. */
#ifndef OCI_VFIO_HOOK_RUNTIME_SEARCH_H
#define OCI_VFIO_HOOK_RUNTIME_SEARCH_H

#include "oci-vfio-hook/error.h"

/* Where a runtime is searched: $PATH is not asked. */
#define RUNTIME_DIRECTORIES 7
extern const char *const runtime_directories[RUNTIME_DIRECTORIES];

/* Returns the path of the runtime in *ret, which the caller frees: `name` itself if it is
 * an absolute path, else the first executable file of that name in /usr/local/sbin,
 * /usr/local/bin, /usr/sbin, /usr/bin, /sbin, /bin and /usr/libexec/crio. $PATH is not
 * asked. The running program itself (by device and inode) is skipped. None:
 * ERROR_NO_INPUT. */
int runtime_search(const char *name, char **ret, struct error *err);

#endif
