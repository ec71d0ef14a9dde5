/* SPDX-License-Identifier: Apache-2.0 */
/* Texts in chunks. */
#include "oci-vfio-hook/text_pool.h"

/* Of a chunk; each has twice the size of the one before. What is longer than the first gets
 * one of its own. */
#define CHUNK_FIRST ((size_t)1024)
#define CHUNK_LAST ((size_t)65536)

struct text_chunk {
	struct text_chunk *next;
	char data[];
};

static char *add_chunk(struct text_pool *pool, size_t size)
{
	struct text_chunk *chunk = xmalloc(sizeof(struct text_chunk) + size);

	chunk->next = pool->chunks;
	pool->chunks = chunk;
	return chunk->data;
}

char *text_pool_room(struct text_pool *pool, size_t size)
{
	char *room;

	if (size > CHUNK_FIRST)
		return add_chunk(pool, size);
	if (size > pool->left) {
		if (pool->size < CHUNK_LAST)
			pool->size = pool->size ? 2 * pool->size : CHUNK_FIRST;
		pool->at = add_chunk(pool, pool->size);
		pool->left = pool->size;
	}
	room = pool->at;
	pool->at += size;
	pool->left -= size;
	return room;
}

char *text_pool_add(struct text_pool *pool, struct slice text)
{
	char *copy = text_pool_room(pool, text.length + 1);

	if (text.length)
		memcpy(copy, text.data, text.length);
	copy[text.length] = '\0';
	return copy;
}

void text_pool_free(struct text_pool *pool)
{
	while (pool->chunks) {
		struct text_chunk *chunk = pool->chunks;

		pool->chunks = chunk->next;
		free(chunk);
	}
	*pool = (struct text_pool) { 0 };
}
