/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the search for names of the host. The first part of the input, before a byte 0xff, is
 * a table, a name on each line; the second one says which characters of the third, the text, are
 * escaped in JSON. What is found is a name of the table with its bounds; no name is overlooked;
 * and where the text has one, the filter finds a place in the JSON string. */
#include "fuzz.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/leftover_filter.h"

#define auto_table __attribute__((cleanup(leftover_table_free))) struct leftover_table

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool ends(struct slice text, size_t at)
{
	return at == text.length ||
	       (!is_alphanumeric(text.data[at]) &&
		!(text.data[at] == '.' && at + 1 < text.length &&
		  text.data[at + 1] >= '0' && text.data[at + 1] <= '9'));
}

/* Does an address go on before its beginning? The name that was found before it, up to `from`, is
 * no part of it. */
static bool is_inside(struct slice text, size_t from, size_t at)
{
	size_t start = at - 1, length;

	if (at == from || text.data[at - 1] != ':')
		return false;
	while (start > from && is_hex(text.data[start - 1]))
		start--;
	length = at - 1 - start;
	return (start == from || !is_alphanumeric(text.data[start - 1])) &&
	       (length == 2 || (length >= 4 && length <= 8));
}

/* Is it an address, whatever the table has? */
static bool is_address(struct slice text, size_t from, size_t at, struct pci_address *ret,
		       size_t *ret_length)
{
	struct pci_spelling spelling;
	const size_t end = pci_address_scan(text, at, ret, &spelling);

	*ret_length = end - at;
	return end && ends(text, end) && !is_inside(text, from, at);
}

static bool is_host(const struct leftover_table *table, struct slice text, size_t from,
		    size_t at, size_t *ret_length)
{
	struct pci_address address;

	if (!is_address(text, from, at, &address, ret_length))
		return false;
	for (size_t i = 0; i < table->n_addresses; i++) {
		if (device_name_is(&table->addresses[i].host, &address))
			return true;
	}
	return false;
}

/* Does a path go on so? */
static bool goes_on(char c)
{
	return c == '/' || c == '_' || c == '-';
}

/* Does the text from `at` on begin with the path, if slashes there are passed over that make no
 * other one of it? Returns where the path ends, or 0. */
static size_t skip_path(struct slice text, size_t at, struct slice path)
{
	for (size_t i = 0; i < path.length; i++) {
		if (at == text.length || text.data[at++] != path.data[i])
			return 0;
		if (path.data[i] != '/')
			continue;
		for (;;) {
			const struct slice rest = slice_from_to(text, at, text.length);

			if (slice_starts(rest, SLICE("/")))
				at++;
			else if (slice_starts(rest, SLICE("./")))
				at += 2;
			else
				break;
		}
	}
	return at;
}

/* Is there the end of an absolute path before it? */
static bool follows_path(struct slice text, size_t at)
{
	size_t start = at;

	while (start > 0 &&
	       (is_alphanumeric(text.data[start - 1]) || text.data[start - 1] == '.' ||
		goes_on(text.data[start - 1])))
		start--;
	return start < at && text.data[start] == '/';
}

static bool is_path(const struct leftover_table *table, struct slice text, size_t at,
		    size_t *ret_length)
{
	const struct slice rest = slice_from_to(text, at + 1, text.length);
	size_t longest = 0;

	*ret_length = 0;
	if (slice_starts(rest, SLICE("/")) || slice_starts(rest, SLICE("./")) ||
	    (at > 0 && is_alphanumeric(text.data[at - 1]) && !follows_path(text, at)))
		return false;
	for (size_t i = 0; i < table->n_paths; i++) {
		const struct slice path = table->paths[i].path;
		const size_t end = skip_path(text, at, path);

		if (end && path.length > longest && ends(text, end) &&
		    (end == text.length || !goes_on(text.data[end]))) {
			longest = path.length;
			*ret_length = end - at;
		}
	}
	return longest > 0;
}

/* No name lies between what was found, but for parts of longer ones. */
static void check_between(const struct leftover_table *table, struct slice text,
			  size_t start, size_t end)
{
	for (size_t at = start; at < end; at++) {
		struct pci_address address;
		size_t length;

		fuzz_check(!is_path(table, text, at, &length) || at + length > end,
			   "a path is overlooked at %zu", at);
		if (at > 0 && is_alphanumeric(text.data[at - 1]))
			continue;
		fuzz_check(!is_host(table, text, start, at, &length) || at + length > end,
			   "an address is overlooked at %zu", at);
		if (is_address(text, start, at, &address, &length))
			at += length - 1;
	}
}

/* Returns how many there are. */
static size_t check_text(const struct leftover_table *table, struct slice text)
{
	struct leftover_search search = { 0 };
	struct leftover found;
	size_t at = 0, count = 0, length = 0;

	for (; leftover_find(table, text, &search, &found); count++) {
		fuzz_check(found.start >= at && found.end <= text.length, "out of order");
		fuzz_check(found.path ? is_path(table, text, found.start, &length)
				      : is_host(table, text, at, found.start, &length),
			   "no name at %zu", found.start);
		fuzz_check(length == found.end - found.start, "another name");
		fuzz_check(found.start == 0 ||
				   !is_alphanumeric(text.data[found.start - 1]) ||
				   (found.path && found.below),
			   "inside of a word");
		check_between(table, text, at, found.start);
		at = found.end;
	}
	check_between(table, text, at, text.length);
	return count;
}

/* The text as a JSON string, some of its characters with escapes. */
static void quote(struct slice text, struct slice escapes, struct buffer *ret)
{
	buffer_add(ret, SLICE("\""));
	for (size_t i = 0; i < text.length; i++) {
		const unsigned char c = (unsigned char)text.data[i],
				    how = escapes.length
						  ? (unsigned char)escapes
							    .data[i % escapes.length]
						  : 0;

		if (c == '"' || c == '\\' || c < ' ' || (how % 3 == 1 && c < 0x80))
			buffer_printf(ret, how & 0x40 ? "\\u%04X" : "\\u%04x", c);
		else if (c == '/' && how % 3 == 2)
			buffer_add(ret, SLICE("\\/"));
		else
			buffer_add(ret, slice_from_to(text, i, i + 1));
	}
	buffer_add(ret, SLICE("\""));
}

static void check_filter(const struct leftover_table *table, struct slice text,
			 struct slice escapes, bool any)
{
	struct leftover_filter filter;
	auto_buffer json = { 0 };
	const size_t start = 1 + escapes.length;
	size_t end, found;
	bool escaped;
	char *copy;

	buffer_add(&json, SLICE("["));
	for (size_t i = 0; i < escapes.length; i++)
		buffer_add(&json, SLICE(" "));
	quote(text, escapes, &json);
	end = json.length;
	buffer_add(&json, slice_from_to(SLICE("]                                   "
					      "                                   "),
					0, escapes.length % 70));
	escaped = memchr(json.data, '\\', json.length);
	/* A read after its end is found. */
	copy = fuzz_copy(buffer_slice(&json));
	leftover_filter_make(table, &filter);
	for (unsigned int i = escaped; i < 2; i++) {
		found = leftover_filter_find(
			&filter, (struct slice) { copy, json.length }, 0, end, i);
		fuzz_check(found <= end, "past the end");
		fuzz_check(!any || (found >= start && found < end),
			   "%.*s: found nothing, or before it: %zu", (int)json.length,
			   json.data, found);
	}
	free(copy);
}

static void read_table(struct slice lines, struct leftover_table *ret,
		       struct buffer *paths)
{
	struct slice line;

	/* They are borrowed. */
	buffer_room(paths, lines.length + 1);
	while (slice_cut(&lines, '\n', &line)) {
		struct device_name name;

		if (slice_starts(line, SLICE("/")) && path_is_clean(line)) {
			const size_t at = paths->length;

			buffer_add(paths, line);
			leftover_table_add_path(ret,
						slice_from_to(buffer_slice(paths), at,
							      paths->length),
						NULL);
		} else if (device_name_parse(line, &name) == 0) {
			leftover_table_add_address(ret, &name, NULL);
		}
	}
	leftover_table_sort(ret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = { (const char *)data, size };
	const struct slice lines = fuzz_part(&rest), escapes = fuzz_part(&rest);
	auto_table table = { 0 };
	auto_buffer paths = { 0 };
	size_t count;

	if (lines.length)
		read_table(lines, &table, &paths);
	if (table.n_addresses == 0 && table.n_paths == 0)
		return 0;
	count = check_text(&table, rest);
	check_filter(&table, rest, escapes, count > 0);
	return 0;
}
