/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of this boot, the key of the code by which our own annotation is told from a
 * forged one. It never leaves its file: nothing prints it or writes it elsewhere. */
#ifndef OCI_VFIO_HOOK_TOKEN_H
#define OCI_VFIO_HOOK_TOKEN_H

#include "oci-vfio-hook/siphash.h"
#include "oci-vfio-hook/sysroot.h"

/* Reads the token (32 hex digits and a newline, mode 0600, owned by the effective user)
 * of /run/oci-vfio-hook/token, for another user than root /run/user/UID/oci-vfio-hook/token
 * with the outer UID of /proc/self/uid_map. 0; 1: there is none; ERROR_*: there is one that
 * can't be used. */
int token_read(const struct sysroot *sysroot, uint8_t ret[static SIPHASH_KEY_SIZE],
	       struct error *err);

/* The same, but makes it where there is none, in one step: of several at once all get the
 * same one. */
int token_make(const struct sysroot *sysroot, uint8_t ret[static SIPHASH_KEY_SIZE],
	       struct error *err);

#endif
