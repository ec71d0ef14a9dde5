/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648, section 4), strictly. Pure. */
#ifndef OCI_VFIO_HOOK_BASE64_H
#define OCI_VFIO_HOOK_BASE64_H

#include "oci-vfio-hook/text.h"

/* Decodes the whole text: padded, without blanks or line ends, and the bits that are left over
 * are 0; else -EINVAL. *ret has a NUL after *ret_length bytes; the caller frees. */
int base64_decode(struct slice text, char **ret, size_t *ret_length);

/* Returns it as such a text. The caller frees. */
char *base64_encode(struct slice bytes);

#endif
