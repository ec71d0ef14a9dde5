/* SPDX-License-Identifier: Apache-2.0 */
/* Libraries that few runs need: opened when they are, by dlopen(), because linking them
 * would cost every start more than all of our own work. What each is for is with its
 * user. */
#ifndef OCI_VFIO_HOOK_LIBRARY_H
#define OCI_VFIO_HOOK_LIBRARY_H

#include <stdint.h>

#include "oci-vfio-hook/error.h"

/* A function that is wanted, and where its address goes. */
struct library_symbol {
	const char *name;
	void **target; /* of a pointer to a function */
};

/* Opens the library and finds all symbols (the last row is {0}). It stays open until the
 * process ends. `need` ends the sentence "... is needed to ...". ERROR_UNAVAILABLE names
 * the Debian package. */
int library_open(const char *soname, const char *package, const char *need,
		 const struct library_symbol *symbols, struct error *err);

/* Tells package builders of a library that is opened so: an ELF note
 * (https://systemd.io/ELF_DLOPEN_METADATA/). The text is a JSON array. Once in a file. */
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
