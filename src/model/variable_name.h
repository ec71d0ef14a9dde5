/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the variables in which engines and device plugins put PCI addresses: the
 * families that are translated if nobody says otherwise, and the address in a name. What
 * the values mean is the business of environment.c. */
#ifndef OCI_VFIO_HOOK_VARIABLE_NAME_H
#define OCI_VFIO_HOOK_VARIABLE_NAME_H

#include "oci-vfio-hook/pci.h"

/* Could it, by its first two letters? All that a container has are asked. */
static inline bool variable_may_be_of_family(struct slice entry)
{
	if (entry.length < 2)
		return false;
	switch (entry.data[0]) {
	case 'P':
		return entry.data[1] == 'C';
	case 'M':
		return entry.data[1] == 'D';
	case 'S':
		return entry.data[1] == 'R';
	case 'V':
		return entry.data[1] == 'F';
	case 'Q':
		return entry.data[1] == 'A';
	default:
		return false;
	}
}

/* Does this entry of process.env, NAME=VALUE, belong to one of the families? */
bool variable_is_of_family(struct slice entry);

/* Is it one that names mediated devices by their UUIDs? */
bool variable_has_uuids(struct slice name);

/* An address that is a part of the name, and where. False: there is none. */
bool variable_find_address(struct slice name, size_t *ret_start, size_t *ret_end,
			   struct pci_address *ret, struct pci_spelling *ret_spelling);

#endif
