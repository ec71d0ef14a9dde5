/* SPDX-License-Identifier: Apache-2.0 */
/* Names of variables that hold PCI addresses. The families are those of the SR-IOV network
 * device plugin and its DRA driver, KubeVirt and the device plugins for QAT. */
#include "variable_name.h"

#define SRIOV_NETWORK "SRIOVNETWORK_"
#define VF_DEVICE SRIOV_NETWORK "VF_DEVICE_"

/* BEGINNING<n>= */
static bool is_numbered(struct slice entry, struct slice beginning)
{
	size_t at = beginning.length;

	if (!slice_starts(entry, beginning))
		return false;
	while (at < entry.length && entry.data[at] >= '0' && entry.data[at] <= '9')
		at++;
	return at > beginning.length && at < entry.length && entry.data[at] == '=';
}

static bool is_sriov_network(struct slice entry)
{
	const char *equals = memchr(entry.data, '=', entry.length);
	struct pci_spelling spelling;
	struct pci_address address;
	size_t start, end;
	struct slice name;

	if (!equals)
		return false;
	name = slice_from_to(entry, 0, (size_t)(equals - entry.data));
	return slice_equal(name, SLICE(SRIOV_NETWORK "PCI_ADDRESSES")) ||
	       slice_starts(name, SLICE(VF_DEVICE)) ||
	       variable_find_address(name, &start, &end, &address, &spelling);
}

bool variable_is_of_family(struct slice entry)
{
	return slice_starts(entry, SLICE("PCIDEVICE_")) ||
	       slice_starts(entry, SLICE("PCI_RESOURCE_")) || variable_has_uuids(entry) ||
	       (slice_starts(entry, SLICE(SRIOV_NETWORK)) && is_sriov_network(entry)) ||
	       is_numbered(entry, SLICE("VFIO_BDF")) || is_numbered(entry, SLICE("QAT"));
}

bool variable_has_uuids(struct slice name)
{
	return slice_starts(name, SLICE("MDEV_PCI_RESOURCE_"));
}

bool variable_find_address(struct slice name, size_t *ret_start, size_t *ret_end,
			   struct pci_address *ret, struct pci_spelling *ret_spelling)
{
	bool whole = slice_starts(name, SLICE(VF_DEVICE));
	size_t start = strlen(whole ? VF_DEVICE : SRIOV_NETWORK), end;
	struct slice rest;

	if (!slice_starts(name, SLICE(SRIOV_NETWORK)))
		return false;
	end = pci_address_scan(name, start, ret, ret_spelling);
	if (end == 0 || !ret_spelling->underscores)
		return false;
	rest = slice_from_to(name, end, name.length);
	if (whole ? rest.length > 0
		  : !slice_equal(rest, SLICE("_VFIO_DEVICE")) &&
			    !slice_starts(rest, SLICE("_RDMA_")))
		return false;
	*ret_start = start;
	*ret_end = end;
	return true;
}
