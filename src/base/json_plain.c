/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are plainly JSON, looked at without a parser. */
#include "json_plain.h"

/* Each of these returns where what begins at `at` ends, 0 where it is not plain. */
static size_t skip_string(struct slice text, size_t at)
{
	if (at >= text.length || text.data[at] != '"')
		return 0;
	for (at++;; at += 2) {
		at = text_plain_end(text, at);
		if (at >= text.length)
			return 0;
		if (text.data[at] == '"')
			return at + 1;
		if (text.data[at] != '\\' || at + 1 == text.length ||
		    (text.data[at + 1] != '"' && text.data[at + 1] != '\\'))
			return 0;
	}
}

static size_t skip_number(struct slice text, size_t at)
{
	size_t start = at;

	while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9')
		at++;
	return at == start || (text.data[start] == '0' && at - start > 1) ? 0 : at;
}

static size_t skip_scalar(struct slice text, size_t at)
{
	const struct slice words[] = { SLICE("true"), SLICE("false") };
	size_t end = skip_string(text, at);

	if (!end)
		end = skip_number(text, at);
	for (size_t i = 0; !end && i < ARRAY_SIZE(words); i++) {
		if (slice_starts(slice_from_to(text, at, text.length), words[i]))
			end = at + words[i].length;
	}
	return end;
}

static size_t skip_object(struct slice text, size_t at)
{
	do {
		at = skip_string(text, at + 1);
		if (!at || at >= text.length || text.data[at] != ':')
			return 0;
		at = skip_scalar(text, at + 1);
		if (!at || at >= text.length)
			return 0;
	} while (text.data[at] == ',');
	return text.data[at] == '}' ? at + 1 : 0;
}

bool json_is_plain(struct slice text)
{
	if (text.length == 0)
		return false;
	return (text.data[0] == '{' ? skip_object(text, 0) : skip_scalar(text, 0)) ==
	       text.length;
}
