/* Owned memory that does not fail, and growing arrays.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/memory.h"

#include <stdio.h>
#include <string.h>

#include "oci-vfio-hook/error.h"

static _Noreturn void out_of_memory(void)
{
	fputs("oci-vfio-hook: out of memory\n", stderr);
	exit(ERROR_INTERNAL);
}

void *memory_zalloc(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		out_of_memory();
	return memory;
}

void memory_grow_slowly(void *array, size_t *capacity, size_t needed, size_t size)
{
	void *grown;
	size_t wanted = 2 * *capacity, least = size == 1 ? 256 : 8;

	if (wanted < least)
		wanted = least;
	if (wanted < needed)
		wanted = needed;
	memcpy(&grown, array, sizeof grown);
	grown = wanted > SIZE_MAX / size ? NULL : realloc(grown, wanted * size);
	if (!grown)
		out_of_memory();
	memcpy(array, &grown, sizeof grown);
	*capacity = wanted;
}

char *memory_copy(const char *data, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		out_of_memory();
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
