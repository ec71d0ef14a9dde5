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
	*ret = take_struct(rules);
	return 0;
}

bool cgroup_rule_is_for(const struct cgroup_rule *rule,
			const struct device_number *number)
{
	return !rule->any_major && !rule->any_minor &&
	       device_number_equal(&rule->number, number);
}

static bool rule_allows(const struct cgroup_rule *rule,
			const struct device_number *number, uint32_t wanted)
{
	uint32_t access;

	return (rule->number.type == 'a' || rule->number.type == number->type) &&
	       (rule->any_major || rule->number.major == number->major) &&
	       (rule->any_minor || rule->number.minor == number->minor) &&
	       device_access_parse(rule->access, &access) == 0 && (wanted & ~access) == 0;
}

bool cgroup_rules_allow(const struct cgroup_rules *rules,
			const struct device_number *number, uint32_t access)
{
	uint32_t opening = access & (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE);

	for (size_t i = 0; i < rules->count; i++)
		if (rule_allows(&rules->items[i], number, opening ? opening : access))
			return true;
	return false;
}

void cgroup_rules_free(struct cgroup_rules *rules)
{
	free(rules->items);
	*rules = (struct cgroup_rules) { 0 };
}
