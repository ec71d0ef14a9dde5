/* SPDX-License-Identifier: Apache-2.0 */
/* Where lines of a log go: crun shows a hook's stderr to nobody, podman not that of
 * precreate, and engines read a runtime's errors from its log. */
#ifndef OCI_VFIO_HOOK_LOG_H
#define OCI_VFIO_HOOK_LOG_H

#include <stdbool.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/log_record.h"

struct log {
	enum message_level level; /* lines up to this one are written */
	const char *file;	  /* NULL: none; borrowed */
	bool json;		  /* the file's form; else text */
	/* Without a file, or where it can't be written: to the machine's log. */
	bool system;
};

/* Writes one line, if the log takes its level. The file is made with mode 0600 if it is
 * missing; the time in it is UTC, RFC 3339. One that is a symbolic link or not a regular file,
 * /dev/null excepted: ERROR_DATA; owned by others than root and the effective user:
 * ERROR_PERMISSION; ERROR_NO_INPUT, ERROR_IO and ERROR_PERMISSION where it can't be
 * written. */
int log_write(const struct log *log, const struct log_record *record, struct error *err);

#endif
