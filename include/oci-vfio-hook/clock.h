/* How late it is, for durations and deadlines. Knows nothing of the domain.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef OCI_VFIO_HOOK_CLOCK_H
#define OCI_VFIO_HOOK_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_SECOND UINT64_C(1000000)

/* Microseconds of the monotonic clock. */
static inline uint64_t clock_read(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec / 1000;
}

/* What is left until then; 0 when it is over. */
static inline uint64_t clock_left(uint64_t deadline)
{
	uint64_t now = clock_read();

	return now < deadline ? deadline - now : 0;
}

#endif
