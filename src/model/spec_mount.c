/* SPDX-License-Identifier: Apache-2.0 */
/* The bind mounts of a spec, and which of them may matter. */
#include "spec_read.h"

/* The options that make a mount a bind mount, or decide whether it may be written. */
static bool is_mount_option(const void *context, struct slice text)
{
	(void)context;
	return slice_equal(text, SLICE("bind")) || slice_equal(text, SLICE("rbind")) ||
	       slice_equal(text, SLICE("ro")) || slice_equal(text, SLICE("rw"));
}

static bool may_matter(const void *context, const struct json *doc, uint32_t mount);

static const struct json_shape option_shape = { .wanted = is_mount_option };
static const struct json_shape options_shape = { .elements = &option_shape };
static const struct json_member mount_members[] = {
	[SPEC_MOUNT_DESTINATION] = JSON_MEMBER("destination", &json_value),
	[SPEC_MOUNT_TYPE] = JSON_MEMBER("type", &json_value),
	[SPEC_MOUNT_SOURCE] = JSON_MEMBER("source", &json_value),
	[SPEC_MOUNT_OPTIONS] = JSON_MEMBER("options", &options_shape),
};
static const struct json_shape mount_shape = { .members = mount_members,
					       .n_members = ARRAY_SIZE(mount_members),
					       .kept = may_matter };
const struct json_shape spec_mounts_shape = { .elements = &mount_shape };

bool path_is_of_dev(struct slice path)
{
	return slice_starts(path, SLICE("/dev/")) || slice_equal(path, SLICE("/dev"));
}

/* Is it a string that is as it is spelled, and right? */
static bool is_plain(const struct json *doc, uint32_t json, struct slice *ret)
{
	struct slice raw = json_raw(doc, json);

	if (json_type(doc, json) != JSON_STRING || json_span(doc, json)->escaped)
		return false;
	*ret = slice_from_to(raw, 1, raw.length - 1);
	return text_is_utf8(*ret);
}

static bool is_far(const struct json *doc, uint32_t json)
{
	struct slice path;

	return json && is_plain(doc, json, &path) && path_is_clean(path) &&
	       !path_is_of_dev(path) && !slice_equal(path, SLICE("/"));
}

/* Nearly all mounts are between other places than /dev, or not bind mounts. What is malformed
 * may matter, too: it is refused when it is read. */
static bool may_matter(const void *context, const struct json *doc, uint32_t mount)
{
	const struct spec_wants *wants = context;
	uint32_t members[ARRAY_SIZE(mount_members)] = { 0 }, json = 0;
	struct slice text = SLICE("");
	bool bind;

	if (wants->all_mounts)
		return true;
	json_members(doc, mount, ARRAY_SIZE(members), members);
	if (members[SPEC_MOUNT_TYPE] && !is_plain(doc, members[SPEC_MOUNT_TYPE], &text))
		return true;
	/* The machine's /dev, whatever its source and options. */
	if (slice_equal(text, SLICE("devtmpfs")))
		return true;
	bind = slice_equal(text, SLICE("bind"));
	if (members[SPEC_MOUNT_OPTIONS]) {
		if (json_type(doc, members[SPEC_MOUNT_OPTIONS]) != JSON_ARRAY)
			return true;
		json = json_child(doc, members[SPEC_MOUNT_OPTIONS]);
	}
	for (; json; json = json_next(doc, json)) {
		if (json_type(doc, json) == JSON_NULL)
			continue;
		if (!is_plain(doc, json, &text))
			return true;
		bind |= text.length > 2;
	}
	return bind && !(is_far(doc, members[SPEC_MOUNT_SOURCE]) &&
			 is_far(doc, members[SPEC_MOUNT_DESTINATION]));
}

/* The index has what is_mount_option() wants, and what is not a string. */
static int read_options(const struct json *doc, uint32_t options, bool *ret_bind,
			struct spec_mount *mount, struct error *err)
{
	uint32_t json = options ? json_child(doc, options) : 0;

	for (; json; json = json_next(doc, json)) {
		struct slice option;
		int r;

		if (json_type(doc, json) == JSON_NULL)
			continue;
		r = json_string(doc, json, &option, err);
		if (r < 0)
			return r;
		if (option.length > 2)
			*ret_bind = true;
		else
			mount->read_only = option.data[1] == 'o';
	}
	return 0;
}

/* A relative one lies in the bundle, unless it leads out of it: then it may be any. */
static int read_source(struct spec *spec, uint32_t json, struct slice *ret,
		       struct error *err)
{
	struct slice text = { 0 };
	int r = spec_read_string(&spec->doc, json, &text, err);

	if (r < 0 || !json)
		return r;
	if (slice_starts(text, SLICE("/")) || slice_contains(text, SLICE("..")))
		return spec_read_path(spec, json, ret, err);
	*ret = text;
	return 0;
}

int spec_read_mount(struct spec *spec, uint32_t json, struct error *err)
{
	struct spec_mount mount = { .json = json };
	const struct json *doc = &spec->doc;
	struct slice type = { 0 };
	uint32_t members[ARRAY_SIZE(mount_members)] = { 0 };
	bool bind, devtmpfs;
	int r = json_expect(doc, json, JSON_OBJECT, err);

	if (r < 0)
		return r;
	json_members(doc, json, ARRAY_SIZE(members), members);
	r = spec_read_string(doc, members[SPEC_MOUNT_TYPE], &type, err);
	mount.options_json = members[SPEC_MOUNT_OPTIONS];
	if (r == 0 && mount.options_json)
		r = json_expect(doc, mount.options_json, JSON_ARRAY, err);
	if (r < 0)
		return r;
	devtmpfs = slice_equal(type, SLICE("devtmpfs"));
	bind = devtmpfs || slice_equal(type, SLICE("bind"));
	r = read_options(doc, mount.options_json, &bind, &mount, err);
	if (r < 0 || !bind)
		return r;
	r = spec_read_path(spec, members[SPEC_MOUNT_DESTINATION], &mount.destination,
			   err);
	if (r == 0)
		r = read_source(spec, members[SPEC_MOUNT_SOURCE], &mount.source, err);
	if (r < 0)
		return r;
	/* There is one devtmpfs. */
	if (devtmpfs)
		mount.source = SLICE("/dev");
	if ((devtmpfs || members[SPEC_MOUNT_SOURCE]) && members[SPEC_MOUNT_DESTINATION])
		*array_append(spec->mounts, spec->n_mounts, spec->mounts_capacity) =
			mount;
	return 0;
}
