/* SPDX-License-Identifier: Apache-2.0 */
/* An OCI bundle: its directory, lock and config.json, replaced in one step or not at
 * all. Knows nothing of what is in the file. */
#ifndef OCI_VFIO_HOOK_BUNDLE_H
#define OCI_VFIO_HOOK_BUNDLE_H

#include "oci-vfio-hook/replacement.h"

#define SPEC_SIZE_MAX ((size_t)64 << 20)

struct bundle {
	char *name;	       /* path of config.json, for messages; owned */
	char *file;	       /* its name in the directory; owned */
	int directory;	       /* fd; owned */
	int lock;	       /* fd; -1: not held; owned */
	struct stat lock_file; /* which file holds it */
	int config;	       /* fd of config.json; owned */
	struct stat status;    /* of config.json */
	char *text;	       /* its bytes, and a NUL; owned */
	size_t length;
	struct replacement replacement; /* what bundle_write() has made; owned */
	char temporary[REPLACEMENT_NAME_SIZE];
};

#define auto_bundle __attribute__((cleanup(bundle_close))) struct bundle
#define BUNDLE_INIT                                                                      \
	{                                                                                \
		.directory = -1, .lock = -1, .config = -1,                               \
		.replacement = REPLACEMENT_INIT                                          \
	}

/* Opens the bundle and reads `file` in it (normally "config.json"; a name without a
 * slash). The directory or file isn't there: ERROR_NO_INPUT; not a directory, not a regular file
 * (symbolic links are not followed), too large: ERROR_DATA; ERROR_PERMISSION; ERROR_IO. */
int bundle_open(const char *path, const char *file, struct bundle *ret,
		struct error *err);

/* Takes the lock of those who write into the bundle, a file in it that mere readers can't
 * open, waiting at most 5 s, and not after the deadline on the clock (0: none; ERROR_TIMEOUT);
 * ERROR_IO, ERROR_PERMISSION. Whoever changes nothing needs no lock. */
int bundle_lock(struct bundle *bundle, uint64_t deadline, struct error *err);

/* Removes what bundle_write() has made and bundle_commit() has not renamed, and gives the
 * lock back if it is held. Takes no memory. */
void bundle_unlock(struct bundle *bundle);

/* Reads the file again, as bundle_open() does; *ret_same: the bytes are the same, and the
 * text stays where it is. */
int bundle_read_again(struct bundle *bundle, bool *ret_same, struct error *err);

/* Writes the text with its splices to a new file beside config.json, .config.json.oci-vfio-hook
 * (O_EXCL), with the old one's owner, mode and extended attributes (but security.ima and
 * security.evm; ENOTSUP is ignored). No fsync. On failure nothing is left: ERROR_IO or
 * ERROR_PERMISSION. Where the lock isn't held, the file has a name of its own. */
int bundle_write(struct bundle *bundle, struct spliced text, struct error *err);

/* Renames that file to config.json, which must still be the file that was read: ERROR_IO, and
 * -ESTALE if somebody else has changed it. The caller knows, and tells, whether something else was
 * changed before. Takes no memory, but for an error without room. */
int bundle_commit(struct bundle *bundle, struct error *err);

void bundle_close(struct bundle *bundle);

#endif
