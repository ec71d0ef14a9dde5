/* SPDX-License-Identifier: Apache-2.0 */
/* Owned memory that does not fail, and growing arrays. */
#include "oci-vfio-hook/memory.h"

#include <stdbool.h>

#include <malloc.h>
#include <stdio.h>
#include <string.h>

/* Set once for the whole process, as its name is. */
static memory_failed_fn *memory_failed;
static void *memory_failed_context;

void memory_on_failure(memory_failed_fn *failed, void *context)
{
	memory_failed = failed;
	memory_failed_context = context;
}

static _Noreturn void out_of_memory(void)
{
	if (memory_failed)
		memory_failed(memory_failed_context);
	abort();
}

static void *checked(void *memory)
{
	if (!memory)
		out_of_memory();
	return memory;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xzalloc(size_t size)
{
	return checked(calloc(1, size ? size : 1));
}

void *xrealloc(void *memory, size_t size)
{
	return checked(realloc(memory, size ? size : 1));
}

char *xvasprintf(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		out_of_memory();
	return text;
}

char *xasprintf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	return text;
}

/* Each large array lies in pages of its own, which grow in place and go back when it is freed.
 * glibc does that only until the first is freed, and keeps holes from then on, unless it is
 * told. */
#define LARGE ((size_t)128 * 1024)

static void expect_size(size_t size)
{
#ifdef M_MMAP_THRESHOLD
	if (size >= LARGE)
		mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

void array_enlarge(void *array, size_t *capacity, size_t needed, size_t size)
{
	void *old, *grown;
	size_t wanted = 2 * *capacity, least = size == 1 ? 256 : 8;

	if (wanted < least)
		wanted = least;
	if (wanted < needed)
		wanted = needed;
	if (wanted > SIZE_MAX / size)
		out_of_memory();
	memcpy(&old, array, sizeof old);
	expect_size(wanted * size);
	grown = old ? xrealloc(old, wanted * size) : xmalloc(wanted * size);
	memcpy(array, &grown, sizeof grown);
	*capacity = wanted;
}

static void swap(char *a, char *b, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = a[i];

		a[i] = b[i];
		b[i] = c;
	}
}

size_t array_move_repeated(void *array, size_t count, size_t size,
			   int (*compare)(const void *, const void *))
{
	char *items = array;
	size_t unique = 0;

	for (size_t i = 0; i < count; i++) {
		if (unique > 0 &&
		    compare(items + (unique - 1) * size, items + i * size) == 0)
			continue;
		if (unique != i)
			swap(items + unique * size, items + i * size, size);
		unique++;
	}
	return unique;
}

/* How many elements come before the key, or with `and_equal` are equal to it. */
static size_t count_before(const void *array, size_t count, size_t size, const void *key,
			   int (*compare)(const void *, const void *), bool and_equal)
{
	size_t low = 0, high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order =
			compare((const unsigned char *)array + middle * size, key);

		if (order < 0 || (order == 0 && and_equal))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t array_find_equal(const void *array, size_t count, size_t size, const void *key,
			int (*compare)(const void *, const void *), size_t *ret_count)
{
	const size_t first = count_before(array, count, size, key, compare, false);

	*ret_count = count_before(array, count, size, key, compare, true) - first;
	return first;
}
