/* SPDX-License-Identifier: Apache-2.0 */
/* The story of a runtime's `update`: the engine's copy of the device rules, which has the
 * host's numbers, never reaches the runtime. */
#ifndef OCI_VFIO_HOOK_UPDATE_H
#define OCI_VFIO_HOOK_UPDATE_H

#include <stdbool.h>

#include "oci-vfio-hook/error.h"

#define RESOURCES_STDIN "-"

struct update {
	/* What the runtime is to read instead: a file without a name, that survives exec and
	 * is above the standard descriptors; -1: the file as it is. The caller's. */
	int fd;
	bool removed; /* there were device rules */
};

/* Reads the resources at `path`, or all that comes on stdin, which then is always replaced:
 * it can't be read twice. The file isn't changed. What can't be read for sure is an error:
 * ERROR_DATA, or as of opening and reading a file. */
int update_filter(const char *path, struct update *ret, struct error *err);

#endif
