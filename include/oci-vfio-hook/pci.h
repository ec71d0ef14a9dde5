/* SPDX-License-Identifier: Apache-2.0 */
/* PCI addresses (DDDD:BB:SS.F) as values: grammar only, no machine. */
#ifndef OCI_VFIO_HOOK_PCI_H
#define OCI_VFIO_HOOK_PCI_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* One PCI function as the kernel names it in /sys/bus/pci/devices
 * (Documentation/ABI/testing/sysfs-bus-pci). Domains are 32 bits wide: VMD and Hyper-V
 * make domains above 0xffff. */
struct pci_address {
	uint32_t domain;
	uint8_t bus;
	uint8_t slot;	  /* 0 to 0x1f */
	uint8_t function; /* 0 to 7 */
};

#define PCI_SLOT_MAX 0x1f
#define PCI_FUNCTION_MAX 7

#define PCI_ADDRESS_SIZE sizeof("01234567:00:00.0")

/* The whole text is DDDD:BB:SS.F in hex of either letter case, the domain of 4 to 8
 * digits; else -EINVAL. */
int pci_address_parse(struct slice text, struct pci_address *ret);

/* Writes the address as sysfs spells it (lower case, a domain of at least 4 digits) with
 * a NUL and returns `text`. */
char *pci_address_format(const struct pci_address *address,
			 char text[static PCI_ADDRESS_SIZE]);

bool pci_address_equal(const struct pci_address *a, const struct pci_address *b);

/* An order, as qsort() needs one. */
int pci_address_compare(const struct pci_address *a, const struct pci_address *b);
/* The same for qsort() and bsearch() of addresses. */
int pci_address_order(const void *a, const void *b);

/* Is it a class (0x060400) of bridges that are the IOMMU's business, not their driver's: a host's
 * or a PCI bridge? Such a function doesn't count in its group. */
static inline bool pci_class_is_bridge(uint32_t class)
{
	return class >> 8 == 0x0600 || class >> 8 == 0x0604;
}

/* How texts other than sysfs write an address. */
struct pci_spelling {
	bool short_form;  /* BB:SS.F: without the domain, which is 0000 */
	bool underscores; /* DDDD_BB_SS_F: as in names of variables */
};

/* Finds an address in any spelling that begins at `at`, whatever follows it. Returns where
 * it ends, or 0 where there is none. */
size_t pci_address_scan(struct slice text, size_t at, struct pci_address *ret,
			struct pci_spelling *ret_spelling);

/* Writes the address in this spelling, but with a domain that isn't 0000 in any case, and
 * returns `text`. */
char *pci_address_spell(const struct pci_address *address, struct pci_spelling spelling,
			char text[static PCI_ADDRESS_SIZE]);

#endif
