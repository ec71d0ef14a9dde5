/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are plainly JSON. Internal to base. */
#ifndef OCI_VFIO_HOOK_JSON_PLAIN_H
#define OCI_VFIO_HOOK_JSON_PLAIN_H

#include "oci-vfio-hook/text.h"

/* Is the text plainly one value: a string of printable ASCII in which only quotes and
 * backslashes are escaped, a natural number, true or false, or an object of these without white
 * space? Nearly all new values are, and a parser for each costs 2,000 instructions and 20 a
 * byte. False says nothing. */
bool json_is_plain(struct slice text);

#endif
