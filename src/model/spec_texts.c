/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of a spec one by one. What they lie in was parsed before: it is JSON. */
#include "oci-vfio-hook/spec_texts.h"

void spec_texts_begin(const struct spec *spec, enum spec_text_list list,
		      struct spec_texts *ret)
{
	const uint32_t json = spec->texts_json[list];

	*ret = (struct spec_texts) { .spec = spec, .list = list };
	if (!json)
		return;
	ret->at = json_span(&spec->doc, json)->start;
	ret->end = json_span(&spec->doc, json)->end;
}

/* Is the string that ends there a key? */
static bool is_key(const struct spec_texts *texts, size_t end)
{
	const struct slice text = texts->spec->doc.text;

	return texts->list == SPEC_TEXTS_ANNOTATIONS &&
	       text.data[json_skip_space(text, end)] == ':';
}

/* At a quote: takes the string; false: it isn't an element or member of the list itself. */
static bool take_string(struct spec_texts *texts)
{
	struct spec_text text = { .index = texts->index };

	text.string.start = (uint32_t)texts->at;
	text.string.end = (uint32_t)json_string_end(texts->spec->doc.text, texts->at);
	texts->at = text.string.end;
	if (texts->depth != 1)
		return false;
	text.is_key = is_key(texts, text.string.end);
	if (text.is_key)
		texts->key = text.string;
	text.key = texts->key;
	texts->last = text;
	return true;
}

static void pass(struct spec_texts *texts)
{
	switch (texts->spec->doc.text.data[texts->at++]) {
	case '[':
	case '{':
		texts->depth++;
		break;
	case ']':
	case '}':
		texts->depth--;
		break;
	case ',':
		texts->index += texts->depth == 1;
		break;
	default:
		break;
	}
}

static bool go_on(struct spec_texts *texts)
{
	while (texts->at < texts->end) {
		if (texts->spec->doc.text.data[texts->at] != '"')
			pass(texts);
		else if (take_string(texts))
			return true;
	}
	return false;
}

bool spec_texts_next(struct spec_texts *texts, struct spec_text *ret)
{
	if (!go_on(texts))
		return false;
	*ret = texts->last;
	return true;
}

bool spec_texts_find(struct spec_texts *texts, size_t place, struct spec_text *ret)
{
	while (texts->last.string.end <= place) {
		if (!go_on(texts))
			return false;
	}
	*ret = texts->last;
	return ret->string.start <= place;
}

bool spec_text_is_ours(const struct spec *spec, const struct spec_text *text)
{
	const struct slice json = spec->doc.text;
	size_t value = text->string.start;

	if (text->is_key) {
		value = json_skip_space(json, text->string.end);
		value = json_skip_space(json, value + 1);
	}
	return spec->annotation_json &&
	       value == json_span(&spec->doc, spec->annotation_json)->start;
}

bool spec_string_read(const struct spec *spec, const struct json_place *string,
		      struct json *ret_doc, struct slice *ret)
{
	const struct slice raw =
		slice_from_to(spec->doc.text, string->start, string->end);
	auto_error err = { 0 };

	*ret = slice_from_to(raw, 1, raw.length - 1);
	if (!memchr(raw.data, '\\', raw.length))
		return true;
	if (json_parse(spec->doc.name, raw, &json_value, NULL, ret_doc, &err) < 0)
		return false;
	if (json_string(ret_doc, 0, ret, &err) == 0)
		return true;
	*ret = json_decoded(ret_doc, 0);
	return false;
}
