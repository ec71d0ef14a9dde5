/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a check looks into. */
#include "facts_file.h"

int facts_file_open(const struct sysroot *sysroot, const char *path)
{
	/* O_NONBLOCK: it might be a FIFO. */
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	return S_ISREG(status.st_mode) ? take_fd(fd) : -EINVAL;
}

int facts_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		    size_t *ret_length)
{
	auto_close int fd = facts_file_open(sysroot, path);
	auto_error why = { 0 };
	int r;

	if (fd < 0)
		return fd;
	r = file_read(fd, path, 0, FACTS_FILE_MAX, ret, ret_length, &why);
	if (r == 0)
		return 0;
	return why.class == ERROR_PERMISSION ? -EACCES
	       : why.class == ERROR_DATA     ? -EFBIG
					     : -EIO;
}

bool facts_file_exists(const struct sysroot *sysroot, const char *path)
{
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH);

	return fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR);
}

int facts_file_list(const struct sysroot *sysroot, const char *path, struct names *ret)
{
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : names_read(fd, ret);
}
