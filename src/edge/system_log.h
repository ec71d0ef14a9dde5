/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's own log: systemd's journal, else a syslog daemon. */
#ifndef OCI_VFIO_HOOK_MACHINE_LOG_H
#define OCI_VFIO_HOOK_MACHINE_LOG_H

#include "oci-vfio-hook/log_record.h"

/* Sends one line to systemd-journald or, where it isn't there or takes no more, to the
 * daemon that listens at /dev/log. Where neither listens, or both are too busy to listen at once,
 * the line is lost: a container never waits for a log. */
void system_log_send(const struct log_record *record);

#endif
