/* SPDX-License-Identifier: Apache-2.0 */
/* Buses, bridges and functions as a tree. */
#include "list_internal.h"

/* A machine has at most 256 buses in a domain; a captured one may say otherwise. */
#define DEPTH_MAX 256

/* Narrower terminals wrap lines as they please. */
#define COLUMNS_MIN 20

/* What is below another one. */
struct child {
	size_t parent, index;
};

struct tree {
	const struct listing *listing;
	struct child *children; /* all functions, by what they are below */
	bool *shown;		/* selected, or above one that is */
	struct buffer prefix;
	struct buffer line;
	size_t start; /* of what has a colour in it */
};

static int compare_children(const void *a, const void *b)
{
	const struct child *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void find_shown(struct tree *tree)
{
	const struct survey *survey = tree->listing->survey;

	tree->shown = xzalloc(survey->n_functions + 1);
	for (size_t i = 0; i < survey->n_functions; i++) {
		size_t at = tree->listing->selection->functions[i] ? i : SURVEY_NONE;

		for (; at != SURVEY_NONE && !tree->shown[at];
		     at = survey->functions[at].parent)
			tree->shown[at] = true;
	}
}

/* Cuts a line at the terminal's edge, and says that it did. */
static void cut(struct buffer *line, const struct list_style *style)
{
	const size_t columns =
		style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns;
	size_t width = 0, at = 0;

	if (style->columns == 0 || list_width(buffer_slice(line)) <= columns)
		return;
	for (; at < line->length; at++) {
		if (((unsigned char)line->data[at] & 0xc0) != 0x80 &&
		    width++ == columns - 1)
			break;
	}
	line->length = at;
	buffer_add(line, style->utf8 ? SLICE("\xe2\x80\xa6") : SLICE("+"));
}

static void end_line(struct tree *tree, enum list_colour colour)
{
	const struct listing *listing = tree->listing;
	size_t start;

	cut(&tree->line, listing->style);
	start = tree->start < tree->line.length ? tree->start : tree->line.length;
	buffer_add(listing->ret, slice_from_to(buffer_slice(&tree->line), 0, start));
	if (colour != LIST_PLAIN)
		list_paint(listing, colour);
	buffer_add(listing->ret,
		   slice_from_to(buffer_slice(&tree->line), start, tree->line.length));
	if (colour != LIST_PLAIN)
		list_paint(listing, LIST_PLAIN);
	buffer_add(listing->ret, SLICE("\n"));
	tree->line.length = tree->start = 0;
}

/* Where it is on the bus above it, which was said already. */
static void add_place(struct buffer *line, const struct survey *survey,
		      const struct survey_function *function)
{
	const struct pci_address *at = &function->device.name.address;
	const struct survey_function *parent =
		function->parent == SURVEY_NONE ? NULL
						: &survey->functions[function->parent];
	const bool is_there = !parent || (at->domain == parent->below_domain &&
					  at->bus == parent->below_bus);
	char name[PCI_ADDRESS_SIZE];

	if (is_there)
		buffer_printf(line, "%02x.%u", at->slot, at->function);
	else
		buffer_printf(line, "%s", list_short_address(at, name));
	if (function->has_below && function->below_domain == at->domain)
		buffer_printf(line, "-[%02x]", function->below_bus);
	else if (function->has_below)
		buffer_printf(line, "-[%04x:%02x]", function->below_domain,
			      function->below_bus);
}

static void add_function(struct tree *tree, const struct survey_function *function)
{
	const struct survey *survey = tree->listing->survey;
	const struct survey_device *device = &function->device;
	auto_free char *node = list_find_node(survey, device);
	struct buffer *line = &tree->line;

	add_place(line, survey, function);
	if (device->has_group)
		buffer_printf(line, "  group %u", device->group);
	if (device->driver) {
		buffer_add(line, SLICE("  "));
		list_add_text(line, device->driver);
	}
	if (node)
		buffer_printf(line, "  %s", node);
	buffer_add(line, SLICE("  "));
	if (function->vendor_name || function->device_name) {
		list_add_names(line, function);
		buffer_add(line, SLICE(" "));
	}
	buffer_add(line, SLICE("["));
	list_add_id(line, function);
	buffer_add(line, SLICE("]"));
}

static enum list_colour colour_of(const struct survey_function *function)
{
	return function->device.vfio		      ? LIST_GOOD
	       : pci_class_is_bridge(function->class) ? LIST_DIM
						      : LIST_PLAIN;
}

/* The place of the first child of this one. */
static size_t find_children(const struct tree *tree, size_t parent)
{
	const struct survey *survey = tree->listing->survey;
	size_t low = 0, high = survey->n_functions;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (tree->children[middle].parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NOLINTNEXTLINE(misc-no-recursion): not deeper than DEPTH_MAX. */
static void add_children(struct tree *tree, size_t parent, unsigned int depth)
{
	const struct survey *survey = tree->listing->survey;
	const bool utf8 = tree->listing->style->utf8;
	const size_t length = tree->prefix.length;
	size_t at = find_children(tree, parent), last = SURVEY_NONE;

	for (size_t i = at; i < survey->n_functions && tree->children[i].parent == parent;
	     i++) {
		if (tree->shown[tree->children[i].index])
			last = i;
	}
	for (; last != SURVEY_NONE && at <= last; at++) {
		const size_t index = tree->children[at].index;

		if (!tree->shown[index])
			continue;
		buffer_add(&tree->line, buffer_slice(&tree->prefix));
		if (utf8)
			buffer_add(&tree->line,
				   at == last ? SLICE("\xe2\x94\x94\xe2\x94\x80")
					      : SLICE("\xe2\x94\x9c\xe2\x94\x80"));
		else
			buffer_add(&tree->line, at == last ? SLICE("`-") : SLICE("|-"));
		tree->start = tree->line.length;
		add_function(tree, &survey->functions[index]);
		end_line(tree, colour_of(&survey->functions[index]));
		if (!survey->functions[index].is_parent || depth == DEPTH_MAX)
			continue;
		buffer_add(&tree->prefix, at == last ? SLICE("  ")
					  : utf8     ? SLICE("\xe2\x94\x82 ")
						     : SLICE("| "));
		add_children(tree, index, depth + 1);
		tree->prefix.length = length;
	}
}

static bool is_same_bus(const struct pci_address *a, const struct pci_address *b)
{
	return a->domain == b->domain && a->bus == b->bus;
}

/* Puts the functions in the order of what they are below: a function, or a root bus, which are
 * numbered after these. Returns how many root buses there are. */
static size_t sort_children(struct tree *tree)
{
	const struct survey *survey = tree->listing->survey;
	const struct pci_address *last = NULL;
	size_t n_roots = 0;

	tree->children = array_zalloc(survey->n_functions + 1, tree->children);
	for (size_t i = 0; i < survey->n_functions; i++) {
		const struct survey_function *function = &survey->functions[i];
		const struct pci_address *address = &function->device.name.address;

		if (function->parent == SURVEY_NONE) {
			n_roots += !last || !is_same_bus(last, address);
			last = address;
		}
		tree->children[i] = (struct child) {
			function->parent == SURVEY_NONE
				? survey->n_functions + n_roots - 1
				: function->parent,
			i,
		};
	}
	array_sort(tree->children, survey->n_functions, compare_children);
	return n_roots;
}

static void add_root(struct tree *tree, size_t root)
{
	const struct survey *survey = tree->listing->survey;
	const size_t parent = survey->n_functions + root;

	for (size_t i = find_children(tree, parent);
	     i < survey->n_functions && tree->children[i].parent == parent; i++) {
		const size_t index = tree->children[i].index;
		const struct pci_address *address =
			&survey->functions[index].device.name.address;

		if (!tree->shown[index])
			continue;
		buffer_printf(&tree->line, "%04x:%02x", address->domain, address->bus);
		end_line(tree, LIST_HEADING);
		add_children(tree, parent, 0);
		return;
	}
}

static void add_mdevs(struct tree *tree)
{
	const struct survey *survey = tree->listing->survey;
	bool heading = false;

	for (size_t i = 0; i < survey->n_mdevs; i++) {
		const struct survey_device *device = &survey->mdevs[i].device;
		auto_free char *node = list_find_node(survey, device);
		char name[DEVICE_NAME_SIZE];

		if (!tree->listing->selection->mdevs[i])
			continue;
		if (!heading) {
			buffer_add(&tree->line, SLICE("mediated devices"));
			end_line(tree, LIST_HEADING);
		}
		heading = true;
		buffer_printf(&tree->line, "  %s",
			      device_name_format(&device->name, name));
		if (survey->mdevs[i].has_parent)
			buffer_printf(&tree->line, "  of %s",
				      list_short_address(&survey->mdevs[i].parent, name));
		if (device->has_group)
			buffer_printf(&tree->line, "  group %u", device->group);
		if (node)
			buffer_printf(&tree->line, "  %s", node);
		end_line(tree, device->vfio ? LIST_GOOD : LIST_PLAIN);
	}
}

void list_tree(const struct listing *listing)
{
	struct tree tree = { .listing = listing };
	const size_t n_roots = sort_children(&tree);

	find_shown(&tree);
	for (size_t i = 0; i < n_roots; i++)
		add_root(&tree, i);
	add_mdevs(&tree);
	buffer_free(&tree.prefix);
	buffer_free(&tree.line);
	free(tree.children);
	free(tree.shown);
}
