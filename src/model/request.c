/* SPDX-License-Identifier: Apache-2.0 */
/* What must be looked up on this machine: for the entries that the spec may name, for the
 * devices that none names, and for what the spec itself says of its devices. */
#include "oci-vfio-hook/request.h"

#include "oci-vfio-hook/device_number_set.h"
#include "oci-vfio-hook/spec_texts.h"

#include "request_alias.h"

/* Names of this length are enough to see what is missing. */
#define MISSING_MAX 4096

bool path_holds_vfio_nodes(struct slice path)
{
	return slice_equal(path, SLICE("/")) || slice_equal(path, SLICE("/dev")) ||
	       slice_equal(path, SLICE("/dev/vfio")) ||
	       slice_equal(path, SLICE("/dev/vfio/devices"));
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

static bool is_below_dev(struct slice path)
{
	return slice_starts(path, SLICE("/dev/"));
}

static bool is_below_vfio(struct slice path)
{
	return slice_starts(path, SLICE("/dev/vfio/")) ||
	       slice_equal(path, SLICE("/dev/vfio"));
}

/* An allow rule for just one device, of a major that VFIO's nodes may have. */
static bool may_be_vfio_rule(const struct spec_rule *rule)
{
	return rule->allow && rule->type != 'b' && rule->major >= 0 && rule->minor >= 0 &&
	       major_is_dynamic((uint32_t)rule->major);
}

static struct device_number rule_number(const struct spec_rule *rule)
{
	return (struct device_number) { 'c', (uint32_t)rule->major,
					(uint32_t)rule->minor };
}

/* By its numbers. */
static bool may_be_vfio(const struct spec_device *device)
{
	return device->number.type == 'c' && major_is_dynamic(device->number.major);
}

/* Those that earlier runs put there. */
static void know_done(struct device_number_set *known,
		      const struct annotation *annotation)
{
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (annotation->nodes[i].final_path)
			device_number_set_add(known, &annotation->nodes[i].number);
	}
	for (size_t i = 0; i < annotation->n_rules; i++)
		device_number_set_add(known, &annotation->rules[i]);
}

/* Is there a rule for one device that might be VFIO's, and isn't of these numbers? */
static bool has_unknown_rule(const struct spec *spec,
			     const struct device_number_set *known)
{
	for (size_t i = 0; i < spec->n_rules; i++) {
		struct device_number number = rule_number(&spec->rules[i]);

		if (may_be_vfio_rule(&spec->rules[i]) &&
		    !device_number_set_has(known, &number))
			return true;
	}
	return false;
}

/* Is there a rule for all devices of a major that may be VFIO's? */
static bool has_wildcard_rule(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_rules; i++) {
		const struct spec_rule *rule = &spec->rules[i];

		if (rule->allow && rule->access.length && rule->type != 'b' &&
		    rule->minor < 0 && rule->major >= 0 &&
		    major_is_dynamic((uint32_t)rule->major))
			return true;
	}
	return false;
}

static bool has_vfio_rule(const struct spec *spec, const struct annotation *annotation)
{
	auto_device_number_set known = { 0 };

	know_done(&known, annotation);
	return has_unknown_rule(spec, &known);
}

bool request_may_need_map(const struct spec *spec, const struct environment *environment,
			  const struct annotation *annotation)
{
	bool earlier = annotation->n_nodes || annotation->n_addresses;

	for (size_t i = 0; i < spec->n_devices; i++) {
		if (!earlier || (!device_is_done(annotation, &spec->devices[i]) &&
				 !path_is_control_node(spec->devices[i].path)))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];

		/* What else is shown as the control node isn't ours. */
		if (is_below_dev(mount->source) &&
		    !(earlier && (mount_is_done(annotation, mount) ||
				  (path_is_control_node(mount->source) &&
				   path_is_control_node(mount->destination)))))
			return true;
	}
	return has_vfio_rule(spec, annotation) ||
	       (earlier ? environment_has_names(environment) : spec->n_variables > 0);
}

bool request_needs_map(const struct spec *spec, const struct environment *environment,
		       const struct annotation *annotation)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];

		if (is_below_vfio(device->path) || device->number.type == 'b' ||
		    may_be_vfio(device))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (is_below_vfio(spec->mounts[i].source) ||
		    is_below_vfio(spec->mounts[i].destination))
			return true;
	}
	return has_vfio_rule(spec, annotation) || environment_has_names(environment);
}

static bool is_far(const char *path)
{
	return path && !path_is_of_dev(slice_from(path));
}

bool request_needs_far_mounts(const struct device_map *map,
			      const struct annotation *annotation)
{
	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (is_far(entry->container_path) || is_far(entry->final_path) ||
		    is_far(entry->vm_path))
			return true;
	}
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (is_far(annotation->nodes[i].final_path) ||
		    is_far(annotation->nodes[i].node))
			return true;
	}
	return false;
}

/* By its path in the container alone anybody could ask for it who may mount a volume. */
static bool needs_source(const struct map_entry *entry)
{
	return !entry->stand_in && (map_entry_is_vfio(entry) || entry->has_host_dev);
}

/* A VFIO device of the host is bound where it is, and one of which the numbers are known is
 * told by more than a path. */
static void find_mount_entry(const struct device_map *map, const struct spec_mount *mount,
			     struct request_place *ret)
{
	const struct map_entry *source = device_map_find(map, mount->source);
	const struct map_entry *destination = device_map_find(map, mount->destination);

	if (destination && (!is_below_dev(mount->source) || needs_source(destination)))
		destination = destination == source ? source : NULL;
	if (source && (map_entry_is_vfio(source) || !destination))
		ret->entry = source;
	else
		ret->entry = destination;
	ret->by_source = ret->entry && ret->entry == source;
	ret->by_destination =
		ret->entry &&
		slice_equal(slice_from(ret->entry->container_path), mount->destination);
}

/* A node that is wanted for a place of the spec; the same one is looked up once. */
struct wanted_node {
	struct slice path; /* borrowed, or in request.texts */
	uint32_t *ret;
	enum request_node_kind kind;
};

struct wanted_nodes {
	struct wanted_node *items;
	size_t count, capacity;
};

static void want_node(struct wanted_nodes *wanted, enum request_node_kind kind,
		      struct slice path, uint32_t *ret)
{
	*array_append(wanted->items, wanted->count, wanted->capacity) =
		(struct wanted_node) { path, ret, kind };
}

static int compare_wanted(const void *a, const void *b)
{
	const struct wanted_node *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return slice_compare(x->path, y->path);
}

/* Moves the nodes to the request, each once. */
static void add_nodes(struct request *request, struct wanted_nodes *wanted)
{
	if (wanted->count > 1)
		qsort(wanted->items, wanted->count, sizeof *wanted->items,
		      compare_wanted);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct wanted_node *node = &wanted->items[i];

		if (i == 0 || compare_wanted(node - 1, node) != 0)
			*array_append(request->nodes, request->n_nodes,
				      request->nodes_capacity) = (struct request_node) {
				node->kind, text_pool_add(&request->texts, node->path)
			};
		*node->ret = (uint32_t)(request->n_nodes - 1);
	}
	free(wanted->items);
}

static void want_done(struct wanted_nodes *wanted, const struct annotation_node *done,
		      struct request_place *place)
{
	struct slice path = slice_from(done->node);

	want_node(wanted,
		  path_is_vfio_node(path) || path_is_control_node(path)
			  ? REQUEST_NODE_VFIO
			  : REQUEST_NODE_FILE,
		  path, &place->node);
}

/* Whatever the engine calls it, a device with these numbers is what the kernel has there. */
static void want_number(struct request *request, struct wanted_nodes *wanted,
			const struct spec_device *device, struct request_place *place)
{
	auto_free char *path = NULL;
	struct slice text;

	if (!device->has_numbers || device->number.type != 'c')
		return;
	path = xasprintf("/sys/dev/char/%u:%u", device->number.major,
			 device->number.minor);
	text = slice_from(path);
	text.data = text_pool_add(&request->texts, text);
	want_node(wanted, REQUEST_NODE_NUMBER, text, &place->number);
}

/* Only an entry that says that the machine's own is meant names a control node. */
static const struct map_entry *find_control_entry(const struct device_map *map,
						  struct slice path)
{
	const struct map_entry *entry = device_map_find(map, path);

	return entry && entry->type == DEVICE_NODE ? entry : NULL;
}

/* Whether this kernel has handles tells what helps where one isn't there. */
static void want_handles(struct request *request, struct slice path,
			 const struct request_place *place)
{
	if (!path_is_vfio_handle(path, NULL))
		return;
	request->control[VFIO_HANDLE] = true;
	request->own_handles |= request->unmapped == UNMAPPED_OWN || !place->entry;
}

static void request_device(struct request *request, const struct spec *spec, size_t index,
			   const struct device_map *map,
			   const struct annotation *annotation,
			   const struct request_policy *policy,
			   struct wanted_nodes *wanted)
{
	const struct spec_device *device = &spec->devices[index];
	struct request_place *place = &request->devices[index];
	const struct annotation_node *done =
		annotation_find_final(annotation, device->path);
	bool vfio = path_is_vfio_node(device->path);
	enum vfio_kind kind;

	place->node = place->number = REQUEST_NONE;
	if (done) {
		want_done(wanted, done, place);
		return;
	}
	if (path_find_control_node(device->path, &kind)) {
		request->vfio_nodes |= may_be_vfio(device);
		request->control[kind] |= kind == VFIO_HANDLE;
		place->entry = find_control_entry(map, device->path);
		return;
	}
	place->entry = device_map_find(map, device->path);
	want_handles(request, device->path, place);
	if (vfio && (!place->entry || request->unmapped == UNMAPPED_OWN) &&
	    request->unmapped != UNMAPPED_KEEP) {
		want_node(wanted, REQUEST_NODE_VFIO, device->path, &place->node);
		if (policy->match || (request->unmapped == UNMAPPED_OWN &&
				      policy->by_address == BY_ADDRESS_REMAP))
			want_number(request, wanted, device, place);
	}
	if (!vfio && !place->entry)
		request->vfio_nodes |= may_be_vfio(device);
}

/* What is there is asked of the path as it is spelled: after a symbolic link ".." leads elsewhere
 * than where it is cut off. */
static struct slice find_spelled_source(struct request *request, const struct spec *spec,
					const struct spec_mount *mount)
{
	struct json_place place;
	auto_json doc = { 0 };
	struct slice text;

	if (!spec_find_member(spec, mount->json, "source", &place) ||
	    !spec_string_read(spec, &place, &doc, &text) ||
	    !slice_starts(text, SLICE("/")) || !slice_contains(text, SLICE("..")))
		return mount->source;
	text.data = text_pool_add(&request->texts, text);
	return text;
}

static void request_mount(struct request *request, const struct spec *spec, size_t index,
			  const struct device_map *map,
			  const struct annotation *annotation,
			  struct wanted_nodes *wanted)
{
	const struct spec_mount *mount = &spec->mounts[index];
	struct request_place *place = &request->mounts[index];
	enum vfio_kind kind;

	place->node = place->number = REQUEST_NONE;
	if (mount_is_done(annotation, mount)) {
		want_done(wanted, annotation_find_final(annotation, mount->destination),
			  place);
		return;
	}
	if (path_find_control_node(mount->source, &kind)) {
		request->control[kind] = true;
		place->entry = find_control_entry(map, mount->source);
		place->by_source = place->entry != NULL;
		place->by_destination =
			place->entry && slice_equal(mount->destination, mount->source);
		return;
	}
	find_mount_entry(map, mount, place);
	want_handles(request, mount->source, place);
	if (path_is_vfio_node(mount->source)) {
		if (!place->entry || request->unmapped == UNMAPPED_OWN)
			want_node(wanted, REQUEST_NODE_VFIO, mount->source, &place->node);
	} else if (!place->entry && is_below_dev(mount->source) &&
		   !path_holds_vfio_nodes(mount->source)) {
		want_node(wanted, REQUEST_NODE_FILE,
			  find_spelled_source(request, spec, mount), &place->node);
		request->vfio_nodes_of_files = true;
	}
}

/* Is there a device or mount that is VFIO's by its path, and no entry's or perhaps this
 * machine's own? */
static bool may_be_own(const struct request *request, const struct wanted_nodes *wanted)
{
	for (size_t i = 0; i < wanted->count && request->unmapped == UNMAPPED_OWN; i++) {
		if (wanted->items[i].kind == REQUEST_NODE_VFIO)
			return true;
	}
	return false;
}

/* Is there a device or mount that is a node of VFIO's by its path, and no entry's? */
static bool has_unnamed_group(const struct request *request, const struct spec *spec,
			      const struct annotation *annotation)
{
	if (request->unmapped == UNMAPPED_KEEP)
		return false;
	for (size_t i = 0; i < spec->n_devices; i++) {
		if (!request->devices[i].entry &&
		    path_is_vfio_node(spec->devices[i].path) &&
		    !device_is_done(annotation, &spec->devices[i]))
			return true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (!request->mounts[i].entry &&
		    path_is_vfio_node(spec->mounts[i].source) &&
		    !mount_is_done(annotation, &spec->mounts[i]))
			return true;
	}
	return false;
}

static void add_own(struct request *request, const struct device_name *name)
{
	if (request->n_own == 0 ||
	    !device_name_equal(&request->own[request->n_own - 1], name))
		*array_append(request->own, request->n_own, request->own_capacity) =
			*name;
}

/* Each of the environment's addresses and UUIDs, which are sorted, once. */
static void request_own(struct request *request, const struct environment *environment)
{
	for (size_t i = 0; i < environment->n_addresses; i++) {
		const struct device_name name =
			device_name_of(&environment->addresses[i]);

		add_own(request, &name);
	}
	for (size_t i = 0; i < environment->n_uuids; i++) {
		const struct device_name name = { .bus = DEVICE_BUS_MDEV,
						  .uuid = environment->uuids[i] };

		add_own(request, &name);
	}
}

/* Devices of the host under another path, unless they are this machine's own. */
static void request_aliases(struct request *request, const struct spec *spec,
			    const struct device_map *map,
			    const struct annotation *annotation,
			    struct wanted_nodes *wanted)
{
	if (request->unmapped == UNMAPPED_KEEP)
		return;
	request_find_aliases(request, spec, map, annotation);
	for (size_t i = 0; i < spec->n_devices && request->unmapped == UNMAPPED_OWN;
	     i++) {
		const struct slice path = spec->devices[i].path;
		struct request_place *place = &request->devices[i];

		if (place->alias && !place->entry && is_below_dev(path) &&
		    !path_is_control_node(path))
			want_node(wanted, REQUEST_NODE_FILE, path, &place->node);
	}
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
			  bool named, bool followed, bool all,
			  const struct environment *environment)
{
	for (size_t i = 0; i < entry->n_functions; i++) {
		const struct map_function *map = &entry->functions[i];
		const bool asked = named || environment_has_name(environment, &map->host);

		if (!asked && !all) {
			*array_append(request->others, request->n_others,
				      request->others_capacity) =
				(struct request_function) { .entry = entry, .map = map };
			continue;
		}
		*array_append(request->functions, request->n_functions,
			      request->functions_capacity) = (struct request_function) {
			.entry = entry,
			.map = map,
			.named = named,
			.want_group = entry->type == DEVICE_VFIO_PCI &&
				      (named || followed || entry->allow_noiommu ||
				       entry->node == MAP_NODE_AUTO),
			.want_handle = map_entry_takes(entry, VFIO_HANDLE),
			.want_identity = asked && expects_identity(entry),
		};
	}
}

/* Does a bind mount show all nodes of a directory of this machine? */
static bool shows_directory(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (path_holds_vfio_nodes(spec->mounts[i].source))
			return true;
	}
	return false;
}

static bool names_host(const struct environment *environment,
		       const struct map_entry *entry)
{
	for (size_t i = 0; i < entry->n_functions; i++) {
		if (environment_has_name(environment, &entry->functions[i].host))
			return true;
	}
	return false;
}

static void find_named(struct request *request, const struct spec *spec,
		       const struct device_map *map)
{
	for (size_t i = 0; i < spec->n_devices; i++) {
		if (request->devices[i].entry)
			request->entries[request->devices[i].entry - map->entries].named =
				true;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (request->mounts[i].entry)
			request->entries[request->mounts[i].entry - map->entries].named =
				true;
	}
}

static void request_entries(struct request *request, const struct spec *spec,
			    const struct environment *environment,
			    const struct device_map *map,
			    const struct annotation *annotation, bool all,
			    struct wanted_nodes *wanted)
{
	bool directory = shows_directory(spec);

	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];
		bool named = request->entries[i].named;

		if (map_entry_is_idle(entry))
			continue;
		request->entries[i].followed =
			directory && !named && entry->type == DEVICE_VFIO_PCI &&
			!annotation_find_container_path(
				annotation, slice_from(entry->container_path)) &&
			names_host(environment, entry);
		if (map_entry_is_vfio(entry))
			add_functions(request, entry, named, request->entries[i].followed,
				      all, environment);
		else if (entry->type == DEVICE_NODE && named)
			want_node(wanted,
				  path_is_control_node(slice_from(entry->vm_path))
					  ? REQUEST_NODE_VFIO
					  : REQUEST_NODE_FILE,
				  slice_from(entry->vm_path), &request->entries[i].node);
		for (unsigned int kind = 0; kind < VFIO_KINDS; kind++)
			request->control[kind] |=
				named && map_entry_takes(entry, (enum vfio_kind)kind);
	}
}

/* Is there a rule for one device that might be a node of VFIO's here, and that no device or
 * entry explains? */
static bool has_unexplained_rule(const struct request *request, const struct spec *spec,
				 const struct device_map *map,
				 const struct annotation *annotation)
{
	auto_device_number_set known = { 0 };

	know_done(&known, annotation);
	for (size_t i = 0; i < spec->n_devices; i++) {
		if (request->devices[i].entry)
			device_number_set_add(&known, &spec->devices[i].number);
	}
	for (size_t i = 0; i < map->n_entries; i++) {
		/* A `node` may turn out to be a block device, of which these aren't the numbers. */
		if (map->entries[i].has_host_dev && map->entries[i].type != DEVICE_NODE &&
		    (request->entries[i].named || request->entries[i].followed))
			device_number_set_add(&known, &map->entries[i].host_dev);
	}
	return has_unknown_rule(spec, &known);
}

/* A --device-map is for this container alone: it has all the devices in it. */
static int check_missing(const struct request *request, const struct spec *spec,
			 const struct device_map *map,
			 const struct annotation *annotation, struct error *err)
{
	auto_buffer missing = { 0 };

	for (size_t i = 0; i < map->n_entries && missing.length < MISSING_MAX; i++) {
		const struct map_entry *entry = &map->entries[i];
		struct slice path = slice_from(entry->container_path);
		auto_free char *quoted = NULL;

		if (request->entries[i].named || entry->source != MAP_SOURCE_OPTION ||
		    entry->type == DEVICE_VFIO_PCI_GK || map_entry_is_idle(entry) ||
		    annotation_find_container_path(annotation, path))
			continue;
		quoted = text_quote(path);
		buffer_printf(&missing, "%s%s (%s)", missing.length ? ", " : "", quoted,
			      entry->where);
	}
	if (!missing.length)
		return 0;
	return error_set(
		err, ERROR_DATA,
		"%s: missing devices in OCI spec: %s; add them to linux.devices, or remove the entries from the map",
		spec->doc.name, missing.data);
}

/* Whoever wrote an address into the annotation had a map, if it isn't there any more, or was not
 * needed again. */
static enum unmapped_policy resolve_policy(enum unmapped_policy policy,
					   const struct device_map *map,
					   const struct annotation *annotation)
{
	if (policy != UNMAPPED_AUTO)
		return policy;
	return map->exists || annotation->n_addresses ? UNMAPPED_ERROR : UNMAPPED_OWN;
}

int request_build(const struct spec *spec, const struct environment *environment,
		  const struct device_map *map, const struct annotation *annotation,
		  const struct request_policy *policy, struct request *ret,
		  struct error *err)
{
	struct wanted_nodes wanted = { 0 };
	bool own, by_address;

	ret->unmapped = resolve_policy(policy->unmapped, map, annotation);
	ret->devices = xzalloc((spec->n_devices + spec->n_mounts) * sizeof *ret->devices);
	ret->mounts = ret->devices + spec->n_devices;
	ret->entries = xzalloc(map->n_entries * sizeof *ret->entries);
	for (size_t i = 0; i < spec->n_devices; i++)
		request_device(ret, spec, i, map, annotation, policy, &wanted);
	for (size_t i = 0; i < spec->n_mounts; i++)
		request_mount(ret, spec, i, map, annotation, &wanted);
	find_named(ret, spec, map);
	request_aliases(ret, spec, map, annotation, &wanted);
	own = may_be_own(ret, &wanted);
	by_address = own && policy->by_address == BY_ADDRESS_REMAP;
	ret->match = policy->match && has_unnamed_group(ret, spec, annotation);
	ret->control[VFIO_GROUP] |= by_address || ret->match;
	/* What is given by its address, or because it is the only one, must not be another
	 * entry's guest. */
	request_entries(ret, spec, environment, map, annotation, by_address || ret->match,
			&wanted);
	add_nodes(ret, &wanted);
	if (own)
		request_own(ret, environment);
	if (ret->unmapped == UNMAPPED_ERROR || ret->unmapped == UNMAPPED_DROP)
		ret->vfio_nodes |= has_unexplained_rule(ret, spec, map, annotation);
	ret->vfio_nodes |= ret->match;
	/* What it allows is told of where the run comes as far as the maps. */
	ret->vfio_nodes |= has_wildcard_rule(spec) &&
			   request_may_need_map(spec, environment, annotation);
	if (ret->unmapped == UNMAPPED_KEEP)
		ret->vfio_nodes = ret->vfio_nodes_of_files = false;
	return check_missing(ret, spec, map, annotation, err);
}

void request_free(struct request *request)
{
	text_pool_free(&request->texts);
	free(request->nodes);
	free(request->devices);
	free(request->entries);
	free(request->functions);
	free(request->others);
	free(request->own);
	*request = (struct request) { 0 };
}
