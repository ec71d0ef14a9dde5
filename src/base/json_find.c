/* SPDX-License-Identifier: Apache-2.0 */
/* Finding in JSON text what no index has. The text was parsed before: it is JSON. */
#include "oci-vfio-hook/json.h"

static size_t container_end(struct slice text, size_t at)
{
	unsigned int depth = 0;

	do {
		char c = text.data[at];

		if (c == '"') {
			at = json_string_end(text, at);
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at++;
	} while (depth);
	return at;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '+' ||
	       c == '.' || c == 'E';
}

static size_t value_end(struct slice text, size_t at)
{
	char c = text.data[at];

	if (c == '"')
		return json_string_end(text, at);
	if (c == '{' || c == '[')
		return container_end(text, at);
	/* A number or a word. */
	while (at < text.length && is_plain(text.data[at]))
		at++;
	return at;
}

static struct json_place value_at(struct slice text, size_t at)
{
	return (struct json_place) { (uint32_t)at, (uint32_t)value_end(text, at) };
}

/* After what may separate it from the one before. */
static size_t skip_comma(struct slice text, size_t at)
{
	at = json_skip_space(text, at);
	return text.data[at] == ',' ? json_skip_space(text, at + 1) : at;
}

/* A key that is spelled with escapes. */
static bool decodes_to(struct slice raw, struct slice key)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };

	return json_parse("", raw, &json_value, NULL, &doc, &err) == 0 &&
	       slice_equal(json_decoded(&doc, 0), key);
}

/* The end of the key, after its quote, and whether it is spelled with escapes. */
static size_t key_end(struct slice text, size_t at, bool *ret_escaped)
{
	*ret_escaped = false;
	for (at++; text.data[at] != '"'; at++) {
		if (text.data[at] != '\\')
			continue;
		*ret_escaped = true;
		at++;
	}
	return at + 1;
}

void json_find_members(struct slice text, size_t start, const struct slice *keys,
		       size_t count, struct json_place *ret)
{
	size_t at = skip_comma(text, start + 1), found = 0;

	while (text.data[at] == '"' && found < count) {
		bool escaped;
		size_t end = key_end(text, at, &escaped);
		size_t colon = json_skip_space(text, end);
		struct slice raw = slice_from_to(text, at, end);
		struct slice name = slice_from_to(text, at + 1, end - 1);
		struct json_place value =
			value_at(text, json_skip_space(text, colon + 1));

		for (size_t i = 0; i < count; i++) {
			if (escaped ? !decodes_to(raw, keys[i])
				    : !slice_equal(name, keys[i]))
				continue;
			ret[i] = value;
			found++;
			break;
		}
		at = skip_comma(text, value.end);
	}
}

bool json_find_member(struct slice text, size_t start, struct slice key,
		      struct json_place *ret)
{
	*ret = (struct json_place) { 0 };
	json_find_members(text, start, &key, 1, ret);
	return ret->end > 0;
}

bool json_find_element(struct slice text, size_t at, struct json_place *ret)
{
	at = skip_comma(text, at);
	if (text.data[at] == ']')
		return false;
	*ret = value_at(text, at);
	return true;
}
