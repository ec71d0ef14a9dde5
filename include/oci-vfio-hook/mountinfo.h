/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/PID/mountinfo (proc(5)). Pure: reads no file. */
#ifndef OCI_VFIO_HOOK_MOUNTINFO_H
#define OCI_VFIO_HOOK_MOUNTINFO_H

#include "oci-vfio-hook/device_number.h"

struct mountinfo {
	struct device_number device; /* of the file system; its type has no meaning */
	/* Borrowed from the line, where a space in a name is "\040". */
	struct slice target; /* where it is mounted */
	struct slice type;   /* of the file system: "ext4" */
	struct slice source; /* "/dev/sda1" */
};

/* Parses a line without its newline. 0 or -EINVAL. */
int mountinfo_parse(struct slice line, struct mountinfo *ret);

/* Finds the first mount of a file system of this type, in all of the text. */
bool mountinfo_find_type(struct slice text, struct slice type, struct mountinfo *ret);

#endif
