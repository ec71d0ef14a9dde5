/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for hot-plug events: udevd's by libudev, or the kernel's. The only file that knows
 * libudev. */
#include "oci-vfio-hook/hotplug.h"

#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/sysroot.h"

#include "kernel_events.h"

/* One plugged function makes several events: PCI, VFIO and, last, that it is bound. Looking
 * in between could find a node's numbers before devtmpfs has the node. */
#define BURST (CLOCK_SECOND / 50)

LIBRARY_NOTE(
	"[{\"feature\":\"hotplug\",\"description\":\"Waiting for devices that are being hot-plugged until udev's rules are through\",\"priority\":\"suggested\",\"soname\":[\"libudev.so.1\"]}]");

#define LIBUDEV(FUNCTION)                                                                \
	FUNCTION(udev_new)                                                               \
	FUNCTION(udev_unref)                                                             \
	FUNCTION(udev_monitor_new_from_netlink)                                          \
	FUNCTION(udev_monitor_unref)                                                     \
	FUNCTION(udev_monitor_filter_add_match_subsystem_devtype)                        \
	FUNCTION(udev_monitor_enable_receiving)                                          \
	FUNCTION(udev_monitor_get_fd)                                                    \
	FUNCTION(udev_monitor_receive_device)                                            \
	FUNCTION(udev_device_unref)
LIBRARY(libudev, LIBUDEV);

static const struct library libudev_library = {
	.soname = "libudev.so.1",
	.package = "libudev1",
	.need = "wait until udev's rules are through",
	.names = libudev_names,
};

struct hotplug {
	struct libudev libudev;
	struct udev *udev;
	struct udev_monitor *monitor; /* NULL: the kernel is listened to */
	int kernel;		      /* fd; -1 with `monitor` */
	uint64_t end;		      /* on the clock */
};

static bool is_same_namespace(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       file_same(&first, &second);
}

/* Without udevd, and outside of its network namespace, its events never come, which isn't
 * an error for libudev. The kernel's reach everybody. */
static bool has_udevd(void)
{
	return access("/run/udev/control", F_OK) == 0 &&
	       is_same_namespace("/proc/self/ns/net", "/proc/1/ns/net");
}

static int listen_to_udevd(struct hotplug *hotplug, struct error *err)
{
	static const char *const subsystems[] = { "pci", "vfio", "vfio-dev", "mdev" };
	const struct libudev *libudev = &hotplug->libudev;
	int r = library_open(&libudev_library, &hotplug->libudev, err);

	if (r < 0)
		return r;
	errno = 0;
	hotplug->udev = libudev->udev_new();
	if (hotplug->udev != NULL)
		hotplug->monitor =
			libudev->udev_monitor_new_from_netlink(hotplug->udev, "udev");
	r = hotplug->monitor == NULL ? -errno : 0;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(subsystems); i++)
		r = libudev->udev_monitor_filter_add_match_subsystem_devtype(
			hotplug->monitor, subsystems[i], NULL);
	if (r >= 0 && hotplug->monitor != NULL)
		r = libudev->udev_monitor_enable_receiving(hotplug->monitor);
	if (r >= 0 && hotplug->monitor != NULL)
		return 0;
	return error_set(err, ERROR_IO, "libudev can't listen to udevd: %s",
			 strerror(-r));
}

static void close_udevd(struct hotplug *hotplug)
{
	if (hotplug->monitor != NULL)
		hotplug->libudev.udev_monitor_unref(hotplug->monitor);
	if (hotplug->udev != NULL)
		hotplug->libudev.udev_unref(hotplug->udev);
	hotplug->monitor = NULL;
	hotplug->udev = NULL;
}

int hotplug_open(uint64_t end, struct hotplug **ret, struct messages *messages,
		 struct error *err)
{
	auto_hotplug hotplug = xzalloc(sizeof(*hotplug));
	auto_error reason = { 0 };
	bool udevd = has_udevd();

	hotplug->end = end;
	hotplug->kernel = -1;
	if (udevd && listen_to_udevd(hotplug, &reason) < 0) {
		messages_add(
			messages, MESSAGE_INFO,
			"%s; the kernel's events are waited for, but not what udev's rules do",
			reason.message);
		close_udevd(hotplug);
		udevd = false;
	}
	if (!udevd) {
		hotplug->kernel = kernel_events_open(err);
		if (hotplug->kernel < 0)
			return hotplug->kernel;
	}
	*ret = take_ptr(hotplug);
	return 0;
}

/* Takes what has come. Was there anything? An error counts too: events may be lost. */
static bool take_events(struct hotplug *hotplug)
{
	const struct libudev *libudev = &hotplug->libudev;
	struct udev_device *device;
	bool found = false;

	if (hotplug->monitor == NULL)
		return kernel_events_take(hotplug->kernel);
	while (errno = 0, (device = libudev->udev_monitor_receive_device(
				   hotplug->monitor)) != NULL) {
		libudev->udev_device_unref(device);
		found = true;
	}
	return found || errno != EAGAIN;
}

/* Waits until the fd (-1: none) can be read, at most until `end`; false: it can't. */
static bool wait_until(int fd, uint64_t end)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int n;

	/* To the next millisecond, so that the time is over then. */
	n = RETRY_ON_EINTR(poll(&ready, 1, (int)((clock_left(end) + 999) / 1000)));
	return n > 0;
}

bool hotplug_wait(struct hotplug *hotplug)
{
	int fd = hotplug->monitor != NULL
			 ? hotplug->libudev.udev_monitor_get_fd(hotplug->monitor)
			 : hotplug->kernel;
	uint64_t burst_end;

	/* Events that go on and on don't make the time longer. */
	do {
		if (clock_left(hotplug->end) == 0 || !wait_until(fd, hotplug->end))
			return false;
	} while (!take_events(hotplug));
	burst_end = clock_read() + BURST;
	wait_until(-1, burst_end < hotplug->end ? burst_end : hotplug->end);
	take_events(hotplug);
	return true;
}

void hotplug_close(struct hotplug **hotplug)
{
	struct hotplug *closed = take_ptr(*hotplug);

	if (closed == NULL)
		return;
	close_udevd(closed);
	close_fd(&closed->kernel);
	free(closed);
}
