/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: linux.resources.devices, the rules of the device cgroup. Rule 2. */
#include "planner.h"

/* The distinct numbers that the devices with one old number have afterwards. */
struct targets {
	struct device_number *items;
	size_t count, capacity;
	bool affected; /* one of the devices changes or goes */
	bool keeps;    /* one of them keeps the number */
	const char *why;
};

static bool is_exact(const struct spec_rule *rule)
{
	return rule->type != 'a' && rule->major >= 0 && rule->minor >= 0;
}

static bool names(const struct spec_rule *rule, const struct spec_device *device)
{
	return is_exact(rule) && device && device->has_numbers &&
	       rule->type == device->number.type && rule->major == device->number.major &&
	       rule->minor == device->number.minor;
}

static void add_target(struct targets *targets, struct device_number number)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (device_number_equal(&targets->items[i], &number))
			return;
	}
	*array_append(targets->items, targets->count, targets->capacity) = number;
}

static const char *why_of(const struct planned_device *device)
{
	return device->by ? device->by->why : "the control node /dev/vfio/vfio";
}

/* Does the rule name a device that changes or goes? These are few, devices may be
 * many. */
static bool is_affected(const struct planner *planner, const struct spec_rule *rule)
{
	for (size_t i = 0; i < planner->n_affected; i++) {
		if (names(rule, planner->devices[planner->affected[i]].before))
			return true;
	}
	return false;
}

static void find_targets(const struct planner *planner, const struct spec_rule *rule,
			 struct targets *ret)
{
	if (!is_affected(planner, rule))
		return;
	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (!names(rule, device->before))
			continue;
		if (device->action != DEVICE_STAYS) {
			ret->affected = true;
			if (!ret->why)
				ret->why = why_of(device);
		}
		if (device->action == DEVICE_REMOVED)
			continue;
		add_target(ret, device->after.number);
		ret->keeps |= device_number_equal(&device->after.number,
						  &device->before->number);
	}
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

/* Remembers a rule to add at the end, once. */
struct added_rules {
	struct spec_rule *items;
	const char **why;
	size_t count, capacity, why_capacity;
};

static void push_rule(struct added_rules *added, const struct spec_rule *rule,
		      const char *why)
{
	size_t count = added->count;

	*array_append(added->items, added->count, added->capacity) = *rule;
	*array_append(added->why, count, added->why_capacity) = why;
}

static struct spec_rule allow_rule(struct device_number number, struct slice access)
{
	return (struct spec_rule) { .allow = true,
				    .type = number.type,
				    .major = number.major,
				    .minor = number.minor,
				    .access = access };
}

static void add_rule(struct added_rules *added, struct device_number number,
		     struct slice access, const char *why)
{
	struct spec_rule rule = allow_rule(number, access);

	for (size_t i = 0; i < added->count; i++) {
		if (plan_rule_equal(&added->items[i], &rule))
			return;
	}
	push_rule(added, &rule, why);
}

static void replace_number(struct plan *plan, const struct json *doc, uint32_t json,
			   enum spec_rule_member member, int64_t before, uint32_t after,
			   const char *why)
{
	auto_buffer text = { 0 };

	if (before == after)
		return;
	buffer_add_number(&text, after);
	plan_replace(plan, PLAN_RULE, doc, json_member(doc, json, member),
		     buffer_slice(&text), why);
}

static void replace_rule(struct planner *planner, struct spec_rule *rule,
			 struct device_number to, const char *why)
{
	const struct json *doc = &planner->in->spec->doc;

	if (rule->type != to.type)
		plan_replace(planner->plan, PLAN_RULE, doc,
			     json_member(doc, rule->json, SPEC_RULE_TYPE),
			     to.type == 'c' ? SLICE("\"c\"") : SLICE("\"b\""), why);
	replace_number(planner->plan, doc, rule->json, SPEC_RULE_MAJOR, rule->major,
		       to.major, why);
	replace_number(planner->plan, doc, rule->json, SPEC_RULE_MINOR, rule->minor,
		       to.minor, why);
	rule->type = to.type;
	rule->major = to.major;
	rule->minor = to.minor;
}

static int translate_rule(struct planner *planner, const struct spec_rule *before,
			  const struct targets *targets, struct added_rules *added)
{
	struct spec_rule after = *before;
	struct device_number own = { before->type, (uint32_t)before->major,
				     (uint32_t)before->minor };
	struct device_number first;

	if (targets->count > 1 && !before->allow)
		return json_error(
			planner->err, ERROR_DATA, &planner->in->spec->doc, before->json,
			"this rule denies a device number that several devices have, which get different numbers here; take the rule out");
	if (targets->count > 0) {
		first = targets->keeps ? own : targets->items[0];
		for (size_t i = 0; i < targets->count; i++) {
			if (!device_number_equal(&targets->items[i], &first))
				add_rule(added, targets->items[i], before->access,
					 targets->why);
		}
		replace_rule(planner, &after, first, targets->why);
	} else if (before->allow) {
		plan_remove(planner->plan, PLAN_GUEST_KERNEL, &planner->in->spec->doc,
			    before->json, targets->why);
		return 0;
	}
	*array_append(planner->plan->result.rules, planner->plan->result.n_rules,
		      planner->plan->result.rules_capacity) = after;
	return 0;
}

static int translate_rules(struct planner *planner, struct added_rules *added)
{
	const struct spec *spec = planner->in->spec;

	for (size_t i = 0; i < spec->n_rules; i++) {
		struct targets targets = { 0 };
		int r = 0;

		find_targets(planner, &spec->rules[i], &targets);
		if (targets.affected)
			r = translate_rule(planner, &spec->rules[i], &targets, added);
		else
			*array_append(planner->plan->result.rules,
				      planner->plan->result.n_rules,
				      planner->plan->result.rules_capacity) =
				spec->rules[i];
		free(targets.items);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Does an allow rule of the spec name the device exactly? Then it keeps that rule's
 * access. */
static bool has_own_rule(const struct planner *planner,
			 const struct planned_device *device)
{
	for (size_t i = 0; i < planner->in->spec->n_rules; i++) {
		if (planner->in->spec->rules[i].allow &&
		    names(&planner->in->spec->rules[i], device->before))
			return true;
	}
	return false;
}

/* 1: allowed, 0: denied, -1: the rule says nothing of opening the device for both. */
static int verdict(const struct spec_rule *rule, struct device_number number)
{
	if ((rule->type != 'a' && rule->type != number.type) ||
	    (rule->major != RULE_ANY && rule->major != number.major) ||
	    (rule->minor != RULE_ANY && rule->minor != number.minor) ||
	    rule->access.length == 0 ||
	    !memchr(rule->access.data, 'r', rule->access.length) ||
	    !memchr(rule->access.data, 'w', rule->access.length))
		return -1;
	return rule->allow;
}

static bool is_allowed(const struct planner *planner, const struct added_rules *added,
		       struct device_number number)
{
	for (size_t i = added->count; i-- > 0;) {
		int said = verdict(&added->items[i], number);

		if (said >= 0)
			return said;
	}
	for (size_t i = planner->plan->result.n_rules; i-- > 0;) {
		int said = verdict(&planner->plan->result.rules[i], number);

		if (said >= 0)
			return said;
	}
	return false;
}

static bool needs_rule(const struct planned_device *device)
{
	return device->action != DEVICE_REMOVED && device->after.has_numbers &&
	       device->after.number.type != 'p';
}

static int compare_by_number(const void *a, const void *b)
{
	const struct planned_device *const *x = a, *const *y = b;
	int order = device_number_compare(&(*x)->after.number, &(*y)->after.number);

	return order ? order : *x < *y ? -1 : *x > *y;
}

static int compare_by_place(const void *a, const void *b)
{
	const struct planned_device *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* crun filters nothing on an empty list but denies by default from the first rule on:
 * then each device needs a rule, once for devices with the same numbers. */
static void allow_all(struct planner *planner, struct added_rules *added)
{
	/* NOLINTBEGIN(bugprone-sizeof-expression): they are pointers that are sorted. */
	auto_free const struct planned_device **sorted =
		xzalloc(planner->n_devices * sizeof *sorted);
	size_t count = 0, n = 0;

	for (size_t i = 0; i < planner->n_devices; i++) {
		if (needs_rule(&planner->devices[i]))
			sorted[count++] = &planner->devices[i];
	}
	qsort(sorted, count, sizeof *sorted, compare_by_number);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || !device_number_equal(&sorted[i - 1]->after.number,
						   &sorted[i]->after.number))
			sorted[n++] = sorted[i];
	}
	qsort(sorted, n, sizeof *sorted, compare_by_place);
	/* NOLINTEND(bugprone-sizeof-expression) */
	for (size_t i = 0; i < n; i++) {
		struct spec_rule rule = allow_rule(sorted[i]->after.number, SLICE("rwm"));

		push_rule(added, &rule,
			  sorted[i]->action == DEVICE_STAYS
				  ? "with the first rule, what no rule allows is denied"
				  : why_of(sorted[i]));
	}
}

/* Each planned device that nothing allows yet. */
static void allow_devices(struct planner *planner, struct added_rules *added)
{
	bool planned = false;

	for (size_t i = 0; i < planner->n_affected; i++)
		planned |=
			planner->devices[planner->affected[i]].action != DEVICE_REMOVED;
	if (!planned)
		return;
	if (planner->in->spec->n_rules == 0) {
		allow_all(planner, added);
		return;
	}
	for (size_t i = 0; i < planner->n_affected; i++) {
		const struct planned_device *device =
			&planner->devices[planner->affected[i]];
		struct device_number number = device->after.number;

		if (needs_rule(device) && !has_own_rule(planner, device) &&
		    !is_allowed(planner, added, number))
			add_rule(added, number, SLICE("rwm"), why_of(device));
	}
}

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
	struct plan_result *result = &planner->plan->result;

	if (added->count && !spec->rules_json)
		emit_list(planner, added);
	for (size_t i = 0; i < added->count; i++) {
		auto_buffer text = { 0 };

		format_rule(&added->items[i], &text);
		if (spec->rules_json)
			plan_append(planner->plan, PLAN_RULE, &spec->doc,
				    spec->rules_json, result->n_rules,
				    buffer_slice(&text), added->why[i]);
		*array_append(result->rules, result->n_rules, result->rules_capacity) =
			added->items[i];
	}
	if (spec->n_rules && result->n_rules == 0) {
		plan_append(planner->plan, PLAN_GUEST_KERNEL, &spec->doc,
			    spec->rules_json, 0,
			    SLICE("{\"allow\":false,\"access\":\"rwm\"}"),
			    "an empty list would allow everything");
		*array_append(result->rules, result->n_rules, result->rules_capacity) =
			(struct spec_rule) { .type = 'a',
					     .major = RULE_ANY,
					     .minor = RULE_ANY,
					     .access = SLICE("rwm") };
	}
}

static void find_affected(struct planner *planner)
{
	planner->affected = xzalloc(planner->n_devices * sizeof *planner->affected);
	for (size_t i = 0; i < planner->n_devices; i++) {
		if (planner->devices[i].action != DEVICE_STAYS)
			planner->affected[planner->n_affected++] = i;
	}
}

int plan_rules(struct planner *planner)
{
	struct added_rules added = { 0 };
	int r;

	find_affected(planner);
	r = translate_rules(planner, &added);

	if (r == 0) {
		allow_devices(planner, &added);
		emit_added(planner, &added);
	}
	free(added.items);
	free(added.why);
	return r;
}
