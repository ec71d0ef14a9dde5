/* SPDX-License-Identifier: Apache-2.0 */
/* A unit of systemd: its device rules. */
#include "systemd_unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "oci-vfio-hook/unit_name.h"

#include "systemd_bus.h"

/* As sd_booted(3). */
static bool is_init(void)
{
	struct stat status;

	return fstatat(AT_FDCWD, "/run/systemd/system", &status, AT_SYMLINK_NOFOLLOW) ==
		       0 &&
	       S_ISDIR(status.st_mode);
}

static struct systemd_property property(const struct systemd_unit *unit, const char *name)
{
	return (struct systemd_property) { unit->name, unit->interface, name };
}

static void add_allow(void *list, const char *device, const char *access)
{
	device_allow_add(list, device, access);
}

static void add_pin(void *unit_, const char *kind, const char *path)
{
	struct systemd_unit *unit = unit_;

	if (strcmp(kind, "device") == 0)
		*array_append(unit->pins, unit->n_pins, unit->pins_capacity) =
			xstrdup(path);
}

/* A unit of this name may be another manager's, or none: its name is only a cgroup's. */
static int has_cgroup(const struct systemd_unit *unit, struct slice cgroup,
		      struct error *err)
{
	const struct systemd_property asked = property(unit, "ControlGroup");
	auto_free char *path = NULL;
	int r = systemd_bus_get_string(unit->bus, &asked, &path, err);

	return r < 0 ? r : slice_equal(slice_from(path), cgroup);
}

static int read_rules(struct systemd_unit *unit, struct error *err)
{
	const struct systemd_property policy = property(unit, "DevicePolicy");
	const struct systemd_property allow = property(unit, "DeviceAllow");
	const struct systemd_property programs = property(unit, "BPFProgram");
	auto_free char *text = NULL;
	int r = systemd_bus_get_string(unit->bus, &policy, &text, err);

	if (r == 0)
		r = systemd_bus_get_pairs(unit->bus, &allow, add_allow, &unit->allow,
					  err);
	if (r == 0)
		r = systemd_bus_get_pairs(unit->bus, &programs, add_pin, unit, err);
	if (r == 0)
		unit->closed_by_list = strcmp(text, "auto") == 0 && unit->allow.count > 0;
	if (r == 0)
		unit->closed = strcmp(text, "auto") != 0 || unit->closed_by_list;
	return r;
}

int systemd_unit_open(struct slice cgroup, uint64_t deadline, struct systemd_unit *ret,
		      struct error *err)
{
	auto_systemd_unit unit = { 0 };
	struct slice name;
	const char *suffix;
	int r;

	if (!unit_name_from_cgroup(cgroup, &name) || !is_init())
		return 0;
	unit.name = xstrndup(name.data, name.length);
	suffix = strrchr(unit.name, '.') + 1;
	unit.interface = xasprintf("org.freedesktop.systemd1.%c%s", *suffix - 'a' + 'A',
				   suffix + 1);
	r = systemd_bus_open(deadline, &unit.bus, err);
	if (r == 0)
		r = has_cgroup(&unit, cgroup, err);
	if (r <= 0)
		return r;
	r = read_rules(&unit, err);
	if (r < 0)
		return r;
	*ret = take_struct(unit);
	return 0;
}

static int set_allow(const struct systemd_unit *unit, const struct device_allow *allow,
		     struct error *err)
{
	const struct systemd_property asked = property(unit, "DevicePolicy");
	int r = systemd_bus_set_device_allow(unit->bus, unit->name, allow, err);

	/* PID 1 answers first and then loads the program, but before it reads the next
	 * message (manager_loop() in src/core/manager.c). */
	return r < 0 ? r : systemd_bus_wait(unit->bus, &asked, err);
}

int systemd_unit_set_allow(const struct systemd_unit *unit,
			   const struct device_allow *allow, struct error *err)
{
	int r;

	systemd_bus_extend(unit->bus);
	r = set_allow(unit, allow, err);
	/* PID 1 hangs up when it reexecutes itself. Whether it has the list by then doesn't
	 * matter: it may be told twice. */
	if (r < 0 && systemd_bus_is_lost(unit->bus)) {
		error_clear(err);
		r = systemd_bus_reopen(unit->bus, err);
		if (r == 0)
			r = set_allow(unit, allow, err);
	}
	return r;
}

void systemd_unit_close(struct systemd_unit *unit)
{
	for (size_t i = 0; i < unit->n_pins; i++)
		free(unit->pins[i]);
	free(unit->pins);
	device_allow_free(&unit->allow);
	free(unit->interface);
	free(unit->name);
	systemd_bus_close(unit->bus);
	*unit = (struct systemd_unit) { 0 };
}
