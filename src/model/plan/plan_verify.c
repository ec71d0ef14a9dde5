/* SPDX-License-Identifier: Apache-2.0 */
/* From the new text back to the plan: is it what was planned? */
#include "planner.h"

static bool device_equal(const struct spec_device *a, const struct spec_device *b)
{
	return slice_equal(a->path, b->path) && a->number.type == b->number.type &&
	       a->has_numbers == b->has_numbers && a->number.major == b->number.major &&
	       a->number.minor == b->number.minor && a->mode == b->mode &&
	       a->uid == b->uid && a->gid == b->gid;
}

static bool devices_hold(const struct plan_result *result, const struct spec *after)
{
	if (result->n_devices != after->n_devices)
		return false;
	for (size_t i = 0; i < result->n_devices; i++) {
		if (!device_equal(&result->devices[i], &after->devices[i]))
			return false;
	}
	return true;
}

static bool rules_hold(const struct plan_result *result, const struct spec *after)
{
	if (result->n_rules != after->n_rules)
		return false;
	for (size_t i = 0; i < result->n_rules; i++) {
		if (!plan_rule_equal(&result->rules[i], &after->rules[i]))
			return false;
	}
	return true;
}

static bool mounts_hold(const struct plan_result *result, const struct spec *after)
{
	if (result->n_mounts != after->n_mounts)
		return false;
	for (size_t i = 0; i < result->n_mounts; i++) {
		const struct spec_mount *wanted = &result->mounts[i],
					*is = &after->mounts[i];

		if (!slice_equal(wanted->destination, is->destination) ||
		    !slice_equal(wanted->source, is->source) ||
		    wanted->read_only != is->read_only)
			return false;
	}
	return true;
}

/* NAME=VALUE, as one text. */
static struct slice entry_of(const struct spec_variable *variable)
{
	return (struct slice) { variable->name.data,
				variable->name.length + 1 + variable->value.length };
}

static bool environment_holds(const struct plan *plan, const struct spec *before,
			      const struct spec *after)
{
	size_t k = 0; /* changes are in the order of the spec */

	if (before->n_variables != after->n_variables)
		return false;
	for (size_t i = 0; i < before->n_variables; i++) {
		struct slice wanted = entry_of(&before->variables[i]);

		if (k < plan->env.count &&
		    plan->env.items[k].variable->source == &before->variables[i])
			wanted = slice_from(plan->env.items[k++].text);
		if (before->variables[i].index != after->variables[i].index ||
		    !slice_equal(wanted, entry_of(&after->variables[i])))
			return false;
	}
	return true;
}

int plan_verify(const struct plan *plan, const struct spec *before,
		const struct spec *after, struct error *err)
{
	const char *what = NULL;

	if (!devices_hold(&plan->result, after))
		what = "linux.devices";
	else if (!rules_hold(&plan->result, after))
		what = "linux.resources.devices";
	else if (!mounts_hold(&plan->result, after))
		what = "mounts";
	else if (!environment_holds(plan, before, after))
		what = "process.env";
	if (!what)
		return 0;
	return error_set(
		err, ERROR_INTERNAL,
		"%s: %s: the edited text is not what was planned; nothing was written, please report this with the spec",
		before->doc.name, what);
}
