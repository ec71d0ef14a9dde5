/* Log lines appended to a file.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/log.h"

#include <errno.h>
#include <time.h>

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/machine.h"

#define TIME_SIZE sizeof("2026-01-01T00:00:00Z")

static void format_time(char ret[static TIME_SIZE])
{
	time_t now = time(NULL);
	struct tm utc;

	strftime(ret, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

static void format_line(bool json, const char *level, const char *message,
			struct buffer *ret)
{
	char time_text[TIME_SIZE];

	format_time(time_text);
	if (json) {
		buffer_printf(ret, "{\"level\":\"%s\",\"msg\":", level);
		json_quote(ret, slice_from(message));
		buffer_printf(ret, ",\"time\":\"%s\"}\n", time_text);
		return;
	}
	buffer_printf(ret, "%s %s: ", time_text, level);
	buffer_add_printable(ret, slice_from(message));
	buffer_add(ret, SLICE("\n"));
}

int log_append(const char *path, bool json, const char *level, const char *message,
	       struct error *err)
{
	auto_free char *name = path_display(path);
	auto_buffer line = { 0 };
	auto_close int fd = -1;
	ssize_t n;

	format_line(json, level, message, &line);
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
