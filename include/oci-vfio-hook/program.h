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

/* Copies the programs that are beside the running one to that directory of the machine, with
 * the wrapper's links, each in one step, and appends what was done; or removes them, and the
 * directory if it is empty then. */
int program_copy(const struct sysroot *sysroot, const char *directory, struct buffer *ret,
		 struct error *err);
int program_remove(const struct sysroot *sysroot, const char *directory,
		   struct buffer *ret, struct error *err);

#endif
