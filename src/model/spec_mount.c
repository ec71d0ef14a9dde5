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

static int read_mount(void *context, const struct json *doc, uint32_t json,
		      bool *ret_kept, struct error *err);

static const struct json_shape option_shape = { .wanted = is_mount_option };
static const struct json_shape options_shape = { .elements = &option_shape };
enum mount_member {
	MOUNT_DESTINATION,
	MOUNT_TYPE,
	MOUNT_SOURCE,
	MOUNT_OPTIONS,
};
static const struct json_member mount_members[] = {
	[MOUNT_DESTINATION] = JSON_MEMBER("destination", &json_value),
	[MOUNT_TYPE] = JSON_MEMBER("type", &json_value),
	[MOUNT_SOURCE] = JSON_MEMBER("source", &json_value),
	[MOUNT_OPTIONS] = JSON_MEMBER("options", &options_shape),
};
static const struct json_shape mount_shape = { .members = mount_members,
					       .n_members = ARRAY_SIZE(mount_members),
					       .read = read_mount };
const struct json_shape spec_mounts_shape = { .elements = &mount_shape };

bool path_is_of_dev(struct slice path)
{
	return slice_starts(path, SLICE("/dev/")) || slice_equal(path, SLICE("/dev"));
}

/* Does it lie elsewhere than at /dev, and is spelled so? Nearly all mounts are between two such
 * places. */
static bool is_far(const struct json *doc, struct slice path)
{
	return path.data > doc->text.data &&
	       path.data < doc->text.data + doc->text.length &&
	       slice_starts(path, SLICE("/")) && path.length > 1 && !path_is_of_dev(path);
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
static int read_source(struct spec *spec, const struct json *doc, uint32_t json,
		       struct slice *ret, struct error *err)
{
	struct slice text = { 0 };
	int r = spec_read_string(doc, json, &text, err);

	if (r < 0 || !json)
		return r;
	if (slice_starts(text, SLICE("/")) || slice_contains(text, SLICE("..")))
		return spec_read_path(spec, doc, json, ret, err);
	return spec_read_lasting(spec, doc, json, ret, err);
}

/* What is malformed is refused, though it may not matter. */
static int read_mount(void *context, const struct json *doc, uint32_t json,
		      bool *ret_kept, struct error *err)
{
	const struct spec_reader *reader = context;
	struct spec *spec = reader->spec;
	struct spec_mount mount = { .json = json };
	struct slice type = { 0 };
	uint32_t members[ARRAY_SIZE(mount_members)] = { 0 };
	bool bind, devtmpfs;
	int r;

	json_members(doc, json, ARRAY_SIZE(members), members);
	*ret_kept = false;
	r = spec_read_string(doc, members[MOUNT_TYPE], &type, err);
	if (r == 0 && members[MOUNT_OPTIONS])
		r = json_expect(doc, members[MOUNT_OPTIONS], JSON_ARRAY, err);
	if (r < 0)
		return r;
	devtmpfs = slice_equal(type, SLICE("devtmpfs"));
	bind = devtmpfs || slice_equal(type, SLICE("bind"));
	r = read_options(doc, members[MOUNT_OPTIONS], &bind, &mount, err);
	if (r < 0 || !bind)
		return r;
	r = spec_read_path(spec, doc, members[MOUNT_DESTINATION], &mount.destination,
			   err);
	if (r == 0)
		r = read_source(spec, doc, members[MOUNT_SOURCE], &mount.source, err);
	if (r < 0)
		return r;
	/* There is one devtmpfs. */
	if (devtmpfs)
		mount.source = SLICE("/dev");
	if ((!devtmpfs && !members[MOUNT_SOURCE]) || !members[MOUNT_DESTINATION] ||
	    (!reader->all_mounts && is_far(doc, mount.source) &&
	     is_far(doc, mount.destination)))
		return 0;
	*array_append(spec->mounts, spec->n_mounts, spec->mounts_capacity) = mount;
	*ret_kept = true;
	return 0;
}
