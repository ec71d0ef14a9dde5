/* From a plan to the edits of the text, and from the new text back to the plan.
 * SPDX-License-Identifier: Apache-2.0 */
#include "planner.h"

static int compare_nodes(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* All removals from and additions to one array make one set of edits. */
static void splice_one_array(const struct plan *plan, const struct spec *spec,
			     uint32_t array, struct splices *ret)
{
	auto_free uint32_t *removed = memory_zalloc(plan->n_changes * sizeof *removed);
	auto_free struct slice *added = memory_zalloc(plan->n_changes * sizeof *added);
	size_t n_removed = 0, n_added = 0;

	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];

		if (change->edit == PLAN_APPEND && change->node == array)
			added[n_added++] = slice_from(change->new);
		if (change->edit == PLAN_REMOVE &&
		    json_is_inside(&spec->json, change->node, array))
			removed[n_removed++] = change->node;
	}
	if (n_removed == 0 && n_added == 0)
		return;
	qsort(removed, n_removed, sizeof *removed, compare_nodes);
	splice_array(ret, &spec->json, array, removed, n_removed, added, n_added);
}

/* Each new value is parsed by itself. */
static int check_values(const struct plan *plan, struct error *err)
{
	auto_error bad = { 0 };

	for (size_t i = 0; i < plan->n_changes; i++) {
		if (plan->changes[i].new &&json_check_value(
			    slice_from(plan->changes[i].new), &bad) < 0)
			return error_set(err, ERROR_INTERNAL, "a planned value: %s",
					 bad.message);
	}
	return 0;
}

int plan_splices(const struct plan *plan, const struct spec *spec, struct splices *ret,
		 struct error *err)
{
	const uint32_t arrays[] = { spec->devices_node, spec->rules_node,
				    spec->mounts_node };
	bool elements = false;
	int r = check_values(plan, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];

		elements |= change->edit == PLAN_APPEND || change->edit == PLAN_REMOVE;
		if (change->edit == PLAN_REPLACE)
			splice_replace(ret, &spec->json, change->node,
				       slice_from(change->new));
		if (change->edit == PLAN_ADD_MEMBER)
			splice_add_member(ret, &spec->json, change->node, change->key,
					  slice_from(change->new));
	}
	for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
		if (elements && arrays[i])
			splice_one_array(plan, spec, arrays[i], ret);
	}
	return splices_sort(ret, err);
}

static bool device_equal(const struct spec_device *a, const struct spec_device *b)
{
	return slice_equal(a->path, b->path) && a->type == b->type &&
	       a->has_numbers == b->has_numbers && a->major == b->major &&
	       a->minor == b->minor && a->mode == b->mode && a->uid == b->uid &&
	       a->gid == b->gid;
}

bool plan_rule_equal(const struct spec_rule *a, const struct spec_rule *b)
{
	return a->allow == b->allow && a->type == b->type && a->major == b->major &&
	       a->minor == b->minor && slice_equal(a->access, b->access);
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

const struct spec_mount *plan_mount_after(const struct plan_result *result,
					  const struct spec *spec, size_t index)
{
	size_t low = 0, high = result->n_mounts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct plan_mount *mount = &result->mounts[middle];

		if (mount->index == index)
			return mount->removed ? NULL : &mount->after;
		if (mount->index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return &spec->mounts[index];
}

static bool mounts_hold(const struct plan_result *result, const struct spec *before,
			const struct spec *after)
{
	size_t at = 0;

	for (size_t i = 0; i < before->n_mounts; i++) {
		const struct spec_mount *wanted = plan_mount_after(result, before, i);

		if (!wanted)
			continue;
		if (at == after->n_mounts ||
		    !slice_equal(wanted->destination, after->mounts[at].destination) ||
		    !slice_equal(wanted->source, after->mounts[at].source))
			return false;
		at++;
	}
	if (result->control_mount) {
		if (at == after->n_mounts ||
		    !path_is_control_node(after->mounts[at].destination) ||
		    !path_is_control_node(after->mounts[at].source))
			return false;
		at++;
	}
	return at == after->n_mounts;
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
	else if (!mounts_hold(&plan->result, before, after))
		what = "mounts";
	else if (!environment_holds(plan, before, after))
		what = "process.env";
	if (!what)
		return 0;
	return error_set(
		err, ERROR_INTERNAL,
		"%s: %s: the edited text is not what was planned; nothing was written, "
		"please report this with the spec",
		before->json.name, what);
}
