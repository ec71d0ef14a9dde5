/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan means for the device cgroup of a container that is created already. */
#include "oci-vfio-hook/device_change.h"

#include "oci-vfio-hook/device_number_set.h"
#include "oci-vfio-hook/plan.h"
#include "oci-vfio-hook/rule_index.h"

/* The devices that every container may use: runc and crun allow them whatever the spec says
 * (config-linux.md, "Default Devices"). */
static bool is_default(const struct device_number *number)
{
	static const struct device_number defaults[] = {
		{ 'c', 1, 3 }, { 'c', 1, 5 }, { 'c', 1, 7 }, { 'c', 1, 8 },
		{ 'c', 1, 9 }, { 'c', 5, 0 }, { 'c', 5, 2 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		if (device_number_equal(number, &defaults[i]))
			return true;
	}
	return number->type == 'c' && number->major == 136;
}

/* What is asked again and again: rules before and after, for each way of access. */
struct lookup {
	const struct plan_result *result;
	const struct spec *spec;
	struct rule_index after[ACCESS_WAYS], before[ACCESS_WAYS], denies[ACCESS_WAYS];
	struct device_number_set devices; /* afterwards */
	size_t begin; /* of the spec's rules, after the last that is for all devices */
};

static const char letters[ACCESS_WAYS + 1] = "rwm";

static void lookup_open(const struct plan_result *result, const struct spec *spec,
			struct lookup *ret)
{
	*ret = (struct lookup) { .result = result, .spec = spec };
	for (size_t i = 0; i < ACCESS_WAYS; i++) {
		rule_index_build(result->rules, result->n_rules, RULE_INDEX_ALL, 1U << i,
				 NULL, &ret->after[i]);
		rule_index_build(spec->rules, spec->n_rules, RULE_INDEX_ALL, 1U << i,
				 NULL, &ret->before[i]);
		rule_index_build(spec->rules, spec->n_rules, RULE_INDEX_DENIES, 1U << i,
				 NULL, &ret->denies[i]);
	}
	for (size_t i = 0; i < result->n_devices; i++) {
		if (result->devices[i].has_numbers)
			device_number_set_add(&ret->devices, &result->devices[i].number);
	}
	/* For all devices it begins again, whatever its access is. */
	for (size_t i = 0; i < spec->n_rules; i++) {
		if (spec->rules[i].type == 'a')
			ret->begin = i + 1;
	}
}

static void lookup_close(struct lookup *lookup)
{
	for (size_t i = 0; i < ACCESS_WAYS; i++) {
		rule_index_free(&lookup->after[i]);
		rule_index_free(&lookup->before[i]);
		rule_index_free(&lookup->denies[i]);
	}
	device_number_set_free(&lookup->devices);
}

/* What the new rules allow of these numbers, and what they refuse by one that isn't for all
 * devices. */
static void find_access(const struct lookup *lookup, const struct device_number *number,
			char ret_allowed[static 4], char ret_refused[static 4])
{
	size_t allowed = 0, refused = 0;

	for (size_t i = 0; i < ACCESS_WAYS; i++) {
		const struct spec_rule *rule = rule_index_find(&lookup->after[i], number);

		if (rule && rule->allow)
			ret_allowed[allowed++] = letters[i];
		else if (rule && rule->type != 'a')
			ret_refused[refused++] = letters[i];
	}
	ret_allowed[allowed] = '\0';
	ret_refused[refused] = '\0';
}

/* The letters that a rule of the spec denies for just these numbers, and none after it for
 * all devices allows again. */
static void find_denied(const struct lookup *lookup, const struct device_number *number,
			char ret[static 4])
{
	size_t length = 0;

	for (size_t i = 0; i < ACCESS_WAYS; i++) {
		const struct spec_rule *rule =
			rule_index_find_exact(&lookup->before[i], number);

		if (rule && !rule->allow && rule >= lookup->spec->rules + lookup->begin)
			ret[length++] = letters[i];
	}
	ret[length] = '\0';
}

/* Does a rule of the spec with a wildcard refuse what the device is to have? */
static bool is_excepted(const struct lookup *lookup, const struct device_change *change)
{
	for (size_t i = 0; i < ACCESS_WAYS; i++) {
		const struct spec_rule *rule =
			rule_index_find_wildcard(&lookup->denies[i], &change->number);

		if (rule && rule >= lookup->spec->rules + lookup->begin &&
		    strchr(change->access, letters[i]))
			return true;
	}
	return false;
}

/* Has a device of the container these numbers afterwards, or does a rule allow them? */
static bool stays(const struct lookup *lookup, const struct device_number *old)
{
	char access[4], refused[4];

	if (is_default(old) || device_number_set_has(&lookup->devices, old))
		return true;
	find_access(lookup, old, access, refused);
	return *access != '\0';
}

static void make_change(const struct lookup *lookup, const struct device_number *old,
			const struct device_number *number, struct device_change *ret)
{
	ret->has_old = old && old->type != 'p';
	if (ret->has_old) {
		ret->old = *old;
		ret->old_stays = stays(lookup, old);
	}
	if (!number)
		return;
	ret->number = *number;
	find_access(lookup, number, ret->access, ret->refused);
	find_denied(lookup, number, ret->denied);
	ret->excepted = is_excepted(lookup, ret);
	/* Nothing to give where the spec itself allows nothing: its rules deny the
	 * device. */
	ret->has_new = *ret->access != '\0';
}

void plan_device_changes(const struct plan *plan, const struct spec *spec,
			 struct device_change **ret, size_t *ret_count)
{
	struct device_change *changes =
		xzalloc((plan->n_nodes + plan->n_numbers) * sizeof *changes);
	struct lookup lookup;
	size_t count = 0;

	lookup_open(&plan->result, spec, &lookup);
	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct plan_node *node = &plan->nodes[i];

		if (!node->mount)
			make_change(&lookup, plan_node_old(node),
				    node->final_path ? &node->number : NULL,
				    &changes[count++]);
	}
	for (size_t i = 0; i < plan->n_numbers; i++)
		make_change(&lookup, &plan->numbers[i].old,
			    plan->numbers[i].has_new ? &plan->numbers[i].number : NULL,
			    &changes[count++]);
	lookup_close(&lookup);
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
