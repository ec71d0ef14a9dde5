/* SPDX-License-Identifier: Apache-2.0 */
/* Many short texts that live as long as one value: the pool owns them, and frees them all at
 * once. A text takes its length and a NUL, and hardly any time. Knows nothing of the
 * domain. */
#ifndef OCI_VFIO_HOOK_TEXT_POOL_H
#define OCI_VFIO_HOOK_TEXT_POOL_H

#include "oci-vfio-hook/text.h"

struct text_chunk;

/* Begin with { 0 }. */
struct text_pool {
	struct text_chunk *chunks; /* owned */
	char *at;		   /* where the next text goes */
	size_t left, size;	   /* of that chunk */
};

#define auto_text_pool __attribute__((cleanup(text_pool_free))) struct text_pool

/* Returns a copy of the text, with a NUL after it. */
char *text_pool_add(struct text_pool *pool, struct slice text);

/* Returns room for so many bytes, which are not initialised. */
char *text_pool_room(struct text_pool *pool, size_t size);

void text_pool_free(struct text_pool *pool);

#endif
