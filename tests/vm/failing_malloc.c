/* SPDX-License-Identifier: Apache-2.0 */
/* An LD_PRELOADed malloc() that finds no memory while a created container is being changed:
 * from the first setns() until the new config.json is in place or removed again, and between
 * each later pair of setns(). FAILING_MALLOC="N:FILE": from the N-th allocation there on none
 * succeeds; then FILE is made. With "0:FILE" all succeed, and the first setns() makes FILE: so it
 * is seen that somebody watches where no memory is taken. With FAILING_MALLOC_ALWAYS in the
 * environment it is the N-th allocation of all. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc's own. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool changing, joined;
static unsigned long count;

/* From which allocation on they fail, and the file to make; ULONG_MAX, and no file: none does. */
static unsigned long setting(const char **ret_file)
{
	const char *text = getenv("FAILING_MALLOC");
	char *end;
	unsigned long first;

	if (!text)
		return ULONG_MAX;
	first = strtoul(text, &end, 10);
	*ret_file = end + 1;
	return first;
}

static void make_file(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
}

static bool fails(void)
{
	const char *file = NULL;
	unsigned long first;

	if (!changing && !joined && !getenv("FAILING_MALLOC_ALWAYS"))
		return false;
	first = setting(&file);
	if (first == 0 || ++count < first)
		return false;
	make_file(file);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
	return fails() ? NULL : __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
	return fails() ? NULL : __libc_realloc(memory, size);
}

int setns(int fd, int type)
{
	static bool first = true;
	const char *file = NULL;
	long r = syscall(SYS_setns, fd, type);

	if (first && setting(&file) == 0)
		make_file(file);
	changing |= first;
	first = false;
	joined ^= r == 0;
	return (int)r;
}

int renameat(int old_directory, const char *old, int new_directory, const char *new)
{
	long r = syscall(SYS_renameat, old_directory, old, new_directory, new);

	if (strcmp(old, ".config.json.oci-vfio-hook") == 0)
		changing = false;
	return (int)r;
}

int unlinkat(int directory, const char *name, int flags)
{
	long r = syscall(SYS_unlinkat, directory, name, flags);

	if (strcmp(name, ".config.json.oci-vfio-hook") == 0)
		changing = false;
	return (int)r;
}
