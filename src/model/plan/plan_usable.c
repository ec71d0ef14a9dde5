/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: whether a function may be used, by its identity, its driver and its group. */
#include "plan_resolve.h"

#include <errno.h>

#define DRIVERCTL "driverctl set-override %s vfio-pci"

/* A driver that isn't VFIO's keeps what it has. But one that we saw come may have to let
 * go, by driverctl's rule for udev: the kernel's own choice is always first. */
static enum refusal refusal_of_driver(const struct planner *planner)
{
	if (planner->in->bind)
		return REFUSE_TO_DRIVER;
	return planner->in->waiting ? REFUSE_FOR_NOW : REFUSE_FOR_GOOD;
}

int plan_check_identity(struct planner *planner, const struct request_function *asked,
			const struct inventory_function *found)
{
	char address[DEVICE_NAME_SIZE];

	for (unsigned int i = 0; asked->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (asked->entry->expected[i] &&
		    asked->entry->expect[i] != found->identity[i])
			return plan_refuse(
				planner, REFUSE_FOR_GOOD, asked,
				"%s has %s 0x%04x, but the map expects 0x%04x: it is another device; correct the map",
				device_name_format(&found->name, address),
				pci_identity_names[i], found->identity[i],
				asked->entry->expect[i]);
	}
	return 0;
}

/* A mediated device is bound by its parent's driver, and has a group where VFIO has groups. */
static int check_mdev(struct planner *planner, const struct request_function *asked,
		      const struct inventory_function *found)
{
	char name[DEVICE_NAME_SIZE];

	device_name_format(&found->name, name);
	if (!found->vfio && found->driver)
		return plan_refuse(
			planner, planner->in->waiting ? REFUSE_FOR_NOW : REFUSE_FOR_GOOD,
			asked,
			"mediated device %s is bound to %s, which has nothing of VFIO; load the driver of its parent device",
			name, found->driver);
	if (!found->vfio || (!found->has_group && !found->handle.registered))
		return plan_refuse(
			planner, REFUSE_FOR_NOW, asked,
			"mediated device %s has no VFIO driver; load that of its parent device",
			name);
	return 0;
}

int plan_check_bound(struct planner *planner, const struct request_function *asked,
		     const struct inventory_function *found)
{
	char address[DEVICE_NAME_SIZE];

	if (found->name.bus == DEVICE_BUS_MDEV)
		return check_mdev(planner, asked, found);
	device_name_format(&found->name, address);
	/* The kernel looks for a driver when it has found the group; without an IOMMU VFIO's
	 * driver makes one. */
	if (!found->has_group && !asked->entry->allow_noiommu)
		return plan_refuse(
			planner, found->driver ? REFUSE_FOR_GOOD : REFUSE_FOR_NOW, asked,
			"%s is in no IOMMU group; enable the IOMMU of this machine (intel_iommu=on, a vIOMMU for a guest)",
			address);
	if (!found->vfio && found->driver)
		return plan_refuse(
			planner, refusal_of_driver(planner), asked,
			"%s is bound to %s, not a VFIO driver; bind it: " DRIVERCTL,
			address, found->driver, address);
	if (!found->vfio)
		return plan_refuse(planner,
				   planner->in->bind ? REFUSE_TO_DRIVER : REFUSE_FOR_NOW,
				   asked,
				   "%s is not bound to any driver; bind it: " DRIVERCTL,
				   address, address);
	if (!found->has_group)
		return plan_refuse(
			planner, REFUSE_FOR_NOW, asked,
			"%s is in no IOMMU group; without an IOMMU the module vfio needs enable_unsafe_noiommu_mode=1",
			address);
	return 0;
}

/* What helps: not to take from the machine what it lives on. */
static void describe_offender(const struct inventory_offender *offender,
			      struct buffer *ret)
{
	static const char elsewhere[] =
		"put the device into another slot, so that it gets a group of its own";
	char address[PCI_ADDRESS_SIZE];

	pci_address_format(&offender->address, address);
	buffer_printf(ret, "%s%s is bound to %s", ret->length ? "; " : "", address,
		      offender->driver);
	switch (offender->role) {
	case OFFENDER_SPARE:
		buffer_printf(ret, ": " DRIVERCTL, address);
		return;
	case OFFENDER_DISK:
		buffer_printf(
			ret,
			", a storage controller, which this machine may run from: %s",
			elsewhere);
		return;
	case OFFENDER_NETWORK_UP:
		buffer_printf(ret, ", a network interface that is up: %s", elsewhere);
		return;
	case OFFENDER_PHYSICAL_FUNCTION:
		buffer_printf(
			ret,
			", the physical function of virtual functions, which would go with it: %s, or enable ACS",
			elsewhere);
		return;
	case OFFENDER_DISPLAY:
		buffer_printf(ret, ", the display of this machine: %s", elsewhere);
		return;
	}
}

char *plan_describe_offenders(const struct inventory_group *group)
{
	struct buffer list = { 0 };

	for (size_t i = 0; i < group->n_offenders && list.length < PLAN_LIST_MAX; i++)
		describe_offender(&group->offenders[i], &list);
	return list.data;
}

int plan_check_viable(struct planner *planner, const struct request_function *asked,
		      const struct inventory_group *group)
{
	auto_free char *offenders = NULL;

	if (group->n_offenders > 0) {
		offenders = plan_describe_offenders(group);
		return plan_refuse(planner, refusal_of_driver(planner), asked,
				   "IOMMU group %u is not viable: %s", group->number,
				   offenders);
	}
	return 0;
}
