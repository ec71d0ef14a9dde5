/* SPDX-License-Identifier: Apache-2.0 */
/* The view of an OCI spec. */
#include "oci-vfio-hook/spec.h"

#include "oci-vfio-hook/number.h"
#include "variable_name.h"

/* What is wanted of a text. */
struct wants {
	const struct env_prefixes *prefixes;
	bool all_mounts;
};

static bool holds_addresses(const void *context, struct slice text)
{
	const struct wants *wants = context;
	const struct env_prefixes *prefixes = wants->prefixes;

	if (prefixes->families)
		return variable_may_be_of_family(text) && variable_is_of_family(text);
	for (size_t i = 0; i < prefixes->count; i++) {
		if (slice_starts(text, prefixes->items[i]))
			return true;
	}
	return false;
}

/* The options that make a mount a bind mount, or decide whether it may be written. */
static bool is_mount_option(const void *context, struct slice text)
{
	(void)context;
	return slice_equal(text, SLICE("bind")) || slice_equal(text, SLICE("rbind")) ||
	       slice_equal(text, SLICE("ro")) || slice_equal(text, SLICE("rw"));
}

static bool mount_may_matter(const void *context, const struct json *doc, uint32_t mount);

static const struct json_member device_members[] = {
	[SPEC_DEVICE_PATH] = JSON_MEMBER("path", &json_value),
	[SPEC_DEVICE_TYPE] = JSON_MEMBER("type", &json_value),
	[SPEC_DEVICE_MAJOR] = JSON_MEMBER("major", &json_value),
	[SPEC_DEVICE_MINOR] = JSON_MEMBER("minor", &json_value),
	[SPEC_DEVICE_MODE] = JSON_MEMBER("fileMode", &json_value),
	[SPEC_DEVICE_UID] = JSON_MEMBER("uid", &json_value),
	[SPEC_DEVICE_GID] = JSON_MEMBER("gid", &json_value),
};
static const struct json_shape device_shape = { .members = device_members,
						.n_members = ARRAY_SIZE(device_members) };
static const struct json_shape devices_shape = { .elements = &device_shape };

static const struct json_member rule_members[] = {
	[SPEC_RULE_ALLOW] = JSON_MEMBER("allow", &json_value),
	[SPEC_RULE_TYPE] = JSON_MEMBER("type", &json_value),
	[SPEC_RULE_MAJOR] = JSON_MEMBER("major", &json_value),
	[SPEC_RULE_MINOR] = JSON_MEMBER("minor", &json_value),
	[SPEC_RULE_ACCESS] = JSON_MEMBER("access", &json_value),
};
static const struct json_shape rule_shape = { .members = rule_members,
					      .n_members = ARRAY_SIZE(rule_members) };
static const struct json_shape rules_shape = { .elements = &rule_shape };

static const struct json_member resources_members[] = {
	[SPEC_RESOURCES_DEVICES] = JSON_MEMBER("devices", &rules_shape),
};
static const struct json_shape resources_shape = {
	.members = resources_members, .n_members = ARRAY_SIZE(resources_members)
};

static const struct json_member linux_members[] = {
	[SPEC_LINUX_DEVICES] = JSON_MEMBER("devices", &devices_shape),
	[SPEC_LINUX_RESOURCES] = JSON_MEMBER("resources", &resources_shape),
	[SPEC_LINUX_CGROUPS_PATH] = JSON_MEMBER("cgroupsPath", &json_value),
};
static const struct json_shape linux_shape = { .members = linux_members,
					       .n_members = ARRAY_SIZE(linux_members) };

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
					       .kept = mount_may_matter };
static const struct json_shape mounts_shape = { .elements = &mount_shape };

static const struct json_shape variable_shape = { .wanted = holds_addresses };
static const struct json_shape env_shape = { .elements = &variable_shape };
enum { PROCESS_ENV, PROCESS_ARGS };
static const struct json_member process_members[] = {
	[PROCESS_ENV] = JSON_MEMBER("env", &env_shape),
	[PROCESS_ARGS] = JSON_MEMBER("args", &json_value),
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
	[SPEC_MOUNTS] = JSON_MEMBER("mounts", &mounts_shape),
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

/* An integer member; *ret_there tells whether it is there. */
static int find_integer(const struct json *doc, uint32_t object, uint32_t position,
			int64_t min, int64_t *ret, bool *ret_there, struct error *err)
{
	uint32_t json = json_member(doc, object, position);

	*ret_there = json != 0;
	return json ? json_integer(doc, json, min, UINT32_MAX, ret, err) : 0;
}

/* A path member, cleaned; *ret_there tells whether it is there. */
static int find_path(struct spec *spec, uint32_t object, uint32_t position,
		     struct slice *ret, bool *ret_there, struct error *err)
{
	struct slice text = { 0 };
	char *clean;
	int r = json_member_string(&spec->doc, object, position, &text, err);

	*ret_there = text.data != NULL;
	if (r < 0 || !*ret_there)
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

static int read_device_type(const struct json *doc, uint32_t json, char *ret,
			    struct error *err)
{
	static const char known[] = { 'c', 'b', 'u', 'p' };
	struct slice type = { 0 };
	int r = json_member_string(doc, json, SPEC_DEVICE_TYPE, &type, err);

	if (r < 0)
		return r;
	if (type.length != 1 || !memchr(known, type.data[0], sizeof(known)))
		return json_error(err, ERROR_DATA, doc, json,
				  "\"type\" must be c, b, u or p");
	*ret = type.data[0];
	if (*ret == 'u')
		*ret = 'c';
	return 0;
}

static int read_device_numbers(const struct json *doc, struct spec_device *device,
			       struct error *err)
{
	struct {
		int64_t value;
		enum spec_device_member member;
		bool there;
	} numbers[] = {
		{ .member = SPEC_DEVICE_MAJOR },
		{ .member = SPEC_DEVICE_MINOR },
		{ .member = SPEC_DEVICE_MODE, .value = 0666 },
		{ .member = SPEC_DEVICE_UID },
		{ .member = SPEC_DEVICE_GID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = find_integer(doc, device->json, numbers[i].member, 0,
				     &numbers[i].value, &numbers[i].there, err);

		if (r < 0)
			return r;
	}
	device->has_numbers = numbers[0].there && numbers[1].there;
	device->has_one_number = numbers[0].there != numbers[1].there;
	device->number.major = (uint32_t)numbers[0].value;
	device->number.minor = (uint32_t)numbers[1].value;
	device->mode = numbers[2].value & 07777;
	device->uid = (uint32_t)numbers[3].value;
	device->gid = (uint32_t)numbers[4].value;
	return 0;
}

static int read_device(struct spec *spec, uint32_t json, struct error *err)
{
	struct spec_device device = { .json = json,
				      .index = json_span(&spec->doc, json)->position };
	bool has_path = false;
	int r = json_expect(&spec->doc, json, JSON_OBJECT, err);

	if (r == 0)
		r = find_path(spec, json, SPEC_DEVICE_PATH, &device.path, &has_path, err);
	if (r < 0)
		return r;
	if (!has_path)
		return json_error(err, ERROR_DATA, &spec->doc, json, "has no \"path\"");
	r = read_device_type(&spec->doc, json, &device.number.type, err);
	if (r == 0)
		r = read_device_numbers(&spec->doc, &device, err);
	if (r < 0)
		return r;
	*array_append(spec->devices, spec->n_devices, spec->devices_capacity) = device;
	return 0;
}

static int read_rule(struct spec *spec, uint32_t json, struct error *err)
{
	static const char known[] = { 'a', 'b', 'c' };
	struct spec_rule rule = { .json = json,
				  .type = 'a',
				  .major = RULE_ANY,
				  .minor = RULE_ANY,
				  .access = SLICE("") };
	const struct json *doc = &spec->doc;
	struct slice type = SLICE("a");
	uint32_t allow;
	bool there;
	int r = json_expect(doc, json, JSON_OBJECT, err);

	if (r < 0)
		return r;
	allow = json_member(doc, json, SPEC_RULE_ALLOW);
	r = allow ? json_bool(doc, allow, &rule.allow, err) : 0;
	if (r == 0)
		r = json_member_string(doc, json, SPEC_RULE_TYPE, &type, err);
	if (r == 0)
		r = find_integer(doc, json, SPEC_RULE_MAJOR, RULE_ANY, &rule.major,
				 &there, err);
	if (r == 0)
		r = find_integer(doc, json, SPEC_RULE_MINOR, RULE_ANY, &rule.minor,
				 &there, err);
	if (r == 0)
		r = json_member_string(doc, json, SPEC_RULE_ACCESS, &rule.access, err);
	if (r < 0)
		return r;
	if (type.length > 1 ||
	    (type.length == 1 && !memchr(known, type.data[0], sizeof(known))))
		return json_error(err, ERROR_DATA, doc, json,
				  "\"type\" must be a, b or c");
	if (type.length == 1)
		rule.type = type.data[0];
	*array_append(spec->rules, spec->n_rules, spec->rules_capacity) = rule;
	return 0;
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

static bool has_far_path(const struct json *doc, uint32_t mount,
			 enum spec_mount_member member)
{
	uint32_t json = json_member(doc, mount, member);
	struct slice path;

	return json && is_plain(doc, json, &path) && path_is_clean(path) &&
	       !path_is_of_dev(path);
}

/* Nearly all mounts are between other places than /dev, or not bind mounts. What is malformed
 * may matter, too: it is refused when it is read. */
static bool mount_may_matter(const void *context, const struct json *doc, uint32_t mount)
{
	const struct wants *wants = context;
	uint32_t type = json_member(doc, mount, SPEC_MOUNT_TYPE),
		 options = json_member(doc, mount, SPEC_MOUNT_OPTIONS), json = 0;
	struct slice text = SLICE("");
	bool bind;

	if (wants->all_mounts || (type && !is_plain(doc, type, &text)))
		return true;
	bind = slice_equal(text, SLICE("bind"));
	if (options && json_type(doc, options) != JSON_ARRAY)
		return true;
	if (options)
		json = json_child(doc, options);
	for (; json; json = json_next(doc, json)) {
		if (json_type(doc, json) == JSON_NULL)
			continue;
		if (!is_plain(doc, json, &text))
			return true;
		bind |= text.length > 2;
	}
	return bind && !(has_far_path(doc, mount, SPEC_MOUNT_SOURCE) &&
			 has_far_path(doc, mount, SPEC_MOUNT_DESTINATION));
}

static int read_mount(struct spec *spec, uint32_t json, struct error *err)
{
	struct spec_mount mount = { .json = json };
	const struct json *doc = &spec->doc;
	struct slice type = { 0 };
	bool has_source = false, has_destination = false, bind;
	uint32_t options = 0;
	int r = json_expect(doc, json, JSON_OBJECT, err);

	if (r == 0)
		r = json_member_string(doc, json, SPEC_MOUNT_TYPE, &type, err);
	if (r == 0)
		r = find(doc, json, SPEC_MOUNT_OPTIONS, JSON_ARRAY, &options, err);
	if (r < 0)
		return r;
	bind = slice_equal(type, SLICE("bind"));
	mount.options_json = options;
	r = read_options(doc, options, &bind, &mount, err);
	if (r < 0 || !bind)
		return r;
	r = find_path(spec, json, SPEC_MOUNT_DESTINATION, &mount.destination,
		      &has_destination, err);
	if (r == 0)
		r = find_path(spec, json, SPEC_MOUNT_SOURCE, &mount.source, &has_source,
			      err);
	if (r < 0)
		return r;
	if (has_source && has_destination)
		*array_append(spec->mounts, spec->n_mounts, spec->mounts_capacity) =
			mount;
	return 0;
}

static int read_variable(struct spec *spec, uint32_t json, struct error *err)
{
	struct spec_variable variable = { .json = json,
					  .index =
						  json_span(&spec->doc, json)->position };
	struct slice text;
	const char *equals;
	int r = json_string(&spec->doc, json, &text, err);

	if (r < 0)
		return r;
	equals = memchr(text.data, '=', text.length);
	if (!equals)
		return 0;
	variable.name = slice_from_to(text, 0, (size_t)(equals - text.data));
	variable.value = slice_from_to(text, variable.name.length + 1, text.length);
	*array_append(spec->variables, spec->n_variables, spec->variables_capacity) =
		variable;
	return 0;
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
		r = read_each(spec, spec->devices_json, read_device, err);
	if (r == 0)
		r = find(doc, spec->linux_json, SPEC_LINUX_RESOURCES, JSON_OBJECT,
			 &spec->resources_json, err);
	if (r < 0 || !spec->resources_json)
		return r;
	r = find(doc, spec->resources_json, SPEC_RESOURCES_DEVICES, JSON_ARRAY,
		 &spec->rules_json, err);
	return r < 0 ? r : read_each(spec, spec->rules_json, read_rule, err);
}

static int read_process(struct spec *spec, uint32_t process, struct error *err)
{
	uint32_t env, args;
	int r = find(&spec->doc, process, PROCESS_ENV, JSON_ARRAY, &env, err);

	if (r < 0)
		return r;
	args = json_member(&spec->doc, process, PROCESS_ARGS);
	if (!spec->process_only) {
		spec->texts_json[SPEC_TEXTS_ENV] = env;
		/* Of another type it is the runtime's to refuse. */
		if (args && json_type(&spec->doc, args) == JSON_ARRAY)
			spec->texts_json[SPEC_TEXTS_ARGS] = args;
	}
	return read_each(spec, env, read_variable, err);
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

bool spec_has_annotation_prefix(const struct spec *spec, struct slice prefix)
{
	auto_error err = { 0 };
	auto_json doc = { 0 };

	if (!spec->annotations_json ||
	    json_parse(spec->doc.name, json_raw(&spec->doc, spec->annotations_json),
		       &json_any, NULL, &doc, &err) < 0)
		return false;
	for (uint32_t json = json_child(&doc, 0); json; json = json_next(&doc, json)) {
		struct slice key;

		if (json_type(&doc, json) == JSON_KEY &&
		    json_string(&doc, json, &key, &err) == 0 && slice_starts(key, prefix))
			return true;
	}
	return false;
}

static int parse(const char *name, struct slice text, const struct wants *wants,
		 struct spec *ret, struct error *err)
{
	auto_spec spec = { .root_path = SLICE(""), .cgroups_path = SLICE("") };
	int r = json_parse(name, text, &spec_shape, wants, &spec.doc, err);

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
		r = read_each(&spec, spec.mounts_json, read_mount, err);
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
	const struct wants wants = { prefixes, .all_mounts = true };

	return parse(name, text, &wants, ret, err);
}

int spec_parse_near(const char *name, struct slice text,
		    const struct env_prefixes *prefixes, struct spec *ret,
		    struct error *err)
{
	const struct wants wants = { prefixes, .all_mounts = false };

	return parse(name, text, &wants, ret, err);
}

int spec_parse_process(const char *name, struct slice text,
		       const struct env_prefixes *prefixes, struct spec *ret,
		       struct error *err)
{
	const struct wants wants = { .prefixes = prefixes };
	auto_spec spec = { .process_only = true,
			   .root_path = SLICE(""),
			   .cgroups_path = SLICE("") };
	int r = json_parse(name, text, &process_shape, &wants, &spec.doc, err);

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
	for (size_t i = 0; i < spec->n_strings; i++)
		free(spec->strings[i]);
	free(spec->strings);
	free(spec->devices);
	free(spec->rules);
	free(spec->mounts);
	free(spec->variables);
	json_free(&spec->doc);
	*spec = (struct spec) { 0 };
}
