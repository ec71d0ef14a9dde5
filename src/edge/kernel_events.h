/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own events of devices, without udevd and without libudev. Internal to edge/. */
#ifndef OCI_VFIO_HOOK_KERNEL_EVENTS_H
#define OCI_VFIO_HOOK_KERNEL_EVENTS_H

#include <stdbool.h>

#include "oci-vfio-hook/error.h"

/* Begins to listen. Returns the socket, or ERROR_IO. */
int kernel_events_open(struct error *err);

/* Takes what has come, without waiting. Was anything of PCI or VFIO among it? Events that were
 * lost count as such. */
bool kernel_events_take(int socket);

#endif
