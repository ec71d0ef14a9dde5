/* SPDX-License-Identifier: Apache-2.0 */
/* The code that proves who wrote an annotation. Internal to the model. */
#ifndef OCI_VFIO_HOOK_ANNOTATION_MAC_H
#define OCI_VFIO_HOOK_ANNOTATION_MAC_H

#include "oci-vfio-hook/annotation_text.h"

/* The code of an annotation that begins with this text. */
void annotation_make_mac(struct slice lists, const uint8_t *key,
			 const struct annotation_binding *binding,
			 uint8_t ret[static SIPHASH_SIZE]);

#endif
