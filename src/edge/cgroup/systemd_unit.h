/* SPDX-License-Identifier: Apache-2.0 */
/* A unit of systemd, this machine's init: what it does about devices, and telling it of
 * others. Knows no container and changes no cgroup. */
#ifndef OCI_VFIO_HOOK_SYSTEMD_UNIT_H
#define OCI_VFIO_HOOK_SYSTEMD_UNIT_H

#include "oci-vfio-hook/device_allow.h"
#include "oci-vfio-hook/text.h"

/* An open connection to systemd. */
struct systemd_bus;

/* A struct to be filled is initialised with {0}. */
struct systemd_unit {
	struct systemd_bus *bus; /* NULL: no such unit; owned */
	char *name;		 /* "box.scope"; owned */
	char *interface;	 /* "org.freedesktop.systemd1.Scope"; owned */
	/* systemd refuses what `allow` doesn't name: DevicePolicy= says so, or there is a
	 * list. Where it doesn't, the first entry would make it refuse all others. */
	bool closed;
	bool closed_by_list; /* only by the list: with an empty one it refuses nothing */
	struct device_allow allow; /* DeviceAllow= */
	char **pins; /* device programs of BPFProgram=: paths below bpffs; owned */
	size_t n_pins, pins_capacity;
};

#define auto_systemd_unit __attribute__((cleanup(systemd_unit_close))) struct systemd_unit

/* Reads what the unit of this cgroup, a path as in /proc/PID/cgroup, does about devices,
 * and keeps the connection. *ret has no bus if systemd isn't this machine's init or has
 * no unit there. ERROR_UNAVAILABLE: libsystemd isn't installed; systemd can't be reached,
 * refuses, or doesn't answer within seconds, here and below; after the deadline (0: none), within
 * a moment. systemd.resource-control(5). */
int systemd_unit_open(struct slice cgroup, uint64_t deadline, struct systemd_unit *ret,
		      struct error *err);

/* Makes this the unit's DeviceAllow=, for as long as the unit lives, and returns when it
 * is in effect. Connects again if systemd has hung up. *unit stays as it was read. Errors
 * as above. */
int systemd_unit_set_allow(const struct systemd_unit *unit,
			   const struct device_allow *allow, struct error *err);

void systemd_unit_close(struct systemd_unit *unit);

#endif
