/* SPDX-License-Identifier: Apache-2.0 */
/* A machine as a graph for Graphviz: buses lead to their functions, and a frame is around those
 * of one IOMMU group. */
#include "list_internal.h"

/* In a label; \n is a new line there. */
static void add_label(struct buffer *ret, const char *text)
{
	auto_buffer printable = { 0 };

	buffer_add_printable(&printable, slice_from(text));
	for (size_t i = 0; i < printable.length; i++) {
		if (printable.data[i] == '"' || printable.data[i] == '\\')
			buffer_add(ret, SLICE("\\"));
		buffer_add(ret, (struct slice) { &printable.data[i], 1 });
	}
}

static void add_function(const struct listing *listing,
			 const struct survey_function *function)
{
	struct buffer *ret = listing->ret;
	auto_buffer words = { 0 };
	char name[PCI_ADDRESS_SIZE];

	list_add_names(&words, function);
	buffer_add(&words, SLICE(" ["));
	list_add_id(&words, function);
	buffer_add(&words, SLICE("]"));
	pci_address_format(&function->device.name.address, name);
	buffer_printf(ret, "\t\t\"%s\" [label=\"%s\\n", name, name);
	add_label(ret, words.data);
	if (function->device.driver) {
		buffer_add(ret, SLICE("\\n"));
		add_label(ret, function->device.driver);
	}
	buffer_printf(ret, "\"%s];\n",
		      function->device.vfio ? ", style=filled, fillcolor=palegreen" : "");
}

static void add_mdev(const struct listing *listing, const struct survey_mdev *mdev)
{
	struct buffer *ret = listing->ret;
	char name[DEVICE_NAME_SIZE];

	device_name_format(&mdev->device.name, name);
	buffer_printf(ret, "\t\t\"%s\" [label=\"%s", name, name);
	if (mdev->type) {
		buffer_add(ret, SLICE("\\n"));
		add_label(ret, mdev->type);
	}
	buffer_printf(ret, "\"%s];\n",
		      mdev->device.vfio ? ", style=filled, fillcolor=palegreen" : "");
}

/* Of no group: group NULL. */
static void add_devices(const struct listing *listing, const struct survey_group *group)
{
	const struct survey *survey = listing->survey;

	for (size_t i = 0; group && i < group->count; i++) {
		const size_t index = survey->by_group[group->first + i];

		if (listing->selection->functions[index])
			add_function(listing, &survey->functions[index]);
	}
	for (size_t i = 0; !group && i < survey->n_functions; i++) {
		if (listing->selection->functions[i] &&
		    !survey->functions[i].device.has_group)
			add_function(listing, &survey->functions[i]);
	}
	if (group && group->n_mdevs == 0)
		return;
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		const struct survey_device *device = &survey->mdevs[i].device;

		if (listing->selection->mdevs[i] &&
		    (group ? device->has_group && device->group == group->number
			   : !device->has_group))
			add_mdev(listing, &survey->mdevs[i]);
	}
}

static void add_group(const struct listing *listing, const struct survey_group *group)
{
	struct buffer *ret = listing->ret;
	const size_t before = ret->length;
	size_t start;

	buffer_printf(ret,
		      "\tsubgraph \"cluster_%u\" {\n\t\tlabel=\"IOMMU group %u%s\";\n",
		      group->number, group->number,
		      survey_group_viable(listing->survey, group) == SURVEY_NOT_VIABLE
			      ? " (not viable)"
			      : "");
	start = ret->length;
	add_devices(listing, group);
	if (ret->length == start)
		ret->length = before;
	else
		buffer_add(ret, SLICE("\t}\n"));
}

/* From the bridge or the root bus above it; what isn't shown itself is a plain name then. */
static void add_edge(const struct listing *listing,
		     const struct survey_function *function)
{
	const struct survey *survey = listing->survey;
	const struct pci_address *address = &function->device.name.address;
	char name[PCI_ADDRESS_SIZE], parent[PCI_ADDRESS_SIZE];

	pci_address_format(address, name);
	if (function->parent == SURVEY_NONE)
		buffer_printf(listing->ret, "\t\"bus %04x:%02x\" -> \"%s\";\n",
			      address->domain, address->bus, name);
	else
		buffer_printf(
			listing->ret, "\t\"%s\" -> \"%s\";\n",
			pci_address_format(
				&survey->functions[function->parent].device.name.address,
				parent),
			name);
}

static void add_edges(const struct listing *listing)
{
	const struct survey *survey = listing->survey;

	for (size_t i = 0; i < survey->n_functions; i++) {
		if (listing->selection->functions[i])
			add_edge(listing, &survey->functions[i]);
	}
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		char name[DEVICE_NAME_SIZE], parent[PCI_ADDRESS_SIZE];

		if (!listing->selection->mdevs[i] || !survey->mdevs[i].has_parent)
			continue;
		buffer_printf(listing->ret, "\t\"%s\" -> \"%s\" [style=dashed];\n",
			      pci_address_format(&survey->mdevs[i].parent, parent),
			      device_name_format(&survey->mdevs[i].device.name, name));
	}
}

void list_dot(const struct listing *listing)
{
	const struct survey *survey = listing->survey;

	buffer_add(listing->ret,
		   SLICE("digraph machine {\n\trankdir=LR;\n\tnode [shape=box];\n"));
	for (size_t i = 0; i < survey->n_groups; i++)
		add_group(listing, &survey->groups[i]);
	add_devices(listing, NULL);
	add_edges(listing);
	buffer_add(listing->ret, SLICE("}\n"));
}
