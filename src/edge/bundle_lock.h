/* SPDX-License-Identifier: Apache-2.0 */
/* The lock that writers of a bundle take: a file in it that mere readers can't open. (With a
 * flock() of the directory any reader could hold up a start.) Internal to edge/. */
#ifndef OCI_VFIO_HOOK_BUNDLE_LOCK_H
#define OCI_VFIO_HOOK_BUNDLE_LOCK_H

#include <stdint.h>
#include <sys/stat.h>

#include "oci-vfio-hook/error.h"

/* Takes the lock in the bundle's directory, waiting at most 5 s, and not after the deadline
 * (clock_end()): ERROR_TIMEOUT; ERROR_IO, ERROR_PERMISSION. `name` is for messages. Sets *ret to
 * the fd that holds it, and *ret_file to which file that is, for bundle_lock_release(). */
int bundle_lock_take(int directory, const char *name, uint64_t deadline, int *ret,
		     struct stat *ret_file, struct error *err);

/* Removes that file and gives the lock back; *lock -1: nothing to do. */
void bundle_lock_release(int directory, int *lock, const struct stat *file);

#endif
