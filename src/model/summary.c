/* SPDX-License-Identifier: Apache-2.0 */
/* What a run was about, in a few words. */
#include "oci-vfio-hook/summary.h"

/* Nodes and variables that are named. */
#define NAMED_MAX 8

static void add_numbers(struct buffer *ret, uint32_t major, uint32_t minor)
{
	buffer_add_number(ret, major);
	buffer_add(ret, SLICE(":"));
	buffer_add_number(ret, minor);
}

/* The plan's nodes have a control node that was right already, too. */
static bool node_stays(const struct plan_node *node)
{
	const struct device_number *number = plan_node_old(node);

	return number && node->final_path &&
	       text_equal(node->container_path, node->final_path) &&
	       device_number_equal(number, &node->number);
}

static void add_node(struct buffer *ret, const struct plan_node *node)
{
	const char *old = node->container_path, *value = node->final_path;
	const struct device_number *number = plan_node_old(node);

	/* Of a mount that stays where it is, what it shows. */
	if (old && value && node->mount && text_equal(old, value)) {
		old = node->old_source;
		value = node->node;
	}
	if (!value) {
		buffer_add(ret, SLICE("removed "));
		buffer_add_name(ret, old ? slice_from(old) : SLICE(""));
		return;
	}
	if (!old) {
		buffer_add(ret, SLICE("added "));
	} else if (!text_equal(old, value)) {
		buffer_add_name(ret, slice_from(old));
		buffer_add(ret, SLICE(" -> "));
	}
	buffer_add_name(ret, slice_from(value));
	buffer_add(ret, SLICE(" ("));
	if (number && (number->major != node->number.major ||
		       number->minor != node->number.minor)) {
		add_numbers(ret, number->major, number->minor);
		buffer_add(ret, SLICE(" -> "));
	}
	add_numbers(ret, node->number.major, node->number.minor);
	buffer_add(ret, SLICE(")"));
}

static void add_named(struct buffer *ret, const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		if (node_stays(&plan->nodes[i]) || count++ >= NAMED_MAX)
			continue;
		buffer_add(ret, count > 1 ? SLICE(", ") : SLICE(""));
		add_node(ret, &plan->nodes[i]);
	}
	for (size_t i = 0; i < plan->env.count; i++) {
		if (count++ >= NAMED_MAX)
			continue;
		buffer_add(ret, count > 1 ? SLICE(", ") : SLICE(""));
		buffer_add_name(ret, variable_name(plan->env.items[i].variable->source));
	}
	if (count > NAMED_MAX) {
		buffer_add(ret, SLICE(", "));
		buffer_add_number(ret, count - NAMED_MAX);
		buffer_add(ret, SLICE(" more"));
	}
	if (count == 0)
		buffer_add(ret, SLICE("cgroup rules"));
}

void summary_text(const struct plan *plan, uint64_t duration_us, struct buffer *ret)
{
	if (plan->n_changes == 0) {
		buffer_add(ret, SLICE("nothing to change, "));
	} else {
		add_named(ret, plan);
		buffer_add(ret, SLICE("; "));
		buffer_add_number(ret, plan->n_changes);
		buffer_add(ret, plan->n_changes == 1 ? SLICE(" change in ")
						     : SLICE(" changes in "));
	}
	buffer_add_number(ret, duration_us / 1000);
	buffer_add(ret, SLICE("."));
	buffer_add_number(ret, duration_us % 1000 / 100);
	buffer_add(ret, SLICE(" ms"));
}

#define ID_LENGTH 64

static bool is_id(struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
		      (text.data[i] >= 'a' && text.data[i] <= 'f')))
			return false;
	return text.length == ID_LENGTH;
}

struct slice summary_find_container(const struct spec *spec)
{
	const struct slice before = SLICE("libpod"), path = spec->cgroups_path;
	struct slice id;
	size_t start;

	if (path.length <= before.length + ID_LENGTH)
		return SLICE("");
	start = path.length - ID_LENGTH;
	id = slice_from_to(path, start, path.length);
	if (!is_id(id) || (path.data[start - 1] != '-' && path.data[start - 1] != ':') ||
	    !slice_ends(slice_from_to(path, 0, start - 1), before))
		return SLICE("");
	return id;
}
