/* SPDX-License-Identifier: Apache-2.0 */
/* What a list of device rules says of a device. */
#include "oci-vfio-hook/rule_index.h"

unsigned int rule_access(const struct spec_rule *rule)
{
	unsigned int ways = 0;

	if (rule->access.length == 0)
		return rule->allow ? 0 : ACCESS_READ | ACCESS_WRITE | ACCESS_MAKE;
	for (size_t i = 0; i < rule->access.length; i++) {
		switch (rule->access.data[i]) {
		case 'r':
			ways |= ACCESS_READ;
			break;
		case 'w':
			ways |= ACCESS_WRITE;
			break;
		case 'm':
			ways |= ACCESS_MAKE;
			break;
		}
	}
	return ways;
}

static int compare_names(const struct rule_place *a, const struct rule_place *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

static int compare_items(const void *a, const void *b)
{
	const struct rule_place *x = a, *y = b;
	int order = compare_names(x, y);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

void rule_index_build(const struct spec_rule *rules, size_t count,
		      enum rule_index_which which, unsigned int ways,
		      struct rule_index *ret)
{
	ret->rules = rules;
	if (count == 0)
		return;
	ret->items = xzalloc(count * sizeof *ret->items);
	for (size_t i = 0; i < count; i++) {
		if ((rule_access(&rules[i]) & ways) != ways ||
		    (which != RULE_INDEX_ALL &&
		     rules[i].allow != (which == RULE_INDEX_ALLOWS)))
			continue;
		ret->items[ret->count++] =
			(struct rule_place) { rules[i].type, rules[i].major,
					      rules[i].minor, i };
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof *ret->items, compare_items);
}

/* The last rule that has just this type and these numbers, wildcards too. */
static const struct rule_place *find_name(const struct rule_index *index,
					  const struct rule_place *name)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(&index->items[middle], name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || compare_names(&index->items[low - 1], name) != 0)
		return NULL;
	return &index->items[low - 1];
}

/* The last of those that have one of these names. */
static const struct spec_rule *find_last(const struct rule_index *index,
					 const struct rule_place *names, size_t count)
{
	const struct rule_place *last = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct rule_place *found = find_name(index, &names[i]);

		if (found && (!last || found->place > last->place))
			last = found;
	}
	return last ? &index->rules[last->place] : NULL;
}

const struct spec_rule *rule_index_find(const struct rule_index *index,
					const struct device_number *number)
{
	const char type = number->type;
	const int64_t major = number->major, minor = number->minor;
	const struct rule_place names[] = {
		{ type, major, minor, 0 },    { type, major, RULE_ANY, 0 },
		{ type, RULE_ANY, minor, 0 }, { type, RULE_ANY, RULE_ANY, 0 },
		{ 'a', major, minor, 0 },     { 'a', major, RULE_ANY, 0 },
		{ 'a', RULE_ANY, minor, 0 },  { 'a', RULE_ANY, RULE_ANY, 0 },
	};

	return find_last(index, names, ARRAY_SIZE(names));
}

const struct spec_rule *rule_index_find_wildcard(const struct rule_index *index,
						 const struct device_number *number)
{
	const struct rule_place names[] = {
		{ number->type, number->major, RULE_ANY, 0 },
		{ number->type, RULE_ANY, number->minor, 0 },
		{ number->type, RULE_ANY, RULE_ANY, 0 },
	};

	return find_last(index, names, ARRAY_SIZE(names));
}

const struct spec_rule *rule_index_find_exact(const struct rule_index *index,
					      const struct device_number *number)
{
	const struct rule_place name = { number->type, number->major, number->minor, 0 };
	const struct rule_place *found = find_name(index, &name);

	return found ? &index->rules[found->place] : NULL;
}

const struct spec_rule *rule_index_find_all(const struct rule_index *index)
{
	const struct rule_place name = { 'a', RULE_ANY, RULE_ANY, 0 };
	const struct rule_place *found = find_name(index, &name);

	return found ? &index->rules[found->place] : NULL;
}

void rule_index_free(struct rule_index *index)
{
	free(index->items);
	*index = (struct rule_index) { 0 };
}
