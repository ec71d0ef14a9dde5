/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for devices that are being hot-plugged, by libudev: the events of PCI functions
 * and of VFIO's nodes. What they mean is not known here: after each the caller looks
 * itself. */
#ifndef OCI_VFIO_HOOK_HOTPLUG_H
#define OCI_VFIO_HOOK_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "oci-vfio-hook/error.h"

struct hotplug;

#define auto_hotplug __attribute__((cleanup(hotplug_close))) struct hotplug *

/* Begins to listen, for `seconds` from now: to udevd where it runs, so that its rules have
 * been applied when an event comes, else to the kernel. What happened earlier isn't reported: look
 * once more afterwards. ERROR_UNAVAILABLE: libudev isn't installed; ERROR_IO. The caller
 * closes *ret. */
int hotplug_open(uint32_t seconds, struct hotplug **ret, struct error *err);

/* Returns true when something has come, gone, or found a driver, and false when the time
 * is over. */
bool hotplug_wait(struct hotplug *hotplug);

void hotplug_close(struct hotplug **hotplug);

#endif
