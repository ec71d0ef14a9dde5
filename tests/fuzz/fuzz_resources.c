/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the resources of `update`: what is left has no device rules, and the rest is as
 * it was. */
#include "fuzz.h"

#include "oci-vfio-hook/resources.h"

/* Looks for the key in any way in which a runtime might. */
static bool has_devices(struct slice text)
{
	static const struct json_shape shape = { .others = &json_value, .map = true };
	auto_json doc = { 0 };
	auto_error err = { 0 };

	/* It looks deeper, where keys may be duplicates. */
	if (json_parse("left", text, &shape, NULL, &doc, &err) < 0)
		return false;
	for (uint32_t json = json_type(&doc, 0) == JSON_OBJECT ? json_child(&doc, 0) : 0;
	     json; json = json_next(&doc, json)) {
		struct slice key;

		if (json_type(&doc, json) != JSON_KEY)
			continue;
		if (json_string(&doc, json, &key, &err) == 0 && key.length == 7 &&
		    strncasecmp(key.data, "devices", 7) == 0)
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	auto_splices splices = { 0 }, again = { 0 };
	auto_buffer left = { 0 };
	auto_error err = { 0 };
	int r;

	text.data = copy = fuzz_copy(text);
	r = resources_remove_devices("resources", text, &splices, &err);
	fuzz_check_error(r, &err);
	fuzz_check(splices.count <= (r == 0), "edits in spite of the error, or several");
	if (r < 0)
		return 0;
	splices_apply(&splices, text, &left);
	fuzz_check(!has_devices(buffer_slice(&left)), "device rules are left");
	fuzz_check(splices.count || slice_equal(buffer_slice(&left), text),
		   "another text without an edit");
	fuzz_check(!splices.count || splices.items[0].length == 0, "something is added");
	fuzz_check(resources_remove_devices("left", buffer_slice(&left), &again, &err) ==
				   0 &&
			   again.count == 0,
		   "a second run removes more");
	return 0;
}
