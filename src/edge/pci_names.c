/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors call their devices. The only file that knows libpci. */
#include "oci-vfio-hook/pci_names.h"

#include <pci/pci.h>

#include "oci-vfio-hook/library.h"

LIBRARY_NOTE(
	"[{\"feature\":\"pci-names\",\"description\":\"Names of PCI devices from pci.ids\",\"priority\":\"suggested\",\"soname\":[\"libpci.so.3\"]}]");

#define LIBPCI(FUNCTION)                                                                 \
	FUNCTION(pci_alloc)                                                              \
	FUNCTION(pci_cleanup)                                                            \
	FUNCTION(pci_lookup_name)
LIBRARY(libpci, LIBPCI);

static const struct library libpci_library = {
	.soname = "libpci.so.3",
	.package = "libpci3",
	.need = "show the names of devices",
	.names = libpci_names,
};

/* It would write to stderr, which gets one line, and that from us. */
static void ignore(char *message, ...)
{
	(void)message;
}

/* One name, by its identities as the flag wants them; NULL: there is none. */
static const char *look_up(const struct libpci *libpci, struct pci_access *access,
			   struct text_pool *texts, int flag, int first, int second)
{
	char name[256];
	const char *found = libpci->pci_lookup_name(
		access, name, sizeof name, flag | PCI_LOOKUP_NO_NUMBERS, first, second);

	return found ? text_pool_add(texts, slice_from(found)) : NULL;
}

int pci_names_find(struct survey *survey, struct error *err)
{
	struct libpci libpci = { 0 };
	struct pci_access *access;
	int r = library_open(&libpci_library, &libpci, err);

	if (r < 0)
		return r;
	access = libpci.pci_alloc();
	access->warning = access->debug = ignore;
	for (size_t i = 0; i < survey->n_functions; i++) {
		struct survey_function *function = &survey->functions[i];
		const uint64_t *numbers = function->features.numbers;
		const int vendor = (int)numbers[PCI_FEATURE_VENDOR],
			  device = (int)numbers[PCI_FEATURE_DEVICE];

		if (!(function->device.unknown & SURVEY_UNKNOWN_CLASS))
			function->class_name =
				look_up(&libpci, access, &survey->texts, PCI_LOOKUP_CLASS,
					(int)(function->class >> 8), 0);
		if (!function->features.has[PCI_FEATURE_VENDOR] ||
		    !function->features.has[PCI_FEATURE_DEVICE])
			continue;
		function->vendor_name = look_up(&libpci, access, &survey->texts,
						PCI_LOOKUP_VENDOR, vendor, 0);
		function->device_name = look_up(&libpci, access, &survey->texts,
						PCI_LOOKUP_DEVICE, vendor, device);
	}
	libpci.pci_cleanup(access);
	return 0;
}
