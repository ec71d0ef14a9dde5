/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as hex digits, two for each, in lower case. Pure. */
#ifndef OCI_VFIO_HOOK_HEX_H
#define OCI_VFIO_HOOK_HEX_H

#include "oci-vfio-hook/text.h"

/* The whole text is the digits of `count` bytes, in lower case; else -EINVAL. */
int hex_parse(struct slice text, uint8_t *ret, size_t count);

/* Appends the digits. */
void hex_format(const uint8_t *bytes, size_t count, struct buffer *ret);

#endif
