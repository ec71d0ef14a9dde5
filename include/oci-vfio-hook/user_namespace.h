/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are outside: the user namespace of this process, from /proc/self
 * (user_namespaces(7)); and the same files of other processes. Always of the real machine,
 * whatever --root says. */
#ifndef OCI_VFIO_HOOK_USER_NAMESPACE_H
#define OCI_VFIO_HOOK_USER_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/id_map.h"

struct user_namespace {
	uint32_t number; /* as the link ns/user has it; 0: the kernel has no such file */
	bool initial;
	uid_t outer_uid; /* the effective user in the parent namespace */
};

/* ERROR_IO where /proc/self can't be read, or its uid_map doesn't map the effective
 * user. */
int user_namespace_read(struct user_namespace *ret, struct error *err);

/* Which user namespace has a process, by the link "ns/user" of an open /proc/PID, or a whole
 * path? 0 or -errno (-ENOENT: a kernel without them). */
int user_namespace_read_link(int at, const char *path, uint32_t *ret);

/* Reads the map at `path` from the directory `at`, as openat(2): "uid_map" from an open
 * /proc/PID, or a whole path. ERROR_IO. */
int user_namespace_read_map(int at, const char *path, struct id_map *ret,
			    struct error *err);

/* The user that stands for all that are not mapped (/proc/sys/kernel/overflowuid). */
uid_t user_namespace_overflow_uid(void);

#endif
