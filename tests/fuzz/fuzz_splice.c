/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes edits of a JSON text: elements are removed and added, members added, values
 * replaced, in whatever white space. The text is JSON again afterwards, and holds what it
 * must. The first four bytes choose the edits. */
#include "fuzz.h"

#include "oci-vfio-hook/splice.h"

struct edits {
	uint32_t choice;
	struct splices splices;
	size_t strings; /* how many values "+" were put in */
};

static bool choose(struct edits *edits)
{
	edits->choice = edits->choice * 1103515245 + 12345;
	return edits->choice >> 30 == 0;
}

static size_t count_children(const struct json *doc, uint32_t parent)
{
	size_t count = 0;

	for (uint32_t json = json_child(doc, parent); json; json = json_next(doc, json))
		count++;
	return count;
}

static void edit_array(struct edits *edits, const struct json *doc, uint32_t array)
{
	const struct slice added[] = { SLICE("\"+\""), SLICE("\"+\"") };
	auto_free uint32_t *removed =
		xzalloc(count_children(doc, array) * sizeof *removed);
	size_t n_removed = 0, n_added = choose(edits) + choose(edits);

	for (uint32_t json = json_child(doc, array); json; json = json_next(doc, json)) {
		if (choose(edits))
			removed[n_removed++] = json;
	}
	splice_array(&edits->splices, doc, array, removed, n_removed, added, n_added);
	edits->strings += n_added;
}

static void edit_object(struct edits *edits, const struct json *doc, uint32_t object)
{
	static const char *const keys[] = { "+1", "+2" };

	for (size_t i = 0; i < 2; i++) {
		if (choose(edits)) {
			splice_add_member(&edits->splices, doc, object, keys[i],
					  SLICE("\"+\""));
			edits->strings++;
		}
	}
}

/* Edits this value or those below it, not both, so that no two edits overlap. */
static void edit(struct edits *edits, const struct json *doc, uint32_t json)
{
	enum json_type type = json_type(doc, json);

	if (type == JSON_KEY)
		return;
	if (type == JSON_ARRAY && choose(edits)) {
		edit_array(edits, doc, json);
		return;
	}
	if (type == JSON_OBJECT && choose(edits))
		edit_object(edits, doc, json);
	else if (json && choose(edits)) {
		splice_replace(&edits->splices, doc, json, SLICE("\"+\""));
		edits->strings++;
		return;
	}
	for (uint32_t child = json_child(doc, json); child; child = json_next(doc, child))
		edit(edits, doc, child);
}

static size_t count_strings(const struct json *doc)
{
	size_t count = 0;

	for (uint32_t json = 0; json < doc->n_spans; json++) {
		if (json_type(doc, json) == JSON_STRING)
			count += slice_equal(json_raw(doc, json), SLICE("\"+\""));
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct edits edits = { 0 };
	struct slice text;
	auto_buffer value = { 0 };
	auto_error err = { 0 };
	auto_json doc = { 0 }, after = { 0 };

	if (size < 4 || memchr(data + 4, '+', size - 4))
		return 0;
	text = (struct slice) { (const char *)data + 4, size - 4 };
	memcpy(&edits.choice, data, sizeof edits.choice);
	if (json_parse("fuzz", text, &json_any, NULL, &doc, &err) < 0)
		return 0;
	edit(&edits, &doc, 0);
	fuzz_check(splices_sort(&edits.splices, &err) == 0, "%s", err.message);
	splices_apply(&edits.splices, text, &value);
	fuzz_check(value.length == splices_length(&edits.splices, size - 4), "length");
	fuzz_check(json_parse("new", buffer_slice(&value), &json_any, NULL, &after,
			      &err) == 0,
		   "%s: %s", err.message, value.data);
	fuzz_check(count_strings(&after) == edits.strings, "%zu put in, %zu found in %s",
		   edits.strings, count_strings(&after), value.data);
	splices_free(&edits.splices);
	return 0;
}
