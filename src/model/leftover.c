/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the host's names, and finding them as whole tokens. */
#include "oci-vfio-hook/leftover.h"

void leftover_table_add_address(struct leftover_table *table,
				const struct device_name *host,
				const struct device_name *guest)
{
	struct leftover_address *address = array_append(
		table->addresses, table->n_addresses, table->addresses_capacity);

	address->host = *host;
	table->has_uuids |= host->bus == DEVICE_BUS_MDEV;
	address->known = guest != NULL;
	if (guest)
		address->guest = *guest;
}

void leftover_table_add_path(struct leftover_table *table, struct slice path,
			     const char *final)
{
	struct leftover_path *added =
		array_append(table->paths, table->n_paths, table->paths_capacity);

	added->path = path;
	added->final = final;
}

static int compare_addresses(const void *a, const void *b)
{
	const struct leftover_address *x = a, *y = b;

	return device_name_compare(&x->host, &y->host);
}

static int compare_paths(const void *a, const void *b)
{
	const struct leftover_path *x = a, *y = b;

	return slice_compare(x->path, y->path);
}

/* A path with two others in its place has none that it could be replaced by. */
static void join_equal_paths(struct leftover_table *table)
{
	size_t count = 0;

	for (size_t i = 0; i < table->n_paths; i++) {
		struct leftover_path *last = count ? &table->paths[count - 1] : NULL;
		const struct leftover_path *path = &table->paths[i];

		if (!last || !slice_equal(last->path, path->path))
			table->paths[count++] = *path;
		else if (!last->final || !path->final ||
			 !text_equal(last->final, path->final))
			last->final = NULL;
	}
	table->n_paths = count;
}

/* Sorted, a path follows those that it begins with. */
static void find_beginnings(struct leftover_path *paths, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		size_t before = i;

		while (before && !slice_starts(paths[i].path, paths[before - 1].path))
			before = paths[before - 1].beginning;
		paths[i].beginning = before;
	}
}

void leftover_table_sort(struct leftover_table *table)
{
	if (table->n_addresses > 1)
		qsort(table->addresses, table->n_addresses, sizeof *table->addresses,
		      compare_addresses);
	if (table->n_paths < 2)
		return;
	qsort(table->paths, table->n_paths, sizeof *table->paths, compare_paths);
	join_equal_paths(table);
	find_beginnings(table->paths, table->n_paths);
}

void leftover_table_free(struct leftover_table *table)
{
	free(table->addresses);
	free(table->paths);
	*table = (struct leftover_table) { 0 };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
	return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		char c = (char)(text.data[i] | 0x20);

		if (!is_digit(text.data[i]) && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static size_t find_run_end(struct slice text, size_t at)
{
	while (at < text.length && is_alphanumeric(text.data[at]))
		at++;
	return at;
}

/* Does a "." there go on with the token before it? */
static bool is_inner_dot(struct slice text, size_t at)
{
	return text.data[at] == '.' && at + 1 < text.length &&
	       is_digit(text.data[at + 1]);
}

static bool ends_address(struct slice text, size_t at)
{
	return at == text.length ||
	       (!is_alphanumeric(text.data[at]) && !is_inner_dot(text, at));
}

static bool ends_path(struct slice text, size_t at)
{
	return ends_address(text, at) && (at == text.length || text.data[at] == '\0' ||
					  !strchr("/_-", text.data[at]));
}

/* Is the ":" before `at` inside of a token, after what may be a bus or a domain? */
static bool has_inner_colon(struct slice text, const struct leftover_search *search)
{
	const size_t length = search->run_end - search->run_start;

	return search->at > 0 && text.data[search->at - 1] == ':' &&
	       search->run_end + 1 == search->at &&
	       (length == 2 || (length >= 4 && length <= 8)) &&
	       is_hex(slice_from_to(text, search->run_start, search->run_end));
}

/* At the beginning of a run: is it an address of the table? Goes on after what was looked
 * at. */
static bool find_address(const struct leftover_table *table, struct slice text,
			 struct leftover_search *search, struct leftover *ret)
{
	const size_t start = search->at;
	const bool inside = has_inner_colon(text, search);
	struct leftover_address key = { .host.bus = DEVICE_BUS_PCI };
	size_t end = pci_address_scan(text, start, &key.host.address, &ret->spelling);

	search->run_start = start;
	search->run_end = find_run_end(text, start);
	search->at = search->run_end;
	if (end == 0 || inside || !ends_address(text, end))
		return false;
	search->run_start = end - 1;
	search->run_end = search->at = end;
	if (table->n_addresses == 0)
		return false;
	ret->start = start;
	ret->end = end;
	ret->path = NULL;
	ret->below = false;
	ret->address = bsearch(&key, table->addresses, table->n_addresses,
			       sizeof(*table->addresses), compare_addresses);
	return ret->address != NULL;
}

/* At the beginning of a run: is it a UUID of the table? If not, nothing was passed over. */
static bool find_uuid(const struct leftover_table *table, struct slice text,
		      struct leftover_search *search, struct leftover *ret)
{
	const size_t start = search->at, end = start + DEVICE_NAME_SIZE - 1;
	struct leftover_address key = { .host.bus = DEVICE_BUS_MDEV };

	if (!table->has_uuids || end > text.length || !ends_address(text, end) ||
	    uuid_parse(slice_from_to(text, start, end), &key.host.uuid) < 0)
		return false;
	ret->address = bsearch(&key, table->addresses, table->n_addresses,
			       sizeof(*table->addresses), compare_addresses);
	if (!ret->address)
		return false;
	ret->path = NULL;
	ret->below = false;
	ret->spelling = (struct pci_spelling) { 0 };
	ret->start = start;
	ret->end = search->run_end = search->at = end;
	search->run_start = end - 1;
	return true;
}

/* Is that which doesn't make a path another one after a slash? */
static bool is_slack(struct slice text, size_t at)
{
	if (at < text.length && text.data[at] == '.')
		at++;
	return at < text.length && text.data[at] == '/';
}

static size_t skip_slack(struct slice text, size_t at)
{
	while (is_slack(text, at))
		at += text.data[at] == '.' ? 2 : 1;
	return at;
}

/* An order of a clean path and the text without slack after slashes, as slice_compare(). 0 also
 * where the text begins with the path, which ends there at *ret_end. */
static int compare_with_text(struct slice path, struct slice text, size_t *ret_end)
{
	size_t at = 0;

	for (size_t i = 0; i < path.length; i++) {
		if (at == text.length)
			return 1;
		if (path.data[i] != text.data[at])
			return (unsigned char)path.data[i] - (unsigned char)text.data[at];
		at++;
		if (path.data[i] == '/')
			at = skip_slack(text, at);
	}
	*ret_end = at;
	return 0;
}

/* The last path that isn't after the text: any that the text begins with is it or one of its
 * beginnings. Index plus 1. */
static size_t find_last_before(const struct leftover_table *table, struct slice text)
{
	size_t low = 0, high = table->n_paths, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_with_text(table->paths[middle].path, text, &end) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_of_path(char c)
{
	return is_alphanumeric(c) || (c && strchr("/._-", c));
}

/* Does an absolute path go on there? */
static bool is_below(struct slice text, struct leftover_search *search, size_t at)
{
	for (; search->path_seen < at; search->path_seen++) {
		if (!is_of_path(text.data[search->path_seen]))
			search->path_start = search->path_seen + 1;
	}
	return search->path_start < at && text.data[search->path_start] == '/';
}

/* At a slash: is it the beginning of a path of the table? */
static bool find_path(const struct leftover_table *table, struct slice text,
		      struct leftover_search *search, struct leftover *ret)
{
	const size_t start = search->at++;
	struct slice rest = slice_from_to(text, start, text.length);
	size_t index, end = 0;

	ret->below = start > 0 && is_alphanumeric(text.data[start - 1]);
	if (is_slack(text, start + 1) || (ret->below && !is_below(text, search, start)))
		return false;
	index = find_last_before(table, rest);
	while (index && (compare_with_text(table->paths[index - 1].path, rest, &end) ||
			 !ends_path(rest, end)))
		index = table->paths[index - 1].beginning;
	if (index == 0)
		return false;
	ret->start = start;
	ret->path = &table->paths[index - 1];
	ret->address = NULL;
	ret->end = search->at = start + end;
	return true;
}

bool leftover_find(const struct leftover_table *table, struct slice text,
		   struct leftover_search *search, struct leftover *ret)
{
	while (search->at < text.length) {
		char c = text.data[search->at];

		if (is_alphanumeric(c)) {
			if (find_uuid(table, text, search, ret) ||
			    find_address(table, text, search, ret))
				return true;
		} else if (c == '/') {
			if (find_path(table, text, search, ret))
				return true;
		} else {
			search->at++;
		}
	}
	return false;
}
