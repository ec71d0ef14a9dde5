/* SPDX-License-Identifier: Apache-2.0 */
/* PCI addresses: grammar only. */
#include "oci-vfio-hook/pci.h"

#include <errno.h>

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
	    count_digits(text, at + 3, &slot) != 2 || slot > PCI_SLOT_MAX ||
	    !has_character(text, at + 5, last) || at + 6 >= text.length ||
	    text.data[at + 6] < '0' || text.data[at + 6] > '0' + PCI_FUNCTION_MAX)
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

int pci_address_order(const void *a, const void *b)
{
	return pci_address_compare(a, b);
}
