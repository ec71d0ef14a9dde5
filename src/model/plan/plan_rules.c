/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: linux.resources.devices, the rules of the device cgroup. Rule 2: which rules
 * follow their devices, and which are added. */
#include "planner.h"

#include "rule_moves.h"
#include "stale_rules.h"

#include "oci-vfio-hook/rule_index.h"

/* Rules to add at the end. */
struct added_rules {
	struct spec_rule *items;
	const char **why; /* of each, or, where nobody asks, of the first */
	bool explain;
	size_t count, capacity, why_capacity;
};

struct rules {
	struct planner *planner;
	struct rule_moves moves;
	struct device_number_set
		kept; /* of what the container has afterwards, or may have */
	struct stale_rules stale;
	struct added_rules added;
};

static void push_rule(struct added_rules *added, const struct device_number *number,
		      struct slice access, const char *why)
{
	size_t count = added->count;

	*array_append(added->items, added->count, added->capacity) =
		(struct spec_rule) { .allow = true,
				     .type = number->type,
				     .major = number->major,
				     .minor = number->minor,
				     .access = access };
	if (added->explain || count == 0)
		*array_append(added->why, count, added->why_capacity) = why;
}

static const char *why_of(const struct planned_device *device)
{
	const char *why = planned_why(device->why, device->to);

	return why || device->to ? why : "the control node /dev/vfio/vfio";
}

static void format_rule(const struct spec_rule *rule, struct buffer *ret)
{
	buffer_add(ret, SLICE("{\"allow\":true,\"type\":"));
	json_quote(ret, (struct slice) { &rule->type, 1 });
	buffer_add(ret, SLICE(",\"major\":"));
	buffer_add_number(ret, (uint64_t)rule->major);
	buffer_add(ret, SLICE(",\"minor\":"));
	buffer_add_number(ret, (uint64_t)rule->minor);
	buffer_add(ret, SLICE(",\"access\":"));
	json_quote(ret, rule->access);
	buffer_add(ret, SLICE("}"));
}

static void replace_rule(struct planner *planner, struct spec_rule *rule,
			 const struct device_number *to, const char *why)
{
	enum { TYPE, MAJOR, MINOR, MEMBERS };
	const struct slice keys[MEMBERS] = { SLICE("type"), SLICE("major"),
					     SLICE("minor") };
	const struct json *doc = &planner->in->spec->doc;
	struct json_place places[MEMBERS] = { 0 };
	char digits[NUMBER_DIGITS];

	if (rule->type == to->type && rule->major == to->major &&
	    rule->minor == to->minor)
		return;
	json_find_members(doc->text, json_span(doc, rule->json)->start, keys, MEMBERS,
			  places);
	if (rule->type != to->type)
		plan_set_at(planner->plan, PLAN_RULE, doc, rule->json, "type",
			    &places[TYPE],
			    to->type == 'c' ? SLICE("\"c\"") : SLICE("\"b\""), why);
	if (rule->major != to->major)
		plan_set_at(planner->plan, PLAN_RULE, doc, rule->json, "major",
			    &places[MAJOR], number_format(to->major, digits), why);
	if (rule->minor != to->minor)
		plan_set_at(planner->plan, PLAN_RULE, doc, rule->json, "minor",
			    &places[MINOR], number_format(to->minor, digits), why);
	rule->type = to->type;
	rule->major = to->major;
	rule->minor = to->minor;
}

/* For live mode: what it would not know by the nodes. */
static void note_number(struct plan *plan, const struct spec_rule *rule,
			const struct device_number *to)
{
	struct plan_number *number =
		array_append(plan->numbers, plan->n_numbers, plan->numbers_capacity);

	number->old = (struct device_number) { rule->type, (uint32_t)rule->major,
					       (uint32_t)rule->minor };
	if (rule->type == 'a')
		number->old.type = 'c';
	number->has_new = to != NULL;
	if (to)
		number->number = *to;
}

/* Adds it to the rules as they are afterwards. */
static void keep_rule(struct planner *planner, const struct spec_rule *rule)
{
	const struct spec_rule *before = planner->in->spec->rules;
	struct plan_result *result = &planner->plan->result;

	if (!result->changed_rules && result->n_rules < planner->in->spec->n_rules &&
	    rule == &before[result->n_rules]) {
		result->rules = before;
		result->n_rules++;
		return;
	}
	if (!result->changed_rules) {
		array_enlarge(&result->changed_rules, &result->rules_capacity,
			      result->n_rules + 1, sizeof *rule);
		for (size_t i = 0; i < result->n_rules; i++)
			result->changed_rules[i] = before[i];
	}
	*array_append(result->changed_rules, result->n_rules, result->rules_capacity) =
		*rule;
	result->rules = result->changed_rules;
}

/* The devices with the rule's numbers get others here, or go. */
static int move_rule(struct rules *rules, const struct spec_rule *before,
		     struct rule_move *move)
{
	const struct device_number *targets;
	struct planner *planner = rules->planner;
	struct spec_rule after = *before;
	unsigned int access = rule_access(before);

	if (move->count > 1 && !before->allow)
		return json_error(
			planner->err, ERROR_DATA, &planner->in->spec->doc, before->json,
			"this rule denies a device number that several devices have, which get different numbers here; remove the rule");
	if (move->count == 0) {
		if (before->allow)
			plan_remove(planner->plan, PLAN_GUEST_KERNEL,
				    &planner->in->spec->doc,
				    planner->in->spec->rules_json, before->json,
				    move->why);
		else
			keep_rule(planner, before);
		return 0;
	}
	targets = rules->moves.numbers + move->first;
	/* Once for each way of access: rules may be many that say the same. */
	for (size_t i = 1; i < move->count && !(move->added & 1U << access); i++)
		push_rule(&rules->added, &targets[i], before->access, move->why);
	for (size_t i = 0;
	     i < move->count && !move->has_device && !(move->added & 1U << access); i++)
		note_number(planner->plan, before, &targets[i]);
	move->added |= (uint8_t)(1U << access);
	for (size_t i = 0; i < move->count && move->followed; i++)
		annotation_add_rule(&planner->plan->annotation, &targets[i]);
	replace_rule(planner, &after, &targets[0], move->why);
	keep_rule(planner, &after);
	return 0;
}

/* The host's rule for a number that is another tenant's node here. */
static bool is_foreign(const struct rules *rules, const struct spec_rule *rule,
		       const struct vfio_node **ret)
{
	const struct plan_input *in = rules->planner->in;
	struct device_number number = { 'c', (uint32_t)rule->major,
					(uint32_t)rule->minor };

	if ((in->request->unmapped != UNMAPPED_ERROR &&
	     in->request->unmapped != UNMAPPED_DROP) ||
	    !rule->allow || rule->type == 'b' || rule->major < 0 || rule->minor < 0)
		return false;
	*ret = inventory_find_vfio_node(in->inventory, &number);
	return *ret && !device_number_set_has(&rules->kept, &number);
}

static void remove_foreign(struct rules *rules, const struct spec_rule *rule,
			   const struct vfio_node *node)
{
	struct planner *planner = rules->planner;

	note_number(planner->plan, rule, NULL);
	plan_remove(planner->plan, PLAN_RULE, &planner->in->spec->doc,
		    planner->in->spec->rules_json, rule->json,
		    "these numbers are the host's, and another device's here");
	messages_add(
		planner->messages, MESSAGE_WARNING,
		"linux.resources.devices[%u]: this rule is removed: it would allow %s, a VFIO node of this machine that the container doesn't have",
		json_span(&planner->in->spec->doc, rule->json)->position, node->path);
}

static int translate_rules(struct rules *rules)
{
	const struct spec *spec = rules->planner->in->spec;

	for (size_t i = 0; i < spec->n_rules; i++) {
		const struct spec_rule *rule = &spec->rules[i];
		struct rule_move *move = rule_moves_find(&rules->moves, rule);
		const struct vfio_node *node;
		int r = 0;

		if (move)
			r = move_rule(rules, rule, move);
		else if (is_foreign(rules, rule, &node))
			remove_foreign(rules, rule, node);
		else {
			stale_rules_warn(&rules->stale, rule, &rules->moves,
					 &rules->kept);
			keep_rule(rules->planner, rule);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- what has to be allowed besides */

static bool needs_rule(const struct planned_device *device)
{
	const struct spec_device after = planned_device_after(device);

	return device->action != DEVICE_REMOVED && after.has_numbers &&
	       after.number.type != 'p';
}

static bool is_affected(const struct planned_device *device)
{
	return device->action != DEVICE_STAYS && device->action != DEVICE_REMOVED;
}

/* A rule once for each number, in the order of the devices. */
static void allow_once(struct rules *rules, struct device_number_set *allowed,
		       const struct device_number *number, const char *why)
{
	if (device_number_set_add(allowed, number))
		push_rule(&rules->added, number, SLICE("rwm"), why);
}

/* Nodes that are bound from below /dev, which with the first rule need one as well. */
static void allow_mounts(struct rules *rules, struct device_number_set *allowed)
{
	struct planner *planner = rules->planner;
	const char *why = "with the first rule, what no rule allows is denied";

	for (size_t i = 0; i < planner->n_mounts; i++) {
		const struct planned_mount *mount = &planner->mounts[i];
		const struct slice source = planned_mount_source(mount);
		const struct inventory_node *found = NULL;
		enum vfio_kind kind;

		if (mount->action == DEVICE_REMOVED)
			continue;
		if (node_given(mount->to)) {
			allow_once(rules, allowed, &mount->to->number, mount->to->why);
			continue;
		}
		if (path_find_control_node(source, &kind)) {
			if (planner->in->inventory->control[kind].exists)
				allow_once(rules, allowed,
					   &planner->in->inventory->control[kind].number,
					   why);
			continue;
		}
		found = plan_find_node(
			planner,
			planner->in->request
				->mounts[mount->before - planner->in->spec->mounts]
				.node);
		if (found && !found->absent)
			allow_once(rules, allowed, &found->number, why);
		else if (path_holds_vfio_nodes(source) || (found && found->is_directory))
			messages_add(
				planner->messages, MESSAGE_WARNING,
				"mounts[%u]: the rules that this container gets don't allow what is in it",
				json_span(&planner->in->spec->doc, mount->before->json)
					->position);
	}
}

/* crun filters nothing on an empty list but denies by default from the first rule on:
 * then each device needs a rule, once for devices with the same numbers. */
static void allow_all(struct rules *rules)
{
	struct planner *planner = rules->planner;
	auto_device_number_set allowed = { 0 };

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];
		const struct spec_device after = planned_device_after(device);

		if (needs_rule(device))
			allow_once(
				rules, &allowed, &after.number,
				device->action == DEVICE_STAYS
					? "with the first rule, what no rule allows is denied"
					: why_of(device));
	}
	allow_mounts(rules, &allowed);
}

static bool affects_any(const struct planner *planner)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		if (is_affected(&planner->devices[i]))
			return true;
	}
	return false;
}

/* The numbers that affected devices have and had: those whose rules are asked for. */
static void list_affected(const struct planner *planner, struct device_number_set *ret)
{
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];
		const struct spec_device after = planned_device_after(device);

		if (!is_affected(device))
			continue;
		device_number_set_add(ret, &after.number);
		if (device->place)
			device_number_set_add(ret, &device->place->number);
	}
}

/* Fewer are indexed whole, sooner than it is found out which of them are asked for. */
#define MANY_RULES 64

/* Decides which rules are added: one for each planned device that no rule allows yet. */
static void allow_devices(struct rules *rules)
{
	struct planner *planner = rules->planner;
	const struct spec *spec = planner->in->spec;
	auto_rule_index own = { 0 }, said = { 0 }, added = { 0 };
	auto_device_number_set affected = { 0 }, allowed = { 0 };
	const struct device_number_set *only = NULL;

	if (!affects_any(planner))
		return;
	if (spec->n_rules == 0) {
		allow_all(rules);
		return;
	}
	if (spec->n_rules > MANY_RULES) {
		list_affected(planner, &affected);
		only = &affected;
	}
	rule_index_build(spec->rules, spec->n_rules, RULE_INDEX_ALLOWS, 0, only, &own);
	rule_index_build(planner->plan->result.rules, planner->plan->result.n_rules,
			 RULE_INDEX_ALL, ACCESS_READ | ACCESS_WRITE, only, &said);
	/* Those that came so far; they are not moved by what comes now. */
	rule_index_build(rules->added.items, rules->added.count, RULE_INDEX_ALL,
			 ACCESS_READ | ACCESS_WRITE, only, &added);
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];
		const struct spec_device after = planned_device_after(device);
		const struct spec_device *before = device->place;
		const struct device_number *number = &after.number;
		const struct spec_rule *rule;

		if (!is_affected(device) || !needs_rule(device) ||
		    (before && before->has_numbers &&
		     rule_index_find_exact(&own, &before->number)))
			continue;
		rule = rule_index_find(&added, number);
		if (!rule)
			rule = rule_index_find(&said, number);
		if (!rule || !rule->allow)
			allow_once(rules, &allowed, number, why_of(device));
	}
}

/* A node that the container sees in a directory: no rule is added, but what is missing is told
 * of. */
static void check_followed_node(struct rules *rules, const struct resolved_node *node,
				const struct map_entry *entry,
				const struct rule_index *said,
				const struct rule_index *added)
{
	const struct spec_rule *rule = rule_index_find(added, &node->number);

	if (!rule)
		rule = rule_index_find(said, &node->number);
	if (rule && rule->allow)
		return;
	messages_add(
		rules->planner->messages, MESSAGE_WARNING,
		"no rule allows %s (%s), which the container sees in the directory of VFIO nodes that is mounted; add \"host_dev\" to %s if a rule of the spec is meant for it",
		node->path, DEVICE_NUMBER_TEXT(&node->number), entry->where);
}

static bool follows_any(const struct planner *planner)
{
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		if (planner->resolved[i].n_nodes && !planner->resolved[i].named)
			return true;
	}
	return false;
}

static void check_followed(struct rules *rules)
{
	struct planner *planner = rules->planner;
	struct plan_result *result = &planner->plan->result;
	auto_rule_index said = { 0 }, added = { 0 };

	if (result->n_rules + rules->added.count == 0 || !follows_any(planner))
		return;
	rule_index_build(result->rules, result->n_rules, RULE_INDEX_ALL,
			 ACCESS_READ | ACCESS_WRITE, NULL, &said);
	rule_index_build(rules->added.items, rules->added.count, RULE_INDEX_ALL,
			 ACCESS_READ | ACCESS_WRITE, NULL, &added);
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		const struct resolved *resolved = &planner->resolved[i];

		for (size_t k = 0; k < resolved->n_nodes && !resolved->named; k++)
			check_followed_node(rules, resolved->nodes[k],
					    &planner->in->map->entries[i], &said, &added);
	}
}

/* ---- the changes */

/* The list isn't there: it comes as one value, in the nearest parent that is. */
static void emit_list(struct planner *planner, const struct added_rules *added)
{
	const struct spec *spec = planner->in->spec;
	auto_buffer text = { 0 };

	if (!spec->resources_json)
		buffer_add(&text, SLICE("{\"devices\":"));
	buffer_add(&text, SLICE("["));
	for (size_t i = 0; i < added->count; i++) {
		buffer_add(&text, i ? SLICE(",") : SLICE(""));
		format_rule(&added->items[i], &text);
	}
	buffer_add(&text, SLICE("]"));
	if (spec->resources_json) {
		plan_set_member(planner->plan, PLAN_RULE, &spec->doc,
				spec->resources_json, SPEC_RESOURCES_DEVICES, "devices",
				buffer_slice(&text), added->why[0]);
		return;
	}
	buffer_add(&text, SLICE("}"));
	plan_set_member(planner->plan, PLAN_RULE, &spec->doc, spec->linux_json,
			SPEC_LINUX_RESOURCES, "resources", buffer_slice(&text),
			added->why[0]);
}

static void emit_added(struct planner *planner, const struct added_rules *added)
{
	const struct spec *spec = planner->in->spec;
	const size_t kept = planner->plan->result.n_rules;

	if (added->count && !spec->rules_json)
		emit_list(planner, added);
	for (size_t i = 0; i < added->count && spec->rules_json; i++) {
		auto_buffer text = { 0 };

		format_rule(&added->items[i], &text);
		plan_append(planner->plan, PLAN_RULE, &spec->doc, spec->rules_json,
			    kept + i, buffer_slice(&text),
			    added->why[added->explain ? i : 0]);
	}
	/* They may be many, and only who verifies the text needs them. */
	for (size_t i = 0; i < added->count && planner->in->result; i++)
		keep_rule(planner, &added->items[i]);
	if (spec->n_rules && kept + added->count == 0) {
		plan_append(planner->plan, PLAN_GUEST_KERNEL, &spec->doc,
			    spec->rules_json, 0,
			    SLICE("{\"allow\":false,\"access\":\"rwm\"}"),
			    "an empty list would allow everything");
		keep_rule(planner, &(struct spec_rule) { .type = 'a',
							 .major = RULE_ANY,
							 .minor = RULE_ANY,
							 .access = SLICE("rwm") });
	}
}

/* Else there is nothing that could follow a device. */
static bool names_numbers(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_rules; i++) {
		if (spec->rules[i].major >= 0)
			return true;
	}
	return false;
}

int plan_rules(struct planner *planner)
{
	struct rules rules = { .planner = planner,
			       .added.explain = planner->plan->explain };
	int r;

	if (names_numbers(planner->in->spec))
		rule_moves_build(planner, &rules.moves);
	rule_moves_list_kept(planner, &rules.kept);
	stale_rules_build(planner, &rules.stale);
	r = translate_rules(&rules);
	if (r == 0) {
		allow_devices(&rules);
		check_followed(&rules);
	}
	rule_moves_free(&rules.moves);
	stale_rules_free(&rules.stale);
	device_number_set_free(&rules.kept);
	/* They may be many, as what is added may be, and are no longer asked for. */
	free(take_ptr(planner->devices));
	planner->n_devices = 0;
	if (r == 0)
		emit_added(planner, &rules.added);
	free(rules.added.items);
	free(rules.added.why);
	return r;
}
