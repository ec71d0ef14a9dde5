/* SPDX-License-Identifier: Apache-2.0 */
/* How late it is, for durations and deadlines. */
#ifndef OCI_VFIO_HOOK_CLOCK_H
#define OCI_VFIO_HOOK_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND UINT64_C(1000000)

/* Microseconds of the monotonic clock. */
uint64_t clock_read(void);

/* What is left until then; 0: it is over. */
uint64_t clock_left(uint64_t deadline);

#endif
