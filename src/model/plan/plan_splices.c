/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the edits of the text. */
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
	auto_free uint32_t *removed = xzalloc(plan->n_changes * sizeof *removed);
	auto_free struct slice *added = xzalloc(plan->n_changes * sizeof *added);
	size_t n_removed = 0, n_added = 0;

	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];

		if (change->edit == PLAN_APPEND && change->json == array)
			added[n_added++] = slice_from(change->new_text);
		if (change->edit == PLAN_REMOVE &&
		    json_is_inside(&spec->doc, change->json, array))
			removed[n_removed++] = change->json;
	}
	if (n_removed == 0 && n_added == 0)
		return;
	qsort(removed, n_removed, sizeof *removed, compare_nodes);
	splice_array(ret, &spec->doc, array, removed, n_removed, added, n_added);
}

/* Each new value is parsed by itself. */
static int check_values(const struct plan *plan, struct error *err)
{
	auto_error bad = { 0 };

	for (size_t i = 0; i < plan->n_changes; i++) {
		if (plan->changes[i].new_text &&
		    json_check_value(slice_from(plan->changes[i].new_text), &bad) < 0)
			return error_set(err, ERROR_INTERNAL, "a planned value: %s",
					 bad.message);
	}
	return 0;
}

int plan_splices(const struct plan *plan, const struct spec *spec, struct splices *ret,
		 struct error *err)
{
	const uint32_t arrays[] = { spec->devices_json, spec->rules_json,
				    spec->mounts_json };
	bool elements = false;
	int r = check_values(plan, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];

		elements |= change->edit == PLAN_APPEND || change->edit == PLAN_REMOVE;
		if (change->edit == PLAN_REPLACE)
			splice_replace(ret, &spec->doc, change->json,
				       slice_from(change->new_text));
		if (change->edit == PLAN_ADD_MEMBER)
			splice_add_member(ret, &spec->doc, change->json, change->key,
					  slice_from(change->new_text));
	}
	for (size_t i = 0; i < ARRAY_SIZE(arrays); i++) {
		if (elements && arrays[i])
			splice_one_array(plan, spec, arrays[i], ret);
	}
	return splices_sort(ret, err);
}
