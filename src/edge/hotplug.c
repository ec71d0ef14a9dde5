/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for hot-plug events. The only file that knows libudev. */
#include "oci-vfio-hook/hotplug.h"

#include <errno.h>
#include <libudev.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/library.h"
#include "oci-vfio-hook/sysroot.h"

/* One plugged function makes several events: PCI, VFIO and, last, that it is bound. Looking
 * in between could find a node's numbers before devtmpfs has the node. */
#define BURST (CLOCK_SECOND / 50)

LIBRARY_NOTE(
	"[{\"feature\":\"hotplug\",\"description\":\"Waiting for devices that are being hot-plugged\",\"priority\":\"suggested\",\"soname\":[\"libudev.so.1\"]}]");

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
	.need = "wait for a hot-plugged device",
	.names = libudev_names,
};

struct hotplug {
	struct libudev libudev;
	struct udev *udev;
	struct udev_monitor *monitor;
	uint64_t end; /* on the clock */
};

static bool is_same_namespace(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 &&
	       file_same(&first, &second);
}

/* Without udevd, and outside of its network namespace, its events never come, which isn't
 * an error for libudev. The kernel's reach everybody. */
static const char *event_source(void)
{
	return access("/run/udev/control", F_OK) == 0 &&
			       is_same_namespace("/proc/self/ns/net", "/proc/1/ns/net")
		       ? "udev"
		       : "kernel";
}

static int listen_to(struct hotplug *hotplug, const char *source)
{
	static const char *const subsystems[] = { "pci", "vfio", "vfio-dev" };
	const struct libudev *libudev = &hotplug->libudev;
	int r = 0;

	hotplug->udev = libudev->udev_new();
	if (hotplug->udev == NULL)
		return -errno;
	hotplug->monitor = libudev->udev_monitor_new_from_netlink(hotplug->udev, source);
	if (hotplug->monitor == NULL)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(subsystems); i++)
		r = libudev->udev_monitor_filter_add_match_subsystem_devtype(
			hotplug->monitor, subsystems[i], NULL);
	return r < 0 ? r : libudev->udev_monitor_enable_receiving(hotplug->monitor);
}

int hotplug_open(uint32_t seconds, struct hotplug **ret, struct error *err)
{
	auto_hotplug hotplug = xzalloc(sizeof(*hotplug));
	const char *source = event_source();
	int r;

	hotplug->end = clock_read() + seconds * CLOCK_SECOND;
	r = library_open(&libudev_library, &hotplug->libudev, err);
	if (r < 0)
		return r;
	r = listen_to(hotplug, source);
	if (r < 0)
		return error_set(err, ERROR_IO, "libudev can't listen to the %s: %s",
				 source, strerror(-r));
	*ret = take_ptr(hotplug);
	return 0;
}

/* Takes what has come. Was there anything? An error counts too: events may be lost. */
static bool take_events(struct hotplug *hotplug)
{
	const struct libudev *libudev = &hotplug->libudev;
	struct udev_device *device;
	bool found = false;

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
	int fd = hotplug->libudev.udev_monitor_get_fd(hotplug->monitor);
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
	if (closed->monitor != NULL)
		closed->libudev.udev_monitor_unref(closed->monitor);
	if (closed->udev != NULL)
		closed->libudev.udev_unref(closed->udev);
	free(closed);
}
