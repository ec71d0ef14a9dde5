/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps: the functions of a VFIO entry, and what they are expected to be. */
#include "map_entry_read.h"

#include "oci-vfio-hook/number.h"

const char *const pci_identity_names[PCI_IDENTITY_COUNT] = {
	[PCI_VENDOR] = "vendor",
	[PCI_DEVICE] = "device",
	[PCI_SUBSYSTEM_VENDOR] = "subsystem_vendor",
	[PCI_SUBSYSTEM_DEVICE] = "subsystem_device",
	[PCI_CLASS] = "class",
};

static const struct json_member expect_members[] = {
	[PCI_VENDOR] = JSON_MEMBER("vendor", &json_value),
	[PCI_DEVICE] = JSON_MEMBER("device", &json_value),
	[PCI_SUBSYSTEM_VENDOR] = JSON_MEMBER("subsystem_vendor", &json_value),
	[PCI_SUBSYSTEM_DEVICE] = JSON_MEMBER("subsystem_device", &json_value),
	[PCI_CLASS] = JSON_MEMBER("class", &json_value),
};
const struct json_shape map_expect_shape = { .members = expect_members,
					     .n_members = PCI_IDENTITY_COUNT,
					     .closed = true };
const struct json_shape map_options_shape = { .elements = &json_value };

static struct pci_locator locate_self(const struct device_name *host)
{
	if (host->bus == DEVICE_BUS_MDEV)
		return (struct pci_locator) { .kind = PCI_LOCATOR_MDEV,
					      .uuid = host->uuid };
	return (struct pci_locator) { .kind = PCI_LOCATOR_ADDRESS,
				      .address = host->address };
}

/* Where the function is on this machine; "self": where it is on the host. */
static int read_guest(const struct json *doc, uint32_t json,
		      struct map_function *function, struct error *err)
{
	const struct slice text = slice_from(function->guest_text);
	auto_free char *path = NULL;

	if (slice_equal(text, SLICE("self"))) {
		function->guest = locate_self(&function->host);
		return 0;
	}
	if (pci_locator_parse(text, &function->guest, err) < 0) {
		path = json_path(doc, json);
		return error_prefix(err, "%s: %s", doc->name, path);
	}
	if (function->guest.kind != PCI_LOCATOR_MDEV ||
	    function->host.bus == DEVICE_BUS_MDEV)
		return 0;
	return json_error(
		err, ERROR_DATA, doc, json,
		"%s is the UUID of a mediated device, which a PCI function of the host can't be here",
		function->guest_text);
}

/* One option HOST=GUEST. */
static int read_function(const struct json *doc, uint32_t json, struct map_entry *entry,
			 struct messages *messages, struct error *err)
{
	struct map_function function = { 0 };
	auto_free char *quoted = NULL;
	struct slice text, host, guest;
	const char *equals;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	equals = memchr(text.data, '=', text.length);
	if (!equals) {
		quoted = text_quote(text);
		return json_error(err, ERROR_DATA, doc, json,
				  "must be HOST=GUEST, not %s", quoted);
	}
	host = slice_from_to(text, 0, (size_t)(equals - text.data));
	guest = slice_from_to(text, host.length + 1, text.length);
	if (device_name_parse(host, &function.host) < 0) {
		quoted = text_quote(text);
		return json_error(
			err, ERROR_DATA, doc, json,
			"the part before = must be a PCI address such as 0000:3b:02.0, or the UUID of a mediated device, in %s",
			quoted);
	}
	if (guest.length == 0) {
		quoted = text_quote(text);
		messages_add(messages, MESSAGE_WARNING,
			     "%s: option %s names no function of this machine; skipped",
			     entry->where, quoted);
		return 0;
	}
	function.guest_text = xstrndup(guest.data, guest.length);
	r = read_guest(doc, json, &function, err);
	if (r < 0) {
		free(function.guest_text);
		return r;
	}
	*array_append(entry->functions, entry->n_functions, entry->functions_capacity) =
		function;
	return 0;
}

int map_entry_read_functions(const struct json *doc, uint32_t object,
			     struct map_entry *entry, struct messages *messages,
			     struct error *err)
{
	uint32_t options = json_member(doc, object, ENTRY_OPTIONS);
	int r;

	if (options) {
		r = json_expect(doc, options, JSON_ARRAY, err);
		if (r < 0)
			return r;
		for (uint32_t json = json_child(doc, options); json;
		     json = json_next(doc, json)) {
			r = read_function(doc, json, entry, messages, err);
			if (r < 0)
				return r;
		}
	}
	/* Kata sends such entries for GPUs that the guest's kernel drives. */
	if (entry->n_functions == 0 && entry->type != DEVICE_VFIO_PCI_GK)
		return json_error(err, ERROR_DATA, doc, options ? options : object,
				  "a %s entry needs at least one option HOST=GUEST",
				  entry->type_name);
	return 0;
}

static int read_identity(const struct json *doc, uint32_t json, enum pci_identity which,
			 uint32_t *ret, struct error *err)
{
	unsigned int max_digits = which == PCI_CLASS ? 6 : 4;
	struct slice text, digits;
	uint64_t value;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	digits = text;
	if (slice_starts(text, SLICE("0x")) || slice_starts(text, SLICE("0X")))
		digits = slice_from_to(text, 2, text.length);
	if (number_parse(digits, 16, max_digits, UINT32_MAX, &value) < 0) {
		auto_free char *quoted = text_quote(text);

		return json_error(
			err, ERROR_DATA, doc, json,
			"must be at most %u hex digits, with or without 0x, not %s",
			max_digits, quoted);
	}
	*ret = (uint32_t)value;
	return 0;
}

int map_entry_read_expect(const struct json *doc, uint32_t object,
			  struct map_entry *entry, struct error *err)
{
	uint32_t expect = json_member(doc, object, ENTRY_EXPECT);
	int r;

	if (!expect)
		return 0;
	r = json_expect(doc, expect, JSON_OBJECT, err);
	if (r < 0)
		return r;
	if (entry->type == DEVICE_NODE)
		return json_error(err, ERROR_DATA, doc, expect,
				  "a node has no PCI identity; remove the field");
	for (size_t i = 0; i < entry->n_functions; i++) {
		if (entry->functions[i].guest.kind == PCI_LOCATOR_MDEV)
			return json_error(
				err, ERROR_DATA, doc, expect,
				"a mediated device has no PCI identity; remove the field");
	}
	for (unsigned int i = 0; i < PCI_IDENTITY_COUNT; i++) {
		uint32_t json = json_member(doc, expect, i);

		if (!json)
			continue;
		r = read_identity(doc, json, i, &entry->expect[i], err);
		if (r < 0)
			return r;
		entry->expected[i] = true;
	}
	return 0;
}
