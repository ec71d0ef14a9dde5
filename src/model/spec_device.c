/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a spec, and the rules of its device cgroup. */
#include "spec_read.h"

enum device_member {
	DEVICE_PATH,
	DEVICE_TYPE,
	DEVICE_MAJOR,
	DEVICE_MINOR,
	DEVICE_MODE,
	DEVICE_UID,
	DEVICE_GID,
};
static const struct json_member device_members[] = {
	[DEVICE_PATH] = JSON_MEMBER("path", &json_value),
	[DEVICE_TYPE] = JSON_MEMBER("type", &json_value),
	[DEVICE_MAJOR] = JSON_MEMBER("major", &json_value),
	[DEVICE_MINOR] = JSON_MEMBER("minor", &json_value),
	[DEVICE_MODE] = JSON_MEMBER("fileMode", &json_value),
	[DEVICE_UID] = JSON_MEMBER("uid", &json_value),
	[DEVICE_GID] = JSON_MEMBER("gid", &json_value),
};
static int read_device(void *context, const struct json *doc, uint32_t json,
		       bool *ret_kept, struct error *err);
static const struct json_shape device_shape = { .members = device_members,
						.n_members = ARRAY_SIZE(device_members),
						.read = read_device };
const struct json_shape spec_devices_shape = { .elements = &device_shape };

enum rule_member {
	RULE_ALLOW,
	RULE_TYPE,
	RULE_MAJOR,
	RULE_MINOR,
	RULE_ACCESS,
};
static const struct json_member rule_members[] = {
	[RULE_ALLOW] = JSON_MEMBER("allow", &json_value),
	[RULE_TYPE] = JSON_MEMBER("type", &json_value),
	[RULE_MAJOR] = JSON_MEMBER("major", &json_value),
	[RULE_MINOR] = JSON_MEMBER("minor", &json_value),
	[RULE_ACCESS] = JSON_MEMBER("access", &json_value),
};
static int read_rule(void *context, const struct json *doc, uint32_t json, bool *ret_kept,
		     struct error *err);
static const struct json_shape rule_shape = { .members = rule_members,
					      .n_members = ARRAY_SIZE(rule_members),
					      .read = read_rule };
const struct json_shape spec_rules_shape = { .elements = &rule_shape };

static int read_device_type(const struct json *doc, uint32_t device, uint32_t json,
			    char *ret, struct error *err)
{
	static const char known[] = { 'c', 'b', 'u', 'p' };
	struct slice type = { 0 };
	int r = spec_read_string(doc, json, &type, err);

	if (r < 0)
		return r;
	if (type.length != 1 || !memchr(known, type.data[0], sizeof(known)))
		return json_error(err, ERROR_DATA, doc, device,
				  "\"type\" must be c, b, u or p");
	*ret = type.data[0];
	if (*ret == 'u')
		*ret = 'c';
	return 0;
}

static int read_device_numbers(const struct json *doc, const uint32_t *members,
			       struct spec_device *device, struct error *err)
{
	struct {
		int64_t value;
		enum device_member member;
	} numbers[] = {
		{ .member = DEVICE_MAJOR },
		{ .member = DEVICE_MINOR },
		{ .member = DEVICE_MODE, .value = 0666 },
		{ .member = DEVICE_UID },
		{ .member = DEVICE_GID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = spec_read_integer(doc, members[numbers[i].member], 0,
					  &numbers[i].value, err);

		if (r < 0)
			return r;
	}
	device->has_numbers = members[DEVICE_MAJOR] && members[DEVICE_MINOR];
	device->has_one_number = !members[DEVICE_MAJOR] != !members[DEVICE_MINOR];
	device->number.major = (uint32_t)numbers[0].value;
	device->number.minor = (uint32_t)numbers[1].value;
	device->mode = numbers[2].value & 07777;
	device->uid = (uint32_t)numbers[3].value;
	device->gid = (uint32_t)numbers[4].value;
	return 0;
}

static int read_device(void *context, const struct json *doc, uint32_t json,
		       bool *ret_kept, struct error *err)
{
	struct spec *spec = ((struct spec_reader *)context)->spec;
	struct spec_device device = { .json = json };
	uint32_t members[ARRAY_SIZE(device_members)] = { 0 };
	int r;

	(void)ret_kept;
	json_members(doc, json, ARRAY_SIZE(members), members);
	r = spec_read_path(spec, doc, members[DEVICE_PATH], &device.path, err);
	if (r < 0)
		return r;
	if (!members[DEVICE_PATH])
		return json_error(err, ERROR_DATA, doc, json, "has no \"path\"");
	r = read_device_type(doc, json, members[DEVICE_TYPE], &device.number.type, err);
	if (r == 0)
		r = read_device_numbers(doc, members, &device, err);
	if (r < 0)
		return r;
	*array_append(spec->devices, spec->n_devices, spec->devices_capacity) = device;
	return 0;
}

static int read_rule(void *context, const struct json *doc, uint32_t json, bool *ret_kept,
		     struct error *err)
{
	struct spec *spec = ((struct spec_reader *)context)->spec;
	static const char known[] = { 'a', 'b', 'c' };
	struct spec_rule rule = { .json = json,
				  .type = 'a',
				  .major = RULE_ANY,
				  .minor = RULE_ANY,
				  .access = SLICE("") };
	struct slice type = SLICE("a");
	uint32_t members[ARRAY_SIZE(rule_members)] = { 0 };
	int r = 0;

	(void)ret_kept;
	json_members(doc, json, ARRAY_SIZE(members), members);
	if (members[RULE_ALLOW])
		r = json_bool(doc, members[RULE_ALLOW], &rule.allow, err);
	if (r == 0)
		r = spec_read_string(doc, members[RULE_TYPE], &type, err);
	if (r == 0)
		r = spec_read_integer(doc, members[RULE_MAJOR], RULE_ANY, &rule.major,
				      err);
	if (r == 0)
		r = spec_read_integer(doc, members[RULE_MINOR], RULE_ANY, &rule.minor,
				      err);
	if (r == 0)
		r = spec_read_lasting(spec, doc, members[RULE_ACCESS], &rule.access, err);
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
