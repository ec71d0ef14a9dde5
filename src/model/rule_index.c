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

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_names(const struct rule_place *a, const struct rule_place *b)
{
	int order = compare((unsigned char)a->type, (unsigned char)b->type);

	if (!order)
		order = compare(a->any_major, b->any_major);
	if (!order)
		order = compare(a->any_minor, b->any_minor);
	if (!order)
		order = compare(a->major, b->major);
	return order ? order : compare(a->minor, b->minor);
}

static int compare_items(const void *a, const void *b)
{
	const struct rule_place *x = a, *y = b;
	int order = compare_names(x, y);

	return order ? order : compare(x->place, y->place);
}

/* Of numbers that stand for all none is set. */
static struct rule_place name_of(char type, int64_t major, int64_t minor, size_t place)
{
	return (struct rule_place) { .type = type,
				     .any_major = major < 0,
				     .any_minor = minor < 0,
				     .major = major < 0 ? 0 : (uint32_t)major,
				     .minor = minor < 0 ? 0 : (uint32_t)minor,
				     .place = (uint32_t)place };
}

static bool is_among(const struct rule_place *name, const struct device_number_set *set)
{
	const char types[] = { 'b', 'c' };

	if (name->any_major || name->any_minor)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct device_number number = { types[i], name->major, name->minor };

		if ((name->type == 'a' || name->type == types[i]) &&
		    device_number_set_has(set, &number))
			return true;
	}
	return false;
}

void rule_index_build(const struct spec_rule *rules, size_t count,
		      enum rule_index_which which, unsigned int ways,
		      const struct device_number_set *only, struct rule_index *ret)
{
	ret->rules = rules;
	for (size_t i = 0; i < count; i++) {
		const struct spec_rule *rule = &rules[i];
		struct rule_place name = name_of(rule->type, rule->major, rule->minor, i);

		if ((rule_access(rule) & ways) != ways ||
		    (which != RULE_INDEX_ALL &&
		     rule->allow != (which == RULE_INDEX_ALLOWS)) ||
		    (only && !is_among(&name, only)))
			continue;
		/* Many may say the same: only the last counts. */
		if (ret->count && compare_names(&ret->items[ret->count - 1], &name) == 0)
			ret->count--;
		*array_append(ret->items, ret->count, ret->capacity) = name;
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
		name_of(type, major, minor, 0),	   name_of(type, major, RULE_ANY, 0),
		name_of(type, RULE_ANY, minor, 0), name_of(type, RULE_ANY, RULE_ANY, 0),
		name_of('a', major, minor, 0),	   name_of('a', major, RULE_ANY, 0),
		name_of('a', RULE_ANY, minor, 0),  name_of('a', RULE_ANY, RULE_ANY, 0),
	};

	return find_last(index, names, ARRAY_SIZE(names));
}

const struct spec_rule *rule_index_find_wildcard(const struct rule_index *index,
						 const struct device_number *number)
{
	const struct rule_place names[] = {
		name_of(number->type, number->major, RULE_ANY, 0),
		name_of(number->type, RULE_ANY, number->minor, 0),
		name_of(number->type, RULE_ANY, RULE_ANY, 0),
	};

	return find_last(index, names, ARRAY_SIZE(names));
}

const struct spec_rule *rule_index_find_exact(const struct rule_index *index,
					      const struct device_number *number)
{
	const struct rule_place name =
		name_of(number->type, number->major, number->minor, 0);
	const struct rule_place *found = find_name(index, &name);

	return found ? &index->rules[found->place] : NULL;
}

void rule_index_free(struct rule_index *index)
{
	free(index->items);
	*index = (struct rule_index) { 0 };
}
