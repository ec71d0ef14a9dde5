/* SPDX-License-Identifier: Apache-2.0 */
/* Where device maps come from, and in which order. */
#ifndef OCI_VFIO_HOOK_MAP_SOURCE_H
#define OCI_VFIO_HOOK_MAP_SOURCE_H

#include "oci-vfio-hook/device_map.h"
#include "oci-vfio-hook/settings.h"
#include "oci-vfio-hook/sysroot.h"

/* The machine's directories of maps, and which of their files are maps. */
#define MAP_SOURCE_DIRECTORIES 2
extern const char *const map_source_directories[MAP_SOURCE_DIRECTORIES];
bool map_source_is_name(const char *name);

/* Adds one file of these alone, as map_source_add_machine() does with all. */
int map_source_add_file(const struct sysroot *sysroot, const char *path,
			struct device_map *map, struct messages *messages,
			struct error *err);

/* Adds the --device-map files as one source. */
int map_source_add_options(const char *const *files, size_t n_files,
			   struct device_map *map, struct messages *messages,
			   struct error *err);

/* Adds the machine's own, each as one source: /etc/oci-vfio-hook/devices.d and
 * /run/oci-vfio-hook/devices.d (*.json in the order of their names; of one name /etc's);
 * then, as far as they are wanted, the system credential, QEMU's fw_cfg and the strings of
 * SMBIOS' structures of type 11. All of them must be trusted files, the directories too. A
 * credential or SMBIOS that only root may read counts as absent, with an info message. */
int map_source_add_machine(const struct sysroot *sysroot,
			   const struct map_sources *wanted, struct device_map *map,
			   struct messages *messages, struct error *err);

#endif
