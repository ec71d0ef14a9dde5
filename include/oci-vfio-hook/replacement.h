/* SPDX-License-Identifier: Apache-2.0 */
/* A new file that takes the place of another in one step: written beside it under a
 * temporary name, given its attributes, renamed; or removed again. */
#ifndef OCI_VFIO_HOOK_REPLACEMENT_H
#define OCI_VFIO_HOOK_REPLACEMENT_H

#include "oci-vfio-hook/splice.h"
#include "oci-vfio-hook/sysroot.h"

struct replacement {
	int directory;	       /* borrowed */
	const char *temporary; /* its name there; borrowed; NULL: there is none */
	bool unnamed;	       /* it gets that name when it is complete */
	int fd;		       /* of the temporary file; owned */
	const char *name;      /* of the file to replace, for messages; borrowed */
};

#define auto_replacement __attribute__((cleanup(replacement_drop))) struct replacement
#define REPLACEMENT_INIT                                                                 \
	{                                                                                \
		.fd = -1                                                                 \
	}

/* All of these: ERROR_IO, ERROR_PERMISSION, with the remedy where there is one. */

/* A temporary name that nobody else uses: for whoever holds no lock. */
#define REPLACEMENT_NAME_SIZE sizeof(".oci-vfio-hook.0123456789abcdef")
int replacement_random_name(char ret[static REPLACEMENT_NAME_SIZE], const char *name,
			    struct error *err);

/* Creates the temporary file, of mode 0600. With `exclusive`, only the holder of a lock uses the
 * name: what is there already is a leftover, and is removed. Without, that is an error, and a run
 * that is killed leaves none, where the file system can do that. */
int replacement_create(int directory, const char *temporary, bool exclusive,
		       const char *name, struct replacement *ret, struct error *err);

/* Writes a text with its splices to any open file. */
int file_write(int fd, const char *name, struct spliced text, struct error *err);

/* Gives it the owner, mode and extended attributes of the open file `old`, but
 * security.ima and security.evm, which are about contents; ENOTSUP is ignored. */
int replacement_copy_attributes(const struct replacement *replacement, int old,
				const struct stat *status, struct error *err);

/* Renames it to `file` in the directory. The error doesn't say whether anything was changed before.
 */
int replacement_finish(struct replacement *replacement, const char *file,
		       struct error *err);

/* Removes the temporary file unless it was renamed. */
void replacement_drop(struct replacement *replacement);

/* Records the failure of `what` ("can't be written") for the file `name`, before which nothing was
 * changed. */
int replacement_error(const char *name, const char *what, int number, struct error *err);

#endif
