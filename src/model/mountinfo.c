/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of /proc/PID/mountinfo. */
#include "oci-vfio-hook/mountinfo.h"

#include <errno.h>

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue": six
 * columns, any number of optional ones, "-", three columns. A space in a name is "\040". */
int mountinfo_parse(struct slice line, struct mountinfo *ret)
{
	struct mountinfo mount;
	struct slice column;

	for (int i = 0; i < 6; i++) {
		if (!slice_cut(&line, ' ', &column))
			return -EINVAL;
		if (i == 2 && device_number_parse(column, DEVICE_MAJOR_MAX,
						  DEVICE_MINOR_MAX, &mount.device) < 0)
			return -EINVAL;
		if (i == 4)
			mount.target = column;
	}
	do {
		if (!slice_cut(&line, ' ', &column))
			return -EINVAL;
	} while (!slice_equal(column, SLICE("-")));
	if (!slice_cut(&line, ' ', &mount.type) || mount.type.length == 0 ||
	    !slice_cut(&line, ' ', &mount.source))
		return -EINVAL;
	*ret = mount;
	return 0;
}

bool mountinfo_find_type(struct slice text, struct slice type, struct mountinfo *ret)
{
	struct slice line;
	struct mountinfo mount;

	while (slice_cut(&text, '\n', &line))
		if (mountinfo_parse(line, &mount) == 0 && slice_equal(mount.type, type)) {
			*ret = mount;
			return true;
		}
	return false;
}
