/* SPDX-License-Identifier: Apache-2.0 */
/* Device numbers: what is one, how it is printed, and their order. */
#include "oci-vfio-hook/device_number.h"

#include <errno.h>

#include "helpers.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int status;
		uint32_t major, minor;
	} rows[] = {
		{ "242:0", 0, 242, 0 },
		{ "0:0", 0, 0, 0 },
		{ "4095:1048575", 0, 4095, 1048575 },
		{ "4096:0", -ERANGE, 0, 0 },
		{ "1:1048576", -ERANGE, 0, 0 },
		{ "4294967296:0", -ERANGE, 0, 0 },
		{ "", -EINVAL, 0, 0 },
		{ "242", -EINVAL, 0, 0 },
		{ ":0", -EINVAL, 0, 0 },
		{ "242:", -EINVAL, 0, 0 },
		{ "242:0:1", -EINVAL, 0, 0 },
		{ "-1:0", -EINVAL, 0, 0 },
		{ " 242:0", -EINVAL, 0, 0 },
		{ "242:0\n", -EINVAL, 0, 0 },
		{ "0x10:0", -EINVAL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct device_number number = { 0 };

		assert_int_equal(device_number_parse(slice_from(rows[i].text),
						     DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX,
						     &number),
				 rows[i].status);
		assert_int_equal(number.type, rows[i].status == 0 ? 'c' : 0);
		assert_int_equal(number.major, rows[i].major);
		assert_int_equal(number.minor, rows[i].minor);
	}
}

static void test_format(void **state)
{
	const struct device_number widest = { 'b', UINT32_MAX, UINT32_MAX };
	char text[DEVICE_NUMBER_SIZE];

	(void)state;
	assert_string_equal(device_number_format(&(struct device_number) { 'c', 242, 0 },
						 text),
			    "c 242:0");
	assert_string_equal(device_number_format(&widest, text),
			    "b 4294967295:4294967295");
}

static void test_order(void **state)
{
	static const struct device_number sorted[] = {
		{ 'b', 8, 0 }, { 'c', 1, 9 }, { 'c', 10, 0 }, { 'c', 10, 196 }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(sorted); k++) {
			int order = device_number_compare(&sorted[i], &sorted[k]);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
			assert_int_equal(device_number_equal(&sorted[i], &sorted[k]),
					 i == k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
