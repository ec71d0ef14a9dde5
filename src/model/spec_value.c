/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a spec. */
#include "spec_read.h"

int spec_read_integer(const struct json *doc, uint32_t json, int64_t min, int64_t *ret,
		      struct error *err)
{
	return json ? json_integer(doc, json, min, UINT32_MAX, ret, err) : 0;
}

int spec_read_string(const struct json *doc, uint32_t json, struct slice *ret,
		     struct error *err)
{
	return json ? json_string(doc, json, ret, err) : 0;
}

/* What has escapes is decoded in memory that is used again. */
static struct slice keep(struct spec *spec, const struct json *doc, uint32_t json,
			 struct slice text)
{
	if (json_span(doc, json)->escaped)
		text.data = text_pool_add(&spec->texts, text);
	return text;
}

int spec_read_lasting(struct spec *spec, const struct json *doc, uint32_t json,
		      struct slice *ret, struct error *err)
{
	int r = spec_read_string(doc, json, ret, err);

	if (r == 0 && json)
		*ret = keep(spec, doc, json, *ret);
	return r;
}

int spec_read_path(struct spec *spec, const struct json *doc, uint32_t json,
		   struct slice *ret, struct error *err)
{
	auto_free char *clean = NULL;
	struct slice text;
	int r = spec_read_string(doc, json, &text, err);

	if (r < 0 || !json)
		return r;
	if (path_is_clean(text)) {
		*ret = keep(spec, doc, json, text);
		return 0;
	}
	clean = path_clean(text);
	*ret = slice_from(clean);
	ret->data = text_pool_add(&spec->texts, *ret);
	return 0;
}

bool spec_find_member(const struct spec *spec, uint32_t json, const char *key,
		      struct json_place *ret)
{
	const struct slice text = spec->doc.text;

	return json_find_member(text, json_span(&spec->doc, json)->start, slice_from(key),
				ret) &&
	       !slice_equal(json_text_at(text, *ret), SLICE("null"));
}
