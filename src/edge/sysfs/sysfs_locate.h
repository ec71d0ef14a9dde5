/* SPDX-License-Identifier: Apache-2.0 */
/* Which device of this machine a map means, however it says so. */
#ifndef OCI_VFIO_HOOK_SYSFS_LOCATE_H
#define OCI_VFIO_HOOK_SYSFS_LOCATE_H

#include "oci-vfio-hook/device_map.h"

#include "pci_walk.h"
#include "sysfs_scan.h"

/* What a run has passed and listed. */
struct sysfs_finder {
	struct pci_walk walk;
	struct sysfs_scan scan;
};

#define SYSFS_FINDER_INIT(machine)                                                       \
	{                                                                                \
		.walk = { .sysroot = (machine) }, .scan = {.sysroot = (machine) }        \
	}
#define auto_sysfs_finder __attribute__((cleanup(sysfs_finder_free))) struct sysfs_finder

/* Finds its place; that it is there isn't said. 0 also where it has none: then *ret_end says so,
 * and *ret is not set. ERROR_IO, ERROR_PERMISSION. */
int sysfs_locate(struct sysfs_finder *finder, const struct map_function *map,
		 struct device_name *ret, struct pci_dead_end *ret_end,
		 struct error *err);

/* That nothing is at the place that was found, as a sentence without a full stop. The caller
 * frees. */
char *sysfs_absent_function(const struct map_function *map,
			    const struct device_name *found);

void sysfs_finder_free(struct sysfs_finder *finder);

#endif
