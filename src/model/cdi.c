/* SPDX-License-Identifier: Apache-2.0 */
/* A CDI spec of a machine's VFIO devices. */
#include "oci-vfio-hook/cdi.h"

#include "oci-vfio-hook/json.h"

/* The lowest that its names need: they begin with a digit. */
#define VERSION "0.5.0"

/* A device of the spec. */
struct cdi_device {
	char *name; /* owned */
	enum vfio_kind kind;
	uint32_t number;		    /* of the group or handle */
	const struct survey_device *device; /* NULL: a group, */
	const struct survey_group *group;   /* which has these */
};

struct cdi {
	const struct survey *survey;
	struct messages *messages;
	struct error *err;
	struct cdi_device *devices; /* owned */
	size_t count, capacity;
};

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_word(char byte)
{
	return is_letter(byte) || (byte >= '0' && byte <= '9');
}

/* Letters, digits and these others; the last is a letter or digit, the first a letter where
 * `letter`. */
static bool is_name(struct slice text, const char *others, bool letter)
{
	if (text.length == 0 || !is_word(text.data[text.length - 1]) ||
	    !is_word(text.data[0]) || (letter && !is_letter(text.data[0])))
		return false;
	for (size_t i = 0; i < text.length; i++) {
		if (!is_word(text.data[i]) &&
		    (!text.data[i] || !strchr(others, text.data[i])))
			return false;
	}
	return true;
}

/* A class of one letter makes podman 4.3 panic. */
static bool is_kind(struct slice kind)
{
	struct slice vendor;

	return slice_cut(&kind, '/', &vendor) && kind.data && kind.length > 1 &&
	       is_name(vendor, "-_.", true) && is_name(kind, "-_", true);
}

int cdi_names_parse(struct slice text, unsigned int *ret, struct error *err)
{
	struct slice part;

	*ret = 0;
	while (slice_cut(&text, ',', &part)) {
		auto_free char *quoted = NULL;

		if (slice_equal(part, SLICE("group"))) {
			*ret |= CDI_NAME_GROUP;
			continue;
		}
		if (slice_equal(part, SLICE("acpi-index"))) {
			*ret |= CDI_NAME_ACPI_INDEX;
			continue;
		}
		if (slice_equal(part, SLICE("address")))
			continue;
		quoted = text_quote(part);
		return error_set(
			err, ERROR_USAGE,
			"--by: must be address, group, acpi-index, or several joined by commas, not %s",
			quoted);
	}
	return 0;
}

/* Which node gives a container the device? Returns why none does, or NULL. The caller frees. */
static char *find_node(const struct survey *survey, const struct survey_device *device,
		       enum vfio_kind *ret_kind, uint32_t *ret)
{
	const struct survey_group *group =
		device->has_group ? survey_find_group(survey, device->group) : NULL;

	if (group && group->noiommu)
		return xasprintf(
			"group %u is in noiommu mode, in which nothing keeps a device from the memory of others",
			group->number);
	if (group && survey_group_viable(survey, group) == SURVEY_NOT_VIABLE)
		return xasprintf(
			"group %u isn't viable: a function of it has a driver that isn't VFIO's",
			group->number);
	if (group && group->has_node) {
		*ret_kind = VFIO_GROUP;
		*ret = group->number;
		return NULL;
	}
	if (device->handle.exists && survey->control[VFIO_HANDLE].exists) {
		*ret_kind = VFIO_HANDLE;
		*ret = device->handle.handle;
		return NULL;
	}
	return xstrdup("it has no VFIO node");
}

static void add_device(struct cdi *cdi, const char *name,
		       const struct survey_device *device)
{
	char address[DEVICE_NAME_SIZE];
	struct cdi_device *added;
	enum vfio_kind kind = VFIO_GROUP;
	uint32_t number = 0;
	auto_free char *why = find_node(cdi->survey, device, &kind, &number);

	if (why) {
		messages_add(cdi->messages, MESSAGE_WARNING,
			     "%s is left out: %s; see oci-vfio-hook check",
			     device_name_format(&device->name, address), why);
		return;
	}
	added = array_append(cdi->devices, cdi->count, cdi->capacity);
	*added = (struct cdi_device) { xstrdup(name), kind, number, device, NULL };
}

static void add_by_address(struct cdi *cdi, const struct survey_device *device)
{
	char name[DEVICE_NAME_SIZE];

	if (device->vfio)
		add_device(cdi, device_name_format(&device->name, name), device);
}

/* A node is of a whole group: two names may be one device. */
static void tell_of_shared(const struct cdi *cdi)
{
	for (size_t i = 0; i < cdi->survey->n_groups; i++) {
		const struct survey_group *group = &cdi->survey->groups[i];
		size_t count = 0;

		for (size_t k = 0; k < group->count; k++)
			count += survey_member(cdi->survey, group, k)->device.vfio;
		if (count > 1 && group->has_node && !group->noiommu)
			messages_add(
				cdi->messages, MESSAGE_WARNING,
				"group %u has %zu functions, and one node: a container that gets one of them can use all",
				group->number, count);
	}
}

static void add_groups(struct cdi *cdi)
{
	for (size_t i = 0; i < cdi->survey->n_groups; i++) {
		const struct survey_group *group = &cdi->survey->groups[i];
		struct cdi_device *added;

		if (!group->has_node || group->noiommu ||
		    survey_group_viable(cdi->survey, group) == SURVEY_NOT_VIABLE)
			continue;
		added = array_append(cdi->devices, cdi->count, cdi->capacity);
		*added = (struct cdi_device) { text_number("group-", group->number, ""),
					       VFIO_GROUP, group->number, NULL, group };
	}
}

/* Has no other function of the machine this one's acpi-index? The kernel sees to it that few
 * have one at all. */
static bool has_own_index(const struct survey *survey,
			  const struct survey_function *function)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		if (&survey->functions[i] != function &&
		    pci_feature_equal(&survey->functions[i].features, &function->features,
				      PCI_FEATURE_ACPI_INDEX))
			return false;
	}
	return true;
}

static void add_acpi_indexes(struct cdi *cdi)
{
	for (size_t i = 0; i < cdi->survey->n_functions; i++) {
		const struct survey_function *function = &cdi->survey->functions[i];
		auto_free char *name = NULL;

		if (!function->device.vfio ||
		    !function->features.has[PCI_FEATURE_ACPI_INDEX] ||
		    !has_own_index(cdi->survey, function))
			continue;
		name = text_number("acpi-index-",
				   function->features.numbers[PCI_FEATURE_ACPI_INDEX],
				   "");
		add_device(cdi, name, &function->device);
	}
}

/* The added device with this address or UUID, or NULL. */
static const struct cdi_device *find_device(const struct cdi *cdi,
					    const struct device_name *name)
{
	for (size_t i = 0; i < cdi->count; i++) {
		if (cdi->devices[i].device &&
		    device_name_equal(&cdi->devices[i].device->name, name))
			return &cdi->devices[i];
	}
	return NULL;
}

static bool has_name(const struct cdi *cdi, struct slice name)
{
	for (size_t i = 0; i < cdi->count; i++) {
		if (slice_equal(slice_from(cdi->devices[i].name), name))
			return true;
	}
	return false;
}

static int add_alias(struct cdi *cdi, struct slice text)
{
	auto_free char *quoted = text_quote(text), *copy = NULL;
	const struct cdi_device *found;
	struct slice name, target = text;
	struct device_name device;

	if (!slice_cut(&target, '=', &name) || !target.data ||
	    !is_name(name, "-_.:", false) || device_name_parse(target, &device) < 0)
		return error_set(
			cdi->err, ERROR_USAGE,
			"--alias: %s is not NAME=ADDRESS, a NAME of letters, digits and -_.: that ends with a letter or digit",
			quoted);
	if (has_name(cdi, name))
		return error_set(
			cdi->err, ERROR_USAGE,
			"--alias: %s: there is a device of this name; choose another one",
			quoted);
	found = find_device(cdi, &device);
	if (!found)
		return error_set(
			cdi->err, ERROR_UNAVAILABLE,
			"--alias: %s: no such device has a driver of VFIO's and a node here; see oci-vfio-hook list",
			quoted);
	copy = xstrndup(name.data, name.length);
	add_device(cdi, copy, found->device);
	return 0;
}

static int add_aliases(struct cdi *cdi, const char *aliases)
{
	struct slice rest, alias;
	int r = 0;

	if (!aliases)
		return 0;
	rest = slice_from(aliases);
	while (r == 0 && slice_cut(&rest, ',', &alias))
		r = add_alias(cdi, alias);
	return r;
}

static void add_node(const char *path, const struct device_number *number,
		     struct buffer *ret)
{
	buffer_add(ret, SLICE("{\"path\":"));
	json_quote(ret, slice_from(path));
	buffer_printf(
		ret, ",\"type\":\"c\",\"major\":%u,\"minor\":%u,\"permissions\":\"rwm\"}",
		number->major, number->minor);
}

static void add_nodes(const struct survey *survey, const struct cdi_device *device,
		      struct buffer *ret)
{
	const struct survey_group *group = survey_find_group(survey, device->number);
	auto_free char *path = device->kind == VFIO_GROUP
				       ? vfio_group_path(device->number, false)
				       : vfio_handle_path(device->number);

	buffer_add(ret, SLICE("\"deviceNodes\":["));
	add_node(path,
		 device->kind == VFIO_GROUP ? &group->node
					    : &device->device->handle.number,
		 ret);
	buffer_add(ret, SLICE(","));
	add_node(vfio_control_node(device->kind).data,
		 &survey->control[device->kind].number, ret);
	buffer_add(ret, SLICE("]"));
}

/* A name for each device: of two variables of one name an engine keeps one. */
static void add_variable(const struct survey_device *device, const char *separator,
			 struct buffer *ret)
{
	char address[DEVICE_NAME_SIZE];

	device_name_format(&device->name, address);
	buffer_printf(ret, "%s\"PCIDEVICE_VFIO_", separator);
	for (const char *byte = address; *byte; byte++) {
		static const char digits[] = "0123456789ABCDEF";
		const char *digit = *byte >= 'a' ? &digits[10 + (*byte - 'a')] : byte;

		buffer_add(ret,
			   is_word(*digit) ? (struct slice) { digit, 1 } : SLICE("_"));
	}
	buffer_printf(ret, "=%s\"", address);
}

static void add_variables(const struct survey *survey, const struct cdi_device *device,
			  struct buffer *ret)
{
	buffer_add(ret, SLICE("\"env\":["));
	if (device->device) {
		add_variable(device->device, "", ret);
	} else {
		size_t n = 0;

		for (size_t i = 0; i < device->group->count; i++) {
			const struct survey_function *function =
				survey_member(survey, device->group, i);

			if (function->device.vfio)
				add_variable(&function->device, n++ ? "," : "", ret);
		}
	}
	buffer_add(ret, SLICE("],"));
}

static void add_text(const struct cdi *cdi, const struct cdi_options *options,
		     struct buffer *ret)
{
	buffer_add(ret, SLICE("{\"cdiVersion\":\"" VERSION "\",\"kind\":"));
	json_quote(ret, slice_from(options->kind ? options->kind : CDI_KIND));
	buffer_add(ret, SLICE(",\"devices\":["));
	for (size_t i = 0; i < cdi->count; i++) {
		buffer_add(ret, i ? SLICE(",\n {\"name\":") : SLICE("\n {\"name\":"));
		json_quote(ret, slice_from(cdi->devices[i].name));
		buffer_add(ret, SLICE(",\"containerEdits\":{"));
		if (options->variables)
			add_variables(cdi->survey, &cdi->devices[i], ret);
		add_nodes(cdi->survey, &cdi->devices[i], ret);
		buffer_add(ret, SLICE("}}"));
	}
	buffer_add(ret, SLICE("]}\n"));
}

static void free_cdi(struct cdi *cdi)
{
	for (size_t i = 0; i < cdi->count; i++)
		free(cdi->devices[i].name);
	free(cdi->devices);
}

int cdi_build(const struct survey *survey, const struct cdi_options *options,
	      struct buffer *ret, size_t *ret_count, struct messages *messages,
	      struct error *err)
{
	struct cdi cdi = { .survey = survey, .messages = messages, .err = err };
	int r;

	if (options->kind && !is_kind(slice_from(options->kind))) {
		auto_free char *quoted = text_quote(slice_from(options->kind));

		return error_set(
			err, ERROR_USAGE,
			"--kind: %s is not VENDOR/CLASS, such as " CDI_KIND
			": letters, digits and -_. that begin with a letter, and a class of at least two",
			quoted);
	}
	for (size_t i = 0; i < survey->n_functions; i++)
		add_by_address(&cdi, &survey->functions[i].device);
	for (size_t i = 0; i < survey->n_mdevs; i++)
		add_by_address(&cdi, &survey->mdevs[i].device);
	r = add_aliases(&cdi, options->aliases);
	if (r == 0 && (options->names & CDI_NAME_GROUP))
		add_groups(&cdi);
	if (r == 0 && (options->names & CDI_NAME_ACPI_INDEX))
		add_acpi_indexes(&cdi);
	if (r == 0) {
		tell_of_shared(&cdi);
		add_text(&cdi, options, ret);
		*ret_count = cdi.count;
	}
	free_cdi(&cdi);
	return r;
}
