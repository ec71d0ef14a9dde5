/* SPDX-License-Identifier: Apache-2.0 */
/* The file system of the machine below --root. Below a --root every path is resolved by
 * openat2(RESOLVE_IN_ROOT), so that a link of a captured machine, absolute or with too
 * many "..", never leads to the real one. Knows no format. */
#include "oci-vfio-hook/sysroot.h"

#include <errno.h>
#include <linux/openat2.h>

const struct sysroot sysroot_real = { .root = -1, .real = true };

int sysroot_open(const char *directory, struct sysroot *ret, struct error *err)
{
	auto_free char *name = NULL;
	int root;

	if (directory == NULL) {
		*ret = (struct sysroot) { .root = -1, .real = true };
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
	*ret = (struct sysroot) { .root = root, .name = directory };
	return 0;
}

char *sysroot_display(const struct sysroot *sysroot, const char *path)
{
	auto_free char *whole = NULL;
	size_t length;

	if (sysroot->real)
		return path_display(path);
	length = strlen(sysroot->name);
	while (length > 0 && sysroot->name[length - 1] == '/')
		length--;
	whole = xasprintf("%.*s%s", (int)length, sysroot->name, path);
	return path_display(whole);
}

int sysroot_openat(const struct sysroot *sysroot, int at, const char *path, int flags)
{
	int fd;

	/* openat2() refuses a flag that O_PATH makes meaningless. */
	flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY);
	if (!sysroot->real) {
		if (at == AT_FDCWD)
			return fd_open_confined(sysroot->root, path, flags,
						RESOLVE_IN_ROOT);
		return fd_open_confined(at, path, flags, RESOLVE_BENEATH);
	}
	/* Nothing is made here, but without a mode another function of libc would be bound. */
	fd = RETRY_ON_EINTR(openat(at, path, flags, 0));
	return fd < 0 ? -errno : fd;
}

int sysroot_readlink(const struct sysroot *sysroot, int at, const char *path,
		     char *target, size_t size)
{
	auto_close int link = -1;
	ssize_t length;

	/* A name in `at` needs no confinement: readlinkat() doesn't follow its last
	 * component. */
	if (!sysroot->real && (at == AT_FDCWD || strchr(path, '/') != NULL)) {
		link = sysroot_openat(sysroot, at, path, O_PATH | O_NOFOLLOW);
		if (link < 0)
			return link;
		at = link;
		path = "";
	}
	length = readlinkat(at, path, target, size);
	if (length < 0)
		/* What readlinkat() of an fd says if that isn't a link. */
		return errno == ENOENT && path[0] == '\0' ? -EINVAL : -errno;
	if ((size_t)length >= size)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return 0;
}

int sysroot_read_attribute(const struct sysroot *sysroot, int at, const char *path,
			   char *value, size_t size)
{
	auto_close int fd = -1;
	ssize_t length;

	/* O_NONBLOCK: in a captured tree it might be a FIFO. */
	fd = sysroot_openat(sysroot, at, path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	/* sysfs hands an attribute over whole, in the first read. */
	length = fd_read(fd, value, size);
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
