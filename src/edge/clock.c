/* SPDX-License-Identifier: Apache-2.0 */
/* The monotonic clock. */
#include "oci-vfio-hook/clock.h"

#include <time.h>

uint64_t clock_read(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_left(uint64_t deadline)
{
	uint64_t now = clock_read();

	return now < deadline ? deadline - now : 0;
}
