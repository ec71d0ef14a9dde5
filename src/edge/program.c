/* SPDX-License-Identifier: Apache-2.0 */
/* Our own programs on the machine. */
#include "oci-vfio-hook/program.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdio.h>

static int read_link(const char *path, char target[static PATH_MAX])
{
	ssize_t length = readlink(path, target, PATH_MAX - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	return 0;
}

int program_directory(const struct sysroot *sysroot, char **ret, struct error *err)
{
	char path[PATH_MAX], root[PATH_MAX], fd[64];
	const char *name, *start = path;
	size_t length;
	int r = read_link("/proc/self/exe", path);

	if (r < 0)
		return error_set(
			err, ERROR_IO,
			"/proc/self/exe: can't be read: %s: mount /proc, or use --programs",
			strerror(-r));
	if (!sysroot->real) {
		snprintf(fd, sizeof fd, "/proc/self/fd/%d", sysroot->root);
		length = read_link(fd, root) == 0 ? strlen(root) : 0;
		if (length > 1 && strncmp(path, root, length) == 0 && path[length] == '/')
			start += length;
	}
	name = path_name(start);
	*ret = xstrndup(start, name - start > 1 ? (size_t)(name - start) - 1 : 0);
	return 0;
}

int program_check_wrapper(const struct sysroot *sysroot, const char *directory,
			  struct error *err)
{
	auto_free char *path = text_join(directory, "/oci-vfio-runtime", NULL);
	auto_free char *name = sysroot_display(sysroot, path);
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH);

	if (fd >= 0)
		return 0;
	return error_set(
		err, ERROR_NO_INPUT,
		"%s: %s: the wrapper must be beside oci-vfio-hook; --programs names another directory",
		name, strerror(-fd));
}
