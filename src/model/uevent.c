/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of devices. */
#include "oci-vfio-hook/uevent.h"

bool uevent_is_of(struct slice message, struct slice subsystem)
{
	const struct slice key = SLICE("SUBSYSTEM=");
	struct slice part;

	/* "ACTION@DEVPATH", or it is another daemon's. */
	if (!slice_cut(&message, '\0', &part) || !memchr(part.data, '@', part.length))
		return false;
	while (slice_cut(&message, '\0', &part)) {
		if (slice_starts(part, key))
			return slice_equal(slice_from_to(part, key.length, part.length),
					   subsystem);
	}
	return false;
}

bool uevent_find(struct slice attribute, struct slice key, struct slice *ret)
{
	struct slice line;

	while (slice_cut(&attribute, '\n', &line)) {
		if (slice_starts(line, key) && line.length > key.length &&
		    line.data[key.length] == '=') {
			*ret = slice_from_to(line, key.length + 1, line.length);
			return true;
		}
	}
	return false;
}
