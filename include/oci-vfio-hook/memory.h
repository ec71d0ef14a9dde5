/* Owned memory: allocation that does not fail, cleanup attributes, growing arrays.
 * Knows nothing of the domain. Out of memory ends the process with one message: at every
 * place where we allocate, nothing has been changed yet. The first 256 KiB, which is all
 * that most runs need, come from the program's own data and are never given back: the
 * process ends sooner than malloc() has paid for itself. SPDX-License-Identifier:
 * Apache-2.0 */
#ifndef OCI_VFIO_HOOK_MEMORY_H
#define OCI_VFIO_HOOK_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* As malloc(), realloc() and free(), but never NULL. What malloc() itself or a library
 * gave may be freed here, too; what comes from here only here. */
void *memory_alloc(size_t size);
void *memory_resize(void *memory, size_t size);
void memory_free(void *memory);

/* Gives back what is behind the first `size` bytes, of no more than there were, where that
 * costs nothing: for a buffer that was larger than what came. The caller must not have
 * written there: it is handed out again as zeroed memory. */
void memory_trim(void *memory, size_t size);

/* Returns `size` bytes, zeroed; never NULL. The caller frees. */
void *memory_zalloc(size_t size);

/* Grows the array at *array to hold at least `needed` elements of `size` bytes. *capacity
 * counts elements; new ones are not initialised. Never fails. */
void memory_enlarge(void *array, size_t *capacity, size_t needed, size_t size);
static inline void memory_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	if (needed > *capacity)
		memory_enlarge(array, capacity, needed, size);
}

/* Returns a copy of `length` bytes with a NUL behind them. The caller frees. */
char *memory_copy(const char *data, size_t length);

/* Returns a copy of the string. The caller frees. */
char *memory_copy_string(const char *text);

/* Returns the formatted string. The caller frees. */
char *memory_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *memory_vprintf(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

/* Appends one zeroed element to an array kept as pointer, count and capacity, and
 * evaluates to a pointer to it. */
#define memory_append(array, count, capacity)                                            \
	(memory_grow(&(array), &(capacity), (count) + 1, sizeof *(array)),               \
	 (array)[(count)] = (__typeof__(*(array))) { 0 }, &(array)[(count)++])

static inline void memory_free_pointer(void *pointer)
{
	memory_free(*(void **)pointer);
}
#define auto_free __attribute__((cleanup(memory_free_pointer)))

/* Evaluates to the owned pointer and leaves NULL in its place: ownership moves. */
#define take_ptr(pointer)                                                                \
	({                                                                               \
		__typeof__(pointer) taken_ = (pointer);                                  \
		(pointer) = NULL;                                                        \
		taken_;                                                                  \
	})

#endif
