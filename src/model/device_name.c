/* SPDX-License-Identifier: Apache-2.0 */
/* Names of devices on the kernel's buses. */
#include "oci-vfio-hook/device_name.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

/* Is there a dash before this byte of a UUID? */
static bool has_dash(size_t index)
{
	return index == 4 || index == 6 || index == 8 || index == 10;
}

int uuid_parse(struct slice text, struct uuid *ret)
{
	struct uuid uuid;
	size_t at = 0;

	if (text.length != DEVICE_NAME_SIZE - 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof uuid.bytes; i++) {
		uint64_t byte;

		if (has_dash(i) && text.data[at++] != '-')
			return -EINVAL;
		if (number_parse(slice_from_to(text, at, at + 2), 16, 2, UINT8_MAX,
				 &byte) < 0)
			return -EINVAL;
		uuid.bytes[i] = (uint8_t)byte;
		at += 2;
	}
	*ret = uuid;
	return 0;
}

static char *uuid_format(const struct uuid *uuid, char text[static DEVICE_NAME_SIZE])
{
	size_t at = 0;

	for (size_t i = 0; i < sizeof uuid->bytes; i++) {
		if (has_dash(i))
			text[at++] = '-';
		text[at++] = "0123456789abcdef"[uuid->bytes[i] >> 4];
		text[at++] = "0123456789abcdef"[uuid->bytes[i] & 0xf];
	}
	text[at] = '\0';
	return text;
}

int device_name_parse(struct slice text, struct device_name *ret)
{
	struct device_name name = { .bus = DEVICE_BUS_PCI };

	if (pci_address_parse(text, &name.address) < 0) {
		name.bus = DEVICE_BUS_MDEV;
		if (uuid_parse(text, &name.uuid) < 0)
			return -EINVAL;
	}
	*ret = name;
	return 0;
}

char *device_name_format(const struct device_name *name,
			 char text[static DEVICE_NAME_SIZE])
{
	return name->bus == DEVICE_BUS_MDEV ? uuid_format(&name->uuid, text)
					    : pci_address_format(&name->address, text);
}

int device_name_compare(const struct device_name *a, const struct device_name *b)
{
	if (a->bus != b->bus)
		return a->bus < b->bus ? -1 : 1;
	return a->bus == DEVICE_BUS_MDEV ? memcmp(&a->uuid, &b->uuid, sizeof a->uuid)
					 : pci_address_compare(&a->address, &b->address);
}
