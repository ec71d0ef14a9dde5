/* SPDX-License-Identifier: Apache-2.0 */
/* From the new text back to the plan: is it what was planned? */
#include "planner.h"

#include "oci-vfio-hook/spec_texts.h"

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

/* What the variable is to become, as JSON, or NULL: it stays; *at is the first of the changes
 * that isn't past. */
static const char *find_variable(const struct plan *plan,
				 const struct spec_variable *variable, size_t *at)
{
	while (*at < plan->n_changes && plan->changes[*at].rule != PLAN_ENVIRONMENT)
		(*at)++;
	if (*at < plan->n_changes && plan->changes[*at].place.start == variable->start)
		return plan->changes[(*at)++].new_text;
	return NULL;
}

static bool rlimits_hold(const struct plan *plan, const struct spec *after)
{
	return after->rlimits_json &&
	       slice_equal(json_raw(&after->doc, after->rlimits_json),
			   slice_from(plan->rlimits));
}

static bool environment_holds(const struct plan *plan, const struct spec *before,
			      const struct spec *after)
{
	size_t at = 0;

	if (before->n_variables != after->n_variables)
		return false;
	for (size_t i = 0; i < before->n_variables; i++) {
		const struct spec_variable *wanted = &before->variables[i],
					   *is = &after->variables[i];
		const char *changed = find_variable(plan, wanted, &at);

		if (wanted->index != is->index ||
		    !(changed ? slice_equal(slice_from(changed),
					    json_text_at(after->doc.text,
							 variable_place(&after->doc, is)))
			      : slice_equal(variable_text(wanted), variable_text(is))))
			return false;
	}
	return true;
}

/* The next text that is neither a variable of rule 4, which is compared by itself, nor our
 * annotation; *variable is the first of those variables that isn't past. */
static bool next_text(const struct spec *spec, struct spec_texts *texts, size_t *variable,
		      struct spec_text *ret)
{
	while (spec_texts_next(texts, ret)) {
		if (texts->list == SPEC_TEXTS_ENV && *variable < spec->n_variables &&
		    spec->variables[*variable].index == ret->index)
			(*variable)++;
		else if (!spec_text_is_ours(spec, ret))
			return true;
	}
	return false;
}

static struct slice raw_string(const struct spec *spec, const struct json_place *string)
{
	return slice_from_to(spec->doc.text, string->start, string->end);
}

/* What the string before is to become, as JSON; *at is the first of the changes that isn't
 * past. */
static struct slice find_planned(const struct plan *plan, const struct spec *before,
				 const struct json_place *string, size_t *at)
{
	while (*at < plan->n_changes && plan->changes[*at].rule != PLAN_LEFTOVER)
		(*at)++;
	if (*at < plan->n_changes && plan->changes[*at].place.start == string->start)
		return slice_from(plan->changes[(*at)++].new_text);
	return raw_string(before, string);
}

static bool texts_hold(const struct plan *plan, const struct spec *before,
		       const struct spec *after, enum spec_text_list list, size_t *at)
{
	size_t variable_before = 0, variable_after = 0;
	struct spec_texts texts, texts_after;
	struct spec_text x, y;

	spec_texts_begin(before, list, &texts);
	spec_texts_begin(after, list, &texts_after);
	while (next_text(before, &texts, &variable_before, &x)) {
		if (!next_text(after, &texts_after, &variable_after, &y) ||
		    x.index != y.index || x.is_key != y.is_key ||
		    !slice_equal(find_planned(plan, before, &x.string, at),
				 raw_string(after, &y.string)))
			return false;
	}
	return !next_text(after, &texts_after, &variable_after, &y);
}

static const char *find_wrong_text(const struct plan *plan, const struct spec *before,
				   const struct spec *after)
{
	static const char *const names[] = {
		[SPEC_TEXTS_ARGS] = "process.args",
		[SPEC_TEXTS_ENV] = "process.env",
		[SPEC_TEXTS_ANNOTATIONS] = "annotations",
	};
	size_t at = 0;

	for (unsigned int i = 0; i < SPEC_TEXTS_COUNT; i++) {
		if (!texts_hold(plan, before, after, i, &at))
			return names[i];
	}
	return NULL;
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
	else if (plan->rlimits && !rlimits_hold(plan, after))
		what = "process.rlimits";
	else
		what = find_wrong_text(plan, before, after);
	if (!what)
		return 0;
	return error_set(
		err, ERROR_INTERNAL,
		"%s: %s: the edited text is not what was planned; nothing was written, please report this with the spec",
		before->doc.name, what);
}
