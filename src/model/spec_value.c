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

int spec_read_path(struct spec *spec, uint32_t json, struct slice *ret, struct error *err)
{
	struct slice text = { 0 };
	char *clean;
	int r = spec_read_string(&spec->doc, json, &text, err);

	if (r < 0 || !json)
		return r;
	if (!path_is_clean(text)) {
		clean = path_clean(text);
		*array_append(spec->strings, spec->n_strings, spec->strings_capacity) =
			clean;
		text = slice_from(clean);
	}
	*ret = text;
	return 0;
}
