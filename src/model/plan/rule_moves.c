/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the numbers that the spec's devices have. */
#include "rule_moves.h"

/* What an entry of the map says of a number of the host. */
struct step {
	struct device_number old, number;
	uint32_t order;
	bool goes, followed;
	const char *why;
};

/* What is gathered by the old number. */
struct steps {
	const struct planned_device **devices; /* of the list; owned */
	size_t n_devices, devices_capacity;
	struct step *items; /* by entries; owned */
	size_t count, capacity;
};

/* Those with one old number. */
struct group {
	struct device_number old;
	const struct planned_device *const *devices;
	const struct step *steps;
	size_t n_devices, n_steps;
};

/* May the list have had a rule for it? */
static bool has_rule(const struct planned_device *device)
{
	return device->place && device->place->has_numbers &&
	       device->place->number.type != 'p';
}

static void add_device(struct steps *steps, const struct planned_device *device)
{
	*array_append(steps->devices, steps->n_devices, steps->devices_capacity) = device;
}

static struct step *add_step(struct steps *steps, const struct device_number *old)
{
	const size_t order = steps->count;
	struct step *step = array_append(steps->items, steps->count, steps->capacity);

	step->old = *old;
	step->order = (uint32_t)order;
	return step;
}

/* The rule for the host's node goes where the entry's is, whatever it is named by. */
static void add_host_dev(struct steps *steps, const struct map_entry *entry,
			 const struct resolved *resolved, const struct annotation *done)
{
	if (entry->type == DEVICE_VFIO_PCI_GK && entry->has_host_dev && resolved->named) {
		struct step *step = add_step(steps, &entry->host_dev);

		step->goes = true;
		step->why = resolved->why;
	}
	for (size_t i = 0; i < resolved->n_nodes && entry->has_host_dev; i++) {
		struct device_number old = entry->host_dev;
		struct step *step;

		old.type = resolved->nodes[i]->number.type;
		/* An earlier run's own rule, though its numbers are a host's, too. */
		if (!resolved->named && annotation_has_rule(done, &old))
			continue;
		step = add_step(steps, &old);
		step->number = resolved->nodes[i]->number;
		step->followed = !resolved->named;
		step->why = resolved->nodes[i]->why;
	}
}

/* In the order of the list where the number is the same. */
static int compare_devices(const void *a, const void *b)
{
	const struct planned_device *const *x = a, *const *y = b;
	int order = device_number_compare(&(*x)->place->number, &(*y)->place->number);

	return order ? order : (*x > *y) - (*x < *y);
}

static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	int order = device_number_compare(&x->old, &y->old);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int compare_with_device(const void *number, const void *device)
{
	const struct planned_device *const *planned = device;

	return device_number_compare(number, &(*planned)->place->number);
}

static int compare_with_step(const void *number, const void *step)
{
	return device_number_compare(number, &((const struct step *)step)->old);
}

/* Has one of the steps, or of so many first devices, which are sorted, this old number? */
static bool have_number(const struct steps *steps, size_t n_devices,
			const struct device_number *number)
{
	return (n_devices &&
		bsearch(number, steps->devices, n_devices,
			sizeof(const struct planned_device *), compare_with_device)) ||
	       (steps->count && bsearch(number, steps->items, steps->count,
					sizeof *steps->items, compare_with_step));
}

static void sort_devices(struct steps *steps)
{
	if (steps->n_devices > 1)
		array_sort(steps->devices, steps->n_devices, compare_devices);
}

/* Of the devices that stay, which may be many, only those with a number that others don't
 * keep. */
static void list_steps(const struct planner *planner, struct steps *ret)
{
	size_t changing;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action != DEVICE_STAYS && has_rule(device))
			add_device(ret, device);
	}
	for (size_t i = 0; i < planner->in->map->n_entries; i++)
		add_host_dev(ret, &planner->in->map->entries[i], &planner->resolved[i],
			     planner->in->annotation);
	sort_devices(ret);
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_steps);
	changing = ret->n_devices;
	for (size_t i = 0; i < planner->n_devices && changing + ret->count; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action == DEVICE_STAYS && has_rule(device) &&
		    have_number(ret, changing, &device->place->number))
			add_device(ret, device);
	}
	if (ret->n_devices > changing)
		sort_devices(ret);
}

/* Does anything with this old number change? Where a device stays, its rule is not that of a node
 * in a directory that is mounted. */
static bool is_affected(const struct group *group)
{
	bool stays = false, affected = false;

	for (size_t i = 0; i < group->n_devices; i++) {
		stays |= group->devices[i]->action == DEVICE_STAYS;
		affected |= group->devices[i]->action != DEVICE_STAYS;
	}
	for (size_t i = 0; i < group->n_steps; i++)
		affected |= !(stays && group->steps[i].followed);
	return affected;
}

/* Adds what isn't among them yet. `seen` has them as soon as they are several: nearly always
 * there is one. */
static void add_target(struct rule_moves *moves, struct rule_move *move,
		       struct device_number_set *seen, const struct device_number *number)
{
	if (move->count && device_number_equal(&moves->numbers[move->first], number))
		return;
	if (move->count == 1)
		device_number_set_add(seen, &moves->numbers[move->first]);
	if (move->count && !device_number_set_add(seen, number))
		return;
	*array_append(moves->numbers, moves->n_numbers, moves->numbers_capacity) =
		*number;
	move->count++;
}

/* What doesn't go, in the order of the list, and then of the entries. */
static void add_targets(const struct group *group, struct rule_moves *moves,
			struct rule_move *move)
{
	auto_device_number_set seen = { 0 };
	bool keeps = false;

	for (size_t i = 0; i < group->n_devices && !keeps; i++) {
		const struct spec_device after = planned_device_after(group->devices[i]);

		keeps = group->devices[i]->action != DEVICE_REMOVED &&
			device_number_equal(&after.number, &group->old);
	}
	for (size_t i = 0; i < group->n_steps && !keeps; i++)
		keeps = !group->steps[i].goes &&
			device_number_equal(&group->steps[i].number, &group->old);
	if (keeps)
		add_target(moves, move, &seen, &group->old);
	for (size_t i = 0; i < group->n_devices; i++) {
		const struct spec_device after = planned_device_after(group->devices[i]);

		if (group->devices[i]->action != DEVICE_REMOVED)
			add_target(moves, move, &seen, &after.number);
	}
	for (size_t i = 0; i < group->n_steps; i++) {
		if (!group->steps[i].goes)
			add_target(moves, move, &seen, &group->steps[i].number);
	}
}

static void gather(const struct group *group, struct rule_moves *ret)
{
	struct rule_move move = { .old = group->old, .first = (uint32_t)ret->n_numbers };

	if (!is_affected(group))
		return;
	for (size_t i = 0; i < group->n_devices; i++) {
		const struct planned_device *device = group->devices[i];

		move.has_device |= device->action != DEVICE_STAYS;
		if (!move.why)
			move.why = device->why	? device->why
				   : device->to ? device->to->why
						: NULL;
	}
	for (size_t i = 0; i < group->n_steps; i++) {
		move.followed |= group->steps[i].followed;
		if (!move.why)
			move.why = group->steps[i].why;
	}
	add_targets(group, ret, &move);
	*array_append(ret->items, ret->count, ret->capacity) = move;
}

/* Takes the next group off both lists. */
static struct group next_group(const struct steps *steps, size_t *device, size_t *step)
{
	const bool has_device = *device < steps->n_devices,
		   has_step = *step < steps->count;
	struct group group = { 0 };

	if (has_device)
		group.devices = steps->devices + *device;
	if (has_step)
		group.steps = steps->items + *step;
	if (has_device &&
	    (!has_step || device_number_compare(&group.devices[0]->place->number,
						&group.steps[0].old) < 0))
		group.old = group.devices[0]->place->number;
	else
		group.old = group.steps[0].old;
	for (; *device < steps->n_devices &&
	       device_number_equal(&steps->devices[*device]->place->number, &group.old);
	     ++*device)
		group.n_devices++;
	for (; *step < steps->count &&
	       device_number_equal(&steps->items[*step].old, &group.old);
	     ++*step)
		group.n_steps++;
	return group;
}

void rule_moves_build(struct planner *planner, struct rule_moves *ret)
{
	struct steps steps = { 0 };
	size_t device = 0, step = 0;

	list_steps(planner, &steps);
	while (device < steps.n_devices || step < steps.count) {
		const struct group group = next_group(&steps, &device, &step);

		gather(&group, ret);
	}
	free(steps.devices);
	free(steps.items);
}

struct rule_move *rule_moves_find(const struct rule_moves *moves,
				  const struct spec_rule *rule)
{
	struct device_number number = { rule->type, (uint32_t)rule->major,
					(uint32_t)rule->minor };
	size_t low = 0, high = moves->count;

	if (rule->type == 'a' || rule->major < 0 || rule->minor < 0)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = device_number_compare(&moves->items[middle].old, &number);

		if (order == 0)
			return &moves->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void keep_mount(const struct planner *planner, const struct planned_mount *mount,
		       struct device_number_set *ret)
{
	const struct request_place *place =
		&planner->in->request->mounts[mount->before - planner->in->spec->mounts];
	const struct inventory_node *found = plan_find_node(planner, place->node);

	if (mount->action == DEVICE_REMOVED)
		return;
	if (mount->to)
		device_number_set_add(ret, &mount->to->number);
	else if (mount->action == DEVICE_STAYS && found && !found->absent)
		device_number_set_add(ret, &found->number);
}

void rule_moves_list_kept(const struct planner *planner, struct device_number_set *ret)
{
	const struct annotation *annotation = planner->in->annotation;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct spec_device after =
			planned_device_after(&planner->devices[i]);

		if (planner->devices[i].action != DEVICE_REMOVED && after.has_numbers)
			device_number_set_add(ret, &after.number);
	}
	for (size_t i = 0; i < planner->n_mounts; i++)
		keep_mount(planner, &planner->mounts[i], ret);
	for (size_t i = 0; i < annotation->n_nodes; i++) {
		if (annotation->nodes[i].final_path)
			device_number_set_add(ret, &annotation->nodes[i].number);
	}
	for (size_t i = 0; i < annotation->n_rules; i++)
		device_number_set_add(ret, &annotation->rules[i]);
	for (size_t i = 0; i < planner->in->map->n_entries; i++) {
		const struct resolved *resolved = &planner->resolved[i];

		for (size_t k = 0; k < resolved->n_nodes; k++)
			device_number_set_add(ret, &resolved->nodes[k]->number);
	}
}

void rule_moves_free(struct rule_moves *moves)
{
	free(moves->items);
	free(moves->numbers);
	*moves = (struct rule_moves) { 0 };
}
