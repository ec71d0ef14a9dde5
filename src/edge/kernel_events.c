/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's events of devices (netlink(7), NETLINK_KOBJECT_UEVENT). */
#include "kernel_events.h"

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "oci-vfio-hook/file.h"
#include "oci-vfio-hook/uevent.h"

/* The kernel's group; the other one is udevd's. */
#define GROUP_KERNEL 1
/* The kernel's buffer for one event has 2 KiB (UEVENT_BUFFER_SIZE). */
#define EVENT_SIZE 8192

int kernel_events_open(struct error *err)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK,
					     .nl_groups = GROUP_KERNEL };
	auto_close int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return error_set(err, ERROR_IO,
				 "the kernel's events can't be listened to: %s",
				 strerror(errno));
	return take_fd(fd);
}

static bool is_ours(struct slice message)
{
	static const char *const subsystems[] = { "pci", "vfio", "vfio-dev", "mdev" };

	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		if (uevent_is_of(message, slice_from(subsystems[i])))
			return true;
	}
	return false;
}

bool kernel_events_take(int socket)
{
	bool found = false;

	for (;;) {
		char text[EVENT_SIZE];
		struct sockaddr_nl from = { 0 };
		socklen_t from_length = sizeof from;
		ssize_t length =
			RETRY_ON_EINTR(recvfrom(socket, text, sizeof text, 0,
						(struct sockaddr *)&from, &from_length));

		if (length < 0)
			return found || errno != EAGAIN;
		/* Whoever has another number isn't the kernel. */
		if (from.nl_pid == 0)
			found |= is_ours((struct slice) { text, (size_t)length });
	}
}
