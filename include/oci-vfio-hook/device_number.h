/* SPDX-License-Identifier: Apache-2.0 */
/* What a device node stands for: type, major and minor number. Parsed, printed and compared
 * only here. Pure. */
#ifndef OCI_VFIO_HOOK_DEVICE_NUMBER_H
#define OCI_VFIO_HOOK_DEVICE_NUMBER_H

#include "oci-vfio-hook/text.h"

struct device_number {
	char type; /* 'c', 'b'; of a spec's device also 'p', which has no numbers */
	uint32_t major, minor;
};

/* Linux' dev_t has 12 and 20 bits for them (linux/kdev_t.h). */
#define DEVICE_MAJOR_MAX 0xfff
#define DEVICE_MINOR_MAX 0xfffff

/* The longest "c 4294967295:4294967295", with its NUL. */
#define DEVICE_NUMBER_SIZE sizeof("c 4294967295:4294967295")

/* Parses "242:0", as in sysfs' attribute `dev`, two decimal numbers up to these; the type is
 * 'c'. 0, -EINVAL or -ERANGE. */
int device_number_parse(struct slice text, uint32_t major_max, uint32_t minor_max,
			struct device_number *ret);

/* Writes "c 242:0" with a NUL and returns `text`. */
char *device_number_format(const struct device_number *number,
			   char text[static DEVICE_NUMBER_SIZE]);

/* The same where the text lives as long as the block around it: for messages. */
#define DEVICE_NUMBER_TEXT(number)                                                       \
	device_number_format((number), (char[DEVICE_NUMBER_SIZE]) { 0 })

static inline bool device_number_equal(const struct device_number *a,
				       const struct device_number *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* An order, as qsort() needs one. */
int device_number_compare(const struct device_number *a, const struct device_number *b);

/* Does Linux give this major out dynamically to character devices (include/linux/fs.h,
 * CHRDEV_MAJOR_DYN_END and _EXT_END)? VFIO's always is one. */
bool major_is_dynamic(uint32_t major);

#endif
