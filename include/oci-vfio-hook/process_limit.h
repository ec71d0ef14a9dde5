/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_MEMLOCK of processes. */
#ifndef OCI_VFIO_HOOK_PROCESS_LIMIT_H
#define OCI_VFIO_HOOK_PROCESS_LIMIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_limit {
	uint64_t soft, hard; /* bytes; UINT64_MAX: unlimited */
};

/* That of a process, or with pid 0 our own. 0 or -errno. */
int process_limit_read(pid_t pid, struct process_limit *ret);

/* Sets it. 0 or -errno: to raise the hard limit takes CAP_SYS_RESOURCE. */
int process_limit_set(pid_t pid, const struct process_limit *limit);

#endif
