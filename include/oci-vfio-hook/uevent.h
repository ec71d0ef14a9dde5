/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel tells of devices: messages of NETLINK_KOBJECT_UEVENT (lib/kobject_uevent.c), and
 * in sysfs. Pure. */
#ifndef OCI_VFIO_HOOK_UEVENT_H
#define OCI_VFIO_HOOK_UEVENT_H

#include "oci-vfio-hook/text.h"

/* "add@/devices/...", NUL, "ACTION=add", NUL, ..., "SUBSYSTEM=pci", NUL, ...: is it of this
 * subsystem? Anything else is of none. */
bool uevent_is_of(struct slice message, struct slice subsystem);

/* Finds a key of a device's attribute `uevent`, which has lines KEY=value: *ret is the value, a part
 * of the text. */
bool uevent_find(struct slice attribute, struct slice key, struct slice *ret);

#endif
