/* SPDX-License-Identifier: Apache-2.0 */
/* Where our own programs are. */
#ifndef OCI_VFIO_HOOK_PROGRAM_H
#define OCI_VFIO_HOOK_PROGRAM_H

#include "oci-vfio-hook/sysroot.h"

/* Returns the directory of the program that is running, as the machine's own paths name it: of
 * one that lies below --root without that. The caller frees. ERROR_IO: /proc isn't mounted. */
int program_directory(const struct sysroot *sysroot, char **ret, struct error *err);

/* ERROR_NO_INPUT: the wrapper isn't in that directory of the machine. */
int program_check_wrapper(const struct sysroot *sysroot, const char *directory,
			  struct error *err);

#endif
