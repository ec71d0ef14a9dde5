/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the numbers that the spec's devices have. */
#include "rule_moves.h"

/* One device's, before they are gathered by the old number. */
struct step {
	struct device_number old, number;
	uint32_t order;
	bool goes : 1, affected : 1, stays : 1, is_device : 1, followed : 1;
	const char *why;
};

struct steps {
	struct step *items;
	size_t count, capacity;
};

static struct step *add_step(struct steps *steps, const struct device_number *old,
			     size_t order)
{
	struct step *step = array_append(steps->items, steps->count, steps->capacity);

	step->old = *old;
	step->order = (uint32_t)order;
	return step;
}

/* May the list have had a rule for it? */
static bool has_rule(const struct planned_device *device)
{
	return device->place && device->place->has_numbers &&
	       device->place->number.type != 'p';
}

static void add_device(struct steps *steps, const struct planned_device *device,
		       size_t order)
{
	struct step *step = add_step(steps, &device->place->number, order);

	step->number = planned_device_after(device).number;
	step->goes = device->action == DEVICE_REMOVED;
	step->affected = step->is_device = device->action != DEVICE_STAYS;
	step->stays = !step->affected;
	step->why = device->why ? device->why : device->to ? device->to->why : NULL;
}

/* The rule for the host's node goes where the entry's is, whatever it is named by. */
static void add_host_dev(struct steps *steps, const struct map_entry *entry,
			 const struct resolved *resolved, const struct annotation *done,
			 size_t order)
{
	if (entry->type == DEVICE_VFIO_PCI_GK && entry->has_host_dev && resolved->named) {
		struct step *step =
			add_step(steps, &entry->host_dev, order + steps->count);

		step->goes = step->affected = true;
		step->why = resolved->why;
	}
	for (size_t i = 0; i < resolved->n_nodes && entry->has_host_dev; i++) {
		struct device_number old = entry->host_dev;
		struct step *step;

		old.type = resolved->nodes[i]->number.type;
		/* An earlier run's own rule, though its numbers are a host's, too. */
		if (!resolved->named && annotation_has_rule(done, &old))
			continue;
		step = add_step(steps, &old, order + steps->count);
		step->number = resolved->nodes[i]->number;
		step->affected = true;
		step->followed = !resolved->named;
		step->why = resolved->nodes[i]->why;
	}
}

static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	int order = device_number_compare(&x->old, &y->old);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Does anything with this old number change? Where a device stays, its rule is not that of a node
 * in a directory that is mounted. */
static bool are_affected(const struct step *steps, size_t count)
{
	bool stays = false, affected = false;

	for (size_t i = 0; i < count; i++)
		stays |= steps[i].stays;
	for (size_t i = 0; i < count; i++)
		affected |= steps[i].affected && !(stays && steps[i].followed);
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

/* The steps of one old number make its targets. */
static void gather(const struct step *steps, size_t count, struct rule_moves *ret)
{
	auto_device_number_set seen = { 0 };
	struct rule_move move = { .old = steps->old, .first = (uint32_t)ret->n_numbers };
	bool keeps = false;

	if (!are_affected(steps, count))
		return;
	for (size_t i = 0; i < count; i++) {
		keeps |= !steps[i].goes &&
			 device_number_equal(&steps[i].old, &steps[i].number);
		move.has_device |= steps[i].is_device;
		move.followed |= steps[i].followed;
		if (!move.why)
			move.why = steps[i].why;
	}
	if (keeps)
		add_target(ret, &move, &seen, &steps->old);
	for (size_t i = 0; i < count; i++) {
		if (!steps[i].goes)
			add_target(ret, &move, &seen, &steps[i].number);
	}
	*array_append(ret->items, ret->count, ret->capacity) = move;
}

static void sort_steps(struct steps *steps)
{
	if (steps->count > 1)
		qsort(steps->items, steps->count, sizeof *steps->items, compare_steps);
}

/* Of the first steps, which are sorted. */
static bool have_number(const struct step *steps, size_t count,
			const struct device_number *number)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;
		int order = device_number_compare(&steps[middle].old, number);

		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			count = middle;
	}
	return false;
}

/* Devices in the order of the list, and then what entries say. Of the devices that stay, which
 * may be many, only those with a number that others don't keep. */
static void list_steps(const struct planner *planner, struct steps *ret)
{
	size_t changing;

	for (size_t i = 0; i < planner->n_devices; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action != DEVICE_STAYS && has_rule(device))
			add_device(ret, device, i);
	}
	for (size_t i = 0; i < planner->in->map->n_entries; i++)
		add_host_dev(ret, &planner->in->map->entries[i], &planner->resolved[i],
			     planner->in->annotation, planner->n_devices);
	sort_steps(ret);
	changing = ret->count;
	for (size_t i = 0; i < planner->n_devices && changing; i++) {
		const struct planned_device *device = &planner->devices[i];

		if (device->action == DEVICE_STAYS && has_rule(device) &&
		    have_number(ret->items, changing, &device->place->number))
			add_device(ret, device, i);
	}
	if (ret->count > changing)
		sort_steps(ret);
}

void rule_moves_build(struct planner *planner, struct rule_moves *ret)
{
	struct steps steps = { 0 };

	list_steps(planner, &steps);
	for (size_t i = 0, next; i < steps.count; i = next) {
		for (next = i + 1; next < steps.count; next++) {
			if (!device_number_equal(&steps.items[i].old,
						 &steps.items[next].old))
				break;
		}
		gather(&steps.items[i], next - i, ret);
	}
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
