/* SPDX-License-Identifier: Apache-2.0 */
/* What the benchmark's commands share. */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

/* Each takes the arguments after its name and returns an exit status. */
int command_machine(char **arguments);
int command_mounts(char **arguments);
int command_feed(char **arguments);
int command_time(char **arguments);

/* Prints "driver: WHAT: errno's text" and exits. */
_Noreturn void fail(const char *what);

/* The whole argument as a number, or exits. */
long number(const char *text);

/* A pipe that holds the file's content, to be read until its end. Returns the fd. */
int pipe_of(const char *file);

#endif
