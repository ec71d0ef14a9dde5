/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers: from text and to text, and in order. */
#include "oci-vfio-hook/device_number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "oci-vfio-hook/number.h"

int device_number_parse(struct slice text, uint32_t major_max, uint32_t minor_max,
			struct device_number *ret)
{
	const char *colon = text.length ? memchr(text.data, ':', text.length) : NULL;
	size_t middle;
	uint64_t major, minor;
	int r;

	if (!colon)
		return -EINVAL;
	middle = (size_t)(colon - text.data);
	r = number_parse(slice_from_to(text, 0, middle), 10, 10, major_max, &major);
	if (r == 0)
		r = number_parse(slice_from_to(text, middle + 1, text.length), 10, 10,
				 minor_max, &minor);
	if (r < 0)
		return r;
	*ret = (struct device_number) { 'c', (uint32_t)major, (uint32_t)minor };
	return 0;
}

char *device_number_format(const struct device_number *number,
			   char text[static DEVICE_NUMBER_SIZE])
{
	snprintf(text, DEVICE_NUMBER_SIZE, "%c %" PRIu32 ":%" PRIu32, number->type,
		 number->major, number->minor);
	return text;
}

int device_number_compare(const struct device_number *a, const struct device_number *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

bool major_is_dynamic(uint32_t major)
{
	return (major >= 234 && major <= 254) || (major >= 384 && major <= 511);
}
