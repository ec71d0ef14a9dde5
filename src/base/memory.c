/* Owned memory that does not fail, and growing arrays. The arena is the one piece of
 * state that the program keeps outside of arguments, as malloc() does.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "oci-vfio-hook/error.h"

/* An array that outgrows the one becomes as large as the other, which malloc() maps by
 * itself. */
#define SMALL_ARRAY ((size_t)16 << 10)
#define LARGE_ARRAY ((size_t)256 << 10)

/* Under ASan all of it is malloc()'s, so that overflows and leaks are found. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define USE_ARENA false
#else
#define USE_ARENA true
#endif

static _Noreturn void out_of_memory(void)
{
	dprintf(STDERR_FILENO, "oci-vfio-hook: out of memory\n");
	exit(ERROR_INTERNAL);
}

/* A block of the arena; its neighbour comes right behind. */
struct block {
	_Alignas(max_align_t) size_t size;
	_Alignas(max_align_t) char data[];
};

/* Nothing in it is used twice: from arena_used on all bytes are zero. */
static _Alignas(max_align_t) char arena[256 << 10];
static size_t arena_used;

/* What data of this size takes there. */
static size_t room(size_t size)
{
	return (size / _Alignof(max_align_t) + 1) * _Alignof(max_align_t);
}

/* Returns zeroed memory, or NULL where there isn't so much left. */
static void *arena_alloc(size_t size)
{
	struct block *block = (void *)(arena + arena_used);
	size_t left = sizeof arena - arena_used;

	if (!USE_ARENA || size >= left || sizeof *block + room(size) > left)
		return NULL;
	arena_used += sizeof *block + room(size);
	block->size = size;
	return block->data;
}

/* Returns the block that the memory is the data of, or NULL: it isn't the arena's. */
static struct block *arena_find(void *memory)
{
	size_t offset = (uintptr_t)memory - (uintptr_t)arena;

	return offset < sizeof arena ? (struct block *)memory - 1 : NULL;
}

/* The last block can become larger where it is. */
static bool is_last(const struct block *block)
{
	return block->data + room(block->size) == arena + arena_used;
}

static bool arena_extend(struct block *block, size_t size)
{
	size_t start = (size_t)(block->data - arena);

	if (!is_last(block) || size >= sizeof arena - start)
		return false;
	arena_used = start + room(size);
	block->size = size;
	return true;
}

static void *checked(void *memory)
{
	if (!memory)
		out_of_memory();
	return memory;
}

void *memory_alloc(size_t size)
{
	void *memory = arena_alloc(size);

	return memory ? memory : checked(malloc(size ? size : 1));
}

void *memory_zalloc(size_t size)
{
	void *memory = arena_alloc(size);

	return memory ? memory : checked(calloc(1, size ? size : 1));
}

void memory_free(void *memory)
{
	if (memory && !arena_find(memory))
		free(memory);
}

void *memory_resize(void *memory, size_t size)
{
	struct block *block = arena_find(memory);
	void *resized;

	if (!memory)
		return memory_alloc(size);
	if (!block)
		return checked(realloc(memory, size ? size : 1));
	if (size <= block->size || arena_extend(block, size))
		return memory;
	resized = memory_alloc(size);
	memcpy(resized, memory, block->size);
	return resized;
}

void memory_trim(void *memory, size_t size)
{
	struct block *block = arena_find(memory);

	if (block)
		arena_extend(block, size);
}

void memory_enlarge(void *array, size_t *capacity, size_t needed, size_t size)
{
	void *grown;
	size_t wanted = 2 * *capacity, least = size == 1 ? 256 : 8;

	if (wanted < least)
		wanted = least;
	/* Pages that aren't touched cost nothing, copies at 32, 64 and 128 KiB do. */
	if (wanted > SMALL_ARRAY / size && wanted < LARGE_ARRAY / size)
		wanted = LARGE_ARRAY / size;
	if (wanted < needed)
		wanted = needed;
	if (wanted > SIZE_MAX / size)
		out_of_memory();
	memcpy(&grown, array, sizeof grown);
	grown = memory_resize(grown, wanted * size);
	memcpy(array, &grown, sizeof grown);
	*capacity = wanted;
}

char *memory_copy(const char *data, size_t length)
{
	char *copy = memory_alloc(length + 1);

	if (length)
		memcpy(copy, data, length);
	copy[length] = '\0';
	return copy;
}

char *memory_copy_string(const char *text)
{
	return memory_copy(text, strlen(text));
}

char *memory_vprintf(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	return text;
}

char *memory_printf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = memory_vprintf(format, arguments);
	va_end(arguments);
	return text;
}
