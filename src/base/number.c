/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers. */
#include "oci-vfio-hook/number.h"

#include <errno.h>
#include <limits.h>

/* Returns UINT_MAX for what is not a digit. */
static unsigned int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned int)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned int)(digit - 'a') + 10;
	if (digit >= 'A' && digit <= 'F')
		return (unsigned int)(digit - 'A') + 10;
	return UINT_MAX;
}

int number_parse(struct slice text, unsigned int base, unsigned int max_digits,
		 uint64_t max, uint64_t *ret)
{
	bool over = text.length > max_digits;
	uint64_t value = 0;

	if (text.length == 0)
		return -EINVAL;
	for (size_t i = 0; i < text.length; i++) {
		unsigned int digit = digit_value(text.data[i]);

		if (digit >= base)
			return -EINVAL;
		over |= __builtin_mul_overflow(value, base, &value);
		over |= __builtin_add_overflow(value, digit, &value);
	}
	if (over || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int number_parse_hex(struct slice text, unsigned int max_digits, uint64_t max,
		     uint64_t *ret)
{
	if (slice_starts(text, SLICE("0x")))
		text = slice_from_to(text, 2, text.length);
	return number_parse(text, 16, max_digits, max, ret);
}

int number_parse_integer(struct slice text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = text.length > 0 && text.data[0] == '-';
	struct slice digits = negative ? slice_from_to(text, 1, text.length) : text;
	uint64_t magnitude;
	int64_t value;
	int r = number_parse(digits, 10, 19, INT64_MAX, &magnitude);

	if (r < 0)
		return r;
	if (digits.data[0] == '0' && (digits.length > 1 || negative))
		return -EINVAL;
	value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int number_compare_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int number_compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}
