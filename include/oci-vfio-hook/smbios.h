/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps among the strings that a virtual machine's firmware hands on: SMBIOS' structures
 * of type 11, "OEM Strings" (DMTF DSP0134, 7.12), as /sys/firmware/dmi/entries/11-N/raw has
 * them. The strings' form is that of systemd's credentials (systemd.system-credentials(7)). */
#ifndef OCI_VFIO_HOOK_SMBIOS_H
#define OCI_VFIO_HOOK_SMBIOS_H

#include "oci-vfio-hook/text.h"

#define SMBIOS_MAP_TEXT "io.systemd.credential:oci-vfio-hook.devices"
#define SMBIOS_MAP_BINARY "io.systemd.credential.binary:oci-vfio-hook.devices"

struct smbios_map {
	struct slice value; /* what follows the "="; a part of the structure */
	bool is_base64;	    /* SMBIOS_MAP_BINARY; else it is JSON */
};

/* Finds the next string that has a map, from *at on, which begins with 0 and is moved past
 * it. False: there is none, or no structure of type 11. A string that isn't ended, and
 * whatever follows the set of strings, counts as absent. */
bool smbios_find_map(struct slice structure, size_t *at, struct smbios_map *ret);

#endif
