/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are outside: the user namespace of this process, from /proc/self
 * (user_namespaces(7)). Always that of the real machine, whatever --root says. */
#ifndef OCI_VFIO_HOOK_USER_NAMESPACE_H
#define OCI_VFIO_HOOK_USER_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "oci-vfio-hook/error.h"

#define USER_NAMESPACE_NAME_SIZE sizeof("user:[4294967295]")

struct user_namespace {
	/* As the link /proc/self/ns/user has it; empty: the kernel has no such file. */
	char name[USER_NAMESPACE_NAME_SIZE];
	bool initial;	 /* /proc/self/uid_map is "0 0 4294967295" */
	uid_t outer_uid; /* the effective user in the parent namespace */
};

/* ERROR_IO where /proc/self can't be read, or its uid_map doesn't map the effective
 * user. */
int user_namespace_read(struct user_namespace *ret, struct error *err);

/* The user that stands for all that are not mapped (/proc/sys/kernel/overflowuid). */
uid_t user_namespace_overflow_uid(void);

#endif
