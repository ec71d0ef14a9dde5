/* SPDX-License-Identifier: Apache-2.0 */
/* Owned memory: allocation that does not fail, cleanup attributes, growing arrays. Knows
 * nothing of the domain. What it returns is malloc()'s, and given back with free(). Out of
 * memory ends the process through the one function that the program has set. */
#ifndef OCI_VFIO_HOOK_MEMORY_H
#define OCI_VFIO_HOOK_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

/* Ends the process, with the program's own name and exit status. It must not allocate. */
typedef void memory_failed_fn(void *context);

/* Sets the function that is called when there is no memory left, and what it gets. The
 * default is abort(). */
void memory_on_failure(memory_failed_fn *failed, void *context);

/* As malloc(), realloc(), asprintf() and vasprintf(), but never NULL. */
void *xmalloc(size_t size);
void *xrealloc(void *memory, size_t size);
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

/* Returns `size` bytes, zeroed; never NULL. */
void *xzalloc(size_t size);

/* Grows the array at *array to hold at least `needed` elements of `size` bytes. *capacity
 * counts elements; new ones are not initialised. Never fails. */
void array_enlarge(void *array, size_t *capacity, size_t needed, size_t size);
static inline void array_grow(void *array, size_t *capacity, size_t needed, size_t size)
{
	if (needed > *capacity)
		array_enlarge(array, capacity, needed, size);
}

/* Appends one zeroed element to an array kept as pointer, count and capacity, and
 * evaluates to a pointer to it. */
#define array_append(array, count, capacity)                                             \
	(array_grow(&(array), &(capacity), (count) + 1, sizeof(__typeof__(*(array)))),   \
	 (array)[(count)] = (__typeof__(*(array))) { 0 }, &(array)[(count)++])

/* Zeroed memory for so many elements of what the pointer points to; and their order. (Of
 * elements that are pointers, analyzers take sizeof *array for a mistake.) */
#define array_zalloc(count, array) xzalloc((count) * sizeof(__typeof__(*(array))))
#define array_sort(array, count, compare)                                                \
	((count) > 1 ? qsort((array), (count), sizeof(__typeof__(*(array))), (compare))  \
		     : (void)0)

/* Of elements of a sorted array that are equal by `compare` the first stays where it is; the
 * others come after all those. Returns how many there are of those. */
#define array_unique(array, count, compare)                                              \
	array_move_repeated((array), (count), sizeof(__typeof__(*(array))), (compare))
size_t array_move_repeated(void *array, size_t count, size_t size,
			   int (*compare)(const void *, const void *));

/* The elements of an array, sorted by `compare`, that are equal to the key: the index of the first,
 * or where it would be, and how many. compare() gets an element and the key. */
size_t array_find_equal(const void *array, size_t count, size_t size, const void *key,
			int (*compare)(const void *, const void *), size_t *ret_count);

static inline void free_pointer(void *pointer)
{
	void *owned;

	/* Whatever it points to: a void * is another type than what is there. */
	memcpy(&owned, pointer, sizeof(owned));
	free(owned);
}
#define auto_free __attribute__((cleanup(free_pointer)))

/* Evaluates to the owned pointer and leaves NULL in its place: ownership moves. */
#define take_ptr(pointer)                                                                \
	({                                                                               \
		__typeof__(pointer) taken_ = (pointer);                                  \
		(pointer) = NULL;                                                        \
		taken_;                                                                  \
	})

/* The same with what a structure owns. */
#define take_struct(value)                                                               \
	({                                                                               \
		__typeof__(value) taken_ = (value);                                      \
		(value) = (__typeof__(value)) { 0 };                                     \
		taken_;                                                                  \
	})

#endif
