/* SPDX-License-Identifier: Apache-2.0 */
/* The links below /proc/PID/ns. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/namespace_link.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		uint32_t number; /* 0: -EINVAL */
	} rows[] = {
		{ "user:[4026531837]", NAMESPACE_INITIAL_USER },
		{ "user:[4026532445]", 4026532445 },
		{ "user:[1]", 1 },
		{ "user:[4294967295]", 4294967295 },
		{ "user:[4294967296]", 0 },
		{ "user:[0]", 0 },
		{ "user:[]", 0 },
		{ "user:[-1]", 0 },
		{ "user:[ 1]", 0 },
		{ "user:[1", 0 },
		{ "user:1]", 0 },
		{ "user:]", 0 },
		{ "user[1]", 0 },
		{ "user:[1]x", 0 },
		{ "user:(1]", 0 },
		{ "user:[1)", 0 },
		{ "user", 0 },
		{ "mnt:[4026531837]", 0 },
		{ "users:[1]", 0 },
		{ ":[1]", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint32_t number = 0;
		int r = namespace_link_parse(slice_from(rows[i].text), SLICE("user"),
					     &number);

		if (r != (rows[i].number ? 0 : -EINVAL) || number != rows[i].number)
			fail_row(rows[i].text, "%d, %u", r, number);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_parse) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
