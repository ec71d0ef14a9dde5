/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that writers of a bundle take: a file in it that its mere readers can't open, or
 * one of them could hold up a start by a flock() of the directory. Internal to edge/. */
#ifndef OCI_VFIO_HOOK_BUNDLE_LOCK_H
#define OCI_VFIO_HOOK_BUNDLE_LOCK_H

#include "oci-vfio-hook/error.h"

/* Takes the lock in the bundle's directory, waiting at most 5 s: ERROR_TIMEOUT; ERROR_IO,
 * ERROR_PERMISSION. `name` is for messages. Returns the fd that holds it, for
 * bundle_lock_release(). */
int bundle_lock_take(int directory, const char *name, struct error *err);

/* Removes the file and gives the lock back; *lock -1: nothing to do. */
void bundle_lock_release(int directory, int *lock);

#endif
