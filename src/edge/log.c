/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a log: to a file or to the machine's log. */
#include "oci-vfio-hook/log.h"

#include <errno.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "oci-vfio-hook/file.h"
#include "system_log.h"

#define TIME_SIZE sizeof("2026-01-01T00:00:00Z")

static void format_time(char ret[static TIME_SIZE])
{
	time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) == NULL ||
	    strftime(ret, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		ret[0] = '\0';
}

static int open_failed(const char *name, int number, struct error *err)
{
	if (number == ELOOP)
		return error_set(
			err, ERROR_DATA,
			"%s: is a symbolic link, which a log must not be; name the file itself",
			name);
	return error_set(err, error_class_of_errno(number),
			 "%s: can't be opened for the log: %s", name, strerror(number));
}

/* Others may be able to make files in the log's directory, and what is written isn't for
 * everybody. /dev/null is for those who don't want a log. */
static int check_file(int fd, const char *name, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set(err, ERROR_IO, "%s: the log can't be examined: %s", name,
				 strerror(errno));
	if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3))
		return 0;
	if (!S_ISREG(status.st_mode))
		return error_set(err, ERROR_DATA,
				 "%s: is not a regular file, which a log must be", name);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return error_set(
			err, ERROR_PERMISSION,
			"%s: is owned by user %u, but a log must be owned by root or by the user who writes it; remove it, or name another file",
			name, status.st_uid);
	return 0;
}

/* Returns the fd, or a negative number with *err set. */
static int open_file(const char *path, const char *name, struct error *err)
{
	/* O_NONBLOCK: a FIFO without a reader must not hold a container up. */
	auto_close int fd = fd_make(AT_FDCWD, path,
				    O_WRONLY | O_APPEND | O_NOCTTY | O_NONBLOCK, 0600);
	int r;

	if (fd < 0)
		return open_failed(name, -fd, err);
	r = check_file(fd, name, err);
	return r < 0 ? r : take_fd(fd);
}

static int log_append(const char *path, bool json, const struct log_record *record,
		      struct error *err)
{
	auto_free char *name = path_display(path);
	char time_text[TIME_SIZE];
	auto_buffer line = { 0 };
	auto_close int fd = open_file(path, name, err);
	ssize_t n;

	if (fd < 0)
		return fd;
	format_time(time_text);
	if (json)
		log_record_json(record, time_text, &line);
	else
		log_record_text(record, time_text, &line);
	/* One write, so that lines of several processes don't mix. */
	n = RETRY_ON_EINTR(write(fd, line.data, line.length));
	/* The rest only to learn why it wasn't taken. */
	if (n >= 0 && (size_t)n < line.length)
		n = RETRY_ON_EINTR(write(fd, line.data + n, line.length - (size_t)n));
	if (n < 0)
		return error_set(err, ERROR_IO, "%s: the log can't be written: %s", name,
				 strerror(errno));
	return 0;
}

int log_write(const struct log *log, const struct log_record *record, struct error *err)
{
	int r = 0;

	if (record->level > log->level)
		return 0;
	if (log->file)
		r = log_append(log->file, log->json, record, err);
	if (log->system && (!log->file || r < 0))
		system_log_send(record);
	return r;
}
