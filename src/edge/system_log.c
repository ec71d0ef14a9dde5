/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's own log, without libsystemd and without syslog(3): loading the former
 * costs more than a whole run, and the latter waits for a daemon that doesn't read. Both speak
 * by one datagram, in formats that are promised to stay. */
#include "system_log.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "oci-vfio-hook/sysroot.h"

static void format_syslog(const struct log_record *record, struct buffer *ret)
{
	char text[sizeof("Jan  1 00:00:00")];
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local) == NULL ||
	    strftime(text, sizeof text, "%b %e %H:%M:%S", &local) == 0)
		text[0] = '\0';
	log_record_syslog(record, text, (uint64_t)getpid(), ret);
}

static const struct listener {
	struct sockaddr_un address;
	void (*format)(const struct log_record *record, struct buffer *ret);
} listeners[] = {
	{ { AF_UNIX, "/run/systemd/journal/socket" }, log_record_journal },
	{ { AF_UNIX, "/dev/log" }, format_syslog },
};

static bool send_to(const struct listener *listener, const struct log_record *record)
{
	auto_buffer text = { 0 };
	auto_close int fd = -1;

	/* A guest or a container may have neither, and a socket costs more than a look. */
	if (access(listener->address.sun_path, F_OK) < 0)
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&listener->address,
			      sizeof listener->address) < 0)
		return false;
	listener->format(record, &text);
	return send(fd, text.data, text.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void system_log_send(const struct log_record *record)
{
	for (size_t i = 0; i < ARRAY_SIZE(listeners); i++) {
		if (send_to(&listeners[i], record))
			return;
	}
}
