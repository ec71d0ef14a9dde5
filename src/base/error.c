/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values. */
#include "oci-vfio-hook/error.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

static int class_number(enum error_class class)
{
	switch (class) {
	case ERROR_NONE:
		return 0;
	case ERROR_USAGE:
	case ERROR_DATA:
		return -EINVAL;
	case ERROR_NO_INPUT:
		return -ENOENT;
	case ERROR_UNAVAILABLE:
		return -ENODEV;
	case ERROR_INTERNAL:
		return -ENOTRECOVERABLE;
	case ERROR_IO:
		return -EIO;
	case ERROR_TIMEOUT:
		return -ETIMEDOUT;
	case ERROR_PERMISSION:
		return -EPERM;
	}
	return -EINVAL;
}

int error_set(struct error *err, enum error_class class, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (err->class == ERROR_NONE) {
		err->class = class;
		if (err->room > 0)
			(void)vsnprintf(err->message, err->room, format, arguments);
		else
			err->message = xvasprintf(format, arguments);
	}
	va_end(arguments);
	return class_number(err->class);
}

__attribute__((format(printf, 2, 0))) static void prefix_in_room(struct error *err,
								 const char *format,
								 va_list arguments)
{
	char whole[ERROR_ROOM];
	int length = vsnprintf(whole, sizeof whole, format, arguments);

	if (length >= 0 && (size_t)length < sizeof whole)
		(void)snprintf(whole + length, sizeof whole - (size_t)length, ": %s",
			       err->message);
	memcpy(err->message, whole, strlen(whole) + 1);
}

int error_prefix(struct error *err, const char *format, ...)
{
	va_list arguments;
	auto_free char *prefix = NULL, *old = NULL;

	va_start(arguments, format);
	if (err->room > 0) {
		prefix_in_room(err, format, arguments);
		va_end(arguments);
		return class_number(err->class);
	}
	prefix = xvasprintf(format, arguments);
	va_end(arguments);
	old = take_ptr(err->message);
	err->message = xasprintf("%s: %s", prefix, old ? old : "");
	return class_number(err->class);
}

/* If it fits; else nothing is changed. */
__attribute__((format(printf, 2, 0))) static bool append_in_room(struct error *err,
								 const char *format,
								 va_list arguments)
{
	const size_t length = err->room > 0 ? strlen(err->message) : 0;
	int added;

	if (err->room == 0)
		return false;
	added = vsnprintf(err->message + length, err->room - length, format, arguments);
	if (added >= 0 && (size_t)added < err->room - length)
		return true;
	err->message[length] = '\0';
	return false;
}

int error_append(struct error *err, const char *format, ...)
{
	va_list arguments;
	auto_free char *suffix = NULL, *old = NULL;
	bool done;

	va_start(arguments, format);
	done = append_in_room(err, format, arguments);
	va_end(arguments);
	if (done)
		return class_number(err->class);
	va_start(arguments, format);
	suffix = xvasprintf(format, arguments);
	va_end(arguments);
	old = take_ptr(err->message);
	err->room = 0;
	err->message = xasprintf("%s%s", old ? old : "", suffix);
	return class_number(err->class);
}

void error_reserve(struct error *err)
{
	if (err->class != ERROR_NONE || err->room > 0)
		return;
	err->message = xzalloc(ERROR_ROOM);
	err->room = ERROR_ROOM;
}

void error_clear(struct error *err)
{
	if (err->room == 0) {
		error_free(err);
		return;
	}
	err->class = ERROR_NONE;
	*err->message = '\0';
}

void error_free(struct error *err)
{
	free(err->message);
	*err = (struct error) { 0 };
}
