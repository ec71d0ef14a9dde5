/* SPDX-License-Identifier: Apache-2.0 */
/* A machine for programs: all keys are always there, and null is what there isn't, or what isn't
 * known. */
#include "list_internal.h"

#include "oci-vfio-hook/json.h"

static void add_key(struct buffer *ret, const char *key)
{
	const char last = ret->data[ret->length - 1];

	buffer_printf(ret, "%s\"%s\":", last == '{' ? "" : ",", key);
}

/* Before an element of a list. */
static void add_comma(struct buffer *ret)
{
	const char last = ret->data[ret->length - 1];

	buffer_add(ret, last == '[' ? SLICE("") : SLICE(","));
}

static void add_text(struct buffer *ret, const char *key, const char *text)
{
	add_key(ret, key);
	if (text)
		json_quote_any(ret, slice_from(text));
	else
		buffer_add(ret, SLICE("null"));
}

static void add_number(struct buffer *ret, const char *key, bool has, uint64_t number)
{
	add_key(ret, key);
	if (has)
		buffer_add_number(ret, number);
	else
		buffer_add(ret, SLICE("null"));
}

static void add_hex(struct buffer *ret, const char *key, bool has, uint64_t number,
		    int digits)
{
	add_key(ret, key);
	if (has)
		buffer_printf(ret, "\"%0*llx\"", digits, (unsigned long long)number);
	else
		buffer_add(ret, SLICE("null"));
}

static void add_truth(struct buffer *ret, const char *key, bool truth)
{
	add_key(ret, key);
	buffer_add(ret, truth ? SLICE("true") : SLICE("false"));
}

static void add_address(struct buffer *ret, const char *key,
			const struct pci_address *address)
{
	char name[PCI_ADDRESS_SIZE];

	add_text(ret, key, address ? pci_address_format(address, name) : NULL);
}

static void add_node(struct buffer *ret, const char *key, const char *path,
		     const struct device_number *number)
{
	add_key(ret, key);
	if (!path) {
		buffer_add(ret, SLICE("null"));
		return;
	}
	buffer_add(ret, SLICE("{"));
	add_text(ret, "path", path);
	add_number(ret, "major", true, number->major);
	add_number(ret, "minor", true, number->minor);
	buffer_add(ret, SLICE("}"));
}

static void add_unknown(struct buffer *ret, unsigned int unknown)
{
	static const struct {
		unsigned int flag;
		const char *name;
	} names[] = {
		{ SURVEY_UNKNOWN_CLASS, "class" },   { SURVEY_UNKNOWN_DRIVER, "driver" },
		{ SURVEY_UNKNOWN_GROUP, "group" },   { SURVEY_UNKNOWN_HANDLE, "handle" },
		{ SURVEY_UNKNOWN_SERIAL, "serial" },
	};

	add_key(ret, "unknown");
	buffer_add(ret, SLICE("["));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!(unknown & names[i].flag))
			continue;
		add_comma(ret);
		buffer_printf(ret, "\"%s\"", names[i].name);
	}
	buffer_add(ret, SLICE("]"));
}

static void add_entry(struct buffer *ret, const struct survey_entry *entry)
{
	char host[DEVICE_NAME_SIZE];

	add_comma(ret);
	buffer_add(ret, SLICE("{"));
	add_text(ret, "container_path", entry->entry->container_path);
	add_text(ret, "host", device_name_format(&entry->function->host, host));
	add_text(ret, "guest", entry->function->guest_text);
	add_text(ret, "where", entry->entry->where);
	if (entry->why)
		add_text(ret, "why", entry->why);
	buffer_add(ret, SLICE("}"));
}

static void add_entries(const struct listing *listing, const struct device_name *name)
{
	size_t count;
	const struct survey_entry *entries =
		survey_find_entries(listing->survey, name, &count);

	add_key(listing->ret, "map");
	buffer_add(listing->ret, SLICE("["));
	for (size_t i = 0; i < count; i++)
		add_entry(listing->ret, &entries[i]);
	buffer_add(listing->ret, SLICE("]"));
}

static void add_holder(const struct survey_holder *holder, void *context)
{
	struct buffer *ret = context;

	add_comma(ret);
	buffer_add(ret, SLICE("{"));
	add_number(ret, "process", true, (uint64_t)holder->process);
	add_text(ret, "command", holder->command);
	add_text(ret, "engine", holder->engine);
	add_text(ret, "container", holder->container);
	buffer_add(ret, SLICE("}"));
}

/* What functions and mediated devices have in common. */
static void add_device(const struct listing *listing, const struct survey_device *device)
{
	struct buffer *ret = listing->ret;
	const struct inventory_handle *handle = &device->handle;
	auto_free char *path = handle->exists ? vfio_handle_path(handle->handle) : NULL;

	add_text(ret, "driver", device->driver);
	add_truth(ret, "vfio", device->vfio);
	add_number(ret, "group", device->has_group, device->group);
	add_node(ret, "handle", path, &handle->number);
	add_entries(listing, &device->name);
	add_key(ret, "open");
	buffer_add(ret, SLICE("["));
	list_for_holders(listing->survey, device, add_holder, ret);
	buffer_add(ret, SLICE("]"));
	add_unknown(ret, device->unknown);
}

static const char *role_of(const struct survey_function *function)
{
	switch (survey_find_role(function)) {
	case OFFENDER_SPARE:
		break;
	case OFFENDER_DISK:
		return "storage";
	case OFFENDER_NETWORK_UP:
		return "network";
	case OFFENDER_PHYSICAL_FUNCTION:
		return "physical-function";
	case OFFENDER_DISPLAY:
		return "display";
	}
	return NULL;
}

static void add_features(struct buffer *ret, const struct pci_features *features)
{
	static const struct {
		const char *key;
		enum pci_feature feature;
	} ids[] = {
		{ "vendor", PCI_FEATURE_VENDOR },
		{ "device", PCI_FEATURE_DEVICE },
		{ "subsystem_vendor", PCI_FEATURE_SUBSYSTEM_VENDOR },
		{ "subsystem_device", PCI_FEATURE_SUBSYSTEM_DEVICE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		add_hex(ret, ids[i].key, features->has[ids[i].feature],
			features->numbers[ids[i].feature], 4);
	add_number(ret, "acpi_index", features->has[PCI_FEATURE_ACPI_INDEX],
		   features->numbers[PCI_FEATURE_ACPI_INDEX]);
	add_text(ret, "label",
		 features->has[PCI_FEATURE_LABEL]
			 ? features->texts[PCI_FEATURE_LABEL].data
			 : NULL);
	add_text(ret, "slot",
		 features->has[PCI_FEATURE_SLOT] ? features->texts[PCI_FEATURE_SLOT].data
						 : NULL);
}

static void add_function(const struct listing *listing,
			 const struct survey_function *function)
{
	struct buffer *ret = listing->ret;
	const struct survey *survey = listing->survey;

	add_comma(ret);
	buffer_add(ret, SLICE("\n{"));
	add_address(ret, "address", &function->device.name.address);
	add_hex(ret, "class", !(function->device.unknown & SURVEY_UNKNOWN_CLASS),
		function->class, 6);
	add_hex(ret, "revision", function->has_revision, function->revision, 2);
	add_features(ret, &function->features);
	add_text(ret, "class_name", function->class_name);
	add_text(ret, "vendor_name", function->vendor_name);
	add_text(ret, "device_name", function->device_name);
	add_text(ret, "path", function->path);
	add_address(ret, "parent",
		    function->parent == SURVEY_NONE
			    ? NULL
			    : &survey->functions[function->parent].device.name.address);
	add_address(ret, "physical_function",
		    function->is_virtual ? &function->physical_address : NULL);
	add_number(ret, "virtual_functions", true, function->n_virtual);
	add_text(ret, "network_interface", function->interface);
	add_text(ret, "use", role_of(function));
	add_device(listing, &function->device);
	buffer_add(ret, SLICE("}"));
}

static void add_mdev(const struct listing *listing, const struct survey_mdev *mdev)
{
	struct buffer *ret = listing->ret;
	char name[DEVICE_NAME_SIZE];

	add_comma(ret);
	buffer_add(ret, SLICE("\n{"));
	add_text(ret, "uuid", device_name_format(&mdev->device.name, name));
	add_text(ret, "type", mdev->type);
	add_address(ret, "parent", mdev->has_parent ? &mdev->parent : NULL);
	add_device(listing, &mdev->device);
	buffer_add(ret, SLICE("}"));
}

static void add_members(const struct listing *listing, const struct survey_group *group,
			const char *key, bool only_offenders)
{
	struct buffer *ret = listing->ret;

	add_key(ret, key);
	buffer_add(ret, SLICE("["));
	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function =
			survey_member(listing->survey, group, i);
		char name[PCI_ADDRESS_SIZE];

		if (only_offenders && !survey_is_offender(function))
			continue;
		add_comma(ret);
		buffer_printf(ret, "\"%s\"",
			      pci_address_format(&function->device.name.address, name));
	}
	buffer_add(ret, SLICE("]"));
}

/* All groups, with all their functions, whatever was selected. */
static void add_group(const struct listing *listing, const struct survey_group *group)
{
	const enum survey_viable viable = survey_group_viable(listing->survey, group);
	auto_free char *path =
		group->has_node ? vfio_group_path(group->number, group->noiommu) : NULL;
	struct buffer *ret = listing->ret;

	add_comma(ret);
	buffer_add(ret, SLICE("\n{"));
	add_number(ret, "number", true, group->number);
	add_key(ret, "viable");
	buffer_add(ret, viable == SURVEY_VIABLE	      ? SLICE("true")
			: viable == SURVEY_NOT_VIABLE ? SLICE("false")
						      : SLICE("null"));
	add_truth(ret, "noiommu", group->noiommu);
	add_node(ret, "node", path, &group->node);
	add_members(listing, group, "functions", false);
	add_members(listing, group, "offenders", true);
	buffer_add(ret, SLICE("}"));
}

static void begin_list(struct buffer *ret, const char *key)
{
	add_key(ret, key);
	buffer_add(ret, SLICE("["));
}

void list_json(const struct listing *listing)
{
	const struct survey *survey = listing->survey;
	struct buffer *ret = listing->ret;

	buffer_add(ret, SLICE("{"));
	begin_list(ret, "iommus");
	for (size_t i = 0; i < survey->n_iommus; i++) {
		add_comma(ret);
		json_quote(ret, slice_from(survey->iommus[i]));
	}
	buffer_add(ret, SLICE("]"));
	begin_list(ret, "functions");
	for (size_t i = 0; i < survey->n_functions; i++) {
		if (listing->selection->functions[i])
			add_function(listing, &survey->functions[i]);
	}
	buffer_add(ret, SLICE("]"));
	begin_list(ret, "mediated_devices");
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		if (listing->selection->mdevs[i])
			add_mdev(listing, &survey->mdevs[i]);
	}
	buffer_add(ret, SLICE("]"));
	begin_list(ret, "groups");
	for (size_t i = 0; i < survey->n_groups; i++)
		add_group(listing, &survey->groups[i]);
	buffer_add(ret, SLICE("]"));
	begin_list(ret, "missing");
	for (size_t i = survey->n_found;
	     listing->selection->missing && i < survey->n_entries; i++)
		add_entry(ret, &survey->entries[i]);
	buffer_add(ret, SLICE("]"));
	add_number(ret, "processes_not_seen", true, survey->n_hidden);
	buffer_add(ret, SLICE("}\n"));
}
