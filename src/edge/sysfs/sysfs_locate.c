/* SPDX-License-Identifier: Apache-2.0 */
/* Which device of this machine a map means. */
#include "sysfs_locate.h"

#include "sysfs_function.h"

int sysfs_locate(struct sysfs_finder *finder, const struct map_function *map,
		 struct device_name *ret, struct pci_dead_end *ret_end, struct error *err)
{
	*ret_end = (struct pci_dead_end) { 0 };
	*ret = (struct device_name) { .bus = DEVICE_BUS_PCI };
	switch (map->guest.kind) {
	case PCI_LOCATOR_SELECTOR:
		return sysfs_scan_find(&finder->scan, &map->guest.selector,
				       map->guest_text, &ret->address, ret_end, err);
	case PCI_LOCATOR_MDEV:
		ret->bus = DEVICE_BUS_MDEV;
		ret->uuid = map->guest.uuid;
		return 0;
	case PCI_LOCATOR_ADDRESS:
	case PCI_LOCATOR_PATH:
		break;
	}
	return pci_walk_to(&finder->walk, &map->guest, map->guest_text, &ret->address,
			   ret_end, err);
}

char *sysfs_absent_function(const struct map_function *map,
			    const struct device_name *found)
{
	char name[DEVICE_NAME_SIZE];

	device_name_format(found, name);
	if (found->bus == DEVICE_BUS_MDEV)
		return xasprintf("%s is not in " SYSFS_MDEV_DEVICES, name);
	if (map->guest.kind == PCI_LOCATOR_PATH)
		return xasprintf("PCI path %s: %s is not in " SYSFS_PCI_DEVICES,
				 map->guest_text, name);
	return xasprintf("%s is not in " SYSFS_PCI_DEVICES, name);
}

void sysfs_finder_free(struct sysfs_finder *finder)
{
	pci_walk_free(&finder->walk);
	sysfs_scan_free(&finder->scan);
}
