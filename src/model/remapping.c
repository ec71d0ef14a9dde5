/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry would translate a second time. */
#include "oci-vfio-hook/remapping.h"

/* Does an entry translate what is named by this path and is listed at `final_path`? Not
 * where it is the entry of just this path, whose result has the same path: then host's and
 * result's name are one, and whichever it is becomes the same. */
static const struct map_entry *find_entry(const struct device_map *map,
					  const struct annotation *listed,
					  struct slice path, struct slice final_path)
{
	const struct map_entry *entry = device_map_find(map, path);

	if (!entry ||
	    (slice_equal(path, final_path) &&
	     annotation_has_node(listed, entry->container_path, entry->container_path)))
		return NULL;
	return entry;
}

static int refuse_claim(const struct spec *spec, uint32_t json, struct slice path,
			const struct map_entry *entry, struct error *err)
{
	auto_free char *quoted = text_quote(path);

	return json_error(
		err, ERROR_UNAVAILABLE, &spec->doc, json,
		"%s: the annotation " ANNOTATION_KEY
		" says that it is translated already, but was not written for this container on this machine since it booted; %s would translate it: make the bundle again, with the host's names",
		quoted, entry->where);
}

static int check_claimed_address(const struct spec *spec,
				 const struct environment *environment,
				 const struct map_entry *entry,
				 const struct device_name *address,
				 const struct annotation *claimed, struct error *err)
{
	char text[DEVICE_NAME_SIZE];

	if (!annotation_has_guest(claimed, address) ||
	    annotation_has_address(claimed, address, address) ||
	    !environment_has_name(environment, address))
		return 0;
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: process.env: %s: the annotation " ANNOTATION_KEY
		" says that it is translated already, but was not written for this container on this machine since it booted; %s would translate it: make the bundle again, with the host's names",
		spec->doc.name, device_name_format(address, text), entry->where);
}

static int check_claimed_mount(const struct spec *spec, const struct device_map *map,
			       const struct spec_mount *mount,
			       const struct annotation *claimed, struct error *err)
{
	const struct map_entry *entry;

	if (!annotation_find_final(claimed, mount->destination))
		return 0;
	entry = find_entry(map, claimed, mount->destination, mount->destination);
	if (!entry)
		entry = find_entry(map, claimed, mount->source, mount->destination);
	return entry ? refuse_claim(spec, mount->json, mount->destination, entry, err)
		     : 0;
}

int remapping_check_claim(const struct spec *spec, const struct environment *environment,
			  const struct device_map *map, const struct annotation *claimed,
			  struct error *err)
{
	int r = 0;

	/* As in nearly every run. */
	if (claimed->n_nodes == 0 && claimed->n_addresses == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];
		const struct map_entry *entry =
			annotation_find_final(claimed, device->path)
				? find_entry(map, claimed, device->path, device->path)
				: NULL;

		if (entry)
			r = refuse_claim(spec, device->json, device->path, entry, err);
	}
	for (size_t i = 0; r == 0 && i < spec->n_mounts; i++)
		r = check_claimed_mount(spec, map, &spec->mounts[i], claimed, err);
	for (size_t i = 0; r == 0 && i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		for (size_t k = 0; r == 0 && k < entry->n_functions; k++)
			r = check_claimed_address(spec, environment, entry,
						  &entry->functions[k].host, claimed,
						  err);
	}
	return r;
}

static int refuse_plan(const struct spec *spec, const char *what,
		       const struct map_entry *entry, const char *why, struct error *err)
{
	return error_set(
		err, ERROR_PERMISSION,
		"%s: it would have %s, which %s would translate again if another front end ran, to another device; what prevents that, the annotation " ANNOTATION_KEY
		", can't be written: %s; nothing was changed",
		spec->doc.name, what, entry->where, why);
}

/* A path that the spec would have: the final one, or the source of a mount. */
static int check_planned_path(const struct spec *spec, const struct device_map *map,
			      const struct plan *plan, const char *path,
			      const struct plan_node *node, const char *why,
			      struct error *err)
{
	const struct map_entry *entry = device_map_find(map, slice_from(path));
	const struct annotation_node *same;
	auto_free char *quoted = NULL;

	if (!entry)
		return 0;
	same = annotation_find_container_path(&plan->annotation, slice_from(path));
	/* The same device again, under whatever path. */
	if (same && same->final_path && text_equal(same->node, node->node) &&
	    device_number_equal(&same->number, &node->number))
		return 0;
	quoted = text_quote(slice_from(path));
	return refuse_plan(spec, quoted, entry, why, err);
}

static bool replaces_names(const struct plan *plan)
{
	for (unsigned int i = 0; i < SPEC_TEXTS_COUNT; i++) {
		if (plan->replaced[i].count)
			return true;
	}
	return false;
}

static int check_planned_address(const struct spec *spec,
				 const struct environment *environment,
				 const struct device_map *map, const struct plan *plan,
				 const struct annotation_address *address,
				 const char *why, struct error *err)
{
	char text[DEVICE_NAME_SIZE];

	/* Not of an earlier run. */
	if ((!environment_has_name(environment, &address->host) &&
	     !replaces_names(plan)) ||
	    annotation_has_address(&plan->annotation, &address->guest, &address->guest))
		return 0;
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		for (size_t k = 0; k < entry->n_functions; k++) {
			if (device_name_equal(&entry->functions[k].host, &address->guest))
				return refuse_plan(
					spec, device_name_format(&address->guest, text),
					entry, why, err);
		}
	}
	return 0;
}

int remapping_check_plan(const struct spec *spec, const struct environment *environment,
			 const struct device_map *map, const struct plan *plan,
			 const char *why, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < plan->n_nodes; i++) {
		const struct plan_node *node = &plan->nodes[i];

		if (!node->final_path)
			continue;
		r = check_planned_path(spec, map, plan, node->final_path, node, why, err);
		if (r == 0 && node->mount)
			r = check_planned_path(spec, map, plan, node->node, node, why,
					       err);
	}
	for (size_t i = 0; r == 0 && i < plan->annotation.n_addresses; i++)
		r = check_planned_address(spec, environment, map, plan,
					  &plan->annotation.addresses[i], why, err);
	return r;
}
