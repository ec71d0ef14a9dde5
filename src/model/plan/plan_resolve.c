/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: what each named entry is on this machine, and whether it may be used. Rule
 * 7, identity, driver and viability. */
#include "planner.h"

#include <errno.h>

#define DRIVERCTL "driverctl set-override %s vfio-pci"

enum refusal {
	REFUSE_FOR_GOOD,
	REFUSE_FOR_NOW, /* waiting may help */
};

static int refuse(struct planner *planner, enum refusal refusal,
		  const struct request_function *asked, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Says which option of which entry can't be had, and why. For now: returns -EAGAIN, and
 * the rest is looked at first, because what is wrong for good is said at once. */
static int refuse(struct planner *planner, enum refusal refusal,
		  const struct request_function *asked, const char *format, ...)
{
	struct error *err = refusal == REFUSE_FOR_NOW ? &planner->pending : planner->err;
	auto_free char *why = NULL, *guest = NULL;
	char host[PCI_ADDRESS_SIZE];
	va_list arguments;
	int r;

	va_start(arguments, format);
	why = xvasprintf(format, arguments);
	va_end(arguments);
	guest = text_quote(slice_from(asked->map->guest_text));
	r = error_set(err, ERROR_UNAVAILABLE, "%s: host function %s, here %s: %s",
		      asked->entry->where, pci_address_format(&asked->map->host, host),
		      guest, why);
	return refusal == REFUSE_FOR_NOW ? -EAGAIN : r;
}

/* A driver that isn't VFIO's keeps what it has. But one that we saw come may have to let
 * go, by driverctl's rule for udev: the kernel's own choice is always first. */
static enum refusal refusal_of_driver(const struct planner *planner)
{
	return planner->in->waiting ? REFUSE_FOR_NOW : REFUSE_FOR_GOOD;
}

static int check_identity(struct planner *planner, const struct request_function *asked,
			  const struct inventory_function *found)
{
	char address[PCI_ADDRESS_SIZE];

	for (unsigned int i = 0; asked->want_identity && i < PCI_IDENTITY_COUNT; i++) {
		if (asked->entry->expected[i] &&
		    asked->entry->expect[i] != found->identity[i])
			return refuse(
				planner, REFUSE_FOR_GOOD, asked,
				"%s has %s 0x%04x, but the map expects 0x%04x: it is another device; correct the map",
				pci_address_format(&found->address, address),
				pci_identity_names[i], found->identity[i],
				asked->entry->expect[i]);
	}
	return 0;
}

/* Is the function itself bound to a VFIO driver, in a group? */
static int check_bound(struct planner *planner, const struct request_function *asked,
		       const struct inventory_function *found)
{
	char address[PCI_ADDRESS_SIZE];

	pci_address_format(&found->address, address);
	/* The kernel looks for a driver when it has found the group. */
	if (!found->has_group)
		return refuse(
			planner, found->driver ? REFUSE_FOR_GOOD : REFUSE_FOR_NOW, asked,
			"%s is in no IOMMU group; enable the IOMMU of this machine (intel_iommu=on, a vIOMMU for a guest)",
			address);
	if (!found->vfio && found->driver)
		return refuse(planner, refusal_of_driver(planner), asked,
			      "%s is bound to %s, no VFIO driver; bind it: " DRIVERCTL,
			      address, found->driver, address);
	if (!found->vfio)
		return refuse(planner, REFUSE_FOR_NOW, asked,
			      "%s is bound to no driver; bind it: " DRIVERCTL, address,
			      address);
	return 0;
}

static int check_viable(struct planner *planner, const struct request_function *asked,
			const struct inventory_group *group)
{
	auto_buffer list = { 0 };

	if (group->n_offenders == 0)
		return 0;
	for (size_t i = 0; i < group->n_offenders; i++) {
		char address[PCI_ADDRESS_SIZE];

		pci_address_format(&group->offenders[i].address, address);
		buffer_printf(&list, "%s%s is bound to %s: " DRIVERCTL, i ? "; " : "",
			      address, group->offenders[i].driver, address);
	}
	return refuse(planner, refusal_of_driver(planner), asked,
		      "IOMMU group %u is not viable: %s", group->number, list.data);
}

/* Two host functions of one map on one function here: the map's mistake, however it
 * spells the function. */
static int check_distinct(struct planner *planner)
{
	const struct request *request = planner->in->request;
	const struct inventory *inventory = planner->in->inventory;

	for (size_t i = 0; i < request->n_functions; i++) {
		for (size_t k = 0; k < i; k++) {
			const struct map_function *a = request->functions[i].map;
			const struct map_function *b = request->functions[k].map;
			char host[PCI_ADDRESS_SIZE], other[PCI_ADDRESS_SIZE];

			if (request->functions[i].entry->source !=
				    request->functions[k].entry->source ||
			    inventory->functions[i].absent ||
			    inventory->functions[k].absent ||
			    pci_address_equal(&a->host, &b->host) ||
			    !pci_address_equal(&inventory->functions[i].address,
					       &inventory->functions[k].address))
				continue;
			return error_set(
				planner->err, ERROR_DATA,
				"%s: options: host functions %s and %s are one function here (%s and %s); correct the map",
				request->functions[i].entry->where,
				pci_address_format(&b->host, other),
				pci_address_format(&a->host, host), b->guest_text,
				a->guest_text);
		}
	}
	return 0;
}

/* Adds "host 0000:3b:02.0 is 0000:01:00.0" to the reason. */
static void explain(struct buffer *why, const struct map_entry *entry,
		    const struct request_function *asked,
		    const struct inventory_function *found)
{
	char host[PCI_ADDRESS_SIZE], address[PCI_ADDRESS_SIZE];

	buffer_printf(why, "%s%s %s is %s here", why->length ? "," : entry->where,
		      why->length ? "" : ": host function",
		      pci_address_format(&asked->map->host, host),
		      pci_address_format(&found->address, address));
}

/* Checks one named function; *group is the group of the entry's earlier ones. */
static int resolve_function(struct planner *planner, const struct request_function *asked,
			    const struct inventory_function *found,
			    const struct inventory_group **group)
{
	const struct inventory_group *mine;
	int r;

	if (found->absent)
		return refuse(planner, found->is_final ? REFUSE_FOR_GOOD : REFUSE_FOR_NOW,
			      asked,
			      found->is_final
				      ? "%s; correct the path"
				      : "%s; plug the device in, or correct the map",
			      found->absent);
	r = check_identity(planner, asked, found);
	if (r < 0 || !asked->want_group)
		return r;
	r = check_bound(planner, asked, found);
	if (r < 0)
		return r;
	mine = inventory_find_group(planner->in->inventory, found->group);
	if (!mine)
		return error_set(planner->err, ERROR_INTERNAL,
				 "group %u was not looked up", found->group);
	if (*group && *group != mine)
		return refuse(
			planner, REFUSE_FOR_GOOD, asked,
			"it is in IOMMU group %u, another function of the entry in group %u: one node can't be both; make an entry for each group",
			mine->number, (*group)->number);
	*group = mine;
	r = check_viable(planner, asked, mine);
	if (r < 0)
		return r;
	if (!mine->has_node)
		return refuse(
			planner, REFUSE_FOR_NOW, asked,
			"IOMMU group %u has no node /dev/vfio/%u (nothing in /sys/class/vfio); is CONFIG_VFIO_GROUP built, and it no noiommu group?",
			mine->number, mine->number);
	return 0;
}

static int resolve_functions(struct planner *planner, const struct map_entry *entry,
			     struct resolved *resolved)
{
	const struct request *request = planner->in->request;
	const struct inventory_group *group = NULL;
	auto_buffer why = { 0 };

	for (size_t i = 0; i < request->n_functions; i++) {
		const struct inventory_function *found =
			&planner->in->inventory->functions[i];
		int r;

		if (request->functions[i].entry != entry)
			continue;
		r = resolve_function(planner, &request->functions[i], found, &group);
		if (r == -EAGAIN)
			continue;
		if (r < 0)
			return r;
		if (planner->plan->explain)
			explain(&why, entry, &request->functions[i], found);
		annotation_add_address(&planner->plan->annotation,
				       &request->functions[i].map->host, &found->address);
	}
	if (planner->pending.message)
		return 0;
	if (group) {
		if (planner->plan->explain)
			buffer_printf(&why, ", in IOMMU group %u", group->number);
		resolved->node = text_number("/dev/vfio/", group->number, "");
		resolved->number = group->node;
		resolved->final_path =
			xstrdup(entry->final_path ? entry->final_path : resolved->node);
	} else {
		buffer_add(&why, SLICE(", driven by the guest kernel (vfio-pci-gk)"));
	}
	resolved->why = take_ptr(why.data);
	return 0;
}

static int resolve_node(struct planner *planner, const struct map_entry *entry,
			struct resolved *resolved)
{
	ssize_t index = request_find_node(planner->in->request, REQUEST_NODE_FILE,
					  slice_from(entry->vm_path));
	const struct inventory_node *found = &planner->in->inventory->nodes[index];

	if (found->absent)
		return error_set(planner->err, ERROR_UNAVAILABLE,
				 "%s: vm_path: %s; correct the map", entry->where,
				 found->absent);
	resolved->node = xstrdup(entry->vm_path);
	resolved->final_path =
		xstrdup(entry->final_path ? entry->final_path : entry->container_path);
	resolved->number = found->number;
	if (planner->plan->explain)
		resolved->why = xasprintf("%s: node %s of this machine", entry->where,
					  entry->vm_path);
	return 0;
}

int plan_resolve(struct planner *planner)
{
	const struct device_map *map = planner->in->map;
	const struct request *request = planner->in->request;
	int r = check_distinct(planner);

	for (size_t i = 0; r == 0 && i < map->n_entries; i++) {
		planner->resolved[i].named = request->named[i];
		if (!request->named[i])
			continue;
		r = map->entries[i].type == DEVICE_NODE
			    ? resolve_node(planner, &map->entries[i],
					   &planner->resolved[i])
			    : resolve_functions(planner, &map->entries[i],
						&planner->resolved[i]);
	}
	/* Functions that only the environment asks for: never the wrong device either. */
	for (size_t i = 0; r == 0 && i < request->n_functions; i++) {
		if (!request->functions[i].named &&
		    !planner->in->inventory->functions[i].absent)
			r = check_identity(planner, &request->functions[i],
					   &planner->in->inventory->functions[i]);
	}
	return r;
}

const struct resolved *plan_find_resolved(const struct planner *planner,
					  const struct map_entry *entry)
{
	return entry ? &planner->resolved[entry - planner->in->map->entries] : NULL;
}
