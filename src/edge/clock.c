/* The monotonic clock.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

uint64_t clock_read(void)
{
	struct timespec now;

#ifdef __LP64__
	/* Not by the vDSO: a run asks twice, and its two pages would have to be faulted in. */
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
#else
	/* Which of two calls fits the struct, the C library knows. */
	clock_gettime(CLOCK_MONOTONIC, &now);
#endif
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_left(uint64_t deadline)
{
	uint64_t now = clock_read();

	return now < deadline ? deadline - now : 0;
}
