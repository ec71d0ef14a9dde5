/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a libvirt domain that it has from this machine, by the elements of its XML
 * (https://libvirt.org/formatdomain.html, "Device Addresses", "Controllers", "Host device
 * assignment"). Pure: somebody else parses the XML. */
#ifndef OCI_VFIO_HOOK_LIBVIRT_DOMAIN_H
#define OCI_VFIO_HOOK_LIBVIRT_DOMAIN_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/vm_device.h"

struct xml_attribute {
	struct slice name, value;
};

/* <address domain= bus= slot= function=>, each a number or absent. */
struct libvirt_address {
	bool exists;
	bool is_pci;	     /* of type 'pci', or without a type in <source> */
	bool is_none;	     /* of type 'unassigned' */
	struct slice faulty; /* an attribute that is not a number; its name is constant */
	uint64_t domain, bus, slot, function;
};

enum libvirt_kind {
	LIBVIRT_OTHER,
	LIBVIRT_CONTROLLER, /* of type 'pci' */
	LIBVIRT_HOSTDEV,
	LIBVIRT_INTERFACE,
};

struct libvirt_device {
	enum libvirt_kind kind;
	size_t line;
	char *model; /* of a controller; owned */
	bool has_index, has_bus_number, has_uuid;
	uint64_t index, bus_number;
	struct libvirt_address address, source;
	struct uuid uuid; /* in <source> */
};

/* Initialised with {0}. */
struct libvirt_domain {
	unsigned int depth; /* of open elements */
	bool is_domain;	    /* the outermost is <domain> */
	bool in_devices, in_device, in_source;
	struct libvirt_device *devices;
	size_t n_devices, capacity;
};

#define auto_libvirt_domain                                                              \
	__attribute__((cleanup(libvirt_domain_free))) struct libvirt_domain

/* An element begins, and ends; at a line of the text. */
void libvirt_domain_open(struct libvirt_domain *domain, struct slice element,
			 const struct xml_attribute *attributes, size_t n_attributes,
			 size_t line);
void libvirt_domain_close(struct libvirt_domain *domain);

/* After the last one. `name` is the file's, for messages: of devices that the domain isn't given.
 * ERROR_DATA: it isn't a domain, or there is no path to a device. */
int libvirt_domain_find_devices(const struct libvirt_domain *domain, const char *name,
				struct vm_devices *ret, struct messages *messages,
				struct error *err);

void libvirt_domain_free(struct libvirt_domain *domain);

/* ERROR_DATA: the text is of no XML that libvirt writes, UTF-8 without a document type, which alone
 * could make it grow or name other files. To be called before anything parses it. */
int libvirt_xml_check(const char *name, struct slice text, struct error *err);

#endif
