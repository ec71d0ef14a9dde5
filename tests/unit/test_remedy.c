/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as messages name them: as options, or as keys of the configuration. */
#include "helpers.h"

#include "oci-vfio-hook/remedy.h"

static void test_setting(void **state)
{
	static const struct {
		const char *key, *value, *option, *member;
	} rows[] = {
		{ "unmapped", "keep", "--unmapped=keep",
		  "\"unmapped\": \"keep\" in /etc/oci-vfio-hook/config.json" },
		{ "timeout", "10", "--timeout=10",
		  "\"timeout\": 10 in /etc/oci-vfio-hook/config.json" },
		{ "bind", "true", "--bind=true",
		  "\"bind\": true in /etc/oci-vfio-hook/config.json" },
		{ "x", "false", "--x=false",
		  "\"x\": false in /etc/oci-vfio-hook/config.json" },
		{ "x", "10s", "--x=10s",
		  "\"x\": \"10s\" in /etc/oci-vfio-hook/config.json" },
		{ "x", "truest", "--x=truest",
		  "\"x\": \"truest\" in /etc/oci-vfio-hook/config.json" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *option =
			remedy_setting(REMEDY_OPTION, rows[i].key, rows[i].value);
		auto_free char *member =
			remedy_setting(REMEDY_KEY, rows[i].key, rows[i].value);

		assert_string_equal(option, rows[i].option);
		assert_string_equal(member, rows[i].member);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
