/* SPDX-License-Identifier: Apache-2.0 */
/* A file that somebody named for a result. */
#ifndef OCI_VFIO_HOOK_OUTPUT_FILE_H
#define OCI_VFIO_HOOK_OUTPUT_FILE_H

#include "oci-vfio-hook/replacement.h"

/* Writes the text to the file at `path`, by a temporary file beside it and rename, with this
 * mode and the caller's owner. Something there that is not a regular file: ERROR_DATA; the
 * file `except`, if it isn't NULL: ERROR_USAGE; no such directory: ERROR_NO_INPUT. */
int output_file_write(const char *path, struct spliced text, mode_t mode,
		      const struct stat *except, struct error *err);

#endif
