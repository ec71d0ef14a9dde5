/* SPDX-License-Identifier: Apache-2.0 */
/* A file that somebody named for a result. */
#include "oci-vfio-hook/output_file.h"

#include <errno.h>

/* May the file be replaced by another? */
static int check(int directory, const char *file, const char *name,
		 const struct stat *except, struct error *err)
{
	struct stat status;

	if (fstatat(directory, file, &status, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_set(err, error_class_of_errno(errno),
				 "%s: can't be examined: %s", name, strerror(errno));
	}
	if (!S_ISREG(status.st_mode))
		return error_set(
			err, ERROR_DATA,
			"%s: is not a regular file: name a new or a regular file", name);
	if (except && file_same(&status, except))
		return error_set(
			err, ERROR_USAGE,
			"%s: is the bundle's own file, which must stay as it is: name another one",
			name);
	return 0;
}

static int replace(int directory, const char *file, const char *name, struct spliced text,
		   mode_t mode, struct error *err)
{
	auto_replacement replacement = REPLACEMENT_INIT;
	char temporary[REPLACEMENT_NAME_SIZE];
	int r = replacement_random_name(temporary, name, err);

	if (r == 0)
		r = replacement_create(directory, temporary, false, name, &replacement,
				       err);
	if (r == 0)
		r = file_write(replacement.fd, name, text, err);
	if (r == 0 && fchmod(replacement.fd, mode & 0777) < 0)
		r = replacement_error(name, "can't give the new file its mode", errno,
				      err);
	if (r < 0)
		return r;
	r = replacement_finish(&replacement, file, err);
	return r < 0 ? error_append(err, "; nothing was changed") : 0;
}

int output_file_write(const char *path, struct spliced text, mode_t mode,
		      const struct stat *except, struct error *err)
{
	auto_free char *name = path_display(path), *parent = NULL;
	auto_close int directory = -1;
	const char *slash = strrchr(path, '/'), *file = slash != NULL ? slash + 1 : path;
	int r;

	if (slash == NULL)
		parent = xstrndup(".", 1);
	else
		parent = xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	if (*file == '\0')
		return error_set(err, ERROR_DATA, "%s: is %s; name a file", name,
				 slash ? "a directory" : "empty");
	directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_set(err, error_class_of_errno(errno),
				 "%s: its directory can't be opened: %s", name,
				 strerror(errno));
	r = check(directory, file, name, except, err);
	return r < 0 ? r : replace(directory, file, name, text, mode, err);
}
