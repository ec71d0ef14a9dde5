/* SPDX-License-Identifier: Apache-2.0 */
/* Files without a name. */
#include "oci-vfio-hook/memory_file.h"

#include <sys/mman.h>

#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/replacement.h"

/* Since Linux 6.3, where the sysctl vm.memfd_noexec may demand it. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

static int make(void)
{
	int fd = memfd_create("oci-vfio-hook", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create("oci-vfio-hook", MFD_CLOEXEC)
					 : fd;
}

int memory_file_make(const char *name, struct slice content, int *ret, struct error *err)
{
	auto_close int made = make(), fd = -1;
	int r;

	if (made >= 0)
		fd = fcntl(made, F_DUPFD, STDERR_FILENO + 1);
	if (fd < 0)
		return error_set(err, ERROR_IO,
				 "%s: no file in memory for a copy of it: %s", name,
				 strerror(errno));
	r = file_write(fd, name, (struct spliced) { .text = content }, err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = error_set(err, ERROR_IO, "%s: its copy can't be rewound: %s", name,
			      strerror(errno));
	if (r == 0)
		*ret = take_fd(fd);
	return r;
}
