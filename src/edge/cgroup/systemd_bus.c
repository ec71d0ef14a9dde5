/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd over D-Bus, by sd-bus of libsystemd. */
#include "systemd_bus.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "oci-vfio-hook/clock.h"
#include "oci-vfio-hook/library.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER SERVICE ".Manager"

/* For reading what there is, and again for each change: PID 1 may be reading all of its
 * units anew. A hook that has to undo a change has waited three times then, and Kata's
 * agent kills it after 10 s. */
#define TIMEOUT (3 * CLOCK_SECOND)

#define REACH_PAUSE_NS 20000000L

LIBRARY_NOTE(
	"[{\"feature\":\"systemd-units\",\"description\":\"Telling systemd of the devices of a container in a scope\",\"priority\":\"recommended\",\"soname\":[\"libsystemd.so.0\"]}]");

/* libsystemd's own names, as in <systemd/sd-bus.h>, which isn't needed to build. */
typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct {
	const char *name;
	const char *message;
	int need_free;
} sd_bus_error;

struct libsystemd {
	int (*new)(sd_bus **);
	int (*set_address)(sd_bus *, const char *);
	int (*set_bus_client)(sd_bus *, int);
	int (*set_method_call_timeout)(sd_bus *, uint64_t);
	int (*start)(sd_bus *);
	int (*is_ready)(sd_bus *);
	int (*is_open)(sd_bus *);
	int (*process)(sd_bus *, sd_bus_message **);
	int (*wait)(sd_bus *, uint64_t);
	sd_bus *(*close_unref)(sd_bus *);
	int (*call)(sd_bus *, sd_bus_message *, uint64_t, sd_bus_error *,
		    sd_bus_message **);
	int (*get_property)(sd_bus *, const char *, const char *, const char *,
			    const char *, sd_bus_error *, sd_bus_message **,
			    const char *);
	void (*error_free)(sd_bus_error *);
	int (*path_encode)(const char *, const char *, char **);
	int (*new_method_call)(sd_bus *, sd_bus_message **, const char *, const char *,
			       const char *, const char *);
	int (*append)(sd_bus_message *, const char *, ...);
	int (*open_container)(sd_bus_message *, char, const char *);
	int (*close_container)(sd_bus_message *);
	int (*read)(sd_bus_message *, const char *, ...);
	int (*enter_container)(sd_bus_message *, char, const char *);
	sd_bus_message *(*unref)(sd_bus_message *);
};

struct systemd_bus {
	struct libsystemd library;
	sd_bus *bus;
	uint64_t deadline; /* on the clock, for the answers to come */
};

static int load(struct libsystemd *ret, struct error *err)
{
	const struct library_symbol symbols[] = {
		{ "sd_bus_new", (void **)&ret->new },
		{ "sd_bus_set_address", (void **)&ret->set_address },
		{ "sd_bus_set_bus_client", (void **)&ret->set_bus_client },
		{ "sd_bus_set_method_call_timeout",
		  (void **)&ret->set_method_call_timeout },
		{ "sd_bus_start", (void **)&ret->start },
		{ "sd_bus_is_ready", (void **)&ret->is_ready },
		{ "sd_bus_is_open", (void **)&ret->is_open },
		{ "sd_bus_process", (void **)&ret->process },
		{ "sd_bus_wait", (void **)&ret->wait },
		{ "sd_bus_close_unref", (void **)&ret->close_unref },
		{ "sd_bus_call", (void **)&ret->call },
		{ "sd_bus_get_property", (void **)&ret->get_property },
		{ "sd_bus_error_free", (void **)&ret->error_free },
		{ "sd_bus_path_encode", (void **)&ret->path_encode },
		{ "sd_bus_message_new_method_call", (void **)&ret->new_method_call },
		{ "sd_bus_message_append", (void **)&ret->append },
		{ "sd_bus_message_open_container", (void **)&ret->open_container },
		{ "sd_bus_message_close_container", (void **)&ret->close_container },
		{ "sd_bus_message_read", (void **)&ret->read },
		{ "sd_bus_message_enter_container", (void **)&ret->enter_container },
		{ "sd_bus_message_unref", (void **)&ret->unref },
		{ NULL, NULL },
	};

	return library_open("libsystemd.so.0", "libsystemd0",
			    "tell systemd of the container's new devices", symbols, err);
}

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

	while ((r = library->is_ready(bus->bus)) == 0) {
		if (clock_left(bus->deadline) == 0)
			return -ETIMEDOUT;
		r = library->process(bus->bus, NULL);
		if (r == 0)
			r = library->wait(bus->bus, time_left(bus));
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

/* Not sd_bus_open_system(): the environment has no say in whom we talk to. */
static int connect_to(struct systemd_bus *bus, const char *address, bool client)
{
	const struct libsystemd *library = &bus->library;
	int r = library->new (&bus->bus);

	if (r >= 0)
		r = library->set_address(bus->bus, address);
	if (r >= 0)
		r = library->set_bus_client(bus->bus, client);
	if (r >= 0)
		r = library->start(bus->bus);
	if (r >= 0)
		r = wait_ready(bus);
	if (r < 0)
		bus->bus = library->close_unref(bus->bus);
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

int systemd_bus_open(struct systemd_bus **ret, struct error *err)
{
	struct systemd_bus *bus = xzalloc(sizeof *bus);
	int r = load(&bus->library, err);

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
	bus->deadline = clock_read() + TIMEOUT;
}

bool systemd_bus_is_lost(const struct systemd_bus *bus)
{
	return bus->library.is_open(bus->bus) <= 0;
}

int systemd_bus_reopen(struct systemd_bus *bus, struct error *err)
{
	const struct timespec pause = { .tv_nsec = REACH_PAUSE_NS };
	int r;

	bus->bus = bus->library.close_unref(bus->bus);
	/* systemd's socket is gone, too, until it has started. */
	while ((r = reach(bus, err)) < 0 && clock_left(bus->deadline) > 0) {
		error_free(err);
		nanosleep(&pause, NULL);
	}
	return r;
}

void systemd_bus_close(struct systemd_bus *bus)
{
	if (bus == NULL)
		return;
	bus->library.close_unref(bus->bus);
	free(bus);
}

static int failed(const char *what, const char *why, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE, "systemd: %s: %s", what, why);
}

/* Asks for a property; the answer stands at its value. Returns 0 for a property that
 * isn't known, without an answer, else 1. */
static int get(const struct systemd_bus *bus, const struct systemd_property *property,
	       const char *type, sd_bus_message **ret, struct error *err)
{
	const struct libsystemd *library = &bus->library;
	sd_bus_error failure = { 0 };
	char *path;
	int r = library->path_encode("/org/freedesktop/systemd1/unit", property->unit,
				     &path);

	if (r < 0)
		return failed(property->unit, strerror(-r), err);
	r = library->set_method_call_timeout(bus->bus, time_left(bus));
	if (r >= 0)
		r = library->get_property(bus->bus, SERVICE, path, property->interface,
					  property->name, &failure, ret, type);
	free(path);
	if (r >= 0)
		r = 1;
	else if (failure.name != NULL &&
		 strcmp(failure.name, "org.freedesktop.DBus.Error.UnknownProperty") == 0)
		r = 0;
	else
		r = failed(property->name,
			   failure.message != NULL ? failure.message : strerror(-r), err);
	library->error_free(&failure);
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
		r = bus->library.read(answer, "s", &value);
	if (r < 0)
		r = failed(property->name, strerror(-r), err);
	else
		*ret = xstrdup(value);
	bus->library.unref(answer);
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
	r = library->enter_container(answer, 'a', "(ss)");
	while (r >= 0 && (r = library->read(answer, "(ss)", &first, &second)) > 0)
		add(list, first, second);
	library->unref(answer);
	return r < 0 ? failed(property->name, strerror(-r), err) : 0;
}

/* Entries are added to those that are there; an empty list takes these away. */
static int append_call(const struct libsystemd *library, sd_bus_message *message,
		       const char *unit, const struct device_allow *allow)
{
	/* "runtime": until it ends, in /run, not /etc. */
	int r = library->append(message, "sb", unit, 1);

	if (r >= 0)
		r = library->open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = library->append(message, "(sv)", "DeviceAllow", "a(ss)", 0);
	for (size_t i = 0; i < allow->count && r >= 0; i++)
		r = library->append(message, "(sv)", "DeviceAllow", "a(ss)", 1,
				    allow->items[i].device, allow->items[i].access);
	return r < 0 ? r : library->close_container(message);
}

int systemd_bus_set_device_allow(const struct systemd_bus *bus, const char *unit,
				 const struct device_allow *allow, struct error *err)
{
	const struct libsystemd *library = &bus->library;
	sd_bus_error failure = { 0 };
	sd_bus_message *message = NULL;
	int r = library->new_method_call(bus->bus, &message, SERVICE,
					 "/org/freedesktop/systemd1", MANAGER,
					 "SetUnitProperties");

	if (r >= 0)
		r = append_call(library, message, unit, allow);
	if (r >= 0)
		r = library->call(bus->bus, message, time_left(bus), &failure, NULL);
	if (r < 0)
		r = failed("SetUnitProperties",
			   failure.message != NULL ? failure.message : strerror(-r), err);
	library->unref(message);
	library->error_free(&failure);
	return r < 0 ? r : 0;
}
