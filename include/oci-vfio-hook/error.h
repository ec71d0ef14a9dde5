/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, said where it is known: one sentence and an exit class.
 * Does not print: only cmd/ does. */
#ifndef OCI_VFIO_HOOK_ERROR_H
#define OCI_VFIO_HOOK_ERROR_H

#include "oci-vfio-hook/memory.h"

/* Exit classes, with the numbers of <sysexits.h>. */
enum error_class {
	ERROR_NONE = 0,
	ERROR_USAGE = 64,	/* the command line */
	ERROR_DATA = 65,	/* state, spec, map or configuration is bad */
	ERROR_NO_INPUT = 66,	/* a named input is not there */
	ERROR_UNAVAILABLE = 69, /* a device is not there or not usable */
	ERROR_INTERNAL = 70,	/* our own bug */
	ERROR_IO = 74,		/* reading or writing failed */
	ERROR_TIMEOUT = 75,	/* waited in vain */
	ERROR_PERMISSION = 77,	/* not permitted */
};

/* Owned by the caller, initialised with {0}; holds the first error only. */
struct error {
	enum error_class class;
	char *message; /* one line, no newline at its end; owned */
	size_t room;   /* of `message` where it was reserved, else 0 */
};

/* What error_reserve() makes room for. */
#define ERROR_ROOM 8192

#define auto_error __attribute__((cleanup(error_free))) struct error

/* Records class and message, unless an error is recorded already. Returns a negative
 * errno-like number for the class, so that `return error_set(...)` reads well. */
int error_set(struct error *err, enum error_class class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the recorded message. Returns the number that error_set() gave.
 */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The same with text after the message. */
int error_append(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes room for a message beforehand: until error_free(), error_set() and error_prefix()
 * take no memory then, and cut what is longer; nor does error_append() where there is room. */
void error_reserve(struct error *err);

/* Forgets what is recorded, and keeps the room. */
void error_clear(struct error *err);

void error_free(struct error *err);

#endif
