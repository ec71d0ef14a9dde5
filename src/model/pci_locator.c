/* SPDX-License-Identifier: Apache-2.0 */
/* How a map entry says which function of this machine it means: grammar only. */
#include "oci-vfio-hook/pci_locator.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

/* The part of *rest before `separator`, which is taken off with it; false: no separator.
 */
static bool split(struct slice *rest, char separator, struct slice *ret)
{
	const char *at = memchr(rest->data, separator, rest->length);

	if (!at)
		return false;
	*ret = slice_from_to(*rest, 0, (size_t)(at - rest->data));
	*rest = slice_from_to(*rest, ret->length + 1, rest->length);
	return true;
}

static int parse_hex(struct slice text, size_t min_digits, size_t max_digits,
		     uint32_t max, uint32_t *ret)
{
	uint64_t value;

	if (text.length < min_digits ||
	    number_parse(text, 16, (unsigned int)max_digits, max, &value) < 0)
		return -EINVAL;
	*ret = (uint32_t)value;
	return 0;
}

static int bad_path(struct slice text, const char *why, struct error *err)
{
	auto_free char *quoted = text_quote(text);

	return error_set(
		err, ERROR_DATA,
		"%s is neither a PCI path (06/00, 20/00/00, 0000:20/00) nor a PCI address (0000:01:00.0): %s; a selector begins with acpi-index:, label:, slot:, serial: or id:",
		quoted, why);
}

/* One segment SS[.F]. */
static int parse_step(struct slice segment, struct pci_step *ret)
{
	uint32_t slot_value, function = 0;
	struct slice slot;

	if (split(&segment, '.', &slot)) {
		if (parse_hex(segment, 1, 1, PCI_FUNCTION_MAX, &function) < 0)
			return -EINVAL;
	} else {
		slot = segment;
	}
	if (parse_hex(slot, 2, 2, PCI_SLOT_MAX, &slot_value) < 0)
		return -EINVAL;
	*ret = (struct pci_step) { (uint8_t)slot_value, (uint8_t)function };
	return 0;
}

/* "DDDD:BB/" names domain and root bus; takes it off *rest. */
static int parse_root(struct slice *rest, struct slice whole, struct pci_locator *locator,
		      struct error *err)
{
	struct slice domain, bus;
	uint32_t d, b;

	if (!memchr(rest->data, ':', rest->length))
		return 0;
	if (!split(rest, '/', &bus) || !split(&bus, ':', &domain) ||
	    parse_hex(domain, 4, 8, UINT32_MAX, &d) < 0 ||
	    parse_hex(bus, 2, 2, 0xff, &b) < 0)
		return bad_path(whole, "the root bus must be DDDD:BB in hex", err);
	locator->domain = d;
	locator->root_bus = (uint8_t)b;
	return 1;
}

/* A first segment from 0x20 up can't be a slot: it is a root bus where a slot and more
 * follow. */
static bool take_root_bus(struct slice *rest, size_t n_segments,
			  struct pci_locator *locator)
{
	struct slice after = *rest, first;
	uint32_t bus;

	if (n_segments < 3 || !split(&after, '/', &first) ||
	    parse_hex(first, 2, 2, 0xff, &bus) < 0 || bus <= PCI_SLOT_MAX)
		return false;
	locator->root_bus = (uint8_t)bus;
	*rest = after;
	return true;
}

static size_t count_segments(struct slice text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.length; i++)
		count += text.data[i] == '/';
	return count;
}

int pci_locator_parse(struct slice text, struct pci_locator *ret, struct error *err)
{
	struct pci_locator locator = { .kind = PCI_LOCATOR_PATH };
	struct slice rest = text, segment;
	bool more = true;
	int r;

	if (pci_selector_begins(text)) {
		locator.kind = PCI_LOCATOR_SELECTOR;
		r = pci_selector_parse(text, &locator.selector, err);
		if (r == 0)
			*ret = locator;
		return r;
	}
	if (pci_address_parse(text, &locator.address) == 0) {
		locator.kind = PCI_LOCATOR_ADDRESS;
		*ret = locator;
		return 0;
	}
	if (uuid_parse(text, &locator.uuid) == 0) {
		locator.kind = PCI_LOCATOR_MDEV;
		*ret = locator;
		return 0;
	}
	r = parse_root(&rest, text, &locator, err);
	if (r < 0)
		return r;
	if (r == 0)
		take_root_bus(&rest, count_segments(rest), &locator);
	while (more) {
		more = split(&rest, '/', &segment);
		if (!more)
			segment = rest;
		if (locator.n_steps == PCI_PATH_STEPS_MAX)
			return bad_path(text, "more than 32 steps", err);
		if (parse_step(segment, &locator.steps[locator.n_steps++]) < 0)
			return bad_path(
				text,
				"a step is SS or SS.F, slot 00 to 1f, function 0 to 7",
				err);
	}
	*ret = locator;
	return 0;
}

bool pci_locator_equal(const struct pci_locator *a, const struct pci_locator *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == PCI_LOCATOR_ADDRESS)
		return pci_address_equal(&a->address, &b->address);
	if (a->kind == PCI_LOCATOR_SELECTOR)
		return pci_features_equal(&a->selector, &b->selector);
	if (a->kind == PCI_LOCATOR_MDEV)
		return memcmp(&a->uuid, &b->uuid, sizeof a->uuid) == 0;
	if (a->domain != b->domain || a->root_bus != b->root_bus ||
	    a->n_steps != b->n_steps)
		return false;
	for (size_t i = 0; i < a->n_steps; i++) {
		if (a->steps[i].slot != b->steps[i].slot ||
		    a->steps[i].function != b->steps[i].function)
			return false;
	}
	return true;
}
