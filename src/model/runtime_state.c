/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime writes down of a container. */
#include "oci-vfio-hook/runtime_state.h"

#include "oci-vfio-hook/json.h"

static const struct slice label = { "bundle=", 7 };

static bool is_bundle_label(const void *context, struct slice text)
{
	(void)context;
	return slice_starts(text, label);
}

static const struct json_shape label_shape = { .wanted = is_bundle_label };
static const struct json_shape labels_shape = { .elements = &label_shape };

enum { CONFIG_LABELS };
static const struct json_member config_members[] = {
	[CONFIG_LABELS] = JSON_MEMBER("labels", &labels_shape),
};
static const struct json_shape config_shape = { .members = config_members,
						.n_members = ARRAY_SIZE(config_members),
						.map = true };

enum { STATE_BUNDLE, STATE_CONFIG };
static const struct json_member state_members[] = {
	[STATE_BUNDLE] = JSON_MEMBER("bundle", &json_value),
	[STATE_CONFIG] = JSON_MEMBER("config", &config_shape),
};
static const struct json_shape state_shape = { .members = state_members,
					       .n_members = ARRAY_SIZE(state_members),
					       .map = true };

/* The member at `position` if it is of this type, else 0. */
static uint32_t find(const struct json *doc, uint32_t object, uint32_t position,
		     enum json_type type)
{
	uint32_t json = json_type(doc, object) == JSON_OBJECT
				? json_member(doc, object, position)
				: 0;

	return json && json_type(doc, json) == type ? json : 0;
}

static int find_label(const struct json *doc, struct slice *ret, struct error *err)
{
	uint32_t config = find(doc, 0, STATE_CONFIG, JSON_OBJECT);
	uint32_t labels = config ? find(doc, config, CONFIG_LABELS, JSON_ARRAY) : 0;
	int r = 0;

	for (uint32_t json = labels ? json_child(doc, labels) : 0; json && r == 0;
	     json = json_next(doc, json)) {
		r = json_string(doc, json, ret, err);
		if (r == 0)
			*ret = slice_from_to(*ret, label.length, ret->length);
	}
	return r;
}

int runtime_state_find_bundle(const char *name, struct slice text, char **ret,
			      struct error *err)
{
	auto_json doc = { 0 };
	struct slice bundle = { 0 };
	uint32_t json;
	int r = json_parse(name, text, &state_shape, NULL, &doc, err);

	if (r < 0)
		return r;
	json = find(&doc, 0, STATE_BUNDLE, JSON_STRING);
	r = json ? json_string(&doc, json, &bundle, err) : find_label(&doc, &bundle, err);
	if (r < 0)
		return r;
	if (!slice_starts(bundle, SLICE("/")))
		return error_set(err, ERROR_DATA, "%s: names no bundle", name);
	*ret = xstrndup(bundle.data, bundle.length);
	return 0;
}
