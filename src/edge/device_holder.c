/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device open: by the files in /proc/PID/fd. */
#include "oci-vfio-hook/device_holder.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "oci-vfio-hook/number.h"

#define PROC "/proc"

static bool is_device(const struct stat *status, const struct device_number *number)
{
	const char type = S_ISCHR(status->st_mode)   ? 'c'
			  : S_ISBLK(status->st_mode) ? 'b'
						     : 0;

	return type == number->type && major(status->st_rdev) == number->major &&
	       minor(status->st_rdev) == number->minor;
}

/* Has the process with this directory in /proc the device open? */
static bool has_open(int proc, const char *process, const struct device_number *number)
{
	auto_free char *path = text_join(process, "/fd", NULL);
	auto_names files = { 0 };
	auto_close int fd =
		RETRY_ON_EINTR(openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0 || names_read(fd, &files) < 0)
		return false;
	for (size_t i = 0; i < files.count; i++) {
		struct stat status;

		/* The file itself, not its path, which may be another mount namespace's. */
		if (fstatat(fd, files.items[i], &status, 0) == 0 &&
		    is_device(&status, number))
			return true;
	}
	return false;
}

int device_holder_find(const struct sysroot *sysroot, const struct device_number *number,
		       int64_t *ret_process, struct error *err)
{
	auto_names processes = { 0 };
	auto_close int proc =
		sysroot_openat(sysroot, AT_FDCWD, PROC, O_RDONLY | O_DIRECTORY);
	int r = proc < 0 ? proc : names_read(proc, &processes);

	*ret_process = 0;
	/* A captured machine has none. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return file_error(PROC, -r, err);
	for (size_t i = 0; i < processes.count; i++) {
		uint64_t process;

		if (number_parse(slice_from(processes.items[i]), 10, 10, INT64_MAX,
				 &process) < 0 ||
		    !has_open(proc, processes.items[i], number))
			continue;
		*ret_process = (int64_t)process;
		return 0;
	}
	return 0;
}
