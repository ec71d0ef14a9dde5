/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: what of the machine led to it, and what of the map didn't. */
#include "report_part.h"

/* The files of the bridges that a PCI path goes through. */
static void add_steps(const struct inventory *inventory,
		      const struct pci_locator *locator, struct buffer *ret)
{
	struct pci_address at = { .domain = locator->domain, .bus = locator->root_bus };
	char name[PCI_ADDRESS_SIZE];

	for (uint8_t i = 0; i + 1 < locator->n_steps; i++) {
		const struct pci_bridge *bridge;

		at.slot = locator->steps[i].slot;
		at.function = locator->steps[i].function;
		bridge = inventory_find_bridge(inventory, &at);
		if (!bridge)
			return;
		buffer_printf(ret,
			      "  " SYSFS_PCI_DEVICES
			      "/%s/secondary_bus_number: %04x:%02x\n",
			      pci_address_format(&at, name), bridge->domain, bridge->bus);
		at = (struct pci_address) { .domain = bridge->domain,
					    .bus = bridge->bus };
	}
}

static void add_group(const struct inventory *inventory, const char *directory,
		      const char *name, const struct inventory_function *found,
		      struct buffer *ret)
{
	const struct inventory_group *group;

	if (!found->has_group) {
		buffer_printf(ret, "  %s/%s/iommu_group: isn't there\n", directory, name);
		return;
	}
	buffer_printf(ret, "  %s/%s/iommu_group: %u\n", directory, name, found->group);
	group = inventory_find_group(inventory, found->group);
	if (group && group->has_node)
		buffer_printf(ret, "  /sys/class/vfio/%s%u/dev: %u:%u\n",
			      group->noiommu ? "noiommu-" : "", group->number,
			      group->node.major, group->node.minor);
}

static void add_function(const struct inventory *inventory,
			 const struct request_function *asked,
			 const struct inventory_function *found, struct buffer *ret)
{
	const char *directory = found->name.bus == DEVICE_BUS_MDEV ? SYSFS_MDEV_DEVICES
								   : SYSFS_PCI_DEVICES;
	char host[DEVICE_NAME_SIZE], name[DEVICE_NAME_SIZE];

	device_name_format(&found->name, name);
	buffer_printf(ret,
		      "\n%s (%s) is %s: ", device_name_format(&asked->map->host, host),
		      asked->map->guest_text, name);
	buffer_add_printable(ret, slice_from(asked->entry->where));
	buffer_add(ret, SLICE("\n"));
	if (asked->map->guest.kind == PCI_LOCATOR_PATH)
		add_steps(inventory, &asked->map->guest, ret);
	if (asked->map->guest.kind == PCI_LOCATOR_SELECTOR)
		buffer_add(ret, SLICE("  " SYSFS_PCI_DEVICES
				      ": the only one of which this is true\n"));
	if (found->driver) {
		buffer_printf(ret, "  %s/%s/driver: ", directory, name);
		buffer_add_printable(ret, slice_from(found->driver));
		buffer_add(ret, SLICE("\n"));
	}
	add_group(inventory, directory, name, found, ret);
	if (found->handle.exists)
		buffer_printf(ret, "  %s/%s/vfio-dev/vfio%u/dev: %u:%u\n", directory,
			      name, found->handle.handle, found->handle.number.major,
			      found->handle.number.minor);
}

void report_looked_up(const struct report *report, struct buffer *ret)
{
	for (size_t i = 0; i < report->inventory->n_functions; i++) {
		const struct inventory_function *found = &report->inventory->functions[i];
		const struct request_function *asked = &report->request->functions[i];

		if (asked->named && !found->absent)
			add_function(report->inventory, asked, found, ret);
	}
}

void report_unnamed(const struct report *report, struct buffer *ret)
{
	for (size_t i = 0; i < report->map->n_entries; i++) {
		const struct map_entry *entry = &report->map->entries[i];

		if (report->request->entries[i].named)
			continue;
		buffer_add(ret, SLICE("\nnot asked for by this spec: "));
		buffer_add_printable(ret, slice_from(entry->where));
		buffer_add(ret, SLICE(": "));
		buffer_add_name(ret, slice_from(entry->container_path));
		buffer_add(ret, SLICE("\n"));
	}
}
