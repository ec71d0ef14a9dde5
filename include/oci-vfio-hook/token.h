/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of this boot that tells our own annotation from a forged one. */
#ifndef OCI_VFIO_HOOK_TOKEN_H
#define OCI_VFIO_HOOK_TOKEN_H

#include "oci-vfio-hook/sysroot.h"

#define TOKEN_LENGTH 32

/* Reads the token (32 hex digits and a newline, mode 0600, owned by the effective user)
 * of /run/oci-vfio-hook/token, for another user than root /run/user/UID/oci-vfio-hook/token
 * with the outer UID of /proc/self/uid_map. 0; 1: there is none; ERROR_*: there is one that
 * can't be used. */
int token_read(const struct sysroot *sysroot, char ret[static TOKEN_LENGTH + 1],
	       struct error *err);

/* The same, but makes it where there is none, in one step: of several at once all get the
 * same one. */
int token_make(const struct sysroot *sysroot, char ret[static TOKEN_LENGTH + 1],
	       struct error *err);

#endif
