/* SPDX-License-Identifier: Apache-2.0 */
/* An engine's configuration files. What stands in them is registration's business. */
#include "oci-vfio-hook/config_file.h"

#include <errno.h>

#include "oci-vfio-hook/replacement.h"

#define CONFIG_FILE_MAX ((size_t)16 << 20)
#define TEMPORARY ".oci-vfio-hook.new"
#define UNCHANGED "; nothing was changed"

static int set_error(const struct sysroot *sysroot, const char *path, const char *what,
		     int number, struct error *err)
{
	auto_free char *name = sysroot_display(sysroot, path);

	return replacement_error(name, what, number, err);
}

int config_file_read(const struct sysroot *sysroot, const char *path, bool replaced,
		     char **ret, size_t *ret_length, struct error *err)
{
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path,
			       O_RDONLY | O_NONBLOCK | (replaced ? O_NOFOLLOW : 0));
	auto_free char *name = sysroot_display(sysroot, path);
	struct stat status;

	*ret = NULL;
	*ret_length = 0;
	if (fd == -ENOENT)
		return 0;
	if (fd == -ELOOP)
		return error_set(
			err, ERROR_DATA,
			"%s: is a symbolic link: put the file itself in its place" UNCHANGED,
			name);
	if (fd < 0)
		return file_error(name, -fd, err);
	if (fstat(fd, &status) < 0)
		return file_error(name, errno, err);
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_DATA, "%s: must be a regular file" UNCHANGED,
				 name);
	return file_read(fd, name, (uint64_t)status.st_size, CONFIG_FILE_MAX, ret,
			 ret_length, err);
}

/* Opens the directory that a path is in, or makes it, of mode 0755 whatever the umask. The fd
 * or -errno. */
static int make_directory(const struct sysroot *sysroot, const char *path)
{
	auto_close int parent =
		sysroot_openat(sysroot, AT_FDCWD, "/", O_PATH | O_DIRECTORY);
	const char *name = path + 1;

	for (const char *slash; parent >= 0 && (slash = strchr(name, '/'));
	     name = slash + 1) {
		auto_free char *whole = xstrndup(path, (size_t)(slash - path));
		int fd = sysroot_openat(sysroot, AT_FDCWD, whole, O_PATH | O_DIRECTORY);

		if (fd == -ENOENT) {
			const char *last = path_name(whole);

			if (mkdirat(parent, last, 0755) < 0 ||
			    fchmodat(parent, last, 0755, 0) < 0)
				return -errno;
			fd = sysroot_openat(sysroot, AT_FDCWD, whole,
					    O_PATH | O_DIRECTORY);
		}
		close_fd(&parent);
		parent = fd;
	}
	return take_fd(parent);
}

static int set_mode(const struct replacement *replacement, mode_t mode, struct error *err)
{
	return fchmod(replacement->fd, mode) < 0
		       ? replacement_error(replacement->name,
					   "can't give the new file its mode", errno, err)
		       : 0;
}

static int copy_attributes(const struct replacement *replacement, int directory,
			   const char *file, mode_t mode, struct error *err)
{
	auto_close int old = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat status;

	if (old < 0 && errno == ENOENT)
		return set_mode(replacement, mode, err);
	if (old < 0 || fstat(old, &status) < 0)
		return replacement_error(replacement->name, "can't be examined", errno,
					 err);
	return replacement_copy_attributes(replacement, old, &status, err);
}

static int write_file(const struct sysroot *sysroot, const char *path, struct slice text,
		      mode_t mode, bool as_before, struct error *err)
{
	const char *file = path_name(path);
	auto_close int directory = make_directory(sysroot, path);
	auto_free char *name = sysroot_display(sysroot, path);
	auto_replacement replacement = REPLACEMENT_INIT;
	int r;

	if (directory < 0)
		return replacement_error(name, "the directory for it can't be made",
					 -directory, err);
	r = replacement_create(directory, TEMPORARY, false, name, &replacement, err);
	if (r == 0)
		r = file_write(replacement.fd, name, (struct spliced) { .text = text },
			       err);
	if (r == 0 && as_before)
		r = copy_attributes(&replacement, directory, file, mode, err);
	else if (r == 0)
		r = set_mode(&replacement, mode, err);
	/* An engine must not find half of it after a power cut. */
	if (r == 0 && fsync(replacement.fd) < 0)
		r = replacement_error(name, "can't be written", errno, err);
	return r < 0 ? r : replacement_finish(&replacement, file, err);
}

int config_file_write(const struct sysroot *sysroot, const char *path, struct slice text,
		      mode_t mode, struct error *err)
{
	return write_file(sysroot, path, text, mode, true, err);
}

int config_file_install(const struct sysroot *sysroot, const char *path,
			struct slice text, mode_t mode, struct error *err)
{
	return write_file(sysroot, path, text, mode, false, err);
}

bool config_file_is_installed(const struct sysroot *sysroot, const char *path,
			      mode_t mode)
{
	auto_close int fd = sysroot_openat(sysroot, AT_FDCWD, path, O_PATH | O_NOFOLLOW);
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	       (status.st_mode & 07777) == mode && status.st_uid == geteuid() &&
	       status.st_gid == getegid();
}

bool config_file_is_link(const struct sysroot *sysroot, const char *path,
			 const char *target)
{
	char found[64];

	return sysroot_readlink(sysroot, AT_FDCWD, path, found, sizeof found) >= 0 &&
	       text_equal(found, target);
}

int config_file_link(const struct sysroot *sysroot, const char *path, const char *target,
		     struct error *err)
{
	auto_close int directory = make_directory(sysroot, path);

	if (directory >= 0 && symlinkat(target, directory, path_name(path)) == 0)
		return 0;
	if (directory >= 0 && errno == EEXIST) {
		auto_free char *name = sysroot_display(sysroot, path);

		if (config_file_is_link(sysroot, path, target))
			return 0;
		return error_set(err, ERROR_DATA, "%s: is not a link to %s; move it away",
				 name, target);
	}
	return set_error(sysroot, path, "can't be made",
			 directory < 0 ? -directory : errno, err);
}

int config_file_remove(const struct sysroot *sysroot, const char *path, struct error *err)
{
	auto_free char *parent = xstrndup(path, (size_t)(path_name(path) - path));
	auto_close int directory =
		sysroot_openat(sysroot, AT_FDCWD, parent, O_PATH | O_DIRECTORY);

	if (directory < 0)
		return set_error(sysroot, path, "can't be removed", -directory, err);
	if (unlinkat(directory, path_name(path), 0) < 0 && errno != ENOENT)
		return set_error(sysroot, path, "can't be removed", errno, err);
	return 0;
}

void config_directory_remove(const struct sysroot *sysroot, const char *path)
{
	auto_free char *parent = xstrndup(path, (size_t)(path_name(path) - path));
	auto_close int directory =
		sysroot_openat(sysroot, AT_FDCWD, parent, O_PATH | O_DIRECTORY);

	if (directory >= 0)
		unlinkat(directory, path_name(path), AT_REMOVEDIR);
}

int config_directory_list(const struct sysroot *sysroot, const char *path,
			  struct names *ret, struct error *err)
{
	auto_close int fd =
		sysroot_openat(sysroot, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : names_read(fd, ret);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		auto_free char *name = sysroot_display(sysroot, path);

		return file_error(name, -r, err);
	}
	return 0;
}
