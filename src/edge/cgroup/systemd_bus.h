/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd over D-Bus: a connection, properties of units, and setting one.
 * What they mean is in systemd_unit.c. Internal to the edge. */
#ifndef SYSTEMD_BUS_H
#define SYSTEMD_BUS_H

#include "oci-vfio-hook/device_allow.h"

/* A connection, and libsystemd's functions. */
struct systemd_bus;

/* Loads libsystemd and connects: to systemd's own socket, or to the system bus where that
 * isn't there. The caller closes *ret. ERROR_UNAVAILABLE, here and below: libsystemd
 * isn't installed; systemd can't be reached, refuses, or doesn't answer within
 * seconds; after `end` (0: never), within a moment. */
int systemd_bus_open(uint64_t end, struct systemd_bus **ret, struct error *err);
/* Gives the next answers, together, a few seconds from now on, or what is left until `end`. */
void systemd_bus_extend(struct systemd_bus *bus);
/* Has the other side hung up? */
bool systemd_bus_is_lost(const struct systemd_bus *bus);
/* Connects again, within the time that is left. */
int systemd_bus_reopen(struct systemd_bus *bus, struct error *err);
void systemd_bus_close(struct systemd_bus *bus);

/* A property of a unit, as in org.freedesktop.systemd1(5). One that this version of
 * systemd doesn't know is empty. */
struct systemd_property {
	const char *unit;      /* "box.scope" */
	const char *interface; /* "org.freedesktop.systemd1.Scope" */
	const char *name;
};

/* The caller frees *ret. */
int systemd_bus_get_string(const struct systemd_bus *bus,
			   const struct systemd_property *property, char **ret,
			   struct error *err);

/* Takes a pair of a list of type a(ss); the texts are borrowed. */
typedef void systemd_pair_add(void *list, const char *first, const char *second);

int systemd_bus_get_pairs(const struct systemd_bus *bus,
			  const struct systemd_property *property, systemd_pair_add *add,
			  void *list, struct error *err);

/* Asks for a property and forgets it: when it returns, systemd has done what it was told
 * before. */
int systemd_bus_wait(const struct systemd_bus *bus,
		     const struct systemd_property *property, struct error *err);

/* Makes this the unit's DeviceAllow=, for as long as the unit lives. When it returns,
 * systemd has it, but may not have loaded the device program for it yet. */
int systemd_bus_set_device_allow(const struct systemd_bus *bus, const char *unit,
				 const struct device_allow *allow, struct error *err);

#endif
