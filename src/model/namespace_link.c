/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespace a link below /proc/PID/ns is of. */
#include "oci-vfio-hook/namespace_link.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

int namespace_link_parse(struct slice text, struct slice kind, uint32_t *ret)
{
	const struct slice open = SLICE(":["), close = SLICE("]");
	uint64_t number;

	if (!slice_starts(text, kind))
		return -EINVAL;
	text = slice_from_to(text, kind.length, text.length);
	if (text.length < open.length + close.length || !slice_starts(text, open) ||
	    !slice_ends(text, close))
		return -EINVAL;
	text = slice_from_to(text, open.length, text.length - close.length);
	if (number_parse(text, 10, 10, UINT32_MAX, &number) < 0 || number == 0)
		return -EINVAL;
	*ret = (uint32_t)number;
	return 0;
}
