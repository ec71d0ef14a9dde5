/* SPDX-License-Identifier: Apache-2.0 */
/* A line a device: for people who want to know what can be given to a container. */
#include "oci-vfio-hook/table.h"

#include "list_internal.h"

struct rows {
	const struct listing *listing;
	struct table table;
	enum list_colour *colours; /* of each row */
	size_t count, capacity;
};

static void begin_row(struct rows *rows, enum list_colour colour)
{
	table_begin_row(&rows->table);
	*array_append(rows->colours, rows->count, rows->capacity) = colour;
}

/* What there isn't is "-", and so is what nobody has. */
static void add_cell(struct rows *rows, const char *text)
{
	table_add(&rows->table, slice_from(text && *text ? text : "-"));
}

static void add_host_names(struct rows *rows, const struct survey_device *device)
{
	auto_buffer names = { 0 };
	size_t count;
	const struct survey_entry *entries =
		survey_find_entries(rows->listing->survey, &device->name, &count);

	for (size_t i = 0; i < count; i++)
		buffer_printf(&names, "%s%s", i ? ", " : "",
			      entries[i].entry->container_path);
	add_cell(rows, names.data);
}

struct holders {
	struct buffer text;
	const struct survey_holder *last;
	size_t count; /* that differ */
};

/* The processes of one container are one. */
static void add_holder(const struct survey_holder *holder, void *context)
{
	struct holders *holders = context;
	const struct survey_holder *last = holders->last;

	if (last && (last->process == holder->process ||
		     (last->container && holder->container &&
		      text_equal(last->container, holder->container))))
		return;
	holders->last = holder;
	buffer_add(&holders->text, holders->count++ ? SLICE(", ") : SLICE(""));
	if (holder->container) {
		buffer_add(&holders->text, list_short_id(holder->container));
		return;
	}
	buffer_printf(&holders->text, "%lld", (long long)holder->process);
	if (holder->command)
		buffer_printf(&holders->text, " (%s)", holder->command);
}

static void add_containers(struct rows *rows, const struct survey_device *device)
{
	const struct survey *survey = rows->listing->survey;
	struct holders holders = { 0 };

	list_for_holders(survey, device, add_holder, &holders);
	if (holders.count > 1)
		buffer_add(&holders.text, SLICE("  (shared)"));
	if (holders.count == 0 && device->vfio && survey->n_hidden > 0)
		buffer_add(&holders.text, SLICE("?"));
	add_cell(rows, holders.text.data);
	buffer_free(&holders.text);
}

/* Of a function, and of a mediated device what stands for the same. */
static void add_device(struct rows *rows, const struct survey_device *device,
		       const char *id, const char *path)
{
	char name[DEVICE_NAME_SIZE];
	auto_free char *node = list_find_node(rows->listing->survey, device);
	const bool no_driver = device->unknown & SURVEY_UNKNOWN_DRIVER;

	begin_row(rows, device->vfio ? LIST_GOOD : LIST_PLAIN);
	add_cell(rows, device_name_format(&device->name, name));
	add_cell(rows, id);
	add_cell(rows, no_driver ? "?" : device->driver);
	if (device->has_group)
		table_printf(&rows->table, "%u", device->group);
	else
		add_cell(rows, device->unknown & SURVEY_UNKNOWN_GROUP ? "?" : NULL);
	add_cell(rows, node);
	add_cell(rows, path);
	add_host_names(rows, device);
	add_containers(rows, device);
}

static void add_missing(struct rows *rows, const struct survey_entry *entry)
{
	begin_row(rows, LIST_BAD);
	add_cell(rows, "missing");
	for (int i = 0; i < 4; i++)
		add_cell(rows, NULL);
	add_cell(rows, entry->function->guest_text);
	add_cell(rows, entry->entry->container_path);
	add_cell(rows, NULL);
}

static void add_rows(struct rows *rows)
{
	const struct survey *survey = rows->listing->survey;
	const struct list_selection *selection = rows->listing->selection;

	for (size_t i = 0; i < survey->n_functions; i++) {
		auto_buffer id = { 0 };

		if (!selection->functions[i])
			continue;
		list_add_id(&id, &survey->functions[i]);
		add_device(rows, &survey->functions[i].device, id.data,
			   survey->functions[i].path);
	}
	for (size_t i = 0; i < survey->n_mdevs; i++) {
		if (selection->mdevs[i])
			add_device(rows, &survey->mdevs[i].device, survey->mdevs[i].type,
				   NULL);
	}
	for (size_t i = survey->n_found; selection->missing && i < survey->n_entries; i++)
		add_missing(rows, &survey->entries[i]);
}

static void print_rows(const struct rows *rows)
{
	struct buffer *ret = rows->listing->ret;
	auto_buffer text = { 0 };
	struct slice rest, line;

	if (!rows->listing->style->colour) {
		table_print(&rows->table, SIZE_MAX, ret);
		return;
	}
	table_print(&rows->table, SIZE_MAX, &text);
	rest = buffer_slice(&text);
	for (size_t i = 0; i < rows->count && slice_cut(&rest, '\n', &line); i++) {
		list_paint(rows->listing, rows->colours[i]);
		buffer_add(ret, line);
		list_paint(rows->listing, LIST_PLAIN);
		buffer_add(ret, SLICE("\n"));
	}
}

/* An entry's place is "<file>: [2]". */
static struct slice file_of(const struct map_entry *entry)
{
	const struct slice where = slice_from(entry->where);

	for (size_t i = where.length; i > 1; i--) {
		if (where.data[i - 1] == '[' && where.data[i - 2] == ' ')
			return slice_from_to(where, 0, i > 3 ? i - 3 : 0);
	}
	return where;
}

static void print_maps(const struct listing *listing)
{
	const struct device_map *map = listing->map;
	struct buffer *ret = listing->ret;
	size_t first = 0;

	buffer_add(ret, SLICE("Map:"));
	if (map->n_entries == 0)
		buffer_printf(ret, " %s", map->exists ? "no entry" : "none");
	while (first < map->n_entries) {
		const struct slice file = file_of(&map->entries[first]);
		size_t end = first + 1;

		while (end < map->n_entries &&
		       slice_equal(file, file_of(&map->entries[end])))
			end++;
		buffer_add(ret, first ? SLICE(", ") : SLICE(" "));
		buffer_add_printable(ret, file);
		buffer_printf(ret, " (%zu %s)", end - first,
			      end - first == 1 ? "entry" : "entries");
		first = end;
	}
	if (listing->survey->maps_are_broken)
		buffer_add(ret, SLICE(", and what can't be read"));
	buffer_add(ret, SLICE("."));
}

static void print_foot(const struct listing *listing)
{
	const struct list_query *query = listing->query;
	const struct survey *survey = listing->survey;

	if (survey->n_groups == 0)
		buffer_add(
			listing->ret,
			SLICE("IOMMU: none, or it isn't enabled: there are no groups.\n"));
	print_maps(listing);
	if (!query->all && !query->driver && query->n_arguments == 0)
		buffer_add(listing->ret, SLICE("  --all: also functions without VFIO"));
	buffer_add(listing->ret, SLICE("\n"));
}

static void print_none(const struct listing *listing)
{
	const struct list_query *query = listing->query;
	const bool only_vfio = !query->all && !query->driver && query->n_arguments == 0;

	buffer_printf(
		listing->ret,
		"No device of this machine %s (%zu PCI functions, %zu mediated devices).\n",
		only_vfio ? "has a VFIO driver" : "is one of these",
		listing->survey->n_functions, listing->survey->n_mdevs);
}

void list_table(const struct listing *listing)
{
	static const char *const heading[] = {
		"DEVICE", "ID",	  "DRIVER",    "GROUP",
		"NODE",	  "PATH", "HOST NAME", "CONTAINERS"
	};
	struct rows rows = { .listing = listing };

	begin_row(&rows, LIST_HEADING);
	for (size_t i = 0; i < ARRAY_SIZE(heading); i++)
		add_cell(&rows, heading[i]);
	add_rows(&rows);
	if (rows.count > 1)
		print_rows(&rows);
	else
		print_none(listing);
	print_foot(listing);
	free(rows.colours);
	table_free(&rows.table);
}
