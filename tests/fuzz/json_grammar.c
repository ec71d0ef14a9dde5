/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of JSON, by recursive descent. Each function takes its part off the text. */
#include "json_grammar.h"

static bool take(struct slice *text, char c)
{
	if (text->length == 0 || text->data[0] != c)
		return false;
	*text = slice_from_to(*text, 1, text->length);
	return true;
}

static bool take_one_of(struct slice *text, const char *set)
{
	for (; *set; set++) {
		if (take(text, *set))
			return true;
	}
	return false;
}

static void take_space(struct slice *text)
{
	while (take_one_of(text, " \t\n\r"))
		;
}

static bool take_digits(struct slice *text)
{
	bool any = false;

	while (take_one_of(text, "0123456789"))
		any = true;
	return any;
}

static bool take_number(struct slice *text)
{
	take(text, '-');
	if (!take(text, '0') && !take_digits(text))
		return false;
	if (take(text, '.') && !take_digits(text))
		return false;
	if (take_one_of(text, "eE")) {
		take_one_of(text, "+-");
		return take_digits(text);
	}
	return true;
}

static bool take_string(struct slice *text)
{
	if (!take(text, '"'))
		return false;
	while (!take(text, '"')) {
		if (text->length == 0 || (unsigned char)text->data[0] < 0x20)
			return false;
		if (!take(text, '\\')) {
			*text = slice_from_to(*text, 1, text->length);
			continue;
		}
		if (take_one_of(text, "\"\\/bfnrt"))
			continue;
		if (!take(text, 'u'))
			return false;
		for (int i = 0; i < 4; i++) {
			if (!take_one_of(text, "0123456789abcdefABCDEF"))
				return false;
		}
	}
	return true;
}

static bool take_value(struct slice *text, unsigned int depth);

static bool take_members(struct slice *text, char close, unsigned int depth)
{
	if (depth == 0)
		return false;
	take_space(text);
	if (take(text, close))
		return true;
	do {
		take_space(text);
		if (close == '}') {
			if (!take_string(text))
				return false;
			take_space(text);
			if (!take(text, ':'))
				return false;
		}
		if (!take_value(text, depth - 1))
			return false;
		take_space(text);
	} while (take(text, ','));
	return take(text, close);
}

static bool take_word(struct slice *text, struct slice word)
{
	if (!slice_starts(*text, word))
		return false;
	*text = slice_from_to(*text, word.length, text->length);
	return true;
}

static bool take_value(struct slice *text, unsigned int depth)
{
	take_space(text);
	if (take(text, '{'))
		return take_members(text, '}', depth);
	if (take(text, '['))
		return take_members(text, ']', depth);
	if (text->length && text->data[0] == '"')
		return take_string(text);
	return take_word(text, SLICE("true")) || take_word(text, SLICE("false")) ||
	       take_word(text, SLICE("null")) || take_number(text);
}

bool json_grammar_holds(struct slice text, unsigned int depth)
{
	if (!take_value(&text, depth))
		return false;
	take_space(&text);
	return text.length == 0;
}
