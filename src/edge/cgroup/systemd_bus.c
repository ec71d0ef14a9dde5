/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd over D-Bus, by sd-bus of libsystemd. */
#include "systemd_bus.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/library.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER SERVICE ".Manager"

/* For reading what there is, and again for each change: PID 1 may be reloading all of
 * its units. */
#define TIMEOUT (3 * CLOCK_SECOND)
/* When a run's time is over: a change may still have to be undone. */
#define TIMEOUT_LEAST (3 * CLOCK_SECOND / 10)

#define REACH_PAUSE_NS 20000000L

LIBRARY_NOTE(
	"[{\"feature\":\"systemd-units\",\"description\":\"Telling systemd of the devices of a container in a scope\",\"priority\":\"recommended\",\"soname\":[\"libsystemd.so.0\"]}]");

#define LIBSYSTEMD(FUNCTION)                                                             \
	FUNCTION(sd_bus_new)                                                             \
	FUNCTION(sd_bus_set_address)                                                     \
	FUNCTION(sd_bus_set_bus_client)                                                  \
	FUNCTION(sd_bus_set_method_call_timeout)                                         \
	FUNCTION(sd_bus_start)                                                           \
	FUNCTION(sd_bus_is_ready)                                                        \
	FUNCTION(sd_bus_is_open)                                                         \
	FUNCTION(sd_bus_process)                                                         \
	FUNCTION(sd_bus_wait)                                                            \
	FUNCTION(sd_bus_close_unref)                                                     \
	FUNCTION(sd_bus_call)                                                            \
	FUNCTION(sd_bus_get_property)                                                    \
	FUNCTION(sd_bus_error_free)                                                      \
	FUNCTION(sd_bus_path_encode)                                                     \
	FUNCTION(sd_bus_message_new_method_call)                                         \
	FUNCTION(sd_bus_message_append)                                                  \
	FUNCTION(sd_bus_message_open_container)                                          \
	FUNCTION(sd_bus_message_close_container)                                         \
	FUNCTION(sd_bus_message_read)                                                    \
	FUNCTION(sd_bus_message_enter_container)                                         \
	FUNCTION(sd_bus_message_unref)
LIBRARY(libsystemd, LIBSYSTEMD);

static const struct library libsystemd_library = {
	.soname = "libsystemd.so.0",
	.package = "libsystemd0",
	.need = "tell systemd of the container's new devices",
	.names = libsystemd_names,
};

struct systemd_bus {
	struct libsystemd library;
	sd_bus *bus;
	uint64_t end;	   /* of the run's time, on the clock; 0: none */
	uint64_t deadline; /* for the answers to come */
};

/* At least 1: 0 would be libsystemd's default. */
static uint64_t time_left(const struct systemd_bus *bus)
{
	uint64_t left = clock_left(bus->deadline);

	return left > 0 ? left : 1;
}

/* The first call, or flushing, would wait 90 s for the greeting of a PID 1 that is
 * stuck. */
static int wait_ready(const struct systemd_bus *bus)
{
	const struct libsystemd *library = &bus->library;
	int r;

	while ((r = library->sd_bus_is_ready(bus->bus)) == 0) {
		if (clock_left(bus->deadline) == 0)
			return -ETIMEDOUT;
		r = library->sd_bus_process(bus->bus, NULL);
		if (r == 0)
			r = library->sd_bus_wait(bus->bus, time_left(bus));
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

/* Not sd_bus_open_system(): the environment must not choose whom we talk to. */
static int connect_to(struct systemd_bus *bus, const char *address, bool client)
{
	const struct libsystemd *library = &bus->library;
	int r = library->sd_bus_new(&bus->bus);

	if (r >= 0)
		r = library->sd_bus_set_address(bus->bus, address);
	if (r >= 0)
		r = library->sd_bus_set_bus_client(bus->bus, client);
	if (r >= 0)
		r = library->sd_bus_start(bus->bus);
	if (r >= 0)
		r = wait_ready(bus);
	if (r < 0)
		bus->bus = library->sd_bus_close_unref(bus->bus);
	return r;
}

static int reach(struct systemd_bus *bus, struct error *err)
{
	/* systemd's own socket, as systemctl does for root: no D-Bus daemon is needed. */
	int r = connect_to(bus, "unix:path=/run/systemd/private", false);

	if (r < 0 && r != -ETIMEDOUT)
		r = connect_to(bus, "unix:path=/run/dbus/system_bus_socket", true);
	if (r < 0)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"systemd can't be reached, neither at /run/systemd/private nor over the system bus: %s",
			strerror(-r));
	return 0;
}

int systemd_bus_open(uint64_t end, struct systemd_bus **ret, struct error *err)
{
	struct systemd_bus *bus = xzalloc(sizeof *bus);
	int r = library_open(&libsystemd_library, &bus->library, err);

	bus->end = end;
	systemd_bus_extend(bus);
	if (r == 0)
		r = reach(bus, err);
	if (r < 0)
		free(bus);
	else
		*ret = bus;
	return r;
}

void systemd_bus_extend(struct systemd_bus *bus)
{
	bus->deadline = clock_end(TIMEOUT, bus->end);
	if (clock_left(bus->deadline) < TIMEOUT_LEAST)
		bus->deadline = clock_end(TIMEOUT_LEAST, 0);
}

bool systemd_bus_is_lost(const struct systemd_bus *bus)
{
	return bus->library.sd_bus_is_open(bus->bus) <= 0;
}

int systemd_bus_reopen(struct systemd_bus *bus, struct error *err)
{
	const struct timespec pause = { .tv_nsec = REACH_PAUSE_NS };
	int r;

	bus->bus = bus->library.sd_bus_close_unref(bus->bus);
	/* Until systemd has started again its socket is missing too. */
	while ((r = reach(bus, err)) < 0 && clock_left(bus->deadline) > 0) {
		error_clear(err);
		nanosleep(&pause, NULL);
	}
	return r;
}

void systemd_bus_close(struct systemd_bus *bus)
{
	if (bus == NULL)
		return;
	bus->library.sd_bus_close_unref(bus->bus);
	free(bus);
}

static int failed(const char *what, const char *why, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE, "systemd: %s: %s", what, why);
}

/* Asks for a property; the answer is positioned at its value. Returns 0 for a property that
 * isn't known, without an answer, else 1. */
static int get(const struct systemd_bus *bus, const struct systemd_property *property,
	       const char *type, sd_bus_message **ret, struct error *err)
{
	const struct libsystemd *library = &bus->library;
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	char *path;
	int r = library->sd_bus_path_encode("/org/freedesktop/systemd1/unit",
					    property->unit, &path);

	if (r < 0)
		return failed(property->unit, strerror(-r), err);
	r = library->sd_bus_set_method_call_timeout(bus->bus, time_left(bus));
	if (r >= 0)
		r = library->sd_bus_get_property(bus->bus, SERVICE, path,
						 property->interface, property->name,
						 &failure, ret, type);
	free(path);
	if (r >= 0)
		r = 1;
	else if (failure.name != NULL &&
		 strcmp(failure.name, "org.freedesktop.DBus.Error.UnknownProperty") == 0)
		r = 0;
	else
		r = failed(property->name,
			   failure.message != NULL ? failure.message : strerror(-r), err);
	library->sd_bus_error_free(&failure);
	return r;
}

int systemd_bus_get_string(const struct systemd_bus *bus,
			   const struct systemd_property *property, char **ret,
			   struct error *err)
{
	sd_bus_message *answer = NULL;
	const char *value = "";
	int r = get(bus, property, "s", &answer, err);

	if (r < 0)
		return r;
	if (r > 0)
		r = bus->library.sd_bus_message_read(answer, "s", &value);
	if (r < 0)
		r = failed(property->name, strerror(-r), err);
	else
		*ret = xstrdup(value);
	bus->library.sd_bus_message_unref(answer);
	return r < 0 ? r : 0;
}

int systemd_bus_wait(const struct systemd_bus *bus,
		     const struct systemd_property *property, struct error *err)
{
	sd_bus_message *answer = NULL;
	int r = get(bus, property, "s", &answer, err);

	bus->library.sd_bus_message_unref(answer);
	return r < 0 ? r : 0;
}

int systemd_bus_get_pairs(const struct systemd_bus *bus,
			  const struct systemd_property *property, systemd_pair_add *add,
			  void *list, struct error *err)
{
	const struct libsystemd *library = &bus->library;
	const char *first, *second;
	sd_bus_message *answer = NULL;
	int r = get(bus, property, "a(ss)", &answer, err);

	if (r <= 0)
		return r;
	r = library->sd_bus_message_enter_container(answer, 'a', "(ss)");
	while (r >= 0 &&
	       (r = library->sd_bus_message_read(answer, "(ss)", &first, &second)) > 0)
		add(list, first, second);
	library->sd_bus_message_unref(answer);
	return r < 0 ? failed(property->name, strerror(-r), err) : 0;
}

/* Entries are added to those that are there; an empty list takes these away. */
static int append_call(const struct libsystemd *library, sd_bus_message *message,
		       const char *unit, const struct device_allow *allow)
{
	/* "runtime": until it ends, in /run, not /etc. */
	int r = library->sd_bus_message_append(message, "sb", unit, 1);

	if (r >= 0)
		r = library->sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = library->sd_bus_message_append(message, "(sv)", "DeviceAllow",
						   "a(ss)", 0);
	for (size_t i = 0; i < allow->count && r >= 0; i++)
		r = library->sd_bus_message_append(message, "(sv)", "DeviceAllow",
						   "a(ss)", 1, allow->items[i].device,
						   allow->items[i].access);
	return r < 0 ? r : library->sd_bus_message_close_container(message);
}

int systemd_bus_set_device_allow(const struct systemd_bus *bus, const char *unit,
				 const struct device_allow *allow, struct error *err)
{
	const struct libsystemd *library = &bus->library;
	sd_bus_error failure = SD_BUS_ERROR_NULL;
	sd_bus_message *message = NULL;
	int r = library->sd_bus_message_new_method_call(bus->bus, &message, SERVICE,
							"/org/freedesktop/systemd1",
							MANAGER, "SetUnitProperties");

	if (r >= 0)
		r = append_call(library, message, unit, allow);
	if (r >= 0)
		r = library->sd_bus_call(bus->bus, message, time_left(bus), &failure,
					 NULL);
	if (r < 0)
		r = failed("SetUnitProperties",
			   failure.message != NULL ? failure.message : strerror(-r), err);
	library->sd_bus_message_unref(message);
	library->sd_bus_error_free(&failure);
	return r < 0 ? r : 0;
}
