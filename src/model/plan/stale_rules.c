/* SPDX-License-Identifier: Apache-2.0 */
/* Allow rules that stay though they may have been meant for a device of the host: what they allow
 * here is another device, if any. */
#include "stale_rules.h"

#include "oci-vfio-hook/rule_index.h"

void stale_rules_build(struct planner *planner, struct stale_rules *ret)
{
	const struct device_map *map = planner->in->map;

	ret->planner = planner;
	if (planner->in->spec->n_rules == 0 ||
	    planner->in->request->unmapped == UNMAPPED_KEEP)
		return;
	host_numbers_add_map(&ret->host, map);
	host_numbers_sort(&ret->host);
	for (size_t i = 0; i < ret->host.count; i++) {
		const struct device_number major = { 'c', ret->host.items[i].number.major,
						     0 };

		if (map_entry_is_vfio(ret->host.items[i].entry))
			device_number_set_add(&ret->majors, &major);
	}
}

static uint32_t position(const struct stale_rules *stale, const struct spec_rule *rule)
{
	return json_span(&stale->planner->in->spec->doc, rule->json)->position;
}

/* All devices of a major: VFIO's here, or on the host. */
static void warn_wildcard(const struct stale_rules *stale, const struct spec_rule *rule)
{
	const struct device_number major = { 'c', (uint32_t)rule->major, 0 };

	if (rule->type == 'b')
		return;
	if (inventory_has_vfio_major(stale->planner->in->inventory, major.major))
		messages_add(
			stale->planner->messages, MESSAGE_WARNING,
			"linux.resources.devices[%u]: this rule allows all VFIO groups of this machine; left as it is",
			position(stale, rule));
	else if (major_is_dynamic(major.major) &&
		 device_number_set_has(&stale->majors, &major))
		messages_add(
			stale->planner->messages, MESSAGE_WARNING,
			"linux.resources.devices[%u]: this rule allows all devices of major %u, which is VFIO's on the host, and another driver's here, if any; left as it is",
			position(stale, rule), major.major);
}

/* Does the rule's number, as one of this type, become another one? A rule without a type moves
 * with no device. */
static bool is_moved(const struct rule_moves *moves, const struct device_number *number)
{
	const struct spec_rule typed = { .type = number->type,
					 .major = number->major,
					 .minor = number->minor };
	const struct rule_move *move = rule_moves_find(moves, &typed);

	return move && !(move->count &&
			 device_number_equal(&moves->numbers[move->first], number));
}

/* Of a static major it is the same device on each machine, unless it is a disk. */
static const struct host_number *find_host(const struct stale_rules *stale,
					   const struct device_number *number)
{
	return number->type == 'b' || major_is_dynamic(number->major)
		       ? host_numbers_find(&stale->host, number)
		       : NULL;
}

static void warn_exact(const struct stale_rules *stale, const struct spec_rule *rule,
		       const struct rule_moves *moves,
		       const struct device_number_set *kept)
{
	for (const char *type = "cb"; *type; type++) {
		const struct device_number number = { *type, (uint32_t)rule->major,
						      (uint32_t)rule->minor };

		if ((rule->type != 'a' && rule->type != *type) ||
		    device_number_set_has(kept, &number) ||
		    (!is_moved(moves, &number) && !find_host(stale, &number)))
			continue;
		messages_add(
			stale->planner->messages, MESSAGE_WARNING,
			"linux.resources.devices[%u]: this rule allows %s, which is a device of the host's and another one here, if any; left as it is",
			position(stale, rule), DEVICE_NUMBER_TEXT(&number));
		return;
	}
}

void stale_rules_warn(const struct stale_rules *stale, const struct spec_rule *rule,
		      const struct rule_moves *moves,
		      const struct device_number_set *kept)
{
	if (!rule->allow || !rule_access(rule) || rule->major < 0)
		return;
	if (rule->minor < 0)
		warn_wildcard(stale, rule);
	else if (stale->planner->in->request->unmapped != UNMAPPED_KEEP)
		warn_exact(stale, rule, moves, kept);
}

void stale_rules_free(struct stale_rules *stale)
{
	host_numbers_free(&stale->host);
	device_number_set_free(&stale->majors);
}
