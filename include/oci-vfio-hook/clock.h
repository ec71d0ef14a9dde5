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

#endif
