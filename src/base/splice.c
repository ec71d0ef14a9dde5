/* SPDX-License-Identifier: Apache-2.0 */
/* Edits as byte ranges, and the text with them spliced in. */
#include "oci-vfio-hook/splice.h"

void splices_free(struct splices *splices)
{
	free(splices->items);
	text_pool_free(&splices->texts);
	*splices = (struct splices) { 0 };
}

void splice_text(struct splices *splices, size_t start, size_t end, struct slice with)
{
	struct splice *splice =
		array_append(splices->items, splices->count, splices->capacity);

	*splice = (struct splice) {
		.order = (uint32_t)splices->count,
		.start = (uint32_t)start,
		.end = (uint32_t)end,
		.with = with.data,
		.length = (uint32_t)with.length,
	};
}

void splice_bytes(struct splices *splices, size_t start, size_t end, struct slice with)
{
	with.data = text_pool_add(&splices->texts, with);
	splice_text(splices, start, end, with);
}

void splice_replace(struct splices *splices, const struct json *doc, uint32_t json,
		    struct slice with)
{
	splice_text(splices, json_span(doc, json)->start, json_span(doc, json)->end,
		    with);
}

static struct json_place place_of(const struct json *doc, uint32_t json)
{
	const struct json_span *span = json_span(doc, json);

	return (struct json_place) { span->start, span->end };
}

/* White space between the bracket and the first value or key of a container. */
static struct slice first_space(struct slice text, const struct json_place *container)
{
	const size_t start = container->start + 1;

	return slice_from_to(text, start, json_skip_space(text, start));
}

/* What is between key and value of the object's first member. */
static struct slice first_colon(struct slice text, const struct json_place *object)
{
	size_t key = json_skip_space(text, object->start + 1);
	size_t start = json_string_end(text, key);
	size_t colon = json_skip_space(text, start);

	return slice_from_to(text, start, json_skip_space(text, colon + 1));
}

/* After the last value of a container, or after the bracket of an empty one. */
static size_t content_end(struct slice text, const struct json_place *container,
			  bool *ret_empty)
{
	size_t open = container->start + 1;
	size_t end = json_skip_space_back(text, container->end - 1);

	*ret_empty = end <= open;
	return *ret_empty ? open : end;
}

static bool has_insertion(const struct splices *splices, size_t at)
{
	for (size_t i = 0; i < splices->count; i++) {
		if (splices->items[i].start == at && splices->items[i].end == at)
			return true;
	}
	return false;
}

void splice_add_member(struct splices *splices, const struct json *doc, uint32_t object,
		       const char *key, struct slice value)
{
	auto_buffer with = { 0 };
	const struct json_place place = place_of(doc, object);
	bool empty;
	size_t at = content_end(doc->text, &place, &empty);

	if (!empty || has_insertion(splices, at))
		buffer_add(&with, SLICE(","));
	if (!empty)
		buffer_add(&with, first_space(doc->text, &place));
	json_quote(&with, slice_from(key));
	buffer_add(&with, empty ? SLICE(":") : first_colon(doc->text, &place));
	splice_bytes(splices, at, at, buffer_slice(&with));
	splice_text(splices, at, at, value);
}

/* What comes before an element that isn't the first; once for many of one array. */
static struct slice make_separator(struct splices *splices, struct slice text,
				   const struct json_place *array)
{
	struct slice space = first_space(text, array);
	char *with = text_pool_room(&splices->texts, 1 + space.length);

	with[0] = ',';
	memcpy(with + 1, space.data, space.length);
	return (struct slice) { with, 1 + space.length };
}

/* A short value becomes one text with its separator, which takes less than another edit. */
static void add_separated(struct splices *splices, size_t at, struct slice separator,
			  struct slice value)
{
	struct slice both = { NULL, separator.length + value.length };
	char *text;

	if (both.length > sizeof(struct splice)) {
		splice_text(splices, at, at, separator);
		splice_text(splices, at, at, value);
		return;
	}
	text = text_pool_room(&splices->texts, both.length);
	memcpy(text, separator.data, separator.length);
	memcpy(text + separator.length, value.data, value.length);
	both.data = text;
	splice_text(splices, at, at, both);
}

void splice_insert_after(struct splices *splices, const struct json *doc, uint32_t array,
			 uint32_t element, struct slice value)
{
	const struct json_place place = place_of(doc, array);

	add_separated(splices, json_span(doc, element)->end,
		      make_separator(splices, doc->text, &place), value);
}

void splice_append(struct splices *splices, struct slice text,
		   const struct json_place *array, struct slice value)
{
	bool empty;
	size_t at = content_end(text, array, &empty);

	add_separated(splices, at,
		      empty ? SLICE("") : make_separator(splices, text, array), value);
}

/* Removes [start, end) of a container's content: with something left before it, it goes
 * with the comma and white space before it; else with the white space before it and the
 * comma after it. */
static void remove_content(struct splices *splices, const struct json *doc, size_t start,
			   size_t end, bool first)
{
	size_t comma;

	start = json_skip_space_back(doc->text, start);
	if (!first) {
		start = json_skip_space_back(doc->text, start - 1);
	} else {
		comma = json_skip_space(doc->text, end);
		if (doc->text.data[comma] == ',')
			end = comma + 1;
	}
	splice_text(splices, start, end, SLICE(""));
}

static void remove_element(struct splices *splices, const struct json *doc,
			   uint32_t element, bool first)
{
	const struct json_span *span = json_span(doc, element);

	remove_content(splices, doc, span->start, span->end, first);
}

/* Where the key of the member with this value begins. */
static size_t key_start(const struct json *doc, uint32_t json)
{
	size_t colon = json_skip_space_back(doc->text, json_span(doc, json)->start) - 1;

	return json_string_start(doc->text, json_skip_space_back(doc->text, colon));
}

void splice_remove_member(struct splices *splices, const struct json *doc, uint32_t json)
{
	size_t start = key_start(doc, json);
	size_t before = json_skip_space_back(doc->text, start);

	remove_content(splices, doc, start, json_span(doc, json)->end,
		       doc->text.data[before - 1] == '{');
}

/* Counts the elements, also those that the index leaves out. */
static bool is_all(const struct json *doc, uint32_t array, const uint32_t *removed,
		   size_t count)
{
	size_t last;

	if (count == 0)
		return false;
	last = json_skip_space(doc->text, json_span(doc, removed[count - 1])->end);
	return json_span(doc, removed[count - 1])->position == count - 1 &&
	       last + 1 == json_span(doc, array)->end;
}

void splice_array(struct splices *splices, const struct json *doc, uint32_t array,
		  const uint32_t *removed, size_t n_removed, const struct slice *added,
		  size_t n_added)
{
	const struct json_place place = place_of(doc, array);
	bool empty, all = is_all(doc, array, removed, n_removed);
	size_t at = content_end(doc->text, &place, &empty);
	struct slice separator = SLICE(",");

	for (size_t i = 0; i < n_removed; i++)
		remove_element(splices, doc, removed[i],
			       json_span(doc, removed[i])->position == i);
	if (n_added && !empty)
		separator = make_separator(splices, doc->text, &place);
	for (size_t i = 0; i < n_added; i++) {
		struct slice before = SLICE("");

		if (i > 0 || (!empty && !all))
			before = separator;
		else if (!empty)
			before = first_space(doc->text, &place);
		add_separated(splices, at, before, added[i]);
	}
}

/* Insertions at one place stay in the order in which they were made. */
static int compare_splices(const void *a, const void *b)
{
	const struct splice *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* Where the run of edits that are in order ends that begins at `start`. */
static size_t run_end(const struct splices *splices, size_t start)
{
	size_t end = start + 1;

	while (end < splices->count &&
	       compare_splices(&splices->items[end - 1], &splices->items[end]) < 0)
		end++;
	return end;
}

/* Merges the run [middle, end) with those before it, from the end, or from the start, with a copy of
 * the shorter one. */
static void merge_run(struct splice *items, size_t middle, size_t end)
{
	const bool back = end - middle <= middle;
	size_t count = back ? end - middle : middle, left = middle, at = 0, next = 0;
	auto_free struct splice *run = xmalloc(count * sizeof *run);

	memcpy(run, items + (back ? middle : 0), count * sizeof *run);
	while (back && count) {
		if (left && compare_splices(&items[left - 1], &run[count - 1]) > 0)
			items[--end] = items[--left];
		else
			items[--end] = run[--count];
	}
	while (next < count) {
		if (middle < end && compare_splices(&items[middle], &run[next]) < 0)
			items[at++] = items[middle++];
		else
			items[at++] = run[next++];
	}
}

/* They come in a few runs, a list of the spec each; qsort() takes as much memory again. */
static void sort(struct splices *splices)
{
	const size_t runs_max = 16;
	size_t runs = 0;

	for (size_t i = 0; i < splices->count; i = run_end(splices, i))
		runs++;
	if (runs > runs_max) {
		qsort(splices->items, splices->count, sizeof *splices->items,
		      compare_splices);
		return;
	}
	for (size_t i = splices->count ? run_end(splices, 0) : 0, end; i < splices->count;
	     i = end) {
		end = run_end(splices, i);
		merge_run(splices->items, i, end);
	}
}

int splices_sort(struct splices *splices, struct error *err)
{
	sort(splices);
	for (size_t i = 1; i < splices->count; i++) {
		if (splices->items[i].start < splices->items[i - 1].end)
			return error_set(err, ERROR_INTERNAL,
					 "two edits overlap at byte %u",
					 splices->items[i].start);
	}
	return 0;
}

size_t splices_length(const struct splices *splices, size_t text_length)
{
	for (size_t i = 0; i < splices->count; i++)
		text_length = text_length + splices->items[i].length -
			      (splices->items[i].end - splices->items[i].start);
	return text_length;
}

bool spliced_next(struct spliced *spliced, struct slice *ret)
{
	const size_t count = spliced->splices ? spliced->splices->count : 0;

	while (spliced->next < count) {
		const struct splice *splice = &spliced->splices->items[spliced->next];

		if (spliced->at < splice->start) {
			*ret = slice_from_to(spliced->text, spliced->at, splice->start);
			spliced->at = splice->start;
			return true;
		}
		spliced->at = splice->end;
		spliced->next++;
		if (splice->length) {
			*ret = (struct slice) { splice->with, splice->length };
			return true;
		}
	}
	*ret = slice_from_to(spliced->text, spliced->at, spliced->text.length);
	spliced->at = spliced->text.length;
	return ret->length > 0;
}

void splices_apply(const struct splices *splices, struct slice text, struct buffer *ret)
{
	struct spliced spliced = { text, splices, 0, 0 };
	struct slice piece;

	array_grow(&ret->data, &ret->capacity,
		   ret->length + splices_length(splices, text.length) + 1, 1);
	while (spliced_next(&spliced, &piece))
		buffer_add(ret, piece);
}
