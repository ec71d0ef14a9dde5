/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the edits of the text. */
#include "planner.h"

/* By array, and in it removals by their places before what is added, in the order made. */
static int compare_changes(const void *a, const void *b)
{
	const struct plan_change *const *x = a, *const *y = b;
	bool removes = (*x)->edit == PLAN_REMOVE, other = (*y)->edit == PLAN_REMOVE;

	if ((*x)->array != (*y)->array)
		return (*x)->array < (*y)->array ? -1 : 1;
	if (removes != other)
		return removes ? -1 : 1;
	if (removes && (*x)->json != (*y)->json)
		return (*x)->json < (*y)->json ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* All removals from and additions to one array make one set of edits. */
static void splice_one_array(const struct plan_change *const *changes, size_t count,
			     const struct spec *spec, struct splices *ret)
{
	auto_free uint32_t *removed = xzalloc(count * sizeof *removed);
	auto_free struct slice *added = xzalloc(count * sizeof *added);
	size_t n_removed = 0, n_added = 0;

	for (size_t i = 0; i < count; i++) {
		if (changes[i]->edit == PLAN_REMOVE)
			removed[n_removed++] = changes[i]->json;
		else if (changes[i]->edit == PLAN_APPEND)
			added[n_added++] = slice_from(changes[i]->new_text);
		else
			splice_insert_after(ret, &spec->doc, changes[0]->array,
					    changes[i]->json,
					    slice_from(changes[i]->new_text));
	}
	if (n_removed || n_added)
		splice_array(ret, &spec->doc, changes[0]->array, removed, n_removed,
			     added, n_added);
}

static void splice_arrays(const struct plan *plan, const struct spec *spec,
			  struct splices *ret)
{
	auto_free const struct plan_change **changes =
		array_zalloc(plan->n_changes, changes);
	size_t count = 0;

	for (size_t i = 0; i < plan->n_changes; i++) {
		enum plan_edit edit = plan->changes[i].edit;

		if (edit == PLAN_REMOVE || edit == PLAN_APPEND || edit == PLAN_INSERT)
			changes[count++] = &plan->changes[i];
	}
	if (count > 1)
		array_sort(changes, count, compare_changes);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count; next++) {
			if (changes[i]->array != changes[next]->array)
				break;
		}
		splice_one_array(&changes[i], next - i, spec, ret);
	}
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
	int r = check_values(plan, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];

		if (change->edit == PLAN_REPLACE)
			splice_text(ret, change->place.start, change->place.end,
				    slice_from(change->new_text));
		if (change->edit == PLAN_APPEND_AT)
			splice_append(ret, spec->doc.text, &change->place,
				      slice_from(change->new_text));
		if (change->edit == PLAN_ADD_MEMBER)
			splice_add_member(ret, &spec->doc, change->json, change->key,
					  slice_from(change->new_text));
	}
	splice_arrays(plan, spec, ret);
	return splices_sort(ret, err);
}
