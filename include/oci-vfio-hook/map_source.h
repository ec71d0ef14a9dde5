/* SPDX-License-Identifier: Apache-2.0 */
/* Where device maps and the configuration come from, and who may have written them. */
#ifndef OCI_VFIO_HOOK_MAP_SOURCE_H
#define OCI_VFIO_HOOK_MAP_SOURCE_H

#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/sysroot.h"

#define MAP_SIZE_MAX ((size_t)64 << 20)

/* Reads a map or configuration file. It must be a regular file, owned by root or the
 * effective user (in a user namespace also the overflow user) and writable by nobody
 * else, else ERROR_PERMISSION; it isn't there: ERROR_NO_INPUT, but 1 for a
 * file of the machine. The opened file is
 * checked. `machine` NULL: a path that the user gave, as it stands. The caller frees
 * *ret. */
int trusted_file_read(const struct sysroot *sysroot, const char *path, char **ret,
		      size_t *ret_length, struct error *err);

/* Adds the --device-map files as one source. */
int map_source_add_options(const char *const *files, size_t n_files,
			   struct device_map *map, struct messages *messages,
			   struct error *err);

/* Adds the machine's own: /etc/oci-vfio-hook/devices.d and /run/oci-vfio-hook/devices.d
 * (*.json in the order of their names; of one name /etc's) as one source, then, with
 * `fw_cfg`, /sys/firmware/qemu_fw_cfg/by_name/opt/io.github.oci-vfio-hook/devices/raw.
 * The directories are checked like files. */
int map_source_add_machine(const struct sysroot *sysroot, bool fw_cfg,
			   struct device_map *map, struct messages *messages,
			   struct error *err);

#endif
