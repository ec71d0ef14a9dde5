/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_MEMLOCK of processes. */
#include "oci-vfio-hook/process_limit.h"

#include <errno.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t to_bytes(rlim_t limit)
{
	return limit == RLIM_INFINITY ? UINT64_MAX : (uint64_t)limit;
}

static rlim_t from_bytes(uint64_t bytes)
{
	return bytes >= RLIM_INFINITY ? RLIM_INFINITY : (rlim_t)bytes;
}

/* The C library's function has a version of its own, which the loader would look for at each
 * start. */
static int change_limit(pid_t pid, const struct rlimit *limit, struct rlimit *ret)
{
	return syscall(SYS_prlimit64, pid, RLIMIT_MEMLOCK, limit, ret) < 0 ? -errno : 0;
}

int process_limit_read(pid_t pid, struct process_limit *ret)
{
	struct rlimit limit;

	int r = change_limit(pid, NULL, &limit);

	if (r < 0)
		return r;
	*ret = (struct process_limit) { to_bytes(limit.rlim_cur),
					to_bytes(limit.rlim_max) };
	return 0;
}

int process_limit_set(pid_t pid, const struct process_limit *limit)
{
	const struct rlimit wanted = { from_bytes(limit->soft), from_bytes(limit->hard) };

	return change_limit(pid, &wanted, NULL);
}
