/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of `update` without device rules. */
#include "oci-vfio-hook/resources.h"

enum { RESOURCES_DEVICES };
static const struct json_member members[] = {
	[RESOURCES_DEVICES] = JSON_MEMBER("devices", &json_value),
};
static const struct json_shape shape = { .members = members,
					 .n_members = ARRAY_SIZE(members) };

int resources_remove_devices(const char *name, struct slice text, struct splices *ret,
			     struct error *err)
{
	auto_json doc = { 0 };
	uint32_t json = 0;
	int r = json_parse(name, text, &shape, NULL, &doc, err);

	if (r < 0)
		return r;
	if (json_type(&doc, 0) == JSON_OBJECT)
		json = json_member_raw(&doc, 0, RESOURCES_DEVICES);
	if (json)
		splice_remove_member(ret, &doc, json);
	return 0;
}
