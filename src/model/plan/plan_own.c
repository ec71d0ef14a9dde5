/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: VFIO devices and mounts that no entry names. By policy, and for this machine's
 * own spec by what its own variables say of them: a variable can make a start fail, but gives a
 * device only where the administrator has said so. */
#include "planner.h"

#include "oci-vfio-hook/number.h"
#include "oci-vfio-hook/rule_index.h"

/* A VFIO device or bind mount of the spec. */
struct claim {
	struct slice path; /* of the device, or of the mount's source */
	uint32_t json;
	bool is_mount;
	size_t index; /* into spec.devices or spec.mounts */
	bool is_vfio_path;
	/* By another path than its own: the node of this machine that has its numbers. */
	const struct vfio_node *disguised;
	const struct inventory_node *found;
	bool is_own; /* by path, type and numbers */
	/* What the spec's variables say: the function whose node it is. */
	const struct env_variable *variable;
	const struct pci_address *address;
	const struct inventory_own *function;
	bool has_vfio_key; /* said in a value that has a key "vfio" */
	bool contradicts;  /* two variables name functions of different groups */
};

struct claims {
	struct claim *items;
	size_t count, capacity;
	bool has_pairs;	 /* a variable pairs some address with some path */
	bool allows_all; /* the spec's rules do */
	bool is_pod;	 /* a CRI engine made the spec */
};

bool plan_allows_all(const struct spec *spec)
{
	auto_rule_index index = { 0 };
	const struct spec_rule *rule;

	if (spec->n_rules == 0)
		return true;
	rule_index_build(spec->rules, spec->n_rules, RULE_INDEX_ALL,
			 ACCESS_READ | ACCESS_WRITE, &index);
	rule = rule_index_find_all(&index);
	return rule && rule->allow;
}

static const struct vfio_node *find_disguised(const struct planner *planner,
					      const struct device_number *number)
{
	return inventory_find_vfio_node(planner->in->inventory, number);
}

static void claim_devices(struct planner *planner, struct claims *claims)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_devices; i++) {
		const struct spec_device *device = &spec->devices[i];
		struct claim claim = { .path = device->path,
				       .json = json_member(&spec->doc, device->json,
							   SPEC_DEVICE_PATH),
				       .index = i,
				       .is_vfio_path = path_is_vfio_node(device->path) };

		if (planner->device_entries[i] || path_is_control_node(device->path) ||
		    device_is_done(planner->in->annotation, device))
			continue;
		if (!claim.is_vfio_path && device->number.type == 'c' &&
		    device->has_numbers)
			claim.disguised = find_disguised(planner, &device->number);
		if (!claim.is_vfio_path && !claim.disguised)
			continue;
		claim.found =
			plan_find_node(planner, planner->in->request->devices[i].node);
		claim.is_own = claim.is_vfio_path && plan_device_is_own(planner, i);
		*array_append(claims->items, claims->count, claims->capacity) = claim;
	}
}

/* A noiommu group may be shown without that word. */
static bool shows_as_itself(const struct spec_mount *mount)
{
	const struct slice prefix = SLICE("/dev/vfio/noiommu-");
	struct slice name;

	if (slice_equal(mount->source, mount->destination) ||
	    !path_is_vfio_node(mount->destination))
		return true;
	if (!slice_starts(mount->source, prefix))
		return false;
	name = slice_from_to(mount->source, prefix.length, mount->source.length);
	return slice_ends(mount->destination, name) &&
	       mount->destination.length == strlen("/dev/vfio/") + name.length;
}

static void claim_mounts(struct planner *planner, struct claims *claims)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *mount = &spec->mounts[i];
		struct claim claim = { .path = mount->source,
				       .json = mount->json,
				       .is_mount = true,
				       .index = i,
				       .is_vfio_path = path_is_vfio_node(mount->source) };

		if (planner->mount_entries[i] || path_is_control_node(mount->source) ||
		    mount_is_done(planner->in->annotation, mount))
			continue;
		claim.found =
			plan_find_node(planner, planner->in->request->mounts[i].node);
		if (!claim.is_vfio_path && claim.found && !claim.found->absent)
			claim.disguised = find_disguised(planner, &claim.found->number);
		if (!claim.is_vfio_path && !claim.disguised)
			continue;
		claim.is_own = claim.is_vfio_path && claim.found &&
			       !claim.found->absent && shows_as_itself(mount);
		*array_append(claims->items, claims->count, claims->capacity) = claim;
	}
}

/* ---- what the spec's variables say */

/* Of several addresses for one node, one that isn't here tells most, and then VFIO's. */
static int rank(const struct inventory_own *function)
{
	return !function ? 0 : !function->exists ? 3 : function->vfio ? 2 : 1;
}

/* The address says whose node the claim is; another group than an earlier one is a
 * contradiction. */
static void pair(struct planner *planner, struct claim *claim,
		 const struct env_variable *variable, const struct pci_address *address,
		 bool has_vfio_key)
{
	const struct inventory_own *function =
		inventory_find_own(planner->in->inventory, planner->in->request, address);

	if (!function)
		return;
	claim->has_vfio_key |= has_vfio_key;
	if (claim->function && claim->function->vfio && function->vfio)
		claim->contradicts |= claim->function->group != function->group;
	if (rank(function) <= rank(claim->function))
		return;
	claim->variable = variable;
	claim->address = address;
	claim->function = function;
}

static bool has_vfio_key(const struct json *doc, uint32_t value)
{
	for (uint32_t json = json_child(doc, value); json; json = json_next(doc, json)) {
		if (json_type(doc, json) == JSON_KEY &&
		    slice_equal(json_raw(doc, json), SLICE("\"vfio\"")))
			return true;
	}
	return false;
}

/* The paths that stand in the value of one address, a key of the variable's object. */
static void pair_value(struct planner *planner, struct claims *claims,
		       const struct slice_index *paths,
		       const struct env_variable *variable, size_t key)
{
	const struct env_reference *references = variable->references;
	const struct json *doc = &variable->inner;
	uint32_t value = json_next(doc, references[key].json);
	bool has_key = json_type(doc, value) == JSON_OBJECT && has_vfio_key(doc, value);

	for (size_t i = key + 1; i < variable->n_references; i++) {
		const struct slice_place *places;
		size_t count;

		if (!json_is_inside(doc, references[i].json, value))
			break;
		if (references[i].kind != ENV_PATH)
			continue;
		claims->has_pairs = true;
		places = slice_index_find(paths, slice_from(references[i].path), &count);
		for (size_t k = 0; k < count; k++)
			pair(planner, &claims->items[places[k].place], variable,
			     &references[key].address, has_key);
	}
}

static void find_pairs(struct planner *planner, struct claims *claims)
{
	const struct environment *environment = planner->in->environment;
	auto_slice_index paths = { 0 };

	for (size_t i = 0; i < claims->count; i++) {
		/* Which of several with one path is meant makes no difference. */
		if (claims->items[i].is_vfio_path)
			slice_index_add(&paths, claims->items[i].path, i);
	}
	slice_index_sort(&paths);
	for (size_t i = 0; i < environment->count; i++) {
		const struct env_variable *variable = &environment->variables[i];

		for (size_t k = 0; k < variable->n_references && !variable->done; k++) {
			if (variable->references[k].kind == ENV_ADDRESS_KEY)
				pair_value(planner, claims, &paths, variable, k);
		}
	}
}

/* Do all VFIO-bound functions that the variables name have one group? Then a single node is
 * theirs. */
static void pair_single(struct planner *planner, struct claim *claim)
{
	const struct request *request = planner->in->request;
	const struct inventory *inventory = planner->in->inventory;
	const struct inventory_own *found = NULL;
	size_t at = 0;

	for (size_t i = 0; i < request->n_own; i++) {
		if (!inventory->own[i].vfio || !inventory->own[i].has_group)
			continue;
		if (found && found->group != inventory->own[i].group)
			return;
		found = &inventory->own[i];
		at = i;
	}
	if (!found)
		return;
	claim->address = &request->own[at];
	claim->function = found;
}

static bool is_host_of_entry(const struct planner *planner,
			     const struct pci_address *address)
{
	for (size_t i = 0; i < planner->in->request->n_functions; i++) {
		if (pci_address_equal(&planner->in->request->functions[i].map->host,
				      address))
			return true;
	}
	return false;
}

static bool is_guest_of_entry(const struct planner *planner,
			      const struct pci_address *address)
{
	const struct inventory *inventory = planner->in->inventory;

	for (size_t i = 0; i < inventory->n_functions; i++) {
		if (!inventory->functions[i].absent &&
		    pci_address_equal(&inventory->functions[i].address, address))
			return true;
	}
	return false;
}

/* ---- refusals */

static char *group_text(uint32_t group)
{
	return text_number("/dev/vfio/", group, "");
}

/* "process.env[2] pairs 0000:89:05.2 with it" */
static char *describe_pair(const struct claim *claim)
{
	char address[PCI_ADDRESS_SIZE];

	pci_address_format(claim->address, address);
	if (!claim->variable)
		return xasprintf("the spec's variables name %s", address);
	return xasprintf("process.env[%zu] pairs %s with it",
			 claim->variable->source->index, address);
}

static int refuse_foreign(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path), *said = describe_pair(claim);

	return json_error(
		planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc, claim->json,
		"%s: %s, which this machine doesn't have: the spec is another machine's; write a device map for it",
		path, said);
}

/* The address' function is in another group today than the one that the spec names. */
static int refuse_address(struct planner *planner, const struct claim *claim,
			  const char *why)
{
	auto_free char *path = text_quote(claim->path), *said = describe_pair(claim);
	auto_free char *group = group_text(claim->function->group);
	auto_free char *remap =
		remedy_setting(planner->in->remedies, "by-address", "remap");
	char address[PCI_ADDRESS_SIZE];

	pci_address_format(claim->address, address);
	return json_error(
		planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc, claim->json,
		"%s: %s, whose node is %s today; %s%s%s, or write a device map entry with \"container_path\": %s and \"options\": [\"%s=%s\"]",
		path, said, group, why ? why : "set ", why ? "" : remap,
		why ? "" : " to have that one", path, address, address);
}

static int refuse_unmapped(struct planner *planner, const struct claim *claim)
{
	const struct json *doc = &planner->in->spec->doc;
	auto_free char *path = text_quote(claim->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");
	auto_free char *own = remedy_setting(planner->in->remedies, "unmapped", "own");

	if (claim->is_own && planner->in->map->exists)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, claim->json,
			"no map entry names the VFIO device %s, which is this machine's own; if this machine's engine means it, set %s, else add an entry to a device map",
			path, own);
	return json_error(
		planner->err, ERROR_UNAVAILABLE, doc, claim->json,
		"no map entry names the VFIO device %s; add one to a device map, or keep the device as it is with %s",
		path, keep);
}

static int refuse_disguised(struct planner *planner, const struct claim *claim)
{
	auto_free char *path = text_quote(claim->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");

	return json_error(
		planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc, claim->json,
		"%s has the numbers of %s, a VFIO node of this machine, under another path; name it by its own path, or keep it as it is with %s",
		path, claim->disguised->path, keep);
}

static int refuse_not_own(struct planner *planner, const struct claim *claim)
{
	const struct json *doc = &planner->in->spec->doc;
	auto_free char *path = text_quote(claim->path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");

	if (claim->found && !claim->found->absent && claim->is_mount)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, claim->json,
			"it shows this machine's %s under another VFIO node's path; write a device map, or keep it with %s",
			path, keep);
	if (claim->found && !claim->found->absent)
		return json_error(
			planner->err, ERROR_UNAVAILABLE, doc, claim->json,
			"the VFIO device %s is %s on this machine, the spec says otherwise, and no map entry names it; write one, or keep the device with %s",
			path, DEVICE_NUMBER_TEXT(&claim->found->number), keep);
	return json_error(
		planner->err, ERROR_UNAVAILABLE, doc, claim->json,
		"the VFIO device %s is not one of this machine (%s), and no map entry names it; write one, or keep the device with %s",
		path, claim->found ? claim->found->absent : "it was not found", keep);
}

/* ---- what becomes of a claim */

static void drop(struct planner *planner, const struct claim *claim, const char *why)
{
	auto_free char *path = text_quote(claim->path);

	if (claim->is_mount)
		planner->mount_dropped[claim->index] = true;
	else
		planner->device_dropped[claim->index] = true;
	planner->removes = true;
	messages_add(planner->messages, MESSAGE_WARNING, "%s is removed: %s", path, why);
}

/* CRI engines always add such annotations; a container's author can't take them away. */
static bool is_pod(const struct spec *spec)
{
	return spec_has_annotation_prefix(spec, SLICE("io.kubernetes.cri"));
}

/* Why the group's node of today may not be given by its address, or NULL. */
static const char *find_objection(const struct planner *planner,
				  const struct claims *claims, const struct claim *claim)
{
	const struct spec *spec = planner->in->spec;
	const struct inventory_node *number = NULL;

	if (!claim->variable && claim->is_mount)
		return "a mount is given by its address only where a variable pairs them; name the node of today";
	if (planner->in->by_address == BY_ADDRESS_REMAP ? claims->is_pod : is_pod(spec))
		return "a pod's variables are its author's, and give no device; have the pod made again";
	if (!claim->is_mount) {
		number = plan_find_node(
			planner, planner->in->request->devices[claim->index].number);
		if (spec->devices[claim->index].number.type != 'c' ||
		    (number && !number->absent))
			return "the spec's device is not a VFIO device; correct the spec";
	}
	if (is_guest_of_entry(planner, claim->address))
		return "a map entry has this function for another device; correct one of them";
	return NULL;
}

/* The group's node of today takes the place of the spec's. */
static int remap(struct planner *planner, const struct claim *claim)
{
	const struct inventory_group *group =
		inventory_find_group(planner->in->inventory, claim->function->group);
	auto_free char *said = describe_pair(claim);
	struct resolved_node *node;

	if (!group || !group->has_node || group->n_offenders) {
		auto_free char *offenders = group ? plan_describe_offenders(group) : NULL;

		return json_error(planner->err, ERROR_UNAVAILABLE,
				  &planner->in->spec->doc, claim->json,
				  "%s, but IOMMU group %u is not usable: %s", said,
				  claim->function->group,
				  offenders ? offenders : "it has no node in /dev/vfio");
	}
	node = xzalloc(sizeof *node);
	*array_append(planner->own, planner->n_own, planner->own_capacity) = node;
	node->path = group_text(group->number);
	node->final_path = xstrdup(node->path);
	node->number = group->node;
	node->group = group->number;
	if (planner->plan->explain)
		node->why = xasprintf("by address: %s, in IOMMU group %u", said,
				      group->number);
	if (claim->is_mount)
		planner->mount_nodes[claim->index] = node;
	else
		planner->device_nodes[claim->index] = node;
	return 0;
}

/* The group that a node is of, by its path; false: a handle, or another number. */
static bool read_group(struct slice path, uint32_t *ret)
{
	static const struct slice prefixes[] = { { "/dev/vfio/noiommu-", 18 },
						 { "/dev/vfio/", 10 } };
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (slice_starts(path, prefixes[i]) &&
		    number_parse(slice_from_to(path, prefixes[i].length, path.length), 10,
				 10, UINT32_MAX, &number) == 0) {
			*ret = (uint32_t)number;
			return true;
		}
	}
	return false;
}

/* A claim whose function is here: is the node that function's? */
static int judge_paired(struct planner *planner, const struct claims *claims,
			const struct claim *claim)
{
	const char *objection;
	uint32_t group;

	if (claim->contradicts)
		return refuse_address(
			planner, claim,
			"other variables name functions of other groups for it; correct them");
	if (claim->is_own && read_group(claim->path, &group) &&
	    group == claim->function->group) {
		planner->vfio_stays = true;
		return 0;
	}
	/* What would stand in the way is said at once, not when its remedy was followed. */
	objection = find_objection(planner, claims, claim);
	if (planner->in->by_address != BY_ADDRESS_REMAP || objection)
		return refuse_address(planner, claim, objection);
	return remap(planner, claim);
}

static int judge(struct planner *planner, const struct claims *claims,
		 const struct claim *claim)
{
	const struct inventory_own *function = claim->function;

	if (claim->disguised)
		return refuse_disguised(planner, claim);
	if (function && !function->exists && !is_host_of_entry(planner, claim->address))
		return refuse_foreign(planner, claim);
	if (function && function->vfio && function->has_group)
		return judge_paired(planner, claims, claim);
	if (function && function->exists && claim->has_vfio_key &&
	    planner->in->by_address == BY_ADDRESS_REMAP)
		return refuse_address(
			planner, claim,
			"it isn't bound to a VFIO driver; bind it (driverctl)");
	if (claim->is_own) {
		planner->vfio_stays = true;
		return 0;
	}
	if (!claims->has_pairs && planner->in->spec->n_rules > 0 && claims->allows_all) {
		drop(planner, claim,
		     "it is not this machine's, and the list of a privileged container is the machine's of some day");
		return 0;
	}
	return refuse_not_own(planner, claim);
}

static int compare_groups(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The groups of the nodes that the container gets, sorted. Returns how many. */
static size_t list_groups(const struct planner *planner, const struct claims *claims,
			  uint32_t *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];
		const struct resolved_node *node =
			claim->is_mount ? planner->mount_nodes[claim->index]
					: planner->device_nodes[claim->index];

		if (node)
			ret[count++] = node->group;
		else if (claim->is_own && read_group(claim->path, &ret[count]))
			count++;
	}
	qsort(ret, count, sizeof *ret, compare_groups);
	return count;
}

/* The functions that the variables name must be those whose nodes the spec has; and where none
 * of them is VFIO's here, one that isn't here makes the spec another machine's. */
static int check_groups(struct planner *planner, const struct claims *claims)
{
	const struct request *request = planner->in->request;
	auto_free uint32_t *groups = xzalloc(claims->count * sizeof *groups);
	size_t count = list_groups(planner, claims, groups), absent = request->n_own;
	struct claim claim = claims->items[0];
	bool any_vfio = false;

	claim.variable = NULL;
	for (size_t i = 0; i < request->n_own; i++) {
		const struct inventory_own *own = &planner->in->inventory->own[i];

		any_vfio |= own->vfio;
		if (!own->exists && !is_host_of_entry(planner, &request->own[i]))
			absent = i;
		if (!own->vfio || !own->has_group || claims->has_pairs ||
		    bsearch(&own->group, groups, count, sizeof *groups, compare_groups))
			continue;
		claim.address = &request->own[i];
		claim.function = own;
		return refuse_address(planner, &claim,
				      "the spec has no node of that group; correct it");
	}
	if (any_vfio || absent == request->n_own)
		return 0;
	claim.address = &request->own[absent];
	return refuse_foreign(planner, &claim);
}

/* How many different VFIO nodes does the spec have? */
static bool is_single(const struct claims *claims)
{
	for (size_t i = 1; i < claims->count; i++) {
		if (!slice_equal(claims->items[i].path, claims->items[0].path))
			return false;
	}
	return claims->count > 0;
}

static int judge_own(struct planner *planner, struct claims *claims)
{
	int r = 0;

	claims->allows_all = plan_allows_all(planner->in->spec);
	claims->is_pod =
		planner->in->by_address == BY_ADDRESS_REMAP &&
		spec_has_annotation_prefix(planner->in->spec, SLICE("io.kubernetes.cri"));
	find_pairs(planner, claims);
	if (is_single(claims) && !claims->items[0].disguised) {
		for (size_t i = 0; i < claims->count; i++) {
			if (!claims->items[i].function)
				pair_single(planner, &claims->items[i]);
		}
	}
	for (size_t i = 0; i < claims->count && r == 0; i++)
		r = judge(planner, claims, &claims->items[i]);
	return r < 0 ? r : check_groups(planner, claims);
}

static int drop_all(struct planner *planner, const struct claims *claims)
{
	bool allows_all = plan_allows_all(planner->in->spec);
	int r = 0;

	for (size_t i = 0; i < claims->count && r == 0; i++) {
		if (allows_all)
			drop(planner, &claims->items[i],
			     "no map entry names it, and all devices are allowed");
		else if (claims->items[i].disguised)
			r = refuse_disguised(planner, &claims->items[i]);
		else
			r = refuse_unmapped(planner, &claims->items[i]);
	}
	return r;
}

static void keep_all(struct planner *planner, const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		planner->vfio_stays |= claims->items[i].is_vfio_path;
}

int plan_own(struct planner *planner)
{
	struct claims claims = { 0 };
	int r = 0;

	claim_devices(planner, &claims);
	claim_mounts(planner, &claims);
	switch (planner->in->request->unmapped) {
	case UNMAPPED_KEEP:
		keep_all(planner, &claims);
		break;
	case UNMAPPED_DROP:
		r = drop_all(planner, &claims);
		break;
	case UNMAPPED_OWN:
		if (claims.count)
			r = judge_own(planner, &claims);
		break;
	case UNMAPPED_AUTO:
	case UNMAPPED_ERROR:
		if (claims.count)
			r = claims.items[0].disguised
				    ? refuse_disguised(planner, &claims.items[0])
				    : refuse_unmapped(planner, &claims.items[0]);
		break;
	}
	free(claims.items);
	return r;
}
