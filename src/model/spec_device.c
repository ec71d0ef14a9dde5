/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a spec, and the rules of its device cgroup. */
#include "spec_read.h"

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
const struct json_shape spec_devices_shape = { .elements = &device_shape };

static const struct json_member rule_members[] = {
	[SPEC_RULE_ALLOW] = JSON_MEMBER("allow", &json_value),
	[SPEC_RULE_TYPE] = JSON_MEMBER("type", &json_value),
	[SPEC_RULE_MAJOR] = JSON_MEMBER("major", &json_value),
	[SPEC_RULE_MINOR] = JSON_MEMBER("minor", &json_value),
	[SPEC_RULE_ACCESS] = JSON_MEMBER("access", &json_value),
};
static const struct json_shape rule_shape = { .members = rule_members,
					      .n_members = ARRAY_SIZE(rule_members) };
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
		enum spec_device_member member;
	} numbers[] = {
		{ .member = SPEC_DEVICE_MAJOR },
		{ .member = SPEC_DEVICE_MINOR },
		{ .member = SPEC_DEVICE_MODE, .value = 0666 },
		{ .member = SPEC_DEVICE_UID },
		{ .member = SPEC_DEVICE_GID },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int r = spec_read_integer(doc, members[numbers[i].member], 0,
					  &numbers[i].value, err);

		if (r < 0)
			return r;
	}
	device->has_numbers = members[SPEC_DEVICE_MAJOR] && members[SPEC_DEVICE_MINOR];
	device->has_one_number =
		!members[SPEC_DEVICE_MAJOR] != !members[SPEC_DEVICE_MINOR];
	device->number.major = (uint32_t)numbers[0].value;
	device->number.minor = (uint32_t)numbers[1].value;
	device->mode = numbers[2].value & 07777;
	device->uid = (uint32_t)numbers[3].value;
	device->gid = (uint32_t)numbers[4].value;
	return 0;
}

int spec_read_device(struct spec *spec, uint32_t json, struct error *err)
{
	struct spec_device device = { .json = json };
	uint32_t members[ARRAY_SIZE(device_members)] = { 0 };
	int r = json_expect(&spec->doc, json, JSON_OBJECT, err);

	if (r < 0)
		return r;
	json_members(&spec->doc, json, ARRAY_SIZE(members), members);
	r = spec_read_path(spec, members[SPEC_DEVICE_PATH], &device.path, err);
	if (r < 0)
		return r;
	if (!members[SPEC_DEVICE_PATH])
		return json_error(err, ERROR_DATA, &spec->doc, json, "has no \"path\"");
	r = read_device_type(&spec->doc, json, members[SPEC_DEVICE_TYPE],
			     &device.number.type, err);
	if (r == 0)
		r = read_device_numbers(&spec->doc, members, &device, err);
	if (r < 0)
		return r;
	*array_append(spec->devices, spec->n_devices, spec->devices_capacity) = device;
	return 0;
}

int spec_read_rule(struct spec *spec, uint32_t json, struct error *err)
{
	static const char known[] = { 'a', 'b', 'c' };
	struct spec_rule rule = { .json = json,
				  .type = 'a',
				  .major = RULE_ANY,
				  .minor = RULE_ANY,
				  .access = SLICE("") };
	const struct json *doc = &spec->doc;
	struct slice type = SLICE("a");
	uint32_t members[ARRAY_SIZE(rule_members)] = { 0 };
	int r = json_expect(doc, json, JSON_OBJECT, err);

	if (r < 0)
		return r;
	json_members(doc, json, ARRAY_SIZE(members), members);
	if (members[SPEC_RULE_ALLOW])
		r = json_bool(doc, members[SPEC_RULE_ALLOW], &rule.allow, err);
	if (r == 0)
		r = spec_read_string(doc, members[SPEC_RULE_TYPE], &type, err);
	if (r == 0)
		r = spec_read_integer(doc, members[SPEC_RULE_MAJOR], RULE_ANY,
				      &rule.major, err);
	if (r == 0)
		r = spec_read_integer(doc, members[SPEC_RULE_MINOR], RULE_ANY,
				      &rule.minor, err);
	if (r == 0)
		r = spec_read_string(doc, members[SPEC_RULE_ACCESS], &rule.access, err);
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
