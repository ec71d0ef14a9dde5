/* SPDX-License-Identifier: Apache-2.0 */
/* Where raw JSON may have left-overs: what all arguments, variables and annotations of a
 * mapped container are looked through with. It finds too much rather than too little, since
 * escapes may hide any character; what is a left-over is in leftover.c. */
#include "oci-vfio-hook/leftover_filter.h"

#include "oci-vfio-hook/number.h"

/* Characters that are compared at once. One by one, they would take a tenth of a whole run. */
typedef signed char vector __attribute__((vector_size(16)));

#define BLOCK (4 * sizeof(vector))
/* How far a comparison looks ahead. */
#define AHEAD 4

static inline vector load(const char *text)
{
	vector characters;

	memcpy(&characters, text, sizeof(characters));
	return characters;
}

static inline bool is_any(vector found)
{
	uint64_t halves[2];

	memcpy(halves, &found, sizeof(halves));
	return halves[0] | halves[1];
}

/* What is compared with. */
struct signs {
	vector first, second; /* of a path */
	size_t distance;
	bool escapes;
};

/* The colon and dot of an address, or its underscores, with a function after them; how a path
 * begins; an escape that may hide anything. Where both separators have the bits that they must
 * have in common is enough: few other pairs do. */
static inline vector find_signs(const char *text, const struct signs *signs)
{
	const vector first = load(text), both = first & load(text + 3);
	const vector function = (load(text + AHEAD) & ~7) == '0';
	const vector address = ((both == (':' & '.')) | (both == '_')) & function;
	const vector path =
		(first == signs->first) & (load(text + signs->distance) == signs->second);

	if (!signs->escapes)
		return address | path;
	return address | path | ((first == '\\') & (load(text + 1) == 'u'));
}

/* Returns how many bytes, in whole blocks of so many, have no sign. */
static inline size_t count_without(const struct signs *signs, const char *text,
				   size_t n_blocks)
{
	size_t at = 0;

	for (; at < n_blocks * BLOCK; at += BLOCK) {
		vector found = { 0 };

		for (size_t i = 0; i < BLOCK; i += sizeof(vector))
			found |= find_signs(text + at + i, signs);
		if (is_any(found))
			break;
	}
	return at;
}

/* How many blocks there are from `start` on that begin before `end`, and of which all that is
 * compared is text. */
static size_t count_blocks(struct slice json, size_t start, size_t end)
{
	const size_t wanted = (end - start + BLOCK - 1) / BLOCK;
	const size_t length = json.length - start;
	const size_t whole = length > AHEAD ? (length - AHEAD) / BLOCK : 0;

	return wanted < whole ? wanted : whole;
}

/* Passes over blocks without a sign; returns where they end. */
static size_t skip(const struct leftover_filter *filter, struct slice json, size_t start,
		   size_t end, bool escapes)
{
	const size_t n_blocks = count_blocks(json, start, end);
	const struct signs plain = {
		.first = (vector) { 0 } + (signed char)filter->first,
		.second = (vector) { 0 } + (signed char)filter->second,
		.distance = filter->distance,
	};
	struct signs all = plain;

	all.escapes = true;
	return start + (escapes ? count_without(&all, json.data + start, n_blocks)
				: count_without(&plain, json.data + start, n_blocks));
}

/* The character of a JSON string at *at, which may be escaped; moves *at on. 0: one that is in
 * no token. */
static char next_character(struct slice json, size_t *at)
{
	uint64_t value;
	char c = json.data[(*at)++];

	if (c == '"')
		return '\0';
	if (c != '\\' || *at == json.length)
		return c;
	c = json.data[(*at)++];
	if (c == '/')
		return c;
	if (c != 'u' || json.length - *at < 4 ||
	    number_parse(slice_from_to(json, *at, *at + 4), 16, 4, 0x7f, &value) < 0)
		return '\0';
	*at += 4;
	return (char)value;
}

/* At a slash, which may be escaped: the first of what is one for a path. */
static size_t find_first_slash(struct slice json, size_t at)
{
	for (;;) {
		size_t before;

		if (at > 0 && json.data[at - 1] == '\\')
			at--;
		before = at;
		if (before > 1 && json.data[before - 1] == '.')
			before--;
		if (before == 0 || json.data[before - 1] != '/')
			return at;
		at = before - 1;
	}
}

/* At the sign of paths: does the text before it end as all paths begin? A slash may be several. */
static bool is_path(const struct leftover_filter *filter, struct slice json, size_t at)
{
	size_t i = filter->sign;

	while (json.data[at] == filter->beginning.data[i]) {
		if (i-- == 0)
			return true;
		if (json.data[at] == '/')
			at = find_first_slash(json, at);
		if (at-- == 0)
			return false;
	}
	return false;
}

/* Is there an address around its first separator? */
static bool is_address(struct slice json, size_t separator)
{
	struct pci_spelling spelling;
	struct pci_address address;

	return separator >= 2 &&
	       pci_address_scan(json, separator - 2, &address, &spelling) > 0;
}

/* Is there a UUID around its first dash? */
static bool is_uuid(struct slice json, size_t dash)
{
	const size_t start = dash - 8;
	struct uuid uuid;

	return dash >= 8 && json.length - start >= DEVICE_NAME_SIZE - 1 &&
	       uuid_parse(slice_from_to(json, start, start + DEVICE_NAME_SIZE - 1),
			  &uuid) == 0;
}

/* Is it in tokens that aren't odd? */
static bool is_of_token(char c)
{
	return (c >= '-' && c <= ':') || c == '_' ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Are there enough characters of tokens around an escape of one? */
static bool is_hidden(const struct leftover_filter *filter, struct slice json, size_t at)
{
	size_t count = 0, before = at;

	while (at < json.length && count < filter->shortest &&
	       is_of_token(next_character(json, &at)))
		count++;
	/* What an escape before it stands for isn't asked. */
	while (count > 0 && count < filter->shortest && before > 0 &&
	       (is_of_token(json.data[before - 1]) || json.data[before - 1] == '\\')) {
		before--;
		count++;
	}
	return filter->odd || count >= filter->shortest;
}

static bool is_sign(const struct leftover_filter *filter, struct slice json, size_t at)
{
	char c = json.data[at];

	if ((c == ':' || c == '_') && is_address(json, at))
		return true;
	if (c == '-' && filter->uuids && is_uuid(json, at))
		return true;
	if (c == '\\' && at + 1 < json.length && json.data[at + 1] == 'u' &&
	    is_hidden(filter, json, at))
		return true;
	return c == filter->first && filter->beginning.length &&
	       at + filter->distance < json.length &&
	       json.data[at + filter->distance] == filter->second &&
	       is_path(filter, json, at);
}

static size_t find_one_by_one(const struct leftover_filter *filter, struct slice json,
			      size_t start, size_t end)
{
	while (start < end && !is_sign(filter, json, start))
		start++;
	return start;
}

size_t leftover_filter_find(const struct leftover_filter *filter, struct slice json,
			    size_t start, size_t end, bool escapes)
{
	while (start < end) {
		/* UUIDs are rare, and have no sign of their own. */
		const size_t block =
			filter->uuids ? start : skip(filter, json, start, end, escapes);
		size_t next = block + BLOCK, found;

		if (block >= end)
			return end;
		if (next > end)
			next = end;
		found = find_one_by_one(filter, json, block, next);
		if (found < next)
			return found;
		start = next;
	}
	return end;
}

/* Sorted, the first path and the last have in common what all have. */
static struct slice find_beginning(const struct leftover_table *table)
{
	const struct slice first = table->paths[0].path,
			   last = table->paths[table->n_paths - 1].path;
	size_t common = 0;

	if (table->n_paths == 1)
		return first;
	while (common < first.length && common < last.length &&
	       first.data[common] == last.data[common])
		common++;
	return slice_from_to(first, 0, common);
}

/* The last slash with a character after it, since few texts have these two. */
static void choose_sign(struct leftover_filter *filter)
{
	const struct slice beginning = filter->beginning;
	size_t at = beginning.length > 1 ? beginning.length - 2 : 0;

	while (at > 0 && beginning.data[at] != '/')
		at--;
	filter->sign = at;
	filter->distance = beginning.length > 1;
	filter->first = beginning.data[at];
	filter->second = beginning.data[at + filter->distance];
}

static bool is_odd(struct slice path)
{
	for (size_t i = 0; i < path.length; i++) {
		if (!is_of_token(path.data[i]))
			return true;
	}
	return false;
}

static void look_at_paths(const struct leftover_table *table, struct leftover_filter *ret)
{
	for (size_t i = 0; i < table->n_paths; i++) {
		const struct slice path = table->paths[i].path;

		if (path.length < ret->shortest)
			ret->shortest = path.length;
		ret->odd |= is_odd(path);
	}
	ret->beginning = find_beginning(table);
	/* What JSON may escape isn't compared. */
	ret->beginning.length = text_plain_end(ret->beginning, 0);
	choose_sign(ret);
}

void leftover_filter_make(const struct leftover_table *table, struct leftover_filter *ret)
{
	/* BB:SS.F; and without any path an escape, which is looked at in any case. */
	*ret = (struct leftover_filter) {
		.shortest = 7, .first = '\\', .second = 'u', .distance = 1
	};
	ret->uuids = table->has_uuids;
	if (table->n_addresses == 0)
		ret->shortest = SIZE_MAX;
	if (table->n_paths)
		look_at_paths(table, ret);
}
