/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: which entry names which device and mount of the spec. A path alone is the
 * tenant's word: what else must agree is decided here, before anything is resolved. */
#include "planner.h"

const struct inventory_node *plan_find_node(const struct planner *planner, uint32_t node)
{
	return node == REQUEST_NONE ? NULL : &planner->in->inventory->nodes[node];
}

bool plan_device_is_own(const struct planner *planner, size_t index)
{
	const struct spec_device *device = &planner->in->spec->devices[index];
	const struct inventory_node *found =
		plan_find_node(planner, planner->in->request->devices[index].node);

	return found && !found->absent && device->has_numbers &&
	       device_number_equal(&found->number, &device->number);
}

static bool names_host(const struct planner *planner, const struct map_entry *entry)
{
	for (size_t i = 0; i < entry->n_functions; i++) {
		if (environment_has_name(planner->in->environment,
					 &entry->functions[i].host))
			return true;
	}
	return false;
}

/* This machine's own device, or the one of the host that had its path? */
static int refuse_ambiguous(struct planner *planner, uint32_t json, struct slice path,
			    const struct map_entry *entry)
{
	auto_free char *quoted = text_quote(path);

	return json_error(
		planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc, json,
		"%s is a VFIO node of this machine, and %s gives another one for that path: it is not clear which one is meant; add \"host_dev\" to the entry, the numbers of the host's node",
		quoted, entry->where);
}

/* An entry that needs more than a path in this configuration, or that can't be had here. */
static int check_entry(struct planner *planner, const struct map_entry *entry)
{
	auto_free char *type = NULL;

	if (entry->type == DEVICE_UNSUPPORTED) {
		type = text_quote(slice_from(entry->type_name));
		return error_set(
			planner->err, ERROR_DATA,
			"%s: type: unsupported device type %s; use vfio-pci, vfio-pci-gk or node",
			entry->where, type);
	}
	if (!map_entry_is_vfio(entry))
		return 0;
	if (planner->in->require_host_dev && !entry->has_host_dev &&
	    entry->source != MAP_SOURCE_OPTION)
		return error_set(
			planner->err, ERROR_DATA,
			"%s: has no \"host_dev\", which the configuration's \"require_host_dev\" demands; add the numbers of the host's node, such as \"243:5\"",
			entry->where);
	return 0;
}

/* Under the path of an entry, but not what the host had there. */
static int check_stand_in(struct planner *planner, const struct spec_device *device,
			  const struct map_entry *entry)
{
	const struct json *doc = &planner->in->spec->doc;
	auto_free char *path = NULL;
	bool other =
		entry->has_host_dev &&
		(!device->has_numbers || device->number.major != entry->host_dev.major ||
		 device->number.minor != entry->host_dev.minor);
	bool never = map_entry_is_vfio(entry) && !entry->stand_in &&
		     (device->number.type != 'c' || !device->has_numbers ||
		      !major_is_dynamic(device->number.major));

	if (!other && !never)
		return 0;
	path = text_quote(device->path);
	if (other)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, device->json,
			"%s has the path of %s, but not the numbers of its \"host_dev\", %u:%u: another device stands in there; rename it, or correct the map",
			path, entry->where, entry->host_dev.major, entry->host_dev.minor);
	return json_error(
		planner->err, ERROR_UNAVAILABLE, doc, device->json,
		"%s has the path of the VFIO device of %s, but %s is not a device that VFIO could have: another device stands in there; rename it, or set \"stand_in\": true in the entry",
		path, entry->where,
		device->has_numbers ? DEVICE_NUMBER_TEXT(&device->number)
				    : "one without numbers");
}

/* What runtimes make of it may be a node of VFIO's, and a spec that lacks a number can't be told
 * from one that means another. */
static int check_numbers(struct planner *planner, const struct spec_device *device)
{
	if (!device->has_one_number || device->number.type != 'c' ||
	    !major_is_dynamic(device->number.major) || path_is_vfio_node(device->path) ||
	    device_is_done(planner->in->annotation, device) ||
	    planner->in->request->unmapped == UNMAPPED_KEEP)
		return 0;
	return json_error(
		planner->err, ERROR_DATA, &planner->in->spec->doc, device->json,
		"has \"major\", but no \"minor\": a runtime would make %s of it, which may be a VFIO device; give both",
		DEVICE_NUMBER_TEXT(&device->number));
}

static int name_device(struct planner *planner, size_t index)
{
	const struct spec_device *device = &planner->in->spec->devices[index];
	const struct map_entry *entry = planner->in->request->devices[index].entry;
	int r;

	if (!entry)
		return check_numbers(planner, device);
	if (planner->in->request->unmapped == UNMAPPED_OWN &&
	    plan_device_is_own(planner, index)) {
		bool meant = entry->has_host_dev &&
			     entry->host_dev.major == device->number.major &&
			     entry->host_dev.minor == device->number.minor;

		if (!entry->has_host_dev && names_host(planner, entry))
			return refuse_ambiguous(planner, device->json, device->path,
						entry);
		if (!meant)
			return 0;
	}
	r = check_entry(planner, entry);
	if (r == 0)
		r = check_stand_in(planner, device, entry);
	if (r == 0)
		plan_device_state(planner, index)->named = true;
	return r;
}

/* A volume that somebody mounts where an entry's device would be. */
static void warn_volume(struct planner *planner, const struct spec_mount *mount)
{
	const struct map_entry *entry =
		device_map_find(planner->in->map, mount->destination);
	auto_free char *path = NULL;

	if (!entry)
		return;
	path = text_quote(mount->destination);
	messages_add(
		planner->messages, MESSAGE_WARNING,
		"mounts[%u]: what it puts at %s is not the device of %s; left as it is",
		json_span(&planner->in->spec->doc, mount->json)->position, path,
		entry->where);
}

static int name_mount(struct planner *planner, size_t index)
{
	const struct spec_mount *mount = &planner->in->spec->mounts[index];
	const struct request_place *place = &planner->in->request->mounts[index];
	const struct inventory_node *found = plan_find_node(planner, place->node);
	int r;

	if (!place->entry) {
		if (!mount_is_done(planner->in->annotation, mount))
			warn_volume(planner, mount);
		return 0;
	}
	if (planner->in->request->unmapped == UNMAPPED_OWN && place->by_source && found &&
	    !found->absent) {
		if (!place->entry->has_host_dev)
			return refuse_ambiguous(planner, mount->json, mount->source,
						place->entry);
		if (place->entry->host_dev.major != found->number.major ||
		    place->entry->host_dev.minor != found->number.minor)
			return 0;
	}
	r = check_entry(planner, place->entry);
	if (r == 0)
		plan_mount_state(planner, index)->named = true;
	return r;
}

static bool devices_equal(const struct spec_device *a, const struct spec_device *b)
{
	return a->has_numbers == b->has_numbers && a->mode == b->mode &&
	       a->uid == b->uid && a->gid == b->gid &&
	       device_number_equal(&a->number, &b->number);
}

/* Two devices with one path: which one is meant? */
static int check_twice(struct planner *planner, const struct slice_place *places,
		       size_t count)
{
	const struct spec *spec = planner->in->spec;
	const struct spec_device *first = &spec->devices[places[0].place];
	bool vfio = path_is_vfio_node(first->path) || path_is_control_node(first->path);

	for (size_t i = 1; i < count; i++) {
		const struct spec_device *device = &spec->devices[places[i].place];
		auto_free char *quoted = NULL;

		if (!plan_device_entry(planner, places[i].place) &&
		    !plan_device_entry(planner, places[0].place) &&
		    !(vfio && !devices_equal(first, device)))
			continue;
		quoted = text_quote(first->path);
		return json_error(planner->err, ERROR_DATA, &spec->doc, device->json,
				  "%s is in linux.devices[%zu] already; keep one", quoted,
				  spec_index(spec, first->json));
	}
	return 0;
}

static int check_paths(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;
	auto_slice_index paths = { 0 };
	int r = 0;

	if (spec->n_devices < 2)
		return 0;
	for (size_t i = 0; i < spec->n_devices; i++)
		slice_index_add(&paths, spec->devices[i].path, i);
	slice_index_sort(&paths);
	for (size_t i = 0, next; i < paths.count && r == 0; i = next) {
		next = slice_index_run_end(&paths, i);
		r = check_twice(planner, &paths.items[i], next - i);
	}
	return r;
}

static bool has_control_node(const struct spec *spec, enum vfio_kind kind)
{
	const struct slice path = vfio_control_node(kind);

	for (size_t i = 0; i < spec->n_devices; i++) {
		if (slice_equal(spec->devices[i].path, path))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (slice_equal(spec->mounts[i].source, path))
			return true;
	}
	return false;
}

/* Entries that name what comes and goes by itself. */
static void tell_of_idle(const struct planner *planner)
{
	const struct device_map *map = planner->in->map;

	for (size_t i = 0; i < map->n_entries; i++) {
		if (!map_entry_is_idle(&map->entries[i]))
			continue;
		if (!has_control_node(planner->in->spec, VFIO_HANDLE))
			return;
		messages_add(
			planner->messages, MESSAGE_INFO,
			"%s: does nothing: /dev/iommu is a control node, which comes and goes with the handles",
			map->entries[i].where);
	}
}

/* A --device-map is for this container alone: what has its entry's path, but is this machine's
 * own, leaves the entry without a device. */
static int check_missing(struct planner *planner)
{
	const struct device_map *map = planner->in->map;

	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];
		auto_free char *path = NULL;

		if (entry->source != MAP_SOURCE_OPTION ||
		    entry->type == DEVICE_VFIO_PCI_GK || planner->resolved[i].named ||
		    !planner->in->request->entries[i].named)
			continue;
		path = text_quote(slice_from(entry->container_path));
		return error_set(
			planner->err, ERROR_DATA,
			"%s: missing devices in OCI spec: what has the path %s there is this machine's own, and not the device of %s; remove the entry from the map",
			planner->in->spec->doc.name, path, entry->where);
	}
	return 0;
}

int plan_names(struct planner *planner)
{
	const struct spec *spec = planner->in->spec;
	int r = 0;

	for (size_t i = 0; i < spec->n_devices && r == 0; i++)
		r = name_device(planner, i);
	for (size_t i = 0; i < spec->n_mounts && r == 0; i++)
		r = name_mount(planner, i);
	for (size_t i = 0; i < spec->n_devices; i++) {
		if (plan_device_entry(planner, i))
			planner->resolved[plan_device_entry(planner, i) -
					  planner->in->map->entries]
				.named = true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (plan_mount_entry(planner, i))
			planner->resolved[plan_mount_entry(planner, i) -
					  planner->in->map->entries]
				.named = true;
	}
	if (r == 0)
		r = check_missing(planner);
	if (r == 0)
		tell_of_idle(planner);
	return r < 0 ? r : check_paths(planner);
}
