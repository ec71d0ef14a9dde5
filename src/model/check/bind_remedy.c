/* SPDX-License-Identifier: Apache-2.0 */
/* How a function gets vfio-pci (Documentation/ABI/testing/sysfs-bus-pci, driver_override). */
#include "bind_remedy.h"

#define DEVICES "/sys/bus/pci/devices/"

void bind_remedy(struct findings *findings, const struct pci_address *address,
		 const char *driver, bool has_driverctl)
{
	char text[PCI_ADDRESS_SIZE];

	pci_address_format(address, text);
	if (has_driverctl)
		findings_mend(findings, "driverctl set-override %s vfio-pci", text);
	else if (driver)
		findings_mend(findings,
			      "echo vfio-pci > " DEVICES
			      "%s/driver_override; echo %s > " DEVICES
			      "%s/driver/unbind; echo %s > /sys/bus/pci/drivers_probe",
			      text, text, text, text);
	else
		findings_mend(findings,
			      "echo vfio-pci > " DEVICES
			      "%s/driver_override; echo %s > /sys/bus/pci/drivers_probe",
			      text, text);
}

void offender_remedy(struct findings *findings, const struct pci_address *address,
		     const char *driver, enum offender_role role, bool has_driverctl)
{
	switch (role) {
	case OFFENDER_SPARE:
		bind_remedy(findings, address, driver, has_driverctl);
		return;
	case OFFENDER_DISK:
	case OFFENDER_NETWORK_UP:
	case OFFENDER_DISPLAY:
		findings_mend(
			findings,
			"put the device into another slot, so that it gets a group of its own");
		return;
	case OFFENDER_PHYSICAL_FUNCTION:
		findings_mend(
			findings,
			"in the firmware's setup: enable ACS; or put the device into another slot");
		return;
	}
}
