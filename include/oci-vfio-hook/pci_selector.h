/* SPDX-License-Identifier: Apache-2.0 */
/* A PCI function by what it is, not where: the grammar of selectors, and which function
 * matches one. Pure. */
#ifndef OCI_VFIO_HOOK_PCI_SELECTOR_H
#define OCI_VFIO_HOOK_PCI_SELECTOR_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/pci.h"
#include "oci-vfio-hook/text.h"

/* What tells a function from others, what costs least to look at first. But for the slot and
 * the serial number these are attributes in sysfs (Documentation/ABI/testing/sysfs-bus-pci). */
enum pci_feature {
	PCI_FEATURE_SLOT, /* the name of its slot: /sys/bus/pci/slots/<name>/address */
	PCI_FEATURE_VENDOR,
	PCI_FEATURE_DEVICE,
	PCI_FEATURE_SUBSYSTEM_VENDOR,
	PCI_FEATURE_SUBSYSTEM_DEVICE,
	PCI_FEATURE_ACPI_INDEX,
	PCI_FEATURE_LABEL,
	PCI_FEATURE_SERIAL, /* Device Serial Number (PCI Express, 7.9.3) */
	PCI_FEATURE_COUNT,
};

/* Those that a selector asks for, or that a function has. The texts are borrowed. */
struct pci_features {
	bool has[PCI_FEATURE_COUNT];
	struct slice texts[PCI_FEATURE_COUNT]; /* slot and label */
	uint64_t numbers[PCI_FEATURE_COUNT];   /* the others */
};

/* Does the text begin like a selector: with one of the words below and a colon? */
bool pci_selector_begins(struct slice text);

/* One or several of these, joined by "+", each once: acpi-index:7, label:TEXT, slot:9,
 * serial:HEX (16 digits, or as lspci(8) prints them), id:8086:154c[:1af4:1100]. A "+" in a TEXT
 * belongs to it unless one of these words follows. *ret borrows from the text. ERROR_DATA says
 * what is wrong. */
int pci_selector_parse(struct slice text, struct pci_features *ret, struct error *err);

/* Have both this feature, and the same? */
bool pci_feature_equal(const struct pci_features *a, const struct pci_features *b,
		       enum pci_feature feature);

/* Do both have the same features? */
bool pci_features_equal(const struct pci_features *a, const struct pci_features *b);

/* Where the functions of a slot are. */
struct pci_slot {
	uint32_t domain;
	uint8_t bus;
	bool whole_bus;
	uint8_t slot; /* without whole_bus */
};

/* "0000:01:00", or for all of a bus "0000:01", as sysfs has it; else -EINVAL. */
int pci_slot_parse(struct slice text, struct pci_slot *ret);
bool pci_slot_has(const struct pci_slot *slot, const struct pci_address *address);

/* The extended capabilities of a function (PCI Express, 7.6), to the serial number. */
struct pci_capability_walk {
	uint16_t at; /* of the next header in the configuration space; 0: there is none */
	uint16_t n_passed; /* headers, so that a circle ends */
};

#define PCI_CAPABILITY_WALK_INIT                                                         \
	{                                                                                \
		.at = 0x100                                                              \
	}

/* Passes the header that is at walk->at, which is moved to the next one. True: this one is the
 * serial number's, of which the lower and the upper half follow. */
bool pci_capability_pass(struct pci_capability_walk *walk, uint32_t header);

#endif
