/* SPDX-License-Identifier: Apache-2.0 */
/* Starts programs in rounds, each once in a round, and measures each start: wall time, user
 * and system time, peak memory. */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16
#define PROGRAMS_MAX 32

struct sample {
	int64_t wall, cpu; /* ns */
	int64_t memory;	   /* KiB */
};

struct program {
	char *name;
	char *input;	 /* what is on its stdin, by a pipe; "-": /dev/null */
	char *from, *to; /* copied before each start; "-": nothing */
	char *argv[ARGUMENTS_MAX + 1];
	struct sample *samples;
};

static char chunk[65536];

static void write_all(int fd, const char *data, size_t length, const char *what)
{
	while (length > 0) {
		ssize_t n = write(fd, data, length);

		if (n < 0)
			fail(what);
		data += n;
		length -= (size_t)n;
	}
}

static void copy(int from, int to, const char *what)
{
	ssize_t n;

	while ((n = read(from, chunk, sizeof chunk)) > 0)
		write_all(to, chunk, (size_t)n, what);
	if (n < 0)
		fail(what);
}

/* A pipe with room for `length` bytes, so that nobody has to wait for the other side.
 * False: it would be larger than the system allows. */
static bool make_pipe(int ends[2], off_t length)
{
	if (pipe2(ends, O_CLOEXEC) < 0)
		fail("pipe");
	if (length <= 65536 || fcntl(ends[0], F_SETPIPE_SZ, (int)length) >= 0)
		return true;
	close(ends[0]);
	close(ends[1]);
	return false;
}

static int open_file(const char *path, off_t *ret_length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		fail(path);
	*ret_length = status.st_size;
	return fd;
}

int pipe_of(const char *path)
{
	off_t length;
	int ends[2], file = open_file(path, &length);

	if (!make_pipe(ends, length))
		return file;
	copy(file, ends[1], path);
	close(file);
	close(ends[1]);
	return ends[0];
}

static void restore(const struct program *program)
{
	off_t length;
	int from, to;

	if (strcmp(program->from, "-") == 0)
		return;
	from = open_file(program->from, &length);
	to = open(program->to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (to < 0)
		fail(program->to);
	copy(from, to, program->to);
	close(from);
	close(to);
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t nanoseconds(struct timeval time)
{
	return time.tv_sec * INT64_C(1000000000) + time.tv_usec * INT64_C(1000);
}

static void start(const struct program *program, struct sample *ret)
{
	static char *const no_environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	off_t length = 0;
	struct rusage usage;
	int input, output[2], status;
	int64_t begin;
	pid_t child;

	restore(program);
	if (strcmp(program->input, "-") == 0) {
		input = open_file("/dev/null", &length);
	} else {
		close(open_file(program->input, &length));
		input = pipe_of(program->input);
	}
	/* What is written is longer where much is done: the annotation lists it. */
	if (!make_pipe(output, 8 * length))
		output[0] = output[1] = open("/dev/null", O_RDWR | O_CLOEXEC);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
	begin = now();
	errno = posix_spawn(&child, program->argv[0], &actions, NULL, program->argv,
			    no_environment);
	if (errno != 0)
		fail(program->argv[0]);
	if (wait4(child, &status, 0, &usage) < 0)
		fail("wait4");
	ret->wall = now() - begin;
	ret->cpu = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
	ret->memory = usage.ru_maxrss;
	posix_spawn_file_actions_destroy(&actions);
	close(input);
	close(output[1]);
	while (read(output[0], chunk, sizeof chunk) > 0)
		;
	if (output[0] != output[1])
		close(output[0]);
	if (status != 0) {
		fprintf(stderr, "driver: %s: %s ended with %#x\n", program->name,
			program->argv[0], (unsigned int)status);
		exit(1);
	}
}

/* A line of NAME INPUT FROM TO PROGRAM [ARGUMENT...], separated by tabs. */
static void parse(char *line, struct program *ret)
{
	size_t n = 0;
	char *word;

	ret->name = strsep(&line, "\t");
	ret->input = strsep(&line, "\t");
	ret->from = strsep(&line, "\t");
	ret->to = strsep(&line, "\t");
	while ((word = strsep(&line, "\t")) != NULL && n < ARGUMENTS_MAX)
		ret->argv[n++] = word;
	if (n == 0 || word != NULL) {
		errno = EINVAL;
		fail(ret->name);
	}
}

/* Each round has its own order, but each time the same: none of the programs is always the
 * one that finds the caches as another has left them. */
static void shuffle(struct program **programs, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = (size_t)random() % i;
		struct program *program = programs[k];

		programs[k] = programs[i - 1];
		programs[i - 1] = program;
	}
}

static int compare(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static int64_t member_of(const struct sample *sample, size_t member)
{
	int64_t ret;

	memcpy(&ret, (const char *)sample + member, sizeof ret);
	return ret;
}

/* Prints the median of how much more of a member the samples have than those of the same
 * rounds: as the machine becomes slower or faster, both do. */
static void print_added(const struct sample *samples, const struct sample *than,
			long rounds, size_t member, int64_t *sorted)
{
	for (long i = 0; i < rounds; i++)
		sorted[i] = member_of(&samples[i], member) - member_of(&than[i], member);
	qsort(sorted, (size_t)rounds, sizeof *sorted, compare);
	printf("\t%lld", (long long)sorted[rounds / 2]);
}

/* Prints median, tenth and ninetieth percentile of a member of the samples. */
static void print_spread(const struct sample *samples, long rounds, size_t member,
			 int64_t *sorted)
{
	for (long i = 0; i < rounds; i++)
		sorted[i] = member_of(&samples[i], member);
	qsort(sorted, (size_t)rounds, sizeof *sorted, compare);
	printf("\t%lld\t%lld\t%lld", (long long)sorted[rounds / 2],
	       (long long)sorted[rounds / 10], (long long)sorted[rounds * 9 / 10]);
}

/* ROUNDS, and a plan on stdin. Prints a line for each program: its name; wall time, CPU
 * time (ns) and peak memory (KiB), each as median, p10 and p90; and wall and CPU time that
 * it takes more than the first of the plan. */
int command_time(char **arguments)
{
	struct program programs[PROGRAMS_MAX] = { 0 }, *order[PROGRAMS_MAX];
	long rounds = number(arguments[0]);
	size_t n = 0, size = 0;
	char *line = NULL;
	int64_t *sorted = calloc((size_t)rounds + 1, sizeof *sorted);
	struct sample warm_up;

	if (rounds == 0 || sorted == NULL)
		fail("rounds");
	for (ssize_t length; (length = getline(&line, &size, stdin)) > 0; line = NULL) {
		if (n == PROGRAMS_MAX)
			fail("too many programs");
		line[length - 1] = '\0';
		parse(line, &programs[n]);
		programs[n].samples = calloc((size_t)rounds, sizeof *programs[n].samples);
		if (programs[n++].samples == NULL)
			fail("samples");
	}
	for (size_t k = 0; k < n; k++) {
		order[k] = &programs[k];
		start(order[k], &warm_up);
	}
	for (long i = 0; i < rounds; i++) {
		shuffle(order, n);
		for (size_t k = 0; k < n; k++)
			start(order[k], &order[k]->samples[i]);
	}
	for (size_t k = 0; k < n; k++) {
		printf("%s", programs[k].name);
		print_spread(programs[k].samples, rounds, offsetof(struct sample, wall),
			     sorted);
		print_spread(programs[k].samples, rounds, offsetof(struct sample, cpu),
			     sorted);
		print_spread(programs[k].samples, rounds, offsetof(struct sample, memory),
			     sorted);
		print_added(programs[k].samples, programs[0].samples, rounds,
			    offsetof(struct sample, wall), sorted);
		print_added(programs[k].samples, programs[0].samples, rounds,
			    offsetof(struct sample, cpu), sorted);
		printf("\n");
	}
	return 0;
}

/* FILE COMMAND...: becomes the command, with the file on stdin by a pipe. */
int command_feed(char **arguments)
{
	int input = pipe_of(arguments[0]);

	if (dup2(input, STDIN_FILENO) < 0)
		fail("dup2");
	execvp(arguments[1], arguments + 1);
	fail(arguments[1]);
}
