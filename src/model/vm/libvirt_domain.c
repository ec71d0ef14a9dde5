/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in the XML of a libvirt domain: what its elements say. Where a device is, is
 * libvirt_path.c's business. */
#include "oci-vfio-hook/libvirt_domain.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

static struct slice find_attribute(const struct xml_attribute *attributes, size_t count,
				   struct slice name)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(attributes[i].name, name))
			return attributes[i].value;
	}
	return (struct slice) { 0 };
}
#define ATTRIBUTE(literal) find_attribute(attributes, n_attributes, SLICE(literal))

static bool is_text(struct slice text, const char *literal)
{
	return text.data && slice_equal(text, slice_from(literal));
}

/* "0x3b" or "59". */
static int parse_number(struct slice text, uint64_t max, uint64_t *ret)
{
	if (slice_starts(text, SLICE("0x")) || slice_starts(text, SLICE("0X")))
		return number_parse(slice_from_to(text, 2, text.length), 16, 16, max,
				    ret);
	return number_parse(text, 10, 20, max, ret);
}

static void read_address(const struct xml_attribute *attributes, size_t n_attributes,
			 bool is_source, struct libvirt_address *ret)
{
	const struct slice type = ATTRIBUTE("type");
	struct {
		struct slice name;
		uint64_t max, *number;
	} rows[] = {
		{ SLICE("domain"), UINT32_MAX, &ret->domain },
		{ SLICE("bus"), UINT32_MAX, &ret->bus },
		{ SLICE("slot"), PCI_SLOT_MAX, &ret->slot },
		{ SLICE("function"), PCI_FUNCTION_MAX, &ret->function },
	};

	ret->exists = true;
	ret->is_none = is_text(type, "unassigned");
	ret->is_pci = is_text(type, "pci") || (is_source && !type.data);
	for (size_t i = 0; ret->is_pci && i < ARRAY_SIZE(rows); i++) {
		const struct slice text =
			find_attribute(attributes, n_attributes, rows[i].name);

		if (text.data && parse_number(text, rows[i].max, rows[i].number) < 0 &&
		    !ret->faulty.data)
			ret->faulty = rows[i].name;
	}
}

static void open_device(struct libvirt_domain *domain, struct slice element,
			const struct xml_attribute *attributes, size_t n_attributes,
			size_t line)
{
	const struct slice type = ATTRIBUTE("type"), model = ATTRIBUTE("model");
	enum libvirt_kind kind = LIBVIRT_OTHER;
	struct libvirt_device *device;

	if (is_text(element, "controller") && is_text(type, "pci"))
		kind = LIBVIRT_CONTROLLER;
	else if (is_text(element, "hostdev") &&
		 (is_text(type, "pci") || is_text(type, "mdev")))
		kind = LIBVIRT_HOSTDEV;
	else if (is_text(element, "interface"))
		kind = LIBVIRT_INTERFACE;
	domain->in_device = kind != LIBVIRT_OTHER;
	if (!domain->in_device)
		return;
	device = array_append(domain->devices, domain->n_devices, domain->capacity);
	device->kind = kind;
	device->line = line;
	if (kind == LIBVIRT_CONTROLLER && model.data)
		device->model = xstrndup(model.data, model.length);
	device->has_index =
		parse_number(ATTRIBUTE("index"), UINT32_MAX, &device->index) == 0;
}

/* What is in a device: its own address, and in <source> the one on this machine. */
static void open_part(struct libvirt_domain *domain, struct slice element,
		      const struct xml_attribute *attributes, size_t n_attributes)
{
	struct libvirt_device *device = &domain->devices[domain->n_devices - 1];
	const bool outer = domain->depth == 3;
	const struct slice uuid = ATTRIBUTE("uuid");

	if (outer)
		domain->in_source = is_text(element, "source");
	if (is_text(element, "address") && outer && !device->address.exists)
		read_address(attributes, n_attributes, false, &device->address);
	if (is_text(element, "address") && domain->depth == 4 && domain->in_source &&
	    !device->source.exists) {
		device->has_uuid = uuid.data && uuid_parse(uuid, &device->uuid) == 0;
		read_address(attributes, n_attributes, !uuid.data, &device->source);
	}
	if (is_text(element, "target") && outer)
		device->has_bus_number = parse_number(ATTRIBUTE("busNr"), UINT8_MAX,
						      &device->bus_number) == 0;
}

void libvirt_domain_open(struct libvirt_domain *domain, struct slice element,
			 const struct xml_attribute *attributes, size_t n_attributes,
			 size_t line)
{
	switch (domain->depth) {
	case 0:
		domain->is_domain = is_text(element, "domain");
		break;
	case 1:
		domain->in_devices = domain->is_domain && is_text(element, "devices");
		break;
	case 2:
		if (domain->in_devices)
			open_device(domain, element, attributes, n_attributes, line);
		break;
	case 3:
	case 4:
		if (domain->in_device)
			open_part(domain, element, attributes, n_attributes);
		break;
	default:
		break;
	}
	domain->depth++;
}

void libvirt_domain_close(struct libvirt_domain *domain)
{
	domain->depth--;
	if (domain->depth == 3)
		domain->in_source = false;
	else if (domain->depth == 2)
		domain->in_device = false;
	else if (domain->depth == 1)
		domain->in_devices = false;
}

void libvirt_domain_free(struct libvirt_domain *domain)
{
	for (size_t i = 0; i < domain->n_devices; i++)
		free(domain->devices[i].model);
	free(domain->devices);
	*domain = (struct libvirt_domain) { 0 };
}

int libvirt_xml_check(const char *name, struct slice text, struct error *err)
{
	if (!text_is_utf8(text) || memchr(text.data, '\0', text.length))
		return error_set(
			err, ERROR_DATA,
			"%s: is not text in UTF-8; give it what `virsh dumpxml DOMAIN` prints",
			name);
	if (slice_contains(text, SLICE("<!DOCTYPE")))
		return error_set(
			err, ERROR_DATA,
			"%s: has a document type, which libvirt's XML never has; give it what `virsh dumpxml DOMAIN` prints",
			name);
	return 0;
}
