/* SPDX-License-Identifier: Apache-2.0 */
/* Writes device maps from what a machine has. */
#include "oci-vfio-hook/map_writer.h"

#include <inttypes.h>

#include "oci-vfio-hook/json.h"

#define NO_PCI                                                                           \
	"there is no /sys/bus/pci here; run this on the machine that the devices are "   \
	"plugged into"

/* A device of the map, and what this machine has of it. */
struct placed {
	const struct vm_device *wanted;
	const struct survey_device *device;
	const struct pci_features *features; /* NULL: a mediated device */
	const struct survey_group *group;    /* NULL: in none */
};

static int absent(const struct survey *survey, const struct device_name *name,
		  struct error *err)
{
	char text[DEVICE_NAME_SIZE];

	device_name_format(name, text);
	if (!survey->has_pci)
		return error_set(err, ERROR_UNAVAILABLE, "%s: " NO_PCI, text);
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: is not a device of this machine; oci-vfio-hook list shows those that are, and the map must be made on the host that runs the virtual machine",
		text);
}

/* Is there a node by which a container could have it? */
static int check(const struct placed *placed, const struct map_wish *wish,
		 struct error *err)
{
	const struct survey_device *device = placed->device;
	const char *driver = device->driver ? device->driver : "none";
	char name[DEVICE_NAME_SIZE];

	device_name_format(&device->name, name);
	if (!placed->group && !device->handle.exists)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: is in no IOMMU group, so VFIO can't give it to anybody: switch the IOMMU on, in the firmware (VT-d, AMD-Vi) and with intel_iommu=on on the kernel's command line",
			name);
	if (!device->vfio)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: its driver is %s, not VFIO's, so it has no node: driverctl set-override %s vfio-pci",
			name, driver, name);
	if (wish->nodes == MAP_NODES_HANDLE && !device->handle.exists)
		return error_set(
			err, ERROR_UNAVAILABLE,
			"%s: this kernel has no handle for it (/dev/vfio/devices/vfioN), only a group: remove --node=handle",
			name);
	if ((placed->group && placed->group->has_node) ||
	    (wish->nodes != MAP_NODES_GROUP && device->handle.exists))
		return 0;
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: its group has no node in /sys/class/vfio: modprobe vfio-pci, or use --node=handle where the kernel has handles only",
		name);
}

static int place(const struct survey *survey, const struct vm_device *wanted,
		 const struct map_wish *wish, struct placed *ret, struct error *err)
{
	const bool is_mdev = wanted->host.bus == DEVICE_BUS_MDEV;
	const size_t at = is_mdev ? survey_find_mdev(survey, &wanted->host.uuid)
				  : survey_find_function(survey, &wanted->host.address);

	if (at == SURVEY_NONE)
		return absent(survey, &wanted->host, err);
	ret->wanted = wanted;
	if (is_mdev) {
		ret->device = &survey->mdevs[at].device;
	} else {
		ret->device = &survey->functions[at].device;
		ret->features = &survey->functions[at].features;
	}
	if (ret->device->has_group)
		ret->group = survey_find_group(survey, ret->device->group);
	return check(ret, wish, err);
}

static int compare_placed(const void *a, const void *b)
{
	const struct placed *first = a, *second = b;
	const uint64_t one = first->group ? first->group->number : UINT64_MAX,
		       other = second->group ? second->group->number : UINT64_MAX;

	if (one != other)
		return one < other ? -1 : 1;
	return device_name_compare(&first->wanted->host, &second->wanted->host);
}

static bool is_common(const struct pci_features *const *functions, size_t count,
		      enum pci_feature feature)
{
	for (size_t i = 0; i < count; i++) {
		if (!functions[i] || !functions[i]->has[feature] ||
		    functions[i]->numbers[feature] != functions[0]->numbers[feature])
			return false;
	}
	return count > 0;
}

void map_add_expect(const struct pci_features *const *functions, size_t count,
		    bool with_subsystem, struct buffer *ret)
{
	static const struct {
		enum pci_feature feature;
		const char *name;
	} rows[] = {
		{ PCI_FEATURE_VENDOR, "vendor" },
		{ PCI_FEATURE_DEVICE, "device" },
		{ PCI_FEATURE_SUBSYSTEM_VENDOR, "subsystem_vendor" },
		{ PCI_FEATURE_SUBSYSTEM_DEVICE, "subsystem_device" },
	};
	const size_t n_rows = with_subsystem ? ARRAY_SIZE(rows) : 2;
	const char *before = ",\n    \"expect\": {";
	bool any = false;

	for (size_t i = 0; i < n_rows; i++) {
		if (!is_common(functions, count, rows[i].feature))
			continue;
		buffer_printf(ret, "%s\"%s\": \"%04" PRIx64 "\"", any ? ", " : before,
			      rows[i].name, functions[0]->numbers[rows[i].feature]);
		any = true;
	}
	if (any)
		buffer_add(ret, SLICE("}"));
}

/* Writes one entry after those that are in the text. */
static void add_entry(const char *path, const struct device_number *number,
		      const struct placed *devices, size_t count, bool with_subsystem,
		      struct buffer *ret)
{
	const struct pci_features **functions = array_zalloc(count, functions);

	buffer_printf(ret,
		      "%s\n  { \"type\": \"vfio-pci\", \"container_path\": \"%s\", "
		      "\"host_dev\": \"%" PRIu32 ":%" PRIu32 "\",\n    \"options\": [",
		      ret->length > 1 ? "," : "", path, number->major, number->minor);
	for (size_t i = 0; i < count; i++) {
		char name[DEVICE_NAME_SIZE];

		functions[i] = devices[i].features;
		buffer_printf(ret, "%s\"%s=%s\"", i ? ", " : "",
			      device_name_format(&devices[i].wanted->host, name),
			      devices[i].wanted->guest);
	}
	buffer_add(ret, SLICE("]"));
	map_add_expect(functions, count, with_subsystem, ret);
	buffer_add(ret, SLICE(" }"));
	free(functions);
}

/* The entries of one group. */
static void add_group(const struct placed *devices, size_t count,
		      const struct map_wish *wish, struct buffer *ret)
{
	const struct survey_group *group = devices[0].group;

	if (group && group->has_node && wish->nodes != MAP_NODES_HANDLE) {
		auto_free char *path = vfio_group_path(group->number, group->noiommu);

		add_entry(path, &group->node, devices, count, wish->with_subsystem, ret);
	}
	for (size_t i = 0; i < count && wish->nodes != MAP_NODES_GROUP; i++) {
		const struct inventory_handle *handle = &devices[i].device->handle;
		auto_free char *path = NULL;

		if (!handle->exists)
			continue;
		path = vfio_handle_path(handle->handle);
		add_entry(path, &handle->number, &devices[i], 1, wish->with_subsystem,
			  ret);
	}
}

/* Are both in one group? */
static bool is_together(const struct placed *a, const struct placed *b)
{
	return a->group && a->group == b->group;
}

static int check_once(const struct placed *devices, size_t count, struct error *err)
{
	for (size_t i = 1; i < count; i++) {
		char name[DEVICE_NAME_SIZE];

		if (device_name_equal(&devices[i - 1].wanted->host,
				      &devices[i].wanted->host))
			return error_set(err, ERROR_DATA, "%s: comes twice; name it once",
					 device_name_format(&devices[i].wanted->host,
							    name));
	}
	return 0;
}

int map_write(const struct survey *survey, const struct vm_devices *devices,
	      const struct map_wish *wish, struct buffer *ret, struct error *err)
{
	auto_free struct placed *placed = array_zalloc(devices->count, placed);
	auto_buffer text = { 0 };
	int r = 0;

	for (size_t i = 0; i < devices->count && r == 0; i++)
		r = place(survey, &devices->items[i], wish, &placed[i], err);
	if (r < 0)
		return r;
	if (devices->count)
		array_sort(placed, devices->count, compare_placed);
	r = check_once(placed, devices->count, err);
	if (r < 0)
		return r;
	buffer_add(&text, SLICE("["));
	for (size_t i = 0, end; i < devices->count; i = end) {
		for (end = i + 1;
		     end < devices->count && is_together(&placed[i], &placed[end]); end++)
			;
		add_group(&placed[i], end - i, wish, &text);
	}
	buffer_add(&text, devices->count ? SLICE("\n]\n") : SLICE("]\n"));
	buffer_add(ret, buffer_slice(&text));
	return 0;
}

void map_list_own(const struct survey *survey, struct vm_devices *ret)
{
	for (size_t i = 0; i < survey->n_functions; i++) {
		if (survey->functions[i].device.vfio)
			vm_devices_add(ret, &survey->functions[i].device.name,
				       xstrdup("self"));
	}
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		const struct device_name *name = &survey->mdevs[i].device.name;
		char text[DEVICE_NAME_SIZE];

		if (survey->mdevs[i].device.vfio)
			vm_devices_add(ret, name,
				       xstrdup(device_name_format(name, text)));
	}
}

/* Writes an entry for what VFIO has of one group, if it has anything. */
static void add_draft_group(const struct survey *survey, const struct survey_group *group,
			    struct buffer *ret)
{
	const struct pci_features **functions = array_zalloc(group->count + 1, functions);
	size_t count = 0;

	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function = survey_member(survey, group, i);
		char address[PCI_ADDRESS_SIZE];

		if (!function->device.vfio)
			continue;
		if (count == 0)
			buffer_printf(
				ret,
				"%s\n  { \"type\": \"vfio-pci\", \"container_path\": \"/dev/vfio/" MAP_DRAFT_GROUP
				"\",\n    \"options\": [",
				ret->length > 1 ? "," : "");
		buffer_printf(ret, "%s\"" MAP_DRAFT_HOST "=%s\"", count ? ", " : "",
			      function->path
				      ? function->path
				      : pci_address_format(&function->device.name.address,
							   address));
		functions[count++] = &function->features;
	}
	if (count) {
		buffer_add(ret, SLICE("]"));
		map_add_expect(functions, count, false, ret);
		buffer_add(ret, SLICE(" }"));
	}
	free(functions);
}

bool map_write_draft(const struct survey *survey, struct buffer *ret)
{
	auto_buffer text = { 0 };
	bool any;

	buffer_add(&text, SLICE("["));
	for (size_t i = 0; i < survey->n_groups; i++)
		add_draft_group(survey, &survey->groups[i], &text);
	any = text.length > 1;
	buffer_add(&text, any ? SLICE("\n]\n") : SLICE("]\n"));
	buffer_add(ret, buffer_slice(&text));
	return any;
}

void map_add_compact(struct slice map, struct buffer *ret)
{
	size_t end;

	for (size_t at = json_skip_space(map, 0); at < map.length;
	     at = json_skip_space(map, end)) {
		end = map.data[at] == '"' ? json_string_end(map, at) : at + 1;
		buffer_add(ret, slice_from_to(map, at, end));
	}
}
