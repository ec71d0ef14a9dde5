/* SPDX-License-Identifier: Apache-2.0 */
/* The way to oci-vfio-admin. */
#include "command.h"

#include <errno.h>
#include <linux/limits.h>
#include <unistd.h>

/* The directory of the program that is running, with a slash; without /proc what it was called
 * by. The caller frees. */
static char *find_directory(const char *called)
{
	char path[PATH_MAX];
	const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
	const char *program = called;

	if (length >= 0) {
		path[length] = '\0';
		program = path;
	}
	return xstrndup(program, (size_t)(path_name(program) - program));
}

int admin_run(char **argv, struct error *err)
{
	auto_free char *directory = find_directory(argv[0] ? argv[0] : "");
	auto_free char *path = text_join(directory, "oci-vfio-admin", NULL);
	auto_free char *name = path_display(path);

	/* Not what the working directory has of that name. */
	if (*directory != '/')
		return error_set(
			err, ERROR_IO,
			"/proc/self/exe: can't be read: mount /proc, or call oci-vfio-hook by its whole path");
	execv(path, argv);
	return error_set(err, error_class_of_errno(errno),
			 "%s: can't be run: %s: it must be beside oci-vfio-hook", name,
			 strerror(errno));
}
