/* The monotonic clock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* With 64 bits for time. */
#ifndef SYS_clock_gettime64
#define SYS_clock_gettime64 SYS_clock_gettime
#endif

uint64_t clock_read(void)
{
	struct timespec now;

	/* Not by the vDSO: its pages must be mapped first, which takes longer than the few
	 * calls of a run. */
	syscall(SYS_clock_gettime64, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_left(uint64_t deadline)
{
	uint64_t now = clock_read();

	return now < deadline ? deadline - now : 0;
}
