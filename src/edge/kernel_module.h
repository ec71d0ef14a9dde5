/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a module of the kernel, by libkmod, which reads what modprobe(8) reads. */
#ifndef OCI_VFIO_HOOK_KERNEL_MODULE_H
#define OCI_VFIO_HOOK_KERNEL_MODULE_H

#include "oci-vfio-hook/error.h"

/* Loads the module, and those that it needs, with their options. Runs none of modprobe.d's
 * install commands. ERROR_UNAVAILABLE, ERROR_PERMISSION. */
int kernel_module_load(const char *name, struct error *err);

#endif
