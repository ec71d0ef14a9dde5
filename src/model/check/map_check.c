/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of device maps: judgement. Where a device could be instead is map_candidate.c's. */
#include "oci-vfio-hook/map_check.h"

#include "bind_remedy.h"
#include "map_candidate.h"

/* Any that a host could have given out: VFIO's majors are dynamic. */
#define SOME_MAJOR 240

void map_check_spec(const struct map_entry *entry, struct buffer *ret)
{
	const struct device_number *number = &entry->host_dev;

	buffer_add(ret,
		   SLICE("{\"ociVersion\":\"1.0.2\",\"linux\":{\"devices\":[{\"path\":"));
	json_quote(ret, slice_from(entry->container_path));
	if (entry->has_host_dev)
		buffer_printf(ret, ",\"type\":\"%c\",\"major\":%u,\"minor\":%u}]}}",
			      number->type == 'b' ? 'b' : 'c', number->major,
			      number->minor);
	else
		buffer_printf(ret, ",\"type\":\"c\",\"major\":%d,\"minor\":0}]}}",
			      SOME_MAJOR);
}

/* Is the function of the request the entry's, and was it found? */
static bool is_found(const struct map_check_entry *entry, size_t index)
{
	return entry->request->functions[index].entry == entry->entry &&
	       index < entry->inventory->n_functions &&
	       !entry->inventory->functions[index].absent;
}

void map_check_take(struct map_check *check, const struct map_check_entry *entry)
{
	for (size_t i = 0; i < entry->request->n_functions; i++) {
		const struct device_name *name = &entry->inventory->functions[i].name;

		if (is_found(entry, i) && name->bus == DEVICE_BUS_PCI)
			*array_append(check->taken, check->n_taken,
				      check->taken_capacity) = name->address;
	}
}

static int compare_addresses(const void *a, const void *b)
{
	return pci_address_compare(a, b);
}

void map_check_arrange(struct map_check *check)
{
	if (check->n_taken > 1)
		array_sort(check->taken, check->n_taken, compare_addresses);
}

void map_check_free(struct map_check *check)
{
	free(check->taken);
	*check = (struct map_check) { 0 };
}

static void add_function(const struct map_check_entry *entry, size_t index,
			 struct findings *findings)
{
	const struct request_function *asked = &entry->request->functions[index];
	const struct inventory_function *found = &entry->inventory->functions[index];
	char host[DEVICE_NAME_SIZE], name[DEVICE_NAME_SIZE];
	auto_buffer group = { 0 };

	if (found->has_group && asked->want_group)
		buffer_printf(&group, ", group %u viable", found->group);
	findings_add(findings, FINDING_OK, entry->entry->container_path,
		     "%s -> %s (%s)%s%s%s", device_name_format(&asked->map->host, host),
		     device_name_format(&found->name, name), asked->map->guest_text,
		     found->driver ? ", " : "", found->driver ? found->driver : "",
		     group.data ? group.data : "");
}

static void add_right(const struct map_check_entry *entry, struct findings *findings)
{
	if (entry->entry->type == DEVICE_NODE)
		findings_add(findings, FINDING_OK, entry->entry->container_path, "%s",
			     entry->entry->vm_path);
	for (size_t i = 0; i < entry->request->n_functions; i++) {
		if (is_found(entry, i))
			add_function(entry, i, findings);
	}
	for (size_t i = 0; i < entry->messages->count; i++) {
		const struct message *message = &entry->messages->items[i];

		if (message->level == MESSAGE_WARNING)
			findings_add_message(
				findings, FINDING_WARNING, entry->entry->container_path,
				message->text,
				"put the devices into other slots, so that each gets a group of its own");
	}
}

static bool has_other_identity(const struct request_function *asked,
			       const struct inventory_function *found)
{
	for (size_t i = 0; asked->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (asked->entry->expected[i] &&
		    asked->entry->expect[i] != found->identity[i])
			return true;
	}
	return false;
}

static void add_unviable(const struct map_check *check, const struct map_entry *entry,
			 const struct inventory_group *group, struct findings *findings)
{
	const struct inventory_offender *first = &group->offenders[0];
	auto_buffer who = { 0 };

	for (size_t i = 0; i < group->n_offenders; i++) {
		char address[PCI_ADDRESS_SIZE];

		pci_address_format(&group->offenders[i].address, address);
		buffer_printf(&who, "%s%s is bound to %s", i ? ", " : "", address,
			      group->offenders[i].driver);
	}
	findings_add(findings, FINDING_FAILURE, entry->container_path,
		     "group %u is not viable: %s", group->number, who.data);
	offender_remedy(findings, &first->address, first->driver, first->role,
			check->has_driverctl);
}

/* With --bind it is bound when a container starts, if nothing uses it. */
static void add_unbound(const struct map_check *check,
			const struct request_function *asked,
			const struct inventory_function *found, struct findings *findings)
{
	const bool binds = check->binds && asked->entry->type == DEVICE_VFIO_PCI;
	char host[DEVICE_NAME_SIZE], name[DEVICE_NAME_SIZE];

	device_name_format(&asked->map->host, host);
	device_name_format(&found->name, name);
	if (binds && !found->driver) {
		findings_add(
			findings, FINDING_OK, asked->entry->container_path,
			"%s -> %s (%s), which --bind gives vfio-pci when it is needed",
			host, name, asked->map->guest_text);
		return;
	}
	findings_add(
		findings, binds ? FINDING_WARNING : FINDING_FAILURE,
		asked->entry->container_path,
		binds ? "%s -> %s (%s) is bound to %s: --bind takes it only if nothing uses it"
		      : "%s -> %s (%s) is bound to %s, not to a VFIO driver",
		host, name, asked->map->guest_text,
		found->driver ? found->driver : "nothing");
	bind_remedy(findings, &found->name.address, found->driver, check->has_driverctl);
}

/* Is this function why there is no plan? Then says so. */
static bool add_wrong_function(const struct map_check *check,
			       const struct map_check_entry *entry, size_t index,
			       struct findings *findings)
{
	const struct request_function *asked = &entry->request->functions[index];
	const struct inventory_function *found = &entry->inventory->functions[index];
	const char *topic = entry->entry->container_path;
	const struct inventory_group *group;
	char host[DEVICE_NAME_SIZE], name[DEVICE_NAME_SIZE];

	device_name_format(&asked->map->host, host);
	if (found->absent) {
		findings_add(findings, FINDING_FAILURE, topic,
			     "%s -> %s: nothing there: %s", host, asked->map->guest_text,
			     found->absent);
		map_candidate_mend(check, asked, findings);
		return true;
	}
	device_name_format(&found->name, name);
	if (has_other_identity(asked, found)) {
		findings_add(findings, FINDING_FAILURE, topic,
			     "%s -> %s (%s) is another device than the map expects", host,
			     name, asked->map->guest_text);
		map_candidate_mend(check, asked, findings);
		return true;
	}
	if (!asked->want_group || found->name.bus != DEVICE_BUS_PCI)
		return false;
	if (!found->vfio) {
		add_unbound(check, asked, found, findings);
		return true;
	}
	group = found->has_group ? inventory_find_group(entry->inventory, found->group)
				 : NULL;
	if (!group || !group->n_offenders)
		return false;
	add_unviable(check, entry->entry, group, findings);
	return true;
}

/* Without the entry's place before it: the remedy is about the entry. */
static const char *skip_place(const char *why, const char *where)
{
	const size_t length = strlen(where);

	return strncmp(why, where, length) == 0 && strncmp(why + length, ": ", 2) == 0
		       ? why + length + 2
		       : why;
}

static void add_wrong(const struct map_check *check, const struct map_check_entry *entry,
		      struct findings *findings)
{
	auto_free char *correct = text_join("correct ", entry->entry->where, NULL);

	for (size_t i = 0; i < entry->inventory->n_functions; i++) {
		if (entry->request->functions[i].entry == entry->entry &&
		    add_wrong_function(check, entry, i, findings))
			return;
	}
	findings_add_message(findings, FINDING_FAILURE, entry->entry->container_path,
			     skip_place(entry->why, entry->entry->where), correct);
}

void map_check_entry(const struct map_check *check, const struct map_check_entry *entry,
		     struct findings *findings)
{
	if (entry->why)
		add_wrong(check, entry, findings);
	else
		add_right(entry, findings);
	if (map_entry_is_vfio(entry->entry))
		map_candidate_expect(check, entry, findings);
}

/* Entries of one map lack it together, mostly. */
void map_check_protection(const struct device_map *map, struct findings *findings)
{
	const struct map_entry *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < map->n_entries; i++) {
		const struct map_entry *entry = &map->entries[i];

		if (entry->type != DEVICE_VFIO_PCI || entry->has_host_dev)
			continue;
		first = first ? first : entry;
		count++;
	}
	if (!first)
		return;
	findings_add(
		findings, FINDING_WARNING, "host_dev",
		count > 1
			? "%s and %zu more have no \"host_dev\": whoever may choose a container's path chooses the device"
			: "%s has no \"host_dev\": whoever may choose a container's path chooses the device",
		first->where, count - 1);
	findings_mend(
		findings,
		"on the host: stat -c '\"host_dev\": \"%%Hr:%%Lr\"' %s; add what it prints to the entry",
		first->container_path);
}
