/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and nodes: judgement. */
#include "oci-vfio-hook/node_check.h"

#include "bind_remedy.h"

/* Where mknod(1) has to begin: the node that is in its place goes. */
static void mend_node(const struct node_fact *node, const char *before,
		      struct findings *findings)
{
	const bool is_control = node->want.major == 10;

	findings_mend(findings, "%smknod -m %s %s c %u %u", before,
		      is_control ? "0666" : "0600", node->path, node->want.major,
		      node->want.minor);
}

static void check_node(const struct node_fact *node, struct findings *findings)
{
	auto_buffer before = { 0 };

	switch (node->state) {
	case NODE_RIGHT:
		return;
	case NODE_MISSING:
		findings_add(findings, FINDING_WARNING, node->path,
			     "missing, though sysfs has it as %u:%u", node->want.major,
			     node->want.minor);
		mend_node(node, "mkdir -p /dev/vfio/devices && ", findings);
		return;
	case NODE_WRONG:
		findings_add(findings, FINDING_FAILURE, node->path,
			     "is not the device %u:%u that sysfs has under this name",
			     node->want.major, node->want.minor);
		buffer_printf(&before, "rm -f %s && ", node->path);
		mend_node(node, before.data, findings);
		return;
	case NODE_UNREADABLE:
		findings_add(findings, FINDING_UNKNOWN, node->path,
			     "could not be measured: only root may look at it");
		return;
	}
}

/* A longer command nobody reads. */
#define LINKS_MENDED 8

/* systemd finds the devices of DeviceAllow= there (src/core/bpf-devices.c). */
static void check_links(const struct node_facts *facts, struct findings *findings)
{
	auto_buffer missing = { 0 }, links = { 0 };
	size_t n_missing = 0;

	if (!facts->count || !facts->has_systemd)
		return;
	for (size_t i = 0; i < facts->count && n_missing < LINKS_MENDED; i++) {
		const struct node_fact *node = &facts->items[i];

		if (node->has_link)
			continue;
		buffer_printf(&missing, "%s%u:%u", n_missing ? ", " : "",
			      node->want.major, node->want.minor);
		buffer_printf(&links, " && ln -s ..%s /dev/char/%u:%u",
			      node->path + strlen("/dev"), node->want.major,
			      node->want.minor);
		n_missing++;
	}
	if (!n_missing) {
		findings_add(findings, FINDING_OK, "/dev/char", "has all of them");
		return;
	}
	findings_add(
		findings, FINDING_WARNING, "/dev/char",
		"without %s, by which systemd finds the devices that a container's unit may use",
		missing.data);
	findings_mend(findings, "mkdir -p /dev/char%s", links.data);
}

void node_check(const struct node_facts *facts, struct findings *findings)
{
	size_t n_right = 0;

	if (!facts->count && !facts->n_leftovers)
		return;
	for (size_t i = 0; i < facts->count; i++) {
		check_node(&facts->items[i], findings);
		n_right += facts->items[i].state == NODE_RIGHT;
	}
	for (size_t i = 0; i < facts->n_leftovers; i++) {
		findings_add(findings, FINDING_WARNING, facts->leftovers[i],
			     "left over: sysfs has no such device");
		findings_mend(findings, "rm %s", facts->leftovers[i]);
	}
	if (n_right)
		findings_add(findings, FINDING_OK, "/dev/vfio",
			     "%zu node%s as sysfs has %s", n_right,
			     n_right == 1 ? "" : "s", n_right == 1 ? "it" : "them");
	check_links(facts, findings);
}

/* A function of the group that VFIO has, or NULL. */
static const struct survey_function *find_vfio(const struct survey *survey,
					       const struct survey_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function = survey_member(survey, group, i);

		if (function->device.vfio)
			return function;
	}
	return NULL;
}

static void check_group(const struct survey *survey, const struct survey_group *group,
			const struct survey_function *vfio, bool has_driverctl,
			struct findings *findings)
{
	char address[DEVICE_NAME_SIZE], other[DEVICE_NAME_SIZE];

	device_name_format(&vfio->device.name, address);
	for (size_t i = 0; i < group->count; i++) {
		const struct survey_function *function = survey_member(survey, group, i);

		if (!survey_is_offender(function))
			continue;
		findings_add(findings, FINDING_FAILURE, "groups",
			     "group %u, which has %s, is not viable: %s is bound to %s",
			     group->number, address,
			     device_name_format(&function->device.name, other),
			     function->device.driver);
		offender_remedy(findings, &function->device.name.address,
				function->device.driver, survey_find_role(function),
				has_driverctl);
	}
}

void group_check(const struct survey *survey, bool has_driverctl,
		 struct findings *findings)
{
	size_t n_vfio = 0, n_viable = 0;

	for (size_t i = 0; i < survey->n_groups; i++) {
		const struct survey_group *group = &survey->groups[i];
		const struct survey_function *vfio = find_vfio(survey, group);

		if (!vfio)
			continue;
		n_vfio++;
		n_viable += survey_group_viable(survey, group) == SURVEY_VIABLE;
		if (survey_group_viable(survey, group) == SURVEY_VIABLE_UNKNOWN)
			findings_add(
				findings, FINDING_UNKNOWN, "groups",
				"whether group %u is viable could not be measured: a function's driver can't be read",
				group->number);
		else
			check_group(survey, group, vfio, has_driverctl, findings);
	}
	if (n_viable)
		findings_add(findings, FINDING_OK, "groups",
			     "%zu with a function that VFIO has, all of it viable",
			     n_viable);
	if (!n_vfio && survey->n_groups)
		findings_add(findings, FINDING_OK, "groups",
			     "none has a function that VFIO has");
}

void node_facts_free(struct node_facts *facts)
{
	for (size_t i = 0; i < facts->n_leftovers; i++)
		free(facts->leftovers[i]);
	free(facts->leftovers);
	free(facts->items);
	*facts = (struct node_facts) { 0 };
}
