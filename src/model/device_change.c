/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan means for the device cgroup of a container that is created already. */
#include "oci-vfio-hook/device_change.h"

#include "oci-vfio-hook/plan.h"

static bool rule_names(const struct spec_rule *rule, const struct device_number *number)
{
	return (rule->type == 'a' || rule->type == number->type) &&
	       (rule->major == RULE_ANY || rule->major == number->major) &&
	       (rule->minor == RULE_ANY || rule->minor == number->minor);
}

static bool has_letter(const struct spec_rule *rule, char letter)
{
	return rule->access.length > 0 &&
	       memchr(rule->access.data, letter, rule->access.length);
}

static bool allows(const struct spec_rule *rule)
{
	return rule->allow;
}

static bool refuses_some(const struct spec_rule *rule)
{
	return !rule->allow && rule->type != 'a';
}

/* The letters on which such a new rule decides for these numbers: it is the last that names
 * the letter. */
static void find_letters(const struct plan_result *result,
			 const struct device_number *number,
			 bool (*decides)(const struct spec_rule *), char ret[static 4])
{
	size_t length = 0;

	for (const char *letter = "rwm"; *letter; letter++) {
		for (size_t i = result->n_rules; i-- > 0;) {
			const struct spec_rule *rule = &result->rules[i];

			if (!rule_names(rule, number) || !has_letter(rule, *letter))
				continue;
			if (decides(rule))
				ret[length++] = *letter;
			break;
		}
	}
	ret[length] = '\0';
}

/* The letters that a rule of the spec denies for just these numbers, and none behind it for
 * all devices allows again. */
static void find_denied(const struct spec *spec, const struct device_number *number,
			char ret[static 4])
{
	size_t length = 0;

	for (const char *letter = "rwm"; *letter; letter++) {
		for (size_t i = spec->n_rules; i-- > 0;) {
			const struct spec_rule *rule = &spec->rules[i];
			bool exact = rule->type == number->type &&
				     rule->major == number->major &&
				     rule->minor == number->minor;

			/* For all devices it begins anew, whatever its access is. */
			if (rule->type == 'a')
				break;
			if (!exact || !has_letter(rule, *letter))
				continue;
			if (!rule->allow)
				ret[length++] = *letter;
			break;
		}
	}
	ret[length] = '\0';
}

/* Does a rule of the spec with a wildcard refuse what the device is to have? */
static bool is_excepted(const struct spec *spec, const struct device_change *change)
{
	for (size_t i = spec->n_rules; i-- > 0 && spec->rules[i].type != 'a';) {
		const struct spec_rule *rule = &spec->rules[i];

		if (rule->allow || (rule->major != RULE_ANY && rule->minor != RULE_ANY) ||
		    !rule_names(rule, &change->number))
			continue;
		for (const char *letter = change->access; *letter; letter++)
			if (has_letter(rule, *letter))
				return true;
	}
	return false;
}

/* Has a device of the container these numbers afterwards, or does a rule allow them? */
static bool stays(const struct plan_result *result, const struct plan_node *node)
{
	char access[4];

	for (size_t i = 0; i < result->n_devices; i++) {
		const struct spec_device *device = &result->devices[i];

		if (device->has_numbers &&
		    device_number_equal(&device->number, &node->old))
			return true;
	}
	find_letters(result, &node->old, allows, access);
	return *access != '\0';
}

static void make_change(const struct plan_result *result, const struct spec *spec,
			const struct plan_node *node, struct device_change *ret)
{
	ret->has_old = node->has_old && node->old.type != 'p';
	if (ret->has_old) {
		ret->old = node->old;
		ret->old_stays = stays(result, node);
	}
	ret->has_new = node->final_path != NULL;
	if (ret->has_new) {
		ret->number = node->number;
		find_letters(result, &node->number, allows, ret->access);
		find_letters(result, &node->number, refuses_some, ret->refused);
		find_denied(spec, &node->number, ret->denied);
		ret->excepted = is_excepted(spec, ret);
	}
	/* Nothing to give where the spec itself allows nothing: its rules deny the
	 * device. */
	ret->has_new &= *ret->access != '\0';
}

void plan_device_changes(const struct plan *plan, const struct spec *spec,
			 struct device_change **ret, size_t *ret_count)
{
	struct device_change *changes = xzalloc(plan->n_nodes * sizeof *changes);
	size_t count = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (!plan->nodes[i].mount)
			make_change(&plan->result, spec, &plan->nodes[i],
				    &changes[count++]);
	}
	*ret = changes;
	*ret_count = count;
}

int device_change_refused(const struct device_change *change, const char *path,
			  struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"%s: the spec's rules refuse device %s access \"%s\", which a created container's cgroup that is open to others can't be given: use precreate (podman), oci-vfio-runtime, or apply",
		path, DEVICE_NUMBER_TEXT(&change->number), change->refused);
}
