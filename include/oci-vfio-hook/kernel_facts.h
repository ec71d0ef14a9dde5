/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what kernel_check() judges. */
#ifndef OCI_VFIO_HOOK_KERNEL_FACTS_H
#define OCI_VFIO_HOOK_KERNEL_FACTS_H

#include "oci-vfio-hook/kernel_check.h"
#include "oci-vfio-hook/sysroot.h"

/* What can't be read is left as not known. The caller frees *ret. */
void kernel_facts_read(const struct sysroot *sysroot, struct kernel_facts *ret);

#endif
