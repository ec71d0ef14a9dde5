/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions by what they are. */
#include "oci-vfio-hook/pci_selector.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

#define SERIAL_DIGITS 16
#define CAPABILITY_SERIAL 0x0003
#define CAPABILITY_FIRST 0x100
/* So many headers fit into 4096 bytes, of 4 bytes each. */
#define CAPABILITIES_MAX ((4096 - CAPABILITY_FIRST) / 4)

enum word { WORD_ACPI_INDEX, WORD_LABEL, WORD_SLOT, WORD_SERIAL, WORD_ID, WORD_COUNT };

static const struct {
	struct slice text;
	enum pci_feature feature; /* of an id the first */
	const char *must;
} words[WORD_COUNT] = {
	[WORD_ACPI_INDEX] = { { "acpi-index:", 11 },
			      PCI_FEATURE_ACPI_INDEX,
			      "acpi-index must be a number, such as acpi-index:7" },
	[WORD_LABEL] = { { "label:", 6 }, PCI_FEATURE_LABEL, "label must have a text" },
	[WORD_SLOT] = { { "slot:", 5 },
			PCI_FEATURE_SLOT,
			"slot must be a name in /sys/bus/pci/slots, such as slot:9" },
	[WORD_SERIAL] = { { "serial:", 7 },
			  PCI_FEATURE_SERIAL,
			  "serial must be 16 hex digits, or eight pairs joined by -" },
	[WORD_ID] = { { "id:", 3 },
		      PCI_FEATURE_VENDOR,
		      "id must be two or four times four hex digits, such as id:8086:154c" },
};

static bool is_text(enum pci_feature feature)
{
	return feature == PCI_FEATURE_SLOT || feature == PCI_FEATURE_LABEL;
}

/* Which word does the text begin with? */
static bool find_word(struct slice text, enum word *ret)
{
	for (unsigned int i = 0; i < WORD_COUNT; i++) {
		if (slice_starts(text, words[i].text)) {
			*ret = (enum word)i;
			return true;
		}
	}
	return false;
}

bool pci_selector_begins(struct slice text)
{
	enum word word;

	/* What most maps have doesn't begin with a letter. */
	return text.length > 0 && text.data[0] > '9' && find_word(text, &word);
}

/* Cuts the part before a "+" that a word follows, or the whole, off *rest. */
static struct slice cut_part(struct slice *rest)
{
	const struct slice all = *rest;

	for (size_t i = 0; i < all.length; i++) {
		enum word word;

		if (all.data[i] != '+' ||
		    !find_word(slice_from_to(all, i + 1, all.length), &word))
			continue;
		*rest = slice_from_to(all, i + 1, all.length);
		return slice_from_to(all, 0, i);
	}
	*rest = (struct slice) { 0 };
	return all;
}

static void set_number(struct pci_features *features, enum pci_feature feature,
		       uint64_t number)
{
	features->has[feature] = true;
	features->numbers[feature] = number;
}

static int parse_number(struct slice text, unsigned int base, unsigned int digits,
			enum pci_feature feature, struct pci_features *ret)
{
	uint64_t number;

	if (number_parse(text, base, digits, UINT64_MAX, &number) < 0)
		return -EINVAL;
	set_number(ret, feature, number);
	return 0;
}

/* VENDOR:DEVICE[:SUBVENDOR:SUBDEVICE] */
static int parse_id(struct slice text, struct pci_features *ret)
{
	unsigned int feature = PCI_FEATURE_VENDOR;
	struct slice part;

	while (slice_cut(&text, ':', &part)) {
		if (feature > PCI_FEATURE_SUBSYSTEM_DEVICE || part.length != 4 ||
		    parse_number(part, 16, 4, feature, ret) < 0)
			return -EINVAL;
		feature++;
	}
	return feature == PCI_FEATURE_SUBSYSTEM_VENDOR ||
			       feature == PCI_FEATURE_SUBSYSTEM_DEVICE + 1
		       ? 0
		       : -EINVAL;
}

/* 0123456789abcdef, or as lspci has it, 01-23-45-67-89-ab-cd-ef. */
static int parse_serial(struct slice text, struct pci_features *ret)
{
	char digits[SERIAL_DIGITS];
	size_t count = 0;

	if (text.length != SERIAL_DIGITS && text.length != SERIAL_DIGITS / 2 * 3 - 1)
		return -EINVAL;
	for (size_t i = 0; i < text.length; i++) {
		if (text.length > SERIAL_DIGITS && i % 3 == 2) {
			if (text.data[i] != '-')
				return -EINVAL;
			continue;
		}
		digits[count++] = text.data[i];
	}
	return parse_number((struct slice) { digits, count }, 16, SERIAL_DIGITS,
			    PCI_FEATURE_SERIAL, ret);
}

/* A directory's name: it must not lead elsewhere. */
static bool is_slot_name(struct slice text)
{
	return text.length > 0 && text.length < 256 && text.data[0] != '.' &&
	       !memchr(text.data, '/', text.length) &&
	       !memchr(text.data, '+', text.length);
}

static int parse_value(enum word word, struct slice value, struct pci_features *ret)
{
	const enum pci_feature feature = words[word].feature;

	switch (word) {
	case WORD_ACPI_INDEX:
		return parse_number(value, 10, 10, feature, ret);
	case WORD_ID:
		return parse_id(value, ret);
	case WORD_SERIAL:
		return parse_serial(value, ret);
	case WORD_SLOT:
		if (!is_slot_name(value))
			return -EINVAL;
		break;
	case WORD_LABEL:
	case WORD_COUNT:
		if (value.length == 0)
			return -EINVAL;
		break;
	}
	ret->has[feature] = true;
	ret->texts[feature] = value;
	return 0;
}

static int bad_selector(struct slice text, const char *why, struct error *err)
{
	auto_free char *quoted = text_quote(text);

	return error_set(err, ERROR_DATA, "%s: %s", quoted, why);
}

int pci_selector_parse(struct slice text, struct pci_features *ret, struct error *err)
{
	struct pci_features features = { 0 };
	struct slice rest = text;

	do {
		struct slice part = cut_part(&rest), value;
		enum word word;

		if (!find_word(part, &word))
			return bad_selector(
				text,
				"a selector is acpi-index:N, label:TEXT, slot:NAME, serial:HEX, id:VENDOR:DEVICE, or several of them joined by +",
				err);
		if (features.has[words[word].feature]) {
			auto_free char *quoted = text_quote(part);

			return error_set(
				err, ERROR_DATA,
				"%s is the second of its kind in one selector; keep one",
				quoted);
		}
		value = slice_from_to(part, words[word].text.length, part.length);
		if (parse_value(word, value, &features) < 0)
			return bad_selector(text, words[word].must, err);
	} while (rest.data);
	*ret = features;
	return 0;
}

bool pci_feature_equal(const struct pci_features *a, const struct pci_features *b,
		       enum pci_feature feature)
{
	if (!a->has[feature] || !b->has[feature])
		return false;
	return is_text(feature) ? slice_equal(a->texts[feature], b->texts[feature])
				: a->numbers[feature] == b->numbers[feature];
}

bool pci_features_equal(const struct pci_features *a, const struct pci_features *b)
{
	for (unsigned int i = 0; i < PCI_FEATURE_COUNT; i++) {
		if ((a->has[i] || b->has[i]) && !pci_feature_equal(a, b, i))
			return false;
	}
	return true;
}

int pci_slot_parse(struct slice text, struct pci_slot *ret)
{
	char address[PCI_ADDRESS_SIZE + sizeof(":00.0")];
	struct pci_address found;
	bool whole_bus = false;

	if (text.length >= PCI_ADDRESS_SIZE)
		return -EINVAL;
	/* It is an address without its end. */
	memcpy(address, text.data, text.length);
	memcpy(address + text.length, ".0", sizeof(".0"));
	if (pci_address_parse(slice_from(address), &found) < 0) {
		memcpy(address + text.length, ":00.0", sizeof(":00.0"));
		if (pci_address_parse(slice_from(address), &found) < 0)
			return -EINVAL;
		whole_bus = true;
	}
	*ret = (struct pci_slot) { found.domain, found.bus, whole_bus, found.slot };
	return 0;
}

bool pci_slot_has(const struct pci_slot *slot, const struct pci_address *address)
{
	return slot->domain == address->domain && slot->bus == address->bus &&
	       (slot->whole_bus || slot->slot == address->slot);
}

bool pci_capability_pass(struct pci_capability_walk *walk, uint32_t header)
{
	/* Id, version, offset of the next one; all ones where nobody answers. */
	const uint16_t id = header & 0xffff, next = header >> 20 & 0xffc;
	const bool found = id == CAPABILITY_SERIAL && header != UINT32_MAX;

	walk->n_passed++;
	walk->at = header == 0 || header == UINT32_MAX || next < CAPABILITY_FIRST ||
				   walk->n_passed >= CAPABILITIES_MAX
			   ? 0
			   : next;
	return found;
}
