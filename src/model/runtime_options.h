/* SPDX-License-Identifier: Apache-2.0 */
/* The options of runc and crun after the subcommand. Internal to runtime_call.c, which knows
 * the subcommands and what stands before them. */
#ifndef RUNTIME_OPTIONS_H
#define RUNTIME_OPTIONS_H

#include "oci-vfio-hook/runtime_call.h"
#include "oci-vfio-hook/text.h"

/* One argument that looks like an option: "--name", "--name=value", "-n". */
struct runtime_argument {
	struct slice name; /* with its dashes */
	const char *value; /* after "=", NULL: none */
};

struct runtime_cursor {
	int argc;
	char *const *argv;
	int at;
};

/* The options of a subcommand that names a file. */
struct runtime_options;

extern const struct runtime_options runtime_options_bundle, runtime_options_process,
	runtime_options_resources;

struct runtime_argument runtime_argument_split(const char *text);

/* The value of the option that the cursor is at; moves it there. */
int runtime_argument_take_value(struct runtime_cursor *cursor,
				struct runtime_argument argument, const char **ret,
				struct error *err);

/* Returns as error_set(): ERROR_USAGE with the argument, quoted, and why. */
int runtime_argument_refuse(struct error *err, const char *argument, const char *why);

/* Moves the cursor to the container's name. */
int runtime_options_parse(struct runtime_cursor *cursor,
			  const struct runtime_options *options,
			  struct runtime_call *call, struct error *err);

/* runc takes options after the container's name, crun doesn't: one that names a file there
 * means two things, and is refused. */
int runtime_options_check_rest(struct runtime_cursor *cursor,
			       const struct runtime_options *options, struct error *err);

#endif
