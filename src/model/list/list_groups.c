/* SPDX-License-Identifier: Apache-2.0 */
/* IOMMU groups with their functions: as lspci(8) names them, with what else there is to know. */
#include "list_internal.h"

/* A line below a function, of parts that are separated by commas. */
struct details {
	const struct listing *listing;
	const char *what; /* first word of the line */
	size_t count;
};

static void add_part(struct details *details)
{
	struct buffer *ret = details->listing->ret;

	buffer_printf(ret, details->count++ ? ", " : "    %s", details->what);
}

static void end_line(const struct details *details)
{
	if (details->count)
		buffer_add(details->listing->ret, SLICE("\n"));
}

/* "/dev/vfio/3 (242:3)" */
static void add_node(struct buffer *ret, const char *path,
		     const struct device_number *number)
{
	buffer_printf(ret, "%s (%u:%u)", path, number->major, number->minor);
}

static void add_driver(const struct listing *listing, const struct survey_device *device)
{
	struct details line = { listing, "driver ", 0 };
	const struct inventory_handle *handle = &device->handle;

	add_part(&line);
	if (device->unknown & SURVEY_UNKNOWN_DRIVER)
		buffer_add(listing->ret, SLICE("unknown"));
	else
		list_add_text(listing->ret, device->driver ? device->driver : "none");
	if (handle->exists) {
		auto_free char *path = vfio_handle_path(handle->handle);

		buffer_add(listing->ret, SLICE(", handle "));
		add_node(listing->ret, path, &handle->number);
	}
	end_line(&line);
}

static void add_place(const struct listing *listing,
		      const struct survey_function *function)
{
	const struct pci_features *features = &function->features;
	struct buffer *ret = listing->ret;
	struct details line = { listing, "", 0 };

	if (function->path) {
		add_part(&line);
		buffer_printf(ret, "path %s", function->path);
	}
	if (features->has[PCI_FEATURE_SLOT]) {
		add_part(&line);
		buffer_add(ret, SLICE("slot "));
		buffer_add_printable(ret, features->texts[PCI_FEATURE_SLOT]);
	}
	if (features->has[PCI_FEATURE_ACPI_INDEX]) {
		add_part(&line);
		buffer_add(ret, SLICE("acpi-index "));
		buffer_add_number(ret, features->numbers[PCI_FEATURE_ACPI_INDEX]);
	}
	if (features->has[PCI_FEATURE_LABEL]) {
		add_part(&line);
		buffer_add(ret, SLICE("label "));
		buffer_add_printable(ret, features->texts[PCI_FEATURE_LABEL]);
	}
	end_line(&line);
}

static void add_use(const struct listing *listing, const struct survey_function *function)
{
	struct buffer *ret = listing->ret;
	struct details line = { listing, "", 0 };
	char name[PCI_ADDRESS_SIZE];

	if (function->is_virtual) {
		add_part(&line);
		buffer_printf(ret, "virtual function of %s",
			      list_short_address(&function->physical_address, name));
	}
	if (function->n_virtual > 0) {
		add_part(&line);
		buffer_printf(ret, "virtual functions: %zu", function->n_virtual);
	}
	if (function->interface) {
		add_part(&line);
		buffer_add(ret, SLICE("network interface "));
		list_add_text(ret, function->interface);
		buffer_add(ret, function->interface_up ? SLICE(" (up)") : SLICE(""));
	}
	if (function->is_boot_vga) {
		add_part(&line);
		buffer_add(ret, SLICE("the display that the machine booted with"));
	}
	end_line(&line);
}

static void add_entries(const struct listing *listing, const struct device_name *name)
{
	size_t count;
	const struct survey_entry *entries =
		survey_find_entries(listing->survey, name, &count);

	for (size_t i = 0; i < count; i++) {
		char host[DEVICE_NAME_SIZE];

		buffer_add(listing->ret, SLICE("    map "));
		list_add_text(listing->ret, entries[i].entry->container_path);
		buffer_printf(listing->ret, ", %s there: ",
			      device_name_format(&entries[i].function->host, host));
		list_add_text(listing->ret, entries[i].entry->where);
		buffer_add(listing->ret, SLICE("\n"));
	}
}

static void add_holder(const struct survey_holder *holder, void *context)
{
	const struct listing *listing = context;
	struct buffer *ret = listing->ret;

	buffer_printf(ret, "    open in process %lld", (long long)holder->process);
	if (holder->command) {
		buffer_add(ret, SLICE(" ("));
		list_add_text(ret, holder->command);
		buffer_add(ret, SLICE(")"));
	}
	if (holder->container) {
		buffer_printf(ret, " of %s%scontainer ",
			      holder->engine ? holder->engine : "",
			      holder->engine ? " " : "");
		buffer_add_printable(ret, list_short_id(holder->container));
	}
	buffer_add(ret, SLICE("\n"));
}

static void add_holders(const struct listing *listing, const struct survey_device *device)
{
	struct listing context = *listing;

	list_for_holders(listing->survey, device, add_holder, &context);
}

/* As lspci -nn has it. */
static void add_function(const struct listing *listing,
			 const struct survey_function *function)
{
	struct buffer *ret = listing->ret;
	char name[PCI_ADDRESS_SIZE];

	list_paint(listing, function->device.vfio ? LIST_GOOD : LIST_PLAIN);
	buffer_printf(ret, "  %s ",
		      list_short_address(&function->device.name.address, name));
	list_add_class(ret, function);
	if (function->device.unknown & SURVEY_UNKNOWN_CLASS)
		buffer_add(ret, SLICE(" [?]: "));
	else
		buffer_printf(ret, " [%04x]: ", function->class >> 8);
	list_add_names(ret, function);
	buffer_add(ret, SLICE(" ["));
	list_add_id(ret, function);
	buffer_add(ret, SLICE("]"));
	if (function->has_revision && function->revision)
		buffer_printf(ret, " (rev %02x)", function->revision);
	list_paint(listing, LIST_PLAIN);
	buffer_add(ret, SLICE("\n"));
	add_driver(listing, &function->device);
	add_place(listing, function);
	add_use(listing, function);
	add_entries(listing, &function->device.name);
	add_holders(listing, &function->device);
}

static void add_mdev(const struct listing *listing, const struct survey_mdev *mdev)
{
	struct buffer *ret = listing->ret;
	char name[DEVICE_NAME_SIZE];

	list_paint(listing, mdev->device.vfio ? LIST_GOOD : LIST_PLAIN);
	buffer_printf(ret, "  %s mediated device",
		      device_name_format(&mdev->device.name, name));
	if (mdev->type) {
		buffer_add(ret, SLICE(" of type "));
		list_add_text(ret, mdev->type);
	}
	if (mdev->has_parent)
		buffer_printf(ret, " of %s", list_short_address(&mdev->parent, name));
	list_paint(listing, LIST_PLAIN);
	buffer_add(ret, SLICE("\n"));
	add_driver(listing, &mdev->device);
	add_entries(listing, &mdev->device.name);
	add_holders(listing, &mdev->device);
}

static void add_offenders(const struct listing *listing, const struct survey_group *group)
{
	struct buffer *ret = listing->ret;
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function =
			survey_member(listing->survey, group, i);
		char name[PCI_ADDRESS_SIZE];
		const char *role;

		if (!survey_is_offender(function))
			continue;
		role = list_role_text(survey_find_role(function));
		buffer_printf(ret, "%s%s has the driver ", count++ ? "; " : ": ",
			      list_short_address(&function->device.name.address, name));
		list_add_text(ret, function->device.driver);
		if (role)
			buffer_printf(ret, ", %s", role);
	}
}

static void add_heading(const struct listing *listing, const struct survey_group *group)
{
	const enum survey_viable viable = survey_group_viable(listing->survey, group);
	struct buffer *ret = listing->ret;

	list_paint(listing, LIST_HEADING);
	buffer_printf(ret, "IOMMU Group %u:", group->number);
	list_paint(listing, LIST_PLAIN);
	if (group->has_node) {
		auto_free char *path = vfio_group_path(group->number, group->noiommu);

		buffer_add(ret, SLICE(" node "));
		add_node(ret, path, &group->node);
		buffer_add(ret, SLICE(","));
	}
	if (group->noiommu)
		buffer_add(ret, SLICE(" no IOMMU keeps it apart,"));
	if (group->count + group->n_mdevs == 0) {
		buffer_add(ret, SLICE(" no PCI function\n"));
		return;
	}
	list_paint(listing, viable == SURVEY_NOT_VIABLE ? LIST_BAD : LIST_PLAIN);
	switch (viable) {
	case SURVEY_VIABLE:
		buffer_add(ret, SLICE(" viable"));
		break;
	case SURVEY_NOT_VIABLE:
		buffer_add(ret, SLICE(" not viable"));
		add_offenders(listing, group);
		break;
	case SURVEY_VIABLE_UNKNOWN:
		buffer_add(ret, SLICE(" whether it is viable can't be told"));
		break;
	}
	list_paint(listing, LIST_PLAIN);
	buffer_add(ret, SLICE("\n"));
}

/* Mediated devices by group, which are few. */
static void add_mdevs(const struct listing *listing, const struct survey_group *group,
		      bool *heading)
{
	const struct survey *survey = listing->survey;

	for (size_t i = 0; i < survey->n_mdevs; i++) {
		const struct survey_device *device = &survey->mdevs[i].device;

		if (!listing->selection->mdevs[i] || !device->has_group ||
		    device->group != group->number)
			continue;
		if (!*heading)
			add_heading(listing, group);
		*heading = true;
		add_mdev(listing, &survey->mdevs[i]);
	}
}

static void add_group(const struct listing *listing, const struct survey_group *group)
{
	bool heading = false;

	for (size_t i = 0; i < group->count; i++) {
		const size_t index = listing->survey->by_group[group->first + i];

		if (!listing->selection->functions[index])
			continue;
		if (!heading)
			add_heading(listing, group);
		heading = true;
		add_function(listing, &listing->survey->functions[index]);
	}
	if (group->n_mdevs > 0)
		add_mdevs(listing, group, &heading);
	/* A group without PCI functions is told of where everything is. */
	if (!heading && group->count + group->n_mdevs == 0 &&
	    listing->selection->missing && !listing->query->vfio)
		add_heading(listing, group);
}

static void add_ungrouped(const struct listing *listing)
{
	const struct survey *survey = listing->survey;
	bool heading = false;

	for (size_t i = 0; i < survey->n_functions + survey->n_mdevs; i++) {
		const size_t k = i - survey->n_functions;
		const bool is_mdev = i >= survey->n_functions;
		const struct survey_device *device =
			is_mdev ? &survey->mdevs[k].device : &survey->functions[i].device;

		if (device->has_group || !(is_mdev ? listing->selection->mdevs[k]
						   : listing->selection->functions[i]))
			continue;
		if (!heading) {
			list_paint(listing, LIST_HEADING);
			buffer_add(listing->ret, SLICE("No IOMMU Group:"));
			list_paint(listing, LIST_PLAIN);
			buffer_add(listing->ret, SLICE("\n"));
		}
		heading = true;
		if (is_mdev)
			add_mdev(listing, &survey->mdevs[k]);
		else
			add_function(listing, &survey->functions[i]);
	}
}

static void add_missing(const struct listing *listing)
{
	const struct survey *survey = listing->survey;

	if (!listing->selection->missing || survey->n_found == survey->n_entries)
		return;
	list_paint(listing, LIST_BAD);
	buffer_add(listing->ret, SLICE("Missing:"));
	list_paint(listing, LIST_PLAIN);
	buffer_add(listing->ret, SLICE("\n"));
	for (size_t i = survey->n_found; i < survey->n_entries; i++) {
		const struct survey_entry *entry = &survey->entries[i];

		buffer_add(listing->ret, SLICE("  "));
		list_add_text(listing->ret, entry->function->guest_text);
		buffer_add(listing->ret, SLICE(" for "));
		list_add_text(listing->ret, entry->entry->container_path);
		buffer_add(listing->ret, SLICE(": "));
		list_add_text(listing->ret, entry->why);
		buffer_add(listing->ret, SLICE(": "));
		list_add_text(listing->ret, entry->entry->where);
		buffer_add(listing->ret, SLICE("\n"));
	}
}

void list_groups(const struct listing *listing)
{
	for (size_t i = 0; i < listing->survey->n_groups; i++)
		add_group(listing, &listing->survey->groups[i]);
	add_ungrouped(listing);
	add_missing(listing);
}
