/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that the running kernel was built with. */
#ifndef OCI_VFIO_HOOK_KERNEL_CONFIG_H
#define OCI_VFIO_HOOK_KERNEL_CONFIG_H

#include "oci-vfio-hook/kernel_check.h"
#include "oci-vfio-hook/sysroot.h"

/* Sets config_name and options from /boot/config-RELEASE, /lib/modules/RELEASE/config or
 * /proc/config.gz, the first that can be read. */
void kernel_config_read(const struct sysroot *sysroot, struct kernel_facts *facts);

#endif
