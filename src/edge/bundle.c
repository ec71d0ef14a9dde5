/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI bundle: its directory, lock and config.json, replaced in one step or not at
 * all. Knows nothing of what is in the file. */
#include "oci-vfio-hook/bundle.h"

#include <errno.h>

#include "bundle_lock.h"

#define TEMPORARY ".config.json.oci-vfio-hook"

static int open_directory(const char *path, struct bundle *bundle, struct error *err)
{
	auto_free char *name = NULL;

	bundle->directory =
		RETRY_ON_EINTR(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (bundle->directory < 0) {
		int number = errno;

		name = path_display(path);
		if (number == ENOTDIR)
			return error_set(
				err, ERROR_DATA,
				"%s: is not a directory; name the bundle's directory, which has config.json in it",
				name);
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

int bundle_open(const char *path, const char *file, struct bundle *ret, struct error *err)
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
	if (r == 0)
		r = open_config(&bundle, err);
	if (r < 0)
		return r;
	*ret = bundle;
	bundle = (struct bundle)BUNDLE_INIT;
	return 0;
}

int bundle_lock(struct bundle *bundle, uint64_t deadline, struct error *err)
{
	return bundle_lock_take(bundle->directory, bundle->name, deadline, &bundle->lock,
				&bundle->lock_file, err);
}

void bundle_unlock(struct bundle *bundle)
{
	replacement_drop(&bundle->replacement);
	bundle_lock_release(bundle->directory, &bundle->lock, &bundle->lock_file);
}

/* Is what was read all that the open file has? */
static bool has_same_bytes(const struct bundle *bundle)
{
	auto_free char *bytes = xmalloc(bundle->length + 1);
	ssize_t n = RETRY_ON_EINTR(pread(bundle->config, bytes, bundle->length + 1, 0));

	return n == (ssize_t)bundle->length &&
	       memcmp(bytes, bundle->text, bundle->length) == 0;
}

/* Nearly always the case: the name is still that of the open file, with the same bytes. */
static bool is_unchanged(struct bundle *bundle)
{
	struct stat now;

	if (fstatat(bundle->directory, bundle->file, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !file_same(&now, &bundle->status) || !has_same_bytes(bundle))
		return false;
	bundle->status = now;
	return true;
}

int bundle_read_again(struct bundle *bundle, bool *ret_same, struct error *err)
{
	struct bundle again = { .name = bundle->name,
				.file = bundle->file,
				.directory = bundle->directory,
				.lock = -1,
				.config = -1 };
	bool same;
	int r;

	*ret_same = is_unchanged(bundle);
	if (*ret_same)
		return 0;
	r = open_config(&again, err);
	if (r < 0) {
		close_fd(&again.config);
		return r;
	}
	same = again.length == bundle->length && again.text &&
	       memcmp(again.text, bundle->text, again.length) == 0;
	/* The plan borrows from the text, so it stays where it is if it is the same. */
	free(same ? again.text : bundle->text);
	if (!same)
		bundle->text = again.text;
	bundle->length = again.length;
	close_fd(&bundle->config);
	bundle->config = again.config;
	bundle->status = again.status;
	*ret_same = same;
	return 0;
}

void bundle_close(struct bundle *bundle)
{
	bundle_unlock(bundle);
	close_fd(&bundle->config);
	close_fd(&bundle->directory);
	free(bundle->text);
	free(bundle->file);
	free(bundle->name);
	*bundle = (struct bundle)BUNDLE_INIT;
}

/* Engines take no lock: is the file still the one that was read? */
static int check_unchanged(const struct bundle *bundle, struct error *err)
{
	struct stat now;

	if (fstatat(bundle->directory, bundle->file, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(err, ERROR_IO, "%s: is gone: %s", bundle->name,
				 strerror(errno));
	/* Whatever changes a file changes its ctime. */
	if (!file_same(&now, &bundle->status) ||
	    now.st_ctim.tv_sec != bundle->status.st_ctim.tv_sec ||
	    now.st_ctim.tv_nsec != bundle->status.st_ctim.tv_nsec) {
		error_set(err, ERROR_IO, "%s: somebody else has changed it meanwhile",
			  bundle->name);
		return -ESTALE;
	}
	return 0;
}

int bundle_write(struct bundle *bundle, struct spliced text, struct error *err)
{
	struct replacement *replacement = &bundle->replacement;
	const bool locked = bundle->lock >= 0;
	int r = 0;

	if (locked)
		memcpy(bundle->temporary, TEMPORARY, sizeof(TEMPORARY));
	else
		r = replacement_random_name(bundle->temporary, bundle->name, err);
	if (r == 0)
		r = replacement_create(bundle->directory, bundle->temporary, locked,
				       bundle->name, replacement, err);
	if (r == 0)
		r = file_write(replacement->fd, bundle->name, text, err);
	if (r == 0)
		r = replacement_copy_attributes(replacement, bundle->config,
						&bundle->status, err);
	if (r < 0)
		replacement_drop(replacement);
	return r;
}

int bundle_commit(struct bundle *bundle, struct error *err)
{
	int r = bundle->lock >= 0 ? check_unchanged(bundle, err) : 0;

	return r < 0 ? r : replacement_finish(&bundle->replacement, bundle->file, err);
}
