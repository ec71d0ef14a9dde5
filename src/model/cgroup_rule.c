/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules of cgroup v1. */
#include "oci-vfio-hook/cgroup_rule.h"

#include <errno.h>

#include "oci-vfio-hook/device_program.h"
#include "oci-vfio-hook/number.h"

/* A number or "*". */
static bool parse_number(struct slice text, bool *ret_any, uint32_t *ret)
{
	uint64_t number = 0;

	*ret_any = slice_equal(text, SLICE("*"));
	if (!*ret_any && number_parse(text, 10, 10, UINT32_MAX, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

int cgroup_rule_parse(struct slice line, struct cgroup_rule *ret)
{
	static const char types[] = { 'a', 'b', 'c' };
	struct cgroup_rule rule = { 0 };
	struct slice type, major, minor;
	uint32_t access;

	if (!slice_cut(&line, ' ', &type) || !slice_cut(&line, ':', &major) ||
	    !slice_cut(&line, ' ', &minor) || !line.data || type.length != 1 ||
	    !memchr(types, type.data[0], sizeof types) ||
	    line.length >= sizeof rule.access ||
	    !parse_number(major, &rule.any_major, &rule.number.major) ||
	    !parse_number(minor, &rule.any_minor, &rule.number.minor))
		return -EINVAL;
	rule.number.type = type.data[0];
	memcpy(rule.access, line.data, line.length);
	if (strlen(rule.access) != line.length ||
	    device_access_parse(rule.access, &access) < 0)
		return -EINVAL;
	*ret = rule;
	return 0;
}

static int compare_rules(const void *a, const void *b)
{
	const struct cgroup_rule *first = a, *second = b;

	if (first->any_major != second->any_major)
		return first->any_major ? -1 : 1;
	if (first->any_minor != second->any_minor)
		return first->any_minor ? -1 : 1;
	return device_number_compare(&first->number, &second->number);
}

int cgroup_rules_parse(struct slice text, struct cgroup_rules *ret)
{
	auto_cgroup_rules rules = { 0 };
	struct slice line;

	while (slice_cut(&text, '\n', &line)) {
		struct cgroup_rule rule;

		/* After the last newline. */
		if (line.length == 0 && text.data == NULL)
			break;
		if (cgroup_rule_parse(line, &rule) < 0)
			return -EINVAL;
		*array_append(rules.items, rules.count, rules.capacity) = rule;
		rules.open |= rule.number.type == 'a';
	}
	if (rules.count > 1)
		qsort(rules.items, rules.count, sizeof *rules.items, compare_rules);
	*ret = take_struct(rules);
	return 0;
}

static const struct cgroup_rule *find(const struct cgroup_rules *rules,
				      const struct cgroup_rule *wanted)
{
	if (rules->count == 0)
		return NULL;
	return bsearch(wanted, rules->items, rules->count, sizeof *rules->items,
		       compare_rules);
}

const struct cgroup_rule *cgroup_rules_find(const struct cgroup_rules *rules,
					    const struct device_number *number)
{
	const struct cgroup_rule wanted = { .number = *number };

	return find(rules, &wanted);
}

bool cgroup_rules_allow(const struct cgroup_rules *rules,
			const struct device_number *number, uint32_t access)
{
	const uint32_t opening = access & (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);
	const struct cgroup_rule wanted[] = {
		{ .number = { 'a', 0, 0 }, .any_major = true, .any_minor = true },
		{ .number = { number->type, 0, 0 },
		  .any_major = true,
		  .any_minor = true },
		{ .number = { number->type, 0, number->minor }, .any_major = true },
		{ .number = { number->type, number->major, 0 }, .any_minor = true },
		{ .number = *number },
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct cgroup_rule *rule = find(rules, &wanted[i]);
		uint32_t allowed;

		if (rule && device_access_parse(rule->access, &allowed) == 0 &&
		    ((opening ? opening : access) & ~allowed) == 0)
			return true;
	}
	return false;
}

void cgroup_rules_free(struct cgroup_rules *rules)
{
	free(rules->items);
	*rules = (struct cgroup_rules) { 0 };
}
