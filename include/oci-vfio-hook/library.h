/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that few runs need: opened with dlopen() when they are needed, because linking
 * them would cost every start more than all of our own work. Who uses one says what it is
 * for. */
#ifndef OCI_VFIO_HOOK_LIBRARY_H
#define OCI_VFIO_HOOK_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "oci-vfio-hook/error.h"

/* The functions of a library that are wanted, each once, as a list:
 *	#define LIBUDEV(FUNCTION) FUNCTION(udev_new) FUNCTION(udev_unref)
 *	LIBRARY(libudev, LIBUDEV);
 * declares `struct libudev` of pointers to them, by their own names and with the types that
 * the library's own header gives them, and their names for library_open(). */
#define LIBRARY(name, list)                                                              \
	struct name {                                                                    \
		list(LIBRARY_POINTER_)                                                   \
	};                                                                               \
	static const char *const name##_names[] = { list(LIBRARY_NAME_) NULL }
/* NOLINTNEXTLINE(bugprone-macro-parentheses): it is declared. */
#define LIBRARY_POINTER_(function) __typeof__(function) *function;
#define LIBRARY_NAME_(function) #function,

/* What is loaded, and where it comes from. */
struct library {
	const char *soname;
	const char *package;	  /* Debian's */
	const char *need;	  /* ends the sentence "... is needed to ..." */
	const char *const *names; /* of LIBRARY() */
};

/* Opens the library and sets *functions, the struct of LIBRARY(). It stays open until the
 * process ends. ERROR_UNAVAILABLE names the package; a statically linked program
 * loads none. */
int library_open(const struct library *library, void *functions, struct error *err);

/* Can it be loaded? */
bool library_exists(const char *soname);

/* Tells package builders of a library that is opened in this way: an ELF note
 * (https://systemd.io/ELF_DLOPEN_METADATA/). The text is a JSON array. Once in a file;
 * nothing in a program that loads none. */
#ifdef OVH_STATIC
#define LIBRARY_NOTE(text) _Static_assert(sizeof(text), "")
#else
#define LIBRARY_NOTE(text)                                                               \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct { \
		struct {                                                                 \
			uint32_t name_size, text_size, type;                             \
		} header;                                                                \
		char name[4];                                                            \
		_Alignas(4) char value[sizeof(text)];                                    \
	} library_note = {                                                               \
		{ 4, sizeof(text), 0x407c0c0a },                                         \
		"FDO",                                                                   \
		text,                                                                    \
	}
#endif

#endif
