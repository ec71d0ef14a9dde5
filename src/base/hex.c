/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hex digits. */
#include "oci-vfio-hook/hex.h"

#include <errno.h>

static const char digits[] = "0123456789abcdef";

/* The digit's value; 16 for what is not a digit. */
static unsigned int digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return (unsigned int)(digit - '0');
	if (digit >= 'a' && digit <= 'f')
		return (unsigned int)(digit - 'a') + 10;
	return 16;
}

int hex_parse(struct slice text, uint8_t *ret, size_t count)
{
	if (text.length != 2 * count)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		unsigned int high = digit_value(text.data[2 * i]),
			     low = digit_value(text.data[2 * i + 1]);

		if (high > 15 || low > 15)
			return -EINVAL;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

void hex_format(const uint8_t *bytes, size_t count, struct buffer *ret)
{
	char *at = buffer_room(ret, 2 * count + 1);

	for (size_t i = 0; i < count; i++) {
		*at++ = digits[bytes[i] >> 4];
		*at++ = digits[bytes[i] & 0xf];
	}
	*at = '\0';
	ret->length += 2 * count;
}
