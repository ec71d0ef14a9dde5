/* Log lines appended to a file: crun shows a hook's stderr to nobody, podman not that of
 * precreate, and engines read a runtime's errors from its log.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_LOG_H
#define OCI_VFIO_HOOK_LOG_H

#include <stdbool.h>

#include "oci-vfio-hook/error.h"

/* Appends one line to the file, which is made with mode 0600 if it isn't there: as text,
 * "<time> <level>: <message>", or as JSON, {"level":"...","msg":"...","time":"..."}, which is what
 * runc writes and containerd and docker read. The time is UTC, RFC 3339. ERROR_IO and
 * ERROR_PERMISSION where the file can't be written. */
int log_append(const char *path, bool json, const char *level, const char *message,
	       struct error *err);

#endif
