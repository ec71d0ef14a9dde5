/* SPDX-License-Identifier: Apache-2.0 */
/* A file without a name, for a program that we become and that can't be told of bytes in
 * memory otherwise. */
#ifndef OCI_VFIO_HOOK_MEMORY_FILE_H
#define OCI_VFIO_HOOK_MEMORY_FILE_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* Makes one with this content, at its beginning. Returns its descriptor, which is above
 * the standard ones and survives exec, in *ret; the caller closes it. `name` is for
 * messages. ERROR_IO, ERROR_PERMISSION. */
int memory_file_make(const char *name, struct slice content, int *ret, struct error *err);

#endif
