/* SPDX-License-Identifier: Apache-2.0 */
/* The time, for durations and deadlines. */
#ifndef OCI_VFIO_HOOK_CLOCK_H
#define OCI_VFIO_HOOK_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND UINT64_C(1000000)

/* Microseconds of the monotonic clock. */
uint64_t clock_read(void);

/* The microseconds that are left until then; 0: the deadline has passed. */
uint64_t clock_left(uint64_t deadline);

/* So many microseconds from now on, but not after the deadline (0: there is none). */
uint64_t clock_end(uint64_t duration, uint64_t deadline);

/* Sleeps, between one attempt and the next: a millisecond when *pause is 0, and then longer each
 * time, up to 50 ms. */
void clock_pause(long *pause);

#endif
