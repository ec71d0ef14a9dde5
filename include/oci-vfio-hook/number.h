/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers: the whole text, an explicit base and range, no sign unless a function says so, no
 * space. Knows nothing of the domain. */
#ifndef OCI_VFIO_HOOK_NUMBER_H
#define OCI_VFIO_HOOK_NUMBER_H

#include "oci-vfio-hook/text.h"

/* Parses 1 to `max_digits` digits of base 10 or 16 (either letter case) that are the
 * whole of `text`. 0, or -EINVAL (not digits), -ERANGE (too many digits or more than
 * `max`). */
int number_parse(struct slice text, unsigned int base, unsigned int max_digits,
		 uint64_t max, uint64_t *ret);

/* The same in base 16, with or without "0x" before the digits, as sysfs has it. */
int number_parse_hex(struct slice text, unsigned int max_digits, uint64_t max,
		     uint64_t *ret);

/* Parses a plain decimal integer as JSON spells it: "0", or digits without a leading
 * zero, after an optional "-". "-0", fractions and exponents are -EINVAL; outside
 * min..max -ERANGE. */
int number_parse_integer(struct slice text, int64_t min, int64_t max, int64_t *ret);

/* For qsort() and bsearch(): by size, of uint32_t and of uint64_t. */
int number_compare_u32(const void *a, const void *b);
int number_compare_u64(const void *a, const void *b);

#endif
