/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI bundle: its directory, lock and config.json, replaced in one step or not at
 * all. Knows nothing of what is in the file. */
#include "oci-vfio-hook/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/replacement.h"

#define TEMPORARY ".config.json.oci-vfio-hook"

/* Kata's agent kills a guest hook after 10 s: there must be time left to wait for a device
 * that is being hot-plugged (3 s), and to say why the run failed. */
#define LOCK_SECONDS 5
#define LOCK_PAUSE_MAX_NS 50000000L

/* Not a blocking flock(): that could only be ended by a signal, and a hook has no timer
 * of its own to spare. */
static int lock(int directory, const char *name, struct error *err)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t deadline = 0;

	while (flock(directory, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(err, ERROR_IO,
					 "%s: the bundle can't be locked: %s", name,
					 strerror(errno));
		if (deadline == 0)
			deadline = clock_read() + LOCK_SECONDS * CLOCK_SECOND;
		if (clock_left(deadline) == 0)
			return error_set(
				err, ERROR_TIMEOUT,
				"%s: another process has held the lock of the bundle's directory for %d s: is an oci-vfio-hook stuck there?",
				name, LOCK_SECONDS);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec * 2 <= LOCK_PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return 0;
}

static int open_directory(const char *path, struct bundle *bundle, struct error *err)
{
	auto_free char *name = NULL;

	bundle->directory =
		RETRY_ON_EINTR(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (bundle->directory < 0) {
		int number = errno;

		name = path_display(path);
		return error_set(err, error_class_of_errno(number),
				 "%s: can't be opened as a bundle: %s", name,
				 strerror(number));
	}
	return 0;
}

static int open_config(struct bundle *bundle, struct error *err)
{
	int number;

	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	bundle->config =
		openat(bundle->directory, bundle->file,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	number = errno;
	if (bundle->config < 0 && number == ELOOP)
		return error_set(err, ERROR_DATA,
				 "%s: is a symbolic link: it must be a regular file",
				 bundle->name);
	/* What a socket or a device without a driver gives. */
	if (bundle->config < 0 && (number == ENXIO || number == ENODEV))
		return error_set(err, ERROR_DATA, "%s: is not a regular file",
				 bundle->name);
	if (bundle->config < 0)
		return error_set(err, error_class_of_errno(number),
				 "%s: can't be opened: %s", bundle->name,
				 strerror(number));
	if (fstat(bundle->config, &bundle->status) < 0)
		return error_set(err, ERROR_IO, "%s: can't be examined: %s", bundle->name,
				 strerror(errno));
	if (!S_ISREG(bundle->status.st_mode))
		return error_set(err, ERROR_DATA, "%s: is not a regular file",
				 bundle->name);
	return file_read(bundle->config, bundle->name, (uint64_t)bundle->status.st_size,
			 SPEC_SIZE_MAX, &bundle->text, &bundle->length, err);
}

static char *file_path(const char *directory, const char *file)
{
	size_t length = strlen(directory);
	const char *slash = length > 0 && directory[length - 1] == '/' ? "" : "/";
	auto_free char *path = text_join(directory, slash, file, NULL);

	return path_display(path);
}

int bundle_open(const char *path, const char *file, bool take_lock, struct bundle *ret,
		struct error *err)
{
	auto_bundle bundle = BUNDLE_INIT;
	int r;

	bundle.name = file_path(path, file);
	if (file[0] == '\0' || strchr(file, '/') != NULL)
		return error_set(
			err, ERROR_DATA,
			"%s: the name of the file in the bundle must be one without a slash",
			bundle.name);
	bundle.file = xstrndup(file, strlen(file));
	r = open_directory(path, &bundle, err);
	if (r == 0 && take_lock) {
		r = lock(bundle.directory, bundle.name, err);
		bundle.locked = r == 0;
	}
	if (r == 0)
		r = open_config(&bundle, err);
	if (r < 0)
		return r;
	*ret = bundle;
	bundle = (struct bundle)BUNDLE_INIT;
	return 0;
}

void bundle_close(struct bundle *bundle)
{
	close_fd(&bundle->config);
	close_fd(&bundle->directory);
	free(bundle->text);
	free(bundle->file);
	free(bundle->name);
	*bundle = (struct bundle)BUNDLE_INIT;
}

#define TEMPORARY_SIZE sizeof(".oci-vfio-hook.0123456789abcdef")

/* Without the lock a temporary file's name is not ours alone: it needs to be a new
 * one. */
static int random_name(char ret[static TEMPORARY_SIZE], const char *name,
		       struct error *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_set(err, ERROR_IO,
				 "%s: no random number for a temporary name: %s", name,
				 strerror(errno));
	snprintf(ret, TEMPORARY_SIZE, ".oci-vfio-hook.%016llx",
		 (unsigned long long)random);
	return 0;
}

/* Engines take no lock: is the file still the one that was read? */
static int check_unchanged(const struct bundle *bundle, struct error *err)
{
	struct stat now;

	if (fstatat(bundle->directory, bundle->file, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, ERROR_IO, "%s: is gone: %s; nothing was changed",
				 bundle->name, strerror(errno));
	if (now.st_dev != bundle->status.st_dev || now.st_ino != bundle->status.st_ino ||
	    now.st_size != bundle->status.st_size ||
	    now.st_mtim.tv_sec != bundle->status.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != bundle->status.st_mtim.tv_nsec)
		return error_set(
			err, ERROR_IO,
			"%s: somebody else has changed it meanwhile; nothing was changed, run again",
			bundle->name);
	return 0;
}

int bundle_replace(struct bundle *bundle, const struct iovec *parts, size_t n_parts,
		   struct error *err)
{
	auto_replacement replacement = REPLACEMENT_INIT;
	char temporary[TEMPORARY_SIZE] = TEMPORARY;
	int r;

	if (!bundle->locked) {
		r = random_name(temporary, bundle->name, err);
		if (r < 0)
			return r;
	}
	r = replacement_create(bundle->directory, temporary, bundle->locked, bundle->name,
			       &replacement, err);
	if (r == 0)
		r = file_write(replacement.fd, bundle->name, parts, n_parts, err);
	if (r == 0)
		r = replacement_copy_attributes(&replacement, bundle->config,
						&bundle->status, err);
	if (r == 0 && bundle->locked)
		r = check_unchanged(bundle, err);
	if (r == 0)
		r = replacement_finish(&replacement, bundle->file, err);
	return r;
}

/* May the file be replaced by another? */
static int check_output(const struct bundle *bundle, int directory, const char *file,
			const char *name, struct error *err)
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
	if (file_same(&status, &bundle->status))
		return error_set(
			err, ERROR_USAGE,
			"%s: is the bundle's own file, which is to be left as it is: name another one",
			name);
	return 0;
}

static int write_output(const struct bundle *bundle, int directory, const char *file,
			const char *name, const struct iovec *parts, size_t n_parts,
			struct error *err)
{
	auto_replacement replacement = REPLACEMENT_INIT;
	char temporary[TEMPORARY_SIZE];
	int r = random_name(temporary, name, err);

	if (r == 0)
		r = replacement_create(directory, temporary, false, name, &replacement,
				       err);
	if (r == 0)
		r = file_write(replacement.fd, name, parts, n_parts, err);
	if (r == 0 && fchmod(replacement.fd, bundle->status.st_mode & 0777) < 0)
		r = replacement_error(name, "can't give the new file its mode", errno,
				      err);
	if (r == 0)
		r = replacement_finish(&replacement, file, err);
	return r;
}

int bundle_write_to(const struct bundle *bundle, const char *path,
		    const struct iovec *parts, size_t n_parts, struct error *err)
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
		return error_set(err, ERROR_DATA, "%s: is not the name of a file", name);
	directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error_set(err, error_class_of_errno(errno),
				 "%s: its directory can't be opened: %s", name,
				 strerror(errno));
	r = check_output(bundle, directory, file, name, err);
	if (r < 0)
		return r;
	return write_output(bundle, directory, file, name, parts, n_parts, err);
}
