/* SPDX-License-Identifier: Apache-2.0 */
/* What a spec asks for, and what this machine has for it. */
#include "oci-vfio-hook/map_choice.h"

#include <inttypes.h>

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/map_writer.h"

/* A VFIO node that the spec names. */
struct wanted {
	struct slice path;		    /* cleaned */
	const struct device_number *number; /* NULL: a bind mount has none */
};

struct wanted_list {
	struct wanted *items;
	size_t count, capacity;
};

static void list_wanted(const struct spec *spec, struct wanted_list *ret)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];

		if (path_is_vfio_node(device->path))
			*array_append(ret->items, ret->count, ret->capacity) =
				(struct wanted) {
					device->path,
					device->has_numbers ? &device->number : NULL,
				};
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (path_is_vfio_node(spec->mounts[i].source))
			*array_append(ret->items, ret->count, ret->capacity) =
				(struct wanted) { spec->mounts[i].source, NULL };
	}
}

static void add_wanted(const struct wanted *wanted, struct buffer *ret)
{
	buffer_add(ret, SLICE("  "));
	buffer_add_name(ret, wanted->path);
	if (wanted->number)
		buffer_printf(ret, "  %" PRIu32 ":%" PRIu32, wanted->number->major,
			      wanted->number->minor);
	buffer_add(ret, SLICE("\n"));
}

/* The variables that name devices, as they are. */
static void add_variables(const struct environment *environment, struct buffer *ret)
{
	for (size_t i = 0; i < environment->count; i++) {
		buffer_add(ret, SLICE("  "));
		buffer_add_printable(ret,
				     variable_text(environment->variables[i].source));
		buffer_add(ret, SLICE("\n"));
	}
}

static void add_place(const struct survey_function *function, struct buffer *ret)
{
	char address[PCI_ADDRESS_SIZE];

	if (function->path)
		buffer_add(ret, slice_from(function->path));
	else
		buffer_add(ret, slice_from(pci_address_format(
					&function->device.name.address, address)));
}

static void add_candidate(const struct survey_function *function, struct buffer *ret)
{
	const struct pci_features *features = &function->features;
	char address[PCI_ADDRESS_SIZE];

	buffer_add(ret, SLICE("  "));
	add_place(function, ret);
	buffer_printf(ret, "  %s",
		      pci_address_format(&function->device.name.address, address));
	if (features->has[PCI_FEATURE_VENDOR] && features->has[PCI_FEATURE_DEVICE])
		buffer_printf(ret, "  %04" PRIx64 ":%04" PRIx64,
			      features->numbers[PCI_FEATURE_VENDOR],
			      features->numbers[PCI_FEATURE_DEVICE]);
	if (function->device.has_group)
		buffer_printf(ret, "  group %" PRIu32, function->device.group);
	buffer_add(ret, SLICE("\n"));
}

/* Do all variables name one device? */
static bool is_one(const struct environment *environment)
{
	for (size_t i = 1; i < environment->n_addresses; i++) {
		if (!pci_address_equal(&environment->addresses[0],
				       &environment->addresses[i]))
			return false;
	}
	return environment->n_addresses > 0;
}

/* The device's address on the host, where the variables leave no doubt. */
static void add_host(const struct environment *environment, struct buffer *ret)
{
	char address[PCI_ADDRESS_SIZE];

	buffer_add(ret, is_one(environment)
				? slice_from(pci_address_format(
					  &environment->addresses[0], address))
				: SLICE(MAP_DRAFT_HOST));
}

/* A whole map, on one line, by which this device is that function. */
static void add_map(const struct wanted *wanted, const struct environment *environment,
		    const struct survey_function *function, struct buffer *ret)
{
	const struct pci_features *features = &function->features;
	auto_buffer text = { 0 };

	buffer_add(&text, SLICE("[{\"type\":\"vfio-pci\",\"container_path\":"));
	json_quote(&text, wanted->path);
	if (wanted->number)
		buffer_printf(&text, ",\"host_dev\":\"%" PRIu32 ":%" PRIu32 "\"",
			      wanted->number->major, wanted->number->minor);
	buffer_add(&text, SLICE(",\"options\":[\""));
	add_host(environment, &text);
	buffer_add(&text, SLICE("="));
	add_place(function, &text);
	buffer_add(&text, SLICE("\"]"));
	map_add_expect(&features, 1, false, &text);
	buffer_add(&text, SLICE("}]"));
	buffer_add(ret, SLICE("  "));
	map_add_compact(buffer_slice(&text), ret);
	buffer_add(ret, SLICE("\n"));
}

static size_t add_candidates(const struct survey *survey, struct buffer *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < survey->n_functions; i++) {
		if (!survey->functions[i].device.vfio)
			continue;
		add_candidate(&survey->functions[i], ret);
		count++;
	}
	if (count == 0)
		buffer_add(
			ret,
			SLICE("  nothing; bind the device: driverctl set-override ADDRESS vfio-pci\n"));
	return count;
}

static void add_choices(const struct wanted *wanted,
			const struct environment *environment,
			const struct survey *survey, struct buffer *ret)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		if (survey->functions[i].device.vfio)
			add_map(wanted, environment, &survey->functions[i], ret);
	}
}

size_t map_choice_write(const struct spec *spec, const struct environment *environment,
			const struct survey *survey, struct buffer *ret)
{
	struct wanted_list wanted = { 0 };
	size_t count, n_candidates;

	list_wanted(spec, &wanted);
	count = wanted.count;
	buffer_printf(ret, "%s asks for\n", spec->doc.name);
	for (size_t i = 0; i < count; i++)
		add_wanted(&wanted.items[i], ret);
	add_variables(environment, ret);
	if (count == 0 && environment->count == 0)
		buffer_add(ret, SLICE("  no VFIO device\n"));
	buffer_add(ret, SLICE("VFIO has here\n"));
	n_candidates = add_candidates(survey, ret);
	for (size_t i = 0; i < count && n_candidates; i++) {
		buffer_add(ret, SLICE("Choose for "));
		buffer_add_name(ret, wanted.items[i].path);
		buffer_add(
			ret,
			SLICE(" one of these, as a file in /etc/oci-vfio-hook/devices.d/ whose name ends in .json"));
		buffer_add(
			ret,
			is_one(environment)
				? SLICE("\n")
				: SLICE(", with the device's address on the host for " MAP_DRAFT_HOST
					"\n"));
		add_choices(&wanted.items[i], environment, survey, ret);
	}
	free(wanted.items);
	return count;
}
