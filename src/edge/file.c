/* SPDX-License-Identifier: Apache-2.0 */
/* Open files and directories: how they are opened confined, read whole, and named in
 * messages. */
#include "oci-vfio-hook/file.h"

#include <dirent.h>
#include <errno.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

/* The kernel gives EAGAIN when a rename or mount anywhere on the system raced with a
 * ".." in the path: it can't tell whether we stayed inside. */
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

int file_error(const char *path, int number, struct error *err)
{
	bool permission = number == EACCES || number == EPERM;
	auto_free char *name = path_display(path);

	return error_set(err, permission ? ERROR_PERMISSION : ERROR_IO,
			 "%s: can't be read: %s", name, strerror(number));
}

ssize_t fd_read(int fd, char *data, size_t size)
{
	ssize_t n = RETRY_ON_EINTR(read(fd, data, size));

	return n < 0 ? -errno : n;
}

int fd_make(int at, const char *path, int flags, mode_t mode)
{
	const mode_t mask = umask(0);
	int fd = RETRY_ON_EINTR(
		openat(at, path, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode));

	if (fd < 0)
		fd = -errno;
	umask(mask);
	return fd;
}

int fd_open_confined(int at, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned int)(flags | O_CLOEXEC),
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

int file_read(int fd, const char *name, uint64_t expected, size_t max, char **ret,
	      size_t *ret_length, struct error *err)
{
	auto_free char *data = NULL;
	size_t length = 0, capacity = 0;

	/* One byte more than expected: a read that leaves it free has found the end. */
	if (expected <= max)
		array_grow(&data, &capacity, expected > 0 ? expected + 1 : READ_FIRST, 1);
	while (data != NULL) {
		ssize_t n = fd_read(fd, data + length, capacity - length);

		if (n < 0)
			return error_set(err, error_class_of_errno((int)-n),
					 "%s: can't be read: %s", name,
					 strerror((int)-n));
		length += (size_t)n;
		if (length == capacity)
			array_grow(&data, &capacity, capacity + READ_CHUNK, 1);
		if (length > max)
			break;
		if (n == 0 || (expected > 0 && length == expected)) {
			data[length] = '\0';
			/* Here read() has written nothing. */
			*ret = take_ptr(data);
			*ret_length = length;
			return 0;
		}
	}
	return error_set(err, ERROR_DATA, "%s: is larger than the limit of %zu bytes",
			 name, max);
}

int file_read_input(const char *path, bool or_stdin, size_t max, char **ret_name,
		    char **ret, size_t *ret_length, struct error *err)
{
	const bool from_stdin = or_stdin && text_equal(path, "-");
	auto_close int fd = from_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
				       : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const int number = errno;

	*ret_name = from_stdin ? xstrdup("stdin") : path_display(path);
	if (fd < 0)
		return error_set(err, error_class_of_errno(number),
				 "%s: can't be opened: %s", *ret_name, strerror(number));
	return file_read(fd, *ret_name, 0, max, ret, ret_length, err);
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
				*array_append(names.items, names.count, names.capacity) =
					xstrndup(name, strlen(name));
			at += entry->d_reclen;
		}
	}
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(*names.items), compare_names);
	*ret = take_struct(names);
	return 0;
}

void names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names) { 0 };
}
