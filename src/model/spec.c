/* SPDX-License-Identifier: Apache-2.0 */
/* The view of an OCI spec: its parts but devices, rules and mounts. */
#include "spec_read.h"
#include "variable_name.h"

static bool holds_addresses(const void *context, struct slice text)
{
	const struct spec_reader *reader = context;
	const struct env_prefixes *prefixes = reader->prefixes;

	if (prefixes->families)
		return variable_may_be_of_family(text) && variable_is_of_family(text);
	for (size_t i = 0; i < prefixes->count; i++) {
		if (slice_starts(text, prefixes->items[i]))
			return true;
	}
	return false;
}

static const struct json_member resources_members[] = {
	[SPEC_RESOURCES_DEVICES] = JSON_MEMBER("devices", &spec_rules_shape),
};
static const struct json_shape resources_shape = {
	.members = resources_members, .n_members = ARRAY_SIZE(resources_members)
};

static const struct json_member linux_members[] = {
	[SPEC_LINUX_DEVICES] = JSON_MEMBER("devices", &spec_devices_shape),
	[SPEC_LINUX_RESOURCES] = JSON_MEMBER("resources", &resources_shape),
	[SPEC_LINUX_CGROUPS_PATH] = JSON_MEMBER("cgroupsPath", &json_value),
};
static const struct json_shape linux_shape = { .members = linux_members,
					       .n_members = ARRAY_SIZE(linux_members) };

static int read_variable(void *context, const struct json *doc, uint32_t json,
			 bool *ret_kept, struct error *err);
static const struct json_shape variable_shape = { .wanted = holds_addresses,
						  .read = read_variable };
static const struct json_shape env_shape = { .elements = &variable_shape };
static const struct json_member process_members[] = {
	[SPEC_PROCESS_ENV] = JSON_MEMBER("env", &env_shape),
	[SPEC_PROCESS_ARGS] = JSON_MEMBER("args", &json_value),
	[SPEC_PROCESS_RLIMITS] = JSON_MEMBER("rlimits", &json_value),
};
static const struct json_shape process_shape = { .members = process_members,
						 .n_members =
							 ARRAY_SIZE(process_members) };

static const struct json_member annotation_members[] = {
	[SPEC_ANNOTATION_OURS] = JSON_MEMBER(ANNOTATION_KEY, &json_value),
};
static const struct json_shape annotations_shape = { .members = annotation_members,
						     .n_members = ARRAY_SIZE(
							     annotation_members),
						     .map = true };

enum { ROOT_PATH };
static const struct json_member rootfs_members[] = {
	[ROOT_PATH] = JSON_MEMBER("path", &json_value),
};
static const struct json_shape rootfs_shape = { .members = rootfs_members,
						.n_members = ARRAY_SIZE(rootfs_members) };

static const struct json_member spec_members[] = {
	[SPEC_PROCESS] = JSON_MEMBER("process", &process_shape),
	[SPEC_MOUNTS] = JSON_MEMBER("mounts", &spec_mounts_shape),
	[SPEC_LINUX] = JSON_MEMBER("linux", &linux_shape),
	[SPEC_ANNOTATIONS] = JSON_MEMBER("annotations", &annotations_shape),
	[SPEC_ROOT] = JSON_MEMBER("root", &rootfs_shape),
	[SPEC_BUNDLE] = JSON_MEMBER("bundle", &json_value),
	[SPEC_BUNDLE_PATH] = JSON_MEMBER("bundlePath", &json_value),
};
static const struct json_shape spec_shape = { .members = spec_members,
					      .n_members = ARRAY_SIZE(spec_members) };

/* The member if it is there and of this type; *ret is 0 where it is absent or null. */
static int find(const struct json *doc, uint32_t object, uint32_t position,
		enum json_type type, uint32_t *ret, struct error *err)
{
	*ret = json_member(doc, object, position);
	return *ret ? json_expect(doc, *ret, type, err) : 0;
}

static int read_variable(void *context, const struct json *doc, uint32_t json,
			 bool *ret_kept, struct error *err)
{
	struct spec *spec = ((struct spec_reader *)context)->spec;
	struct slice text;
	const char *equals;
	int r = spec_read_lasting(spec, doc, json, &text, err);

	*ret_kept = false;
	if (r < 0)
		return r;
	equals = memchr(text.data, '=', text.length);
	if (!equals)
		return 0;
	*array_append(spec->variables, spec->n_variables, spec->variables_capacity) =
		(struct spec_variable) {
			.start = json_span(doc, json)->start,
			.index = json_span(doc, json)->position,
			.text = text.data,
			.name_length = (uint32_t)(equals - text.data),
			.value_length = (uint32_t)(text.data + text.length - equals - 1),
		};
	return 0;
}

/* What is of the right type was read while the text was parsed. */
static int expect_string(struct spec *spec, uint32_t json, struct error *err)
{
	return json_expect(&spec->doc, json, JSON_STRING, err);
}

static int expect_object(struct spec *spec, uint32_t json, struct error *err)
{
	return json_expect(&spec->doc, json, JSON_OBJECT, err);
}

typedef int read_fn(struct spec *spec, uint32_t json, struct error *err);

static int read_each(struct spec *spec, uint32_t array, read_fn *read_one,
		     struct error *err)
{
	if (!array)
		return 0;
	for (uint32_t json = json_child(&spec->doc, array); json;
	     json = json_next(&spec->doc, json)) {
		/* As Go's decoder has it: an element of nothing. */
		int r = json_type(&spec->doc, json) == JSON_NULL
				? 0
				: read_one(spec, json, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_linux(struct spec *spec, struct error *err)
{
	const struct json *doc = &spec->doc;
	int r = find(doc, 0, SPEC_LINUX, JSON_OBJECT, &spec->linux_json, err);

	if (r < 0 || !spec->linux_json)
		return r;
	r = json_member_string(doc, spec->linux_json, SPEC_LINUX_CGROUPS_PATH,
			       &spec->cgroups_path, err);
	if (r == 0)
		r = find(doc, spec->linux_json, SPEC_LINUX_DEVICES, JSON_ARRAY,
			 &spec->devices_json, err);
	if (r == 0)
		r = read_each(spec, spec->devices_json, expect_object, err);
	if (r == 0)
		r = find(doc, spec->linux_json, SPEC_LINUX_RESOURCES, JSON_OBJECT,
			 &spec->resources_json, err);
	if (r < 0 || !spec->resources_json)
		return r;
	r = find(doc, spec->resources_json, SPEC_RESOURCES_DEVICES, JSON_ARRAY,
		 &spec->rules_json, err);
	return r < 0 ? r : read_each(spec, spec->rules_json, expect_object, err);
}

static int read_process(struct spec *spec, uint32_t process, struct error *err)
{
	uint32_t env, args;
	int r = find(&spec->doc, process, SPEC_PROCESS_ENV, JSON_ARRAY, &env, err);

	if (r < 0)
		return r;
	args = json_member(&spec->doc, process, SPEC_PROCESS_ARGS);
	if (!spec->process_only) {
		spec->process_json = process;
		spec->rlimits_json =
			json_member(&spec->doc, process, SPEC_PROCESS_RLIMITS);
		spec->texts_json[SPEC_TEXTS_ENV] = env;
		/* Of another type it is the runtime's to refuse. */
		if (args && json_type(&spec->doc, args) == JSON_ARRAY)
			spec->texts_json[SPEC_TEXTS_ARGS] = args;
	}
	return read_each(spec, env, expect_string, err);
}

static int read_environment(struct spec *spec, struct error *err)
{
	uint32_t process;
	int r = find(&spec->doc, 0, SPEC_PROCESS, JSON_OBJECT, &process, err);

	return r < 0 || !process ? r : read_process(spec, process, err);
}

static int read_annotations(struct spec *spec, struct error *err)
{
	const struct json *doc = &spec->doc;
	uint32_t annotation;
	int r = find(doc, 0, SPEC_ANNOTATIONS, JSON_OBJECT, &spec->annotations_json, err);

	if (r < 0 || !spec->annotations_json)
		return r;
	spec->texts_json[SPEC_TEXTS_ANNOTATIONS] = spec->annotations_json;
	annotation = json_member_raw(doc, spec->annotations_json, SPEC_ANNOTATION_OURS);
	spec->annotation_json = annotation;
	spec->has_annotation = annotation && json_type(doc, annotation) != JSON_NULL;
	return spec->has_annotation ? json_string(doc, annotation, &spec->annotation, err)
				    : 0;
}

static int read_root(struct spec *spec, struct error *err)
{
	uint32_t root;
	int r = find(&spec->doc, 0, SPEC_ROOT, JSON_OBJECT, &root, err);

	if (r < 0 || !root)
		return r;
	return json_member_string(&spec->doc, root, ROOT_PATH, &spec->root_path, err);
}

/* A state names its bundle and has none of a config's parts (crun's has a "root", a path); a
 * config may have a key of that name all the same, which no runtime reads. */
static bool is_state(const struct json *doc)
{
	static const enum spec_root_member parts[] = { SPEC_PROCESS, SPEC_MOUNTS,
						       SPEC_LINUX };
	uint32_t root = json_member(doc, 0, SPEC_ROOT);

	if (!json_member(doc, 0, SPEC_BUNDLE) && !json_member(doc, 0, SPEC_BUNDLE_PATH))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (json_member_raw(doc, 0, parts[i]))
			return false;
	}
	return !root || json_type(doc, root) != JSON_OBJECT;
}

static bool is_pods_annotation(struct slice key)
{
	return slice_starts(key, SLICE("io.kubernetes.")) &&
	       !slice_equal(key, SLICE("io.kubernetes.cri-o.Created")) &&
	       !slice_equal(key, SLICE("io.kubernetes.cri-o.TTY"));
}

bool spec_is_pods(const struct spec *spec)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };

	if (!spec->annotations_json)
		return false;
	/* What can't be read may say so. */
	if (json_parse(spec->doc.name, json_raw(&spec->doc, spec->annotations_json),
		       &json_any, NULL, &doc, &err) < 0)
		return true;
	for (uint32_t json = json_child(&doc, 0); json; json = json_next(&doc, json)) {
		struct slice key;

		if (json_type(&doc, json) == JSON_KEY &&
		    json_string(&doc, json, &key, &err) == 0 && is_pods_annotation(key))
			return true;
	}
	return false;
}

static int parse(const char *name, struct slice text, const struct env_prefixes *prefixes,
		 bool all_mounts, struct spec *ret, struct error *err)
{
	auto_spec spec = { .root_path = SLICE(""), .cgroups_path = SLICE("") };
	struct spec_reader reader = { &spec, prefixes, all_mounts };
	int r = json_parse(name, text, &spec_shape, &reader, &spec.doc, err);

	if (r == 0)
		r = json_expect(&spec.doc, 0, JSON_OBJECT, err);
	if (r < 0)
		return r;
	if (is_state(&spec.doc))
		return json_error(
			err, ERROR_DATA, &spec.doc, 0,
			"is a container state, not a config; the hook for it is createRuntime");
	r = read_linux(&spec, err);
	if (r == 0)
		r = find(&spec.doc, 0, SPEC_MOUNTS, JSON_ARRAY, &spec.mounts_json, err);
	if (r == 0)
		r = read_each(&spec, spec.mounts_json, expect_object, err);
	if (r == 0)
		r = read_environment(&spec, err);
	if (r == 0)
		r = read_annotations(&spec, err);
	if (r == 0)
		r = read_root(&spec, err);
	if (r < 0)
		return r;
	*ret = take_struct(spec);
	return 0;
}

int spec_parse(const char *name, struct slice text, const struct env_prefixes *prefixes,
	       struct spec *ret, struct error *err)
{
	return parse(name, text, prefixes, true, ret, err);
}

int spec_parse_near(const char *name, struct slice text,
		    const struct env_prefixes *prefixes, struct spec *ret,
		    struct error *err)
{
	return parse(name, text, prefixes, false, ret, err);
}

int spec_parse_process(const char *name, struct slice text,
		       const struct env_prefixes *prefixes, struct spec *ret,
		       struct error *err)
{
	auto_spec spec = { .process_only = true,
			   .root_path = SLICE(""),
			   .cgroups_path = SLICE("") };
	struct spec_reader reader = { .spec = &spec, .prefixes = prefixes };
	int r = json_parse(name, text, &process_shape, &reader, &spec.doc, err);

	if (r == 0)
		r = json_expect(&spec.doc, 0, JSON_OBJECT, err);
	if (r == 0)
		r = read_process(&spec, 0, err);
	if (r < 0)
		return r;
	*ret = take_struct(spec);
	return 0;
}

void spec_free(struct spec *spec)
{
	free(spec->devices);
	free(spec->rules);
	free(spec->mounts);
	free(spec->variables);
	text_pool_free(&spec->texts);
	json_free(&spec->doc);
	*spec = (struct spec) { 0 };
}
