/* The file system of the machine below --root. Below a --root every path is resolved by
 * openat2(RESOLVE_IN_ROOT), so that a link of a captured machine, absolute or with too
 * many "..", never leads to the real one. Knows no format.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/sysroot.h"

#include <dirent.h>
#include <errno.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>

/* The kernel gives EAGAIN when a rename or mount anywhere on the system raced with a ".."
 * of ours: it can't tell that we stayed inside. */
#define OPENAT2_ATTEMPTS 128

/* What comes without a size is mostly small: a state, a file of /proc. */
#define READ_FIRST 4096
#define READ_CHUNK 65536

/* The kernel's struct linux_dirent64 is the C library's where off_t has 64 bits. */
_Static_assert(sizeof(((struct dirent *)0)->d_off) == 8 &&
		       offsetof(struct dirent, d_name) == 19,
	       "struct dirent is not that of getdents64()");

enum error_class error_class_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return ERROR_NO_INPUT;
	case ENOTDIR:
	case EISDIR:
	case ELOOP:
	case ENAMETOOLONG:
	case EXDEV:
		return ERROR_DATA;
	case EACCES:
	case EPERM:
		return ERROR_PERMISSION;
	default:
		return ERROR_IO;
	}
}

char *path_display(const char *path)
{
	const struct slice text = slice_from(path);
	auto_buffer shown = { 0 };

	if (text_plain_end(text, 0) < text.length) {
		buffer_add_printable(&shown, text);
		if (!slice_equal(buffer_slice(&shown), text))
			return text_quote(text);
	}
	return memory_copy(text.data, text.length);
}

const struct machine machine_real = { .root = -1, .real = true };

int machine_open(const char *directory, struct machine *ret, struct error *err)
{
	auto_free char *name = NULL;
	int root;

	if (directory == NULL) {
		*ret = (struct machine) { .root = -1, .real = true };
		return 0;
	}
	root = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		int number = errno;

		name = path_display(directory);
		return error_set(err, error_class_of_errno(number),
				 "%s: can't be used as the root of a machine: %s", name,
				 strerror(number));
	}
	*ret = (struct machine) { .root = root };
	return 0;
}

void machine_close(struct machine *machine)
{
	close_fd(&machine->root);
}

static int open_confined(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)flags,
		.resolve = resolve | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	for (int i = 0; i < OPENAT2_ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, at, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return -errno;
}

int machine_openat(const struct machine *machine, int at, const char *path, int flags)
{
	int fd;

	/* openat2() refuses a flag that O_PATH makes meaningless. */
	flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
	if (!machine->real) {
		if (at == AT_FDCWD)
			return open_confined(machine->root, path, flags, RESOLVE_IN_ROOT);
		return open_confined(at, path, flags, RESOLVE_BENEATH);
	}
	/* With a mode, though nothing is made: without one it is another function of a fortified
	 * libc, which the loader would have to find. */
	do {
		fd = openat(at, path, flags, 0);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int machine_readlink(const struct machine *machine, int at, const char *path,
		     char *target, size_t size)
{
	auto_close int link = -1;
	ssize_t length;

	/* A name in `at` needs no confinement: readlinkat() doesn't follow its last
	 * component. */
	if (!machine->real && (at == AT_FDCWD || strchr(path, '/') != NULL)) {
		link = machine_openat(machine, at, path, O_PATH | O_NOFOLLOW);
		if (link < 0)
			return link;
		at = link;
		path = "";
	}
	length = readlinkat(at, path, target, size);
	if (length < 0)
		/* What readlinkat() of an fd says where that is no link. */
		return errno == ENOENT && path[0] == '\0' ? -EINVAL : -errno;
	if ((size_t)length >= size)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return 0;
}

static ssize_t read_retried(int fd, char *data, size_t size)
{
	ssize_t n;

	do {
		n = read(fd, data, size);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int machine_read_attribute(const struct machine *machine, int at, const char *path,
			   char *value, size_t size)
{
	auto_close int fd = -1;
	ssize_t length;

	/* O_NONBLOCK: in a captured tree it might be a FIFO. */
	fd = machine_openat(machine, at, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	/* sysfs hands an attribute over whole, in the first read. */
	length = read_retried(fd, value, size);
	if (length < 0)
		return (int)length;
	if ((size_t)length >= size)
		return -EFBIG;
	if (length > 0 && value[length - 1] == '\n')
		length--;
	if (memchr(value, '\0', (size_t)length) != NULL)
		return -EILSEQ;
	value[length] = '\0';
	return 0;
}

int file_read(int fd, const char *name, uint64_t expected, size_t max, char **ret,
	      size_t *ret_length, struct error *err)
{
	auto_free char *data = NULL;
	size_t length = 0, capacity = 0;

	/* One byte more than expected: a read that leaves it free has found the end. */
	if (expected <= max)
		memory_grow(&data, &capacity, expected > 0 ? expected + 1 : READ_FIRST,
			    1);
	while (data != NULL) {
		ssize_t n = read_retried(fd, data + length, capacity - length);

		if (n < 0)
			return error_set(err, error_class_of_errno((int)-n),
					 "%s: can't be read: %s", name,
					 strerror((int)-n));
		length += (size_t)n;
		if (length == capacity)
			memory_grow(&data, &capacity, capacity + READ_CHUNK, 1);
		if (length > max)
			break;
		if (n == 0 || (expected > 0 && length == expected)) {
			data[length] = '\0';
			/* read() has written nothing behind it. */
			memory_trim(data, length + 1);
			*ret = take_ptr(data);
			*ret_length = length;
			return 0;
		}
	}
	return error_set(err, ERROR_DATA, "%s: is larger than the limit of %zu bytes",
			 name, max);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int names_read(int directory, struct names *ret)
{
	auto_names names = { 0 };
	_Alignas(struct dirent) char entries[4096];

	/* Not readdir(): it costs an fstat, an fcntl and 32 KiB more for each directory.
	 */
	for (;;) {
		long length =
			syscall(SYS_getdents64, directory, entries, sizeof(entries));

		if (length < 0)
			return -errno;
		if (length == 0)
			break;
		for (long at = 0; at < length;) {
			const struct dirent *entry = (const void *)(entries + at);
			const char *name = entry->d_name;

			if (!text_equal(name, ".") && !text_equal(name, ".."))
				*memory_append(names.items, names.count, names.capacity) =
					memory_copy(name, strlen(name));
			at += entry->d_reclen;
		}
	}
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	*ret = names;
	names = (struct names) { 0 };
	return 0;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		memory_free(names->items[i]);
	memory_free(names->items);
	*names = (struct names) { 0 };
}
