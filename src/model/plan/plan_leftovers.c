/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: names of the host that are left in arguments, other variables and annotations.
 * Rule 9. */
#include "planner.h"

#include "oci-vfio-hook/leftover_filter.h"
#include "oci-vfio-hook/spec_texts.h"

/* How many places an error names. */
#define PLACES_MAX 8

struct finder {
	struct planner *planner;
	struct leftover_table table;
	struct leftover_filter filter;
	size_t serial;	      /* of the text that is looked at, from 1 */
	struct buffer places; /* for the error */
	size_t n_places;
};

/* A text that is looked at. */
struct place {
	enum spec_text_list list;
	size_t index;
	const struct spec_text *text; /* NULL: a variable of rule 4 */
	struct slice content;
	bool fixed; /* it is never changed */
};

/* A guest's address that an earlier run put there may be another's on the host. */
static void add_addresses(struct finder *finder)
{
	const struct plan_input *in = finder->planner->in;

	for (size_t i = 0; i < in->request->n_functions; i++) {
		const struct device_name *host = &in->request->functions[i].map->host;
		const struct inventory_function *found = &in->inventory->functions[i];

		if ((found->absent || !device_name_equal(host, &found->name)) &&
		    !annotation_has_guest(in->annotation, host))
			leftover_table_add_address(&finder->table, host,
						   found->absent ? NULL : &found->name);
	}
}

/* So may a final path. */
static void add_paths(struct finder *finder)
{
	const struct plan *plan = finder->planner->plan;

	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct plan_node *node = &plan->nodes[i];
		struct slice path;

		if (!node->container_path ||
		    (node->final_path &&
		     text_equal(node->container_path, node->final_path)))
			continue;
		path = slice_from(node->container_path);
		if (!annotation_find_final(finder->planner->in->annotation, path))
			leftover_table_add_path(&finder->table, path, node->final_path);
	}
}

/* "process.args[3]"; the caller frees. */
static char *describe_place(const struct finder *finder, const struct place *place)
{
	const struct spec *spec = finder->planner->in->spec;
	auto_free char *member = NULL;
	auto_json doc = { 0 };
	struct slice key;

	switch (place->list) {
	case SPEC_TEXTS_ARGS:
		return xasprintf("process.args[%zu]", place->index);
	case SPEC_TEXTS_ENV:
		return xasprintf("process.env[%zu]", place->index);
	case SPEC_TEXTS_ANNOTATIONS:
	case SPEC_TEXTS_COUNT:
		break;
	}
	spec_string_read(spec, &place->text->key, &doc, &key);
	member = json_path_of_member(&spec->doc, spec->annotations_json, key);
	return xasprintf("%s%s", place->text->is_key ? "the key of " : "", member);
}

/* The same, and a variable's name; the caller frees. */
static char *describe_subject(const struct finder *finder, const struct place *place)
{
	auto_free char *where = describe_place(finder, place);
	auto_free char *name = NULL;
	struct slice rest = place->content, text;

	if (place->list != SPEC_TEXTS_ENV || !slice_cut(&rest, '=', &text))
		return take_ptr(where);
	name = text_quote(text);
	return text_join(where, ": ", name, NULL);
}

/* What should be there instead, as it is to be written; NULL: nothing is known. The caller
 * frees. */
static char *find_right(const struct leftover *found)
{
	const struct leftover_address *address = found->address;
	char text[DEVICE_NAME_SIZE];

	if (found->path)
		return found->path->final ? xstrdup(found->path->final) : NULL;
	if (!address->known)
		return NULL;
	return xstrdup(address->guest.bus == DEVICE_BUS_PCI
			       ? pci_address_spell(&address->guest.address,
						   found->spelling, text)
			       : device_name_format(&address->guest, text));
}

static const char unknown_left[] =
	"%s still has %s %s, which nothing here stands for; change it where it comes from";
static const char name_left[] =
	"%s still has %s %s, which is %s here; change it where it comes from";
static const char name_translatable[] =
	"%s still has %s %s, which is %s here; have it translated by %s, or change it where it comes from";

static void warn(struct finder *finder, const struct place *place, struct slice name,
		 const char *right, bool stays)
{
	struct planner *planner = finder->planner;
	/* Without a map, and where the only device isn't another's, the spec is of this
	 * machine. */
	const char *whose = planner->in->map->exists || planner->matched
				    ? "the host's"
				    : "an earlier boot's";
	auto_free char *where = NULL, *stale = NULL, *here = NULL, *setting = NULL;

	/* To say it takes longer than to find it. */
	if (messages_leave_out(planner->messages, MESSAGE_WARNING,
			       !right  ? unknown_left
			       : stays ? name_left
				       : name_translatable))
		return;
	where = describe_subject(finder, place);
	stale = text_name(name);
	if (!right) {
		messages_add(planner->messages, MESSAGE_WARNING, unknown_left, where,
			     whose, stale);
		return;
	}
	here = text_name(slice_from(right));
	setting = remedy_setting(planner->in->remedies, "leftover", "translate");
	if (stays)
		messages_add(planner->messages, MESSAGE_WARNING, name_left, where, whose,
			     stale, here);
	else
		messages_add(planner->messages, MESSAGE_WARNING, name_translatable, where,
			     whose, stale, here, setting);
}

static void refuse_later(struct finder *finder, const struct place *place,
			 struct slice name)
{
	auto_free char *where = NULL, *stale = NULL;

	if (finder->n_places++ >= PLACES_MAX)
		return;
	where = describe_place(finder, place);
	stale = text_name(name);
	buffer_printf(&finder->places, "%s%s (%s)", finder->places.length ? ", " : "",
		      where, stale);
}

/* Says where one is, once for each text. */
static void report(struct finder *finder, const struct place *place,
		   const struct leftover *found, const char *right)
{
	struct slice name = slice_from_to(place->content, found->start, found->end);
	size_t *seen = found->path ? &found->path->seen : &found->address->seen;

	if (*seen == finder->serial)
		return;
	*seen = finder->serial;
	if (finder->planner->in->leftover == LEFTOVER_ERROR)
		refuse_later(finder, place, name);
	else
		warn(finder, place, name, right,
		     place->fixed || found->below ||
			     finder->planner->in->leftover == LEFTOVER_TRANSLATE);
}

/* A UUID is told of, but not replaced, where an address stands for it here; nor is the end of a
 * path, which may lead elsewhere. */
static bool is_alike(const struct leftover *found)
{
	return found->path ? !found->below
			   : found->address->host.bus == found->address->guest.bus;
}

/* A second run must know that it is done. */
static void list_address(struct finder *finder, struct leftover_address *address)
{
	if (!address || address->listed)
		return;
	address->listed = true;
	annotation_add_address(&finder->planner->plan->annotation, &address->host,
			       &address->guest);
}

/* Finds the left-overs of a text. True: *ret is what it becomes. */
static bool look_at(struct finder *finder, const struct place *place, struct buffer *ret)
{
	const bool change =
		finder->planner->in->leftover == LEFTOVER_TRANSLATE && !place->fixed;
	struct leftover_search search = { 0 };
	struct leftover found;
	size_t at = 0;

	finder->serial++;
	while (leftover_find(&finder->table, place->content, &search, &found)) {
		auto_free char *right = find_right(&found);

		if (!change || !right || !is_alike(&found)) {
			report(finder, place, &found, right);
			continue;
		}
		buffer_add(ret, slice_from_to(place->content, at, found.start));
		buffer_add(ret, slice_from(right));
		at = found.end;
		list_address(finder, found.address);
	}
	if (at == 0)
		return false;
	buffer_add(ret, slice_from_to(place->content, at, place->content.length));
	return true;
}

static void change_text(struct finder *finder, const struct place *place,
			const struct buffer *value)
{
	struct plan *plan = finder->planner->plan;
	struct plan_replaced *replaced = &plan->replaced[place->list];
	auto_free char *where = plan->explain ? describe_place(finder, place) : NULL;
	auto_buffer quoted = { 0 };

	json_quote(&quoted, buffer_slice(value));
	plan_replace_at(plan, PLAN_LEFTOVER, &finder->planner->in->spec->doc,
			&place->text->string, where, buffer_slice(&quoted),
			"this is what it is called here");
	if (replaced->count++ == 0)
		replaced->first = place->index;
}

static void look_at_text(struct finder *finder, enum spec_text_list list,
			 const struct spec_text *text)
{
	struct place place = { .list = list, .index = text->index, .text = text };
	auto_buffer value = { 0 };
	auto_json doc = { 0 };

	place.fixed = !spec_string_read(finder->planner->in->spec, &text->string, &doc,
					&place.content) ||
		      text->is_key;
	/* What has no "=" isn't a variable. */
	if (list == SPEC_TEXTS_ENV &&
	    !memchr(place.content.data, '=', place.content.length))
		return;
	if (look_at(finder, &place, &value))
		change_text(finder, &place, &value);
}

/* Looks at the texts that may have something in a range. Returns where the last of them ends, or
 * the range. */
static size_t look_among(struct finder *finder, struct spec_texts *texts, size_t start,
			 size_t end, bool escapes)
{
	const struct slice json = finder->planner->in->spec->doc.text;
	struct spec_text text;

	while (start < end) {
		start = leftover_filter_find(&finder->filter, json, start, end, escapes);
		if (start == end)
			break;
		if (spec_texts_find(texts, start, &text)) {
			look_at_text(finder, texts->list, &text);
			start = text.string.end;
		} else {
			start++;
		}
	}
	return start;
}

/* Most texts have no escapes. */
static void look_between(struct finder *finder, struct spec_texts *texts, size_t start,
			 size_t end)
{
	const char *json = finder->planner->in->spec->doc.text.data;
	const char *escape;

	/* Such as the comma between two variables of rule 4. */
	if (end - start < finder->filter.shortest)
		return;
	escape = memchr(json + start, '\\', end - start);
	if (escape)
		start = look_among(finder, texts, start, (size_t)(escape - json), false);
	look_among(finder, texts, start, end, escape != NULL);
}

/* Rule 4's variables, which that has seen to, and our own annotation are passed over. */
static void look_at_list(struct finder *finder, enum spec_text_list list)
{
	const struct spec *spec = finder->planner->in->spec;
	const struct json_span *span = json_span(&spec->doc, spec->texts_json[list]);
	size_t start = span->start;
	struct spec_texts texts;

	spec_texts_begin(spec, list, &texts);
	for (size_t i = 0; list == SPEC_TEXTS_ENV && i < spec->n_variables; i++) {
		const struct json_place passed =
			variable_place(&spec->doc, &spec->variables[i]);

		look_between(finder, &texts, start, passed.start);
		start = passed.end;
	}
	if (list == SPEC_TEXTS_ANNOTATIONS && spec->annotation_json) {
		const struct json_span *passed =
			json_span(&spec->doc, spec->annotation_json);

		look_between(finder, &texts, start, passed->start);
		start = passed->end;
	}
	look_between(finder, &texts, start, span->end);
}

/* Variables of rule 4 that had to stay: what they have is only told of. */
static void look_at_left(struct finder *finder)
{
	const struct environment *environment = finder->planner->in->environment;
	const bool *left = finder->planner->plan->env.left;

	for (size_t i = 0; left && i < environment->count; i++) {
		const struct spec_variable *source = environment->variables[i].source;
		const struct place place = {
			.list = SPEC_TEXTS_ENV,
			.index = source->index,
			.content = variable_text(source),
			.fixed = true,
		};
		auto_buffer none = { 0 };

		if (left[i])
			look_at(finder, &place, &none);
	}
}

static int refuse(struct finder *finder)
{
	struct planner *planner = finder->planner;
	auto_free char *translate = NULL, *accept = NULL;

	if (finder->n_places == 0)
		return 0;
	translate = remedy_setting(planner->in->remedies, "leftover", "translate");
	accept = remedy_setting(planner->in->remedies, "leftover", "warn");
	if (finder->n_places > PLACES_MAX)
		buffer_printf(&finder->places, " and %zu more",
			      finder->n_places - PLACES_MAX);
	return error_set(
		planner->err, ERROR_UNAVAILABLE,
		"%s: names of the host are left in %s; change them where they come from, have them translated by %s, or accept them by %s",
		planner->in->spec->doc.name, finder->places.data, translate, accept);
}

int plan_leftovers(struct planner *planner)
{
	const struct plan_input *in = planner->in;
	struct finder finder = { .planner = planner };
	int r = 0;

	if (in->spec->process_only)
		return 0;
	add_addresses(&finder);
	add_paths(&finder);
	if (finder.table.n_addresses || finder.table.n_paths) {
		leftover_table_sort(&finder.table);
		leftover_filter_make(&finder.table, &finder.filter);
		for (unsigned int i = 0; i < SPEC_TEXTS_COUNT; i++) {
			if (in->spec->texts_json[i])
				look_at_list(&finder, i);
		}
		look_at_left(&finder);
		r = refuse(&finder);
	}
	leftover_table_free(&finder.table);
	buffer_free(&finder.places);
	return r;
}
