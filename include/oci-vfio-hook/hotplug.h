/* SPDX-License-Identifier: Apache-2.0 */
/* Waits for devices that are being hot-plugged: for the events of PCI functions and of VFIO's
 * nodes. What they mean is not known here: after each the caller looks itself. */
#ifndef OCI_VFIO_HOOK_HOTPLUG_H
#define OCI_VFIO_HOOK_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/message.h"

struct hotplug;

#define auto_hotplug __attribute__((cleanup(hotplug_close))) struct hotplug *

/* Begins to listen, until `end` on the clock: where udevd runs, by libudev to that, so that its
 * rules are through when an event comes; where either isn't there, to the kernel, with an info
 * message where udevd is. What happened before isn't told: look once more after this. ERROR_IO.
 * The caller closes *ret. */
int hotplug_open(uint64_t end, struct hotplug **ret, struct messages *messages,
		 struct error *err);

/* Returns true when something has come, gone, or found a driver, and false when the time
 * is over. */
bool hotplug_wait(struct hotplug *hotplug);

void hotplug_close(struct hotplug **hotplug);

#endif
