/* SPDX-License-Identifier: Apache-2.0 */
/* The monotonic clock. */
#include "oci-vfio-hook/clock.h"

#include <time.h>

#define PAUSE_FIRST_NS 1000000L
#define PAUSE_MAX_NS 50000000L

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

uint64_t clock_end(uint64_t duration, uint64_t deadline)
{
	uint64_t end = clock_read() + duration;

	return deadline > 0 && deadline < end ? deadline : end;
}

void clock_pause(long *pause)
{
	struct timespec time = { .tv_nsec = *pause > 0 ? *pause : PAUSE_FIRST_NS };

	nanosleep(&time, NULL);
	*pause = time.tv_nsec * 2 < PAUSE_MAX_NS ? time.tv_nsec * 2 : PAUSE_MAX_NS;
}
