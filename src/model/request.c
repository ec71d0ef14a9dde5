/* SPDX-License-Identifier: Apache-2.0 */
/* What must be looked up on this machine. */
#include "oci-vfio-hook/request.h"

const struct map_entry *device_map_find(const struct device_map *map, struct slice path)
{
	for (size_t i = 0; i < map->n_entries; i++) {
		if (slice_equal(slice_from(map->entries[i].container_path), path))
			return &map->entries[i];
	}
	return NULL;
}

const struct map_entry *mount_find_entry(const struct device_map *map,
					 const struct spec_mount *mount)
{
	const struct map_entry *entry = device_map_find(map, mount->destination);

	return entry ? entry : device_map_find(map, mount->source);
}

bool device_is_done(const struct annotation *annotation, const struct spec_device *device)
{
	return annotation_find_final(annotation, device->path) != NULL;
}

bool mount_is_done(const struct annotation *annotation, const struct spec_mount *mount)
{
	const struct annotation_node *done =
		annotation_find_final(annotation, mount->destination);

	return done && slice_equal(slice_from(done->node), mount->source);
}

static bool mount_may_be_affected(const struct spec_mount *mount)
{
	return slice_starts(mount->source, SLICE("/dev/")) ||
	       slice_starts(mount->destination, SLICE("/dev/vfio/"));
}

static bool spec_may_be_affected(const struct spec *spec)
{
	if (spec->n_devices || spec->n_variables)
		return true;
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (mount_may_be_affected(&spec->mounts[i]))
			return true;
	}
	return false;
}

bool request_may_need_map(const struct spec *spec, const struct environment *environment,
			  const struct annotation *annotation)
{
	if (annotation->n_nodes == 0 && annotation->n_addresses == 0)
		return spec_may_be_affected(spec);
	for (size_t i = 0; i < spec->n_devices; i++) {
		if (!device_is_done(annotation, &spec->devices[i]) &&
		    !path_is_control_node(spec->devices[i].path))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (mount_may_be_affected(&spec->mounts[i]) &&
		    !mount_is_done(annotation, &spec->mounts[i]) &&
		    !path_is_control_node(spec->mounts[i].destination))
			return true;
	}
	return environment_has_addresses(environment);
}

static bool is_named(const struct spec *spec, const struct annotation *annotation,
		     const struct map_entry *entry)
{
	struct slice path = slice_from(entry->container_path);

	for (size_t i = 0; i < spec->n_devices; i++) {
		if (slice_equal(spec->devices[i].path, path) &&
		    !device_is_done(annotation, &spec->devices[i]))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		if ((slice_equal(mount->destination, path) ||
		     slice_equal(mount->source, path)) &&
		    !mount_is_done(annotation, mount))
			return true;
	}
	return false;
}

ssize_t request_find_node(const struct request *request, enum request_node_kind kind,
			  struct slice path)
{
	for (size_t i = 0; i < request->n_nodes; i++) {
		if (request->nodes[i].kind == kind &&
		    slice_equal(slice_from(request->nodes[i].path), path))
			return (ssize_t)i;
	}
	return -1;
}

static void add_node(struct request *request, enum request_node_kind kind,
		     struct slice path)
{
	struct request_node *node;

	if (request_find_node(request, kind, path) >= 0)
		return;
	node = array_append(request->nodes, request->n_nodes, request->nodes_capacity);
	node->kind = kind;
	node->path = xstrndup(path.data, path.length);
}

static bool expects_identity(const struct map_entry *entry)
{
	for (unsigned int i = 0; i < PCI_IDENTITY_COUNT; i++) {
		if (entry->expected[i])
			return true;
	}
	return false;
}

static void add_functions(struct request *request, const struct map_entry *entry,
			  bool named, const struct environment *environment)
{
	for (size_t i = 0; i < entry->n_functions; i++) {
		const struct map_function *map = &entry->functions[i];

		if (!named && !environment_has_address(environment, &map->host))
			continue;
		*array_append(request->functions, request->n_functions,
			      request->functions_capacity) = (struct request_function) {
			.entry = entry,
			.map = map,
			.named = named,
			.want_group = named && entry->type == DEVICE_VFIO_PCI,
			.want_identity = expects_identity(entry),
		};
	}
}

static int add_entry(struct request *request, const struct map_entry *entry, bool named,
		     const struct environment *environment, struct error *err)
{
	switch (entry->type) {
	case DEVICE_VFIO_PCI:
		request->control |= named;
		add_functions(request, entry, named, environment);
		return 0;
	case DEVICE_VFIO_PCI_GK:
		add_functions(request, entry, named, environment);
		return 0;
	case DEVICE_NODE:
		if (named)
			add_node(request, REQUEST_NODE_FILE, slice_from(entry->vm_path));
		return 0;
	case DEVICE_UNSUPPORTED:
		break;
	}
	if (named) {
		auto_free char *type = text_quote(slice_from(entry->type_name));

		return error_set(
			err, ERROR_DATA,
			"%s: type: unsupported device type %s; use vfio-pci, vfio-pci-gk or node",
			entry->where, type);
	}
	return 0;
}

/* Nodes of the spec that no entry names, and those that an earlier run put there. */
static void add_spec_nodes(struct request *request, const struct spec *spec,
			   const struct device_map *map,
			   const struct annotation *annotation)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		struct slice path = spec->devices[i].path;
		const struct annotation_node *done =
			annotation_find_final(annotation, path);

		if (done) {
			struct slice node = slice_from(done->node);

			add_node(request,
				 path_is_vfio_node(node) ? REQUEST_NODE_VFIO
							 : REQUEST_NODE_FILE,
				 node);
		} else if (!map->exists && path_is_vfio_node(path)) {
			add_node(request, REQUEST_NODE_VFIO, path);
		}
	}
	for (size_t i = 0; i < spec->n_mounts && !map->exists; i++) {
		if (path_is_vfio_node(spec->mounts[i].source) &&
		    !mount_is_done(annotation, &spec->mounts[i]))
			add_node(request, REQUEST_NODE_VFIO, spec->mounts[i].source);
	}
}

int request_build(const struct spec *spec, const struct environment *environment,
		  const struct device_map *map, const struct annotation *annotation,
		  struct request *ret, struct error *err)
{
	auto_buffer missing = { 0 };

	ret->named = xzalloc(map->n_entries * sizeof *ret->named);
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];
		bool named = is_named(spec, annotation, entry);
		int r;

		ret->named[i] = named;
		if (!named && entry->source == MAP_SOURCE_OPTION &&
		    entry->type != DEVICE_VFIO_PCI_GK &&
		    !annotation_has_container_path(annotation,
						   slice_from(entry->container_path))) {
			auto_free char *path =
				text_quote(slice_from(entry->container_path));

			buffer_printf(&missing, "%s%s (%s)", missing.length ? ", " : "",
				      path, entry->where);
		}
		r = add_entry(ret, entry, named, environment, err);
		if (r < 0)
			return r;
	}
	if (missing.length)
		return error_set(
			err, ERROR_DATA,
			"%s: missing devices in OCI spec: %s; add them to linux.devices, or take the entries out of the map",
			spec->doc.name, missing.data);
	add_spec_nodes(ret, spec, map, annotation);
	return 0;
}

void request_free(struct request *request)
{
	for (size_t i = 0; i < request->n_nodes; i++)
		free(request->nodes[i].path);
	free(request->nodes);
	free(request->named);
	free(request->functions);
	*request = (struct request) { 0 };
}
