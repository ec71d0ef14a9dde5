/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceAllow= of a systemd unit as a value: the list that a unit has, and the one that
 * it must have after a change of devices. Pure: talks to nobody. */
#ifndef OCI_VFIO_HOOK_DEVICE_ALLOW_H
#define OCI_VFIO_HOOK_DEVICE_ALLOW_H

#include "oci-vfio-hook/device_program.h"

/* One assignment, systemd.resource-control(5). */
struct device_allow_entry {
	char *device; /* "/dev/char/10:196", "char-pts"; owned */
	char *access; /* of "rwm"; owned */
};

/* The order has no meaning. To be filled, it is initialised with {0}. */
struct device_allow {
	struct device_allow_entry *items; /* owned */
	size_t count, capacity;
};

#define auto_device_allow __attribute__((cleanup(device_allow_free))) struct device_allow

void device_allow_add(struct device_allow *list, const char *device, const char *access);

/* Makes the list for a unit whose container gets these changes: without the old devices
 * that don't stay, with the new ones, each by its number as runc names them: systemd from
 * 240 on takes the numbers from /dev/char/MAJOR:MINOR, whether that link is there or not.
 * Returns whether it differs from `old`. */
bool device_allow_change(const struct device_allow *old,
			 const struct device_change *changes, size_t n_changes,
			 struct device_allow *ret);

void device_allow_free(struct device_allow *list);

#endif
