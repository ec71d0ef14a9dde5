/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what registration_check() judges. */
#ifndef OCI_VFIO_HOOK_REGISTRATION_FACTS_H
#define OCI_VFIO_HOOK_REGISTRATION_FACTS_H

#include "oci-vfio-hook/registration_check.h"
#include "oci-vfio-hook/sysroot.h"

/* Looks at the engines of the machine. `runtime`: what the wrapper runs under its own name, NULL
 * where the configuration doesn't say. The caller frees each of *ret. */
void registration_facts_read(const struct sysroot *sysroot, const char *runtime,
			     struct engine_facts ret[ENGINES]);

#endif
