/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, strictly: one text for each sequence of bytes. */
#include "oci-vfio-hook/base64.h"

#include <errno.h>

/* The character's value; 64 for one that isn't in the alphabet. */
static uint32_t value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Three bytes, of which the last `padding` must be 0, from four characters, of which the last
 * `padding` aren't looked at. */
static int decode_group(const char *from, size_t padding, char *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < 4 - padding ? value_of(from[i]) : 0;

		if (value > 63)
			return -EINVAL;
		bits = bits << 6 | value;
	}
	for (size_t i = 0; i < 3; i++)
		to[i] = (char)(bits >> (16 - 8 * i) & 0xff);
	return bits & ((1U << 8 * padding) - 1) ? -EINVAL : 0;
}

int base64_decode(struct slice text, char **ret, size_t *ret_length)
{
	auto_free char *bytes = NULL;
	size_t length = text.length / 4 * 3, padding = 0;

	if (text.length % 4 != 0)
		return -EINVAL;
	while (padding < 2 && padding < text.length &&
	       text.data[text.length - 1 - padding] == '=')
		padding++;
	bytes = xmalloc(length + 1);
	for (size_t i = 0; i < text.length; i += 4) {
		const bool is_last = i + 4 == text.length;

		if (decode_group(text.data + i, is_last ? padding : 0,
				 bytes + i / 4 * 3) < 0)
			return -EINVAL;
	}
	length -= padding;
	bytes[length] = '\0';
	*ret = take_ptr(bytes);
	*ret_length = length;
	return 0;
}

char *base64_encode(struct slice bytes)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = xmalloc((bytes.length + 2) / 3 * 4 + 1), *to = text;

	for (size_t i = 0; i < bytes.length; i += 3) {
		const size_t left = bytes.length - i;
		const unsigned char *from = (const unsigned char *)bytes.data + i;
		const uint32_t bits = (uint32_t)from[0] << 16 |
				      (uint32_t)(left > 1 ? from[1] : 0) << 8 |
				      (left > 2 ? from[2] : 0);

		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 63];
		*to++ = (char)(left > 1 ? alphabet[bits >> 6 & 63] : '=');
		*to++ = (char)(left > 2 ? alphabet[bits & 63] : '=');
	}
	*to = '\0';
	return text;
}
