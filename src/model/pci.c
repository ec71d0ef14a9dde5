/* SPDX-License-Identifier: Apache-2.0 */
/* PCI addresses and PCI paths: grammar only. */
#include "oci-vfio-hook/pci.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

#define SLOT_MAX 0x1f
#define FUNCTION_MAX 7

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

/* The value of a hex digit, or -1. */
static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* How many hex digits there are from `at` on; 9 stands for more, too. */
static size_t count_digits(struct slice text, size_t at, uint32_t *ret)
{
	size_t count = 0;
	int digit;

	for (*ret = 0; count < 9 && at + count < text.length; count++) {
		digit = hex_digit(text.data[at + count]);
		if (digit < 0)
			break;
		*ret = *ret << 4 | (uint32_t)digit;
	}
	return count;
}

static bool has_character(struct slice text, size_t at, char c)
{
	return at < text.length && text.data[at] == c;
}

/* BB:SS.F; returns where it ends, or 0. */
static size_t scan_rest(struct slice text, size_t at, char separator,
			struct pci_address *ret)
{
	char last = '.';
	uint32_t bus, slot;

	if (separator != ':')
		last = separator;
	if (count_digits(text, at, &bus) != 2 ||
	    !has_character(text, at + 2, separator) ||
	    count_digits(text, at + 3, &slot) != 2 || slot > SLOT_MAX ||
	    !has_character(text, at + 5, last) || at + 6 >= text.length ||
	    text.data[at + 6] < '0' || text.data[at + 6] > '0' + FUNCTION_MAX)
		return 0;
	ret->bus = (uint8_t)bus;
	ret->slot = (uint8_t)slot;
	ret->function = (uint8_t)(text.data[at + 6] - '0');
	return at + 7;
}

size_t pci_address_scan(struct slice text, size_t at, struct pci_address *ret,
			struct pci_spelling *ret_spelling)
{
	struct pci_address address = { 0 };
	uint32_t first;
	size_t digits = count_digits(text, at, &first), end;
	char separator;

	if (at + digits >= text.length)
		return 0;
	separator = text.data[at + digits];
	if (separator != ':' && separator != '_')
		return 0;
	*ret_spelling = (struct pci_spelling) { .short_form = digits == 2,
						.underscores = separator == '_' };
	if (digits == 2) {
		end = scan_rest(text, at, separator, &address);
	} else if (digits >= 4 && digits <= 8) {
		address.domain = first;
		end = scan_rest(text, at + digits + 1, separator, &address);
	} else {
		return 0;
	}
	if (end)
		*ret = address;
	return end;
}

int pci_address_parse(struct slice text, struct pci_address *ret)
{
	struct pci_spelling spelling;
	struct pci_address address;

	if (text.length == 0 ||
	    pci_address_scan(text, 0, &address, &spelling) != text.length ||
	    spelling.short_form || spelling.underscores)
		return -EINVAL;
	*ret = address;
	return 0;
}

/* At least `digits` digits; returns where the next character goes. */
static char *put_hex(char *at, uint32_t value, unsigned int digits)
{
	while (digits < 8 && value >> (4 * digits))
		digits++;
	while (digits-- > 0)
		*at++ = "0123456789abcdef"[value >> (4 * digits) & 0xf];
	return at;
}

char *pci_address_spell(const struct pci_address *address, struct pci_spelling spelling,
			char text[static PCI_ADDRESS_SIZE])
{
	const char separator = spelling.underscores ? '_' : ':';
	char *at = text;

	/* Not snprintf(): this is called for every function of every run. */
	if (!spelling.short_form || address->domain) {
		at = put_hex(at, address->domain, 4);
		*at++ = separator;
	}
	at = put_hex(at, address->bus, 2);
	*at++ = separator;
	at = put_hex(at, address->slot, 2);
	*at++ = spelling.underscores ? '_' : '.';
	at = put_hex(at, address->function, 1);
	*at = '\0';
	return text;
}

char *pci_address_format(const struct pci_address *address,
			 char text[static PCI_ADDRESS_SIZE])
{
	return pci_address_spell(address, (struct pci_spelling) { 0 }, text);
}

bool pci_address_equal(const struct pci_address *a, const struct pci_address *b)
{
	return a->domain == b->domain && a->bus == b->bus && a->slot == b->slot &&
	       a->function == b->function;
}

int pci_address_compare(const struct pci_address *a, const struct pci_address *b)
{
	if (a->domain != b->domain)
		return a->domain < b->domain ? -1 : 1;
	if (a->bus != b->bus)
		return a->bus - b->bus;
	return a->slot != b->slot ? a->slot - b->slot : a->function - b->function;
}

static int bad_path(struct slice text, const char *why, struct error *err)
{
	auto_free char *quoted = text_quote(text);

	return error_set(
		err, ERROR_DATA,
		"%s is neither a PCI path (06/00, 20/00/00, 0000:20/00) nor a PCI address (0000:01:00.0): %s",
		quoted, why);
}

/* One segment SS[.F]. */
static int parse_step(struct slice segment, struct pci_step *ret)
{
	uint32_t slot_value, function = 0;
	struct slice slot;

	if (split(&segment, '.', &slot)) {
		if (parse_hex(segment, 1, 1, FUNCTION_MAX, &function) < 0)
			return -EINVAL;
	} else {
		slot = segment;
	}
	if (parse_hex(slot, 2, 2, SLOT_MAX, &slot_value) < 0)
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
	    parse_hex(first, 2, 2, 0xff, &bus) < 0 || bus <= SLOT_MAX)
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

	if (pci_address_parse(text, &locator.address) == 0) {
		locator.kind = PCI_LOCATOR_ADDRESS;
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
