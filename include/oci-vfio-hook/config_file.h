/* SPDX-License-Identifier: Apache-2.0 */
/* Files of an engine's configuration on the machine: read, replaced in one step, removed. Not
 * our own configuration, which chooses devices: see trusted_file.h. Knows no format. */
#ifndef OCI_VFIO_HOOK_CONFIG_FILE_H
#define OCI_VFIO_HOOK_CONFIG_FILE_H

#include "oci-vfio-hook/sysroot.h"

/* Of all of these `path` is absolute and clean. ERROR_IO, ERROR_PERMISSION, ERROR_DATA. */

/* Reads the whole file into *ret, which the caller frees; NULL: it isn't there. `replaced`: it
 * shall be, so that a symbolic link is refused. */
int config_file_read(const struct sysroot *sysroot, const char *path, bool replaced,
		     char **ret, size_t *ret_length, struct error *err);

/* Puts the text there, with the file's owner, mode and attributes, or of this mode. Directories
 * that aren't there are made. */
int config_file_write(const struct sysroot *sysroot, const char *path, struct slice text,
		      mode_t mode, struct error *err);

/* The same of a program: with this mode and the caller's owner, whatever was there. */
int config_file_install(const struct sysroot *sysroot, const char *path,
			struct slice text, mode_t mode, struct error *err);
/* Has it that owner, and just this mode? */
bool config_file_is_installed(const struct sysroot *sysroot, const char *path,
			      mode_t mode);

/* Is it a symbolic link to this? */
bool config_file_is_link(const struct sysroot *sysroot, const char *path,
			 const char *target);
/* Makes one, if it isn't there. Something else of that name: ERROR_DATA. */
int config_file_link(const struct sysroot *sysroot, const char *path, const char *target,
		     struct error *err);

/* Removes the file. */
int config_file_remove(const struct sysroot *sysroot, const char *path,
		       struct error *err);

/* Removes a directory of ours that nothing is left in. */
void config_directory_remove(const struct sysroot *sysroot, const char *path);

/* Lists a directory; that there is none is fine. */
int config_directory_list(const struct sysroot *sysroot, const char *path,
			  struct names *ret, struct error *err);

#endif
