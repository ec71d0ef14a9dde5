/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's own tool: builds a machine's tree and mounts, and starts and measures
 * programs. Static and small: a child's peak memory begins with its parent's (the kernel
 * counts the memory that exec gives up). */
#include "driver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int n_arguments; /* at least */
	int (*run)(char **arguments);
	const char *usage;
} commands[] = {
	{ "machine", 3, command_machine, "machine DIRECTORY PAIRS OTHERS" },
	{ "mounts", 2, command_mounts, "mounts DIRECTORY COUNT" },
	{ "feed", 2, command_feed, "feed FILE COMMAND [ARGUMENT...]" },
	{ "time", 1, command_time, "time ROUNDS < PLAN" },
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

void fail(const char *what)
{
	fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
	exit(1);
}

long number(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < 0) {
		errno = EINVAL;
		fail(text);
	}
	return value;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (argc >= 2 && strcmp(argv[1], commands[i].name) == 0 &&
		    argc - 2 >= commands[i].n_arguments)
			return commands[i].run(argv + 2);
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(stderr, "usage: driver %s\n", commands[i].usage);
	return 64;
}
