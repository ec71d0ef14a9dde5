/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a log: to a file or to the machine's log. */
#include "oci-vfio-hook/log.h"

#include <errno.h>
#include <time.h>

#include "oci-vfio-hook/sysroot.h"
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

static int log_append(const char *path, bool json, const struct log_record *record,
		      struct error *err)
{
	auto_free char *name = path_display(path);
	char time_text[TIME_SIZE];
	auto_buffer line = { 0 };
	auto_close int fd = -1;
	ssize_t n;

	format_time(time_text);
	if (json)
		log_record_json(record, time_text, &line);
	else
		log_record_text(record, time_text, &line);
	/* O_NONBLOCK: a FIFO without a reader must not hold a container up. */
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		  0600);
	if (fd < 0)
		return error_set(err, error_class_of_errno(errno),
				 "%s: can't be opened for the log: %s", name,
				 strerror(errno));
	/* One write, so that lines of several processes don't mix. */
	n = write(fd, line.data, line.length);
	if (n < 0 || (size_t)n < line.length)
		return error_set(err, ERROR_IO, "%s: the log can't be written: %s", name,
				 strerror(n < 0 ? errno : ENOSPC));
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
