/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/number.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		unsigned int base, digits;
		uint64_t max;
		int r;
		uint64_t value;
	} rows[] = {
		{ "0", 10, 1, 9, 0, 0 },
		{ "9", 10, 1, 9, 0, 9 },
		{ "0042", 10, 4, 9999, 0, 42 },
		{ "4294967295", 10, 10, UINT32_MAX, 0, UINT32_MAX },
		{ "4294967296", 10, 10, UINT32_MAX, -ERANGE, 0 },
		{ "18446744073709551615", 10, 20, UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", 10, 20, UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999", 10, 20, UINT64_MAX, -ERANGE, 0 },
		{ "ffffffffffffffff", 16, 16, UINT64_MAX, 0, UINT64_MAX },
		{ "10000000000000000", 16, 17, UINT64_MAX, -ERANGE, 0 },
		{ "aBcDeF", 16, 6, UINT32_MAX, 0, 0xabcdef },
		{ "0000000001", 16, 8, UINT32_MAX, -ERANGE, 0 },
		{ "10", 10, 1, 99, -ERANGE, 0 },
		{ "10", 10, 2, 9, -ERANGE, 0 },
		{ "", 10, 4, 9999, -EINVAL, 0 },
		{ "-1", 10, 4, 9999, -EINVAL, 0 },
		{ "+1", 10, 4, 9999, -EINVAL, 0 },
		{ " 1", 10, 4, 9999, -EINVAL, 0 },
		{ "1 ", 10, 4, 9999, -EINVAL, 0 },
		{ "1\n", 10, 4, 9999, -EINVAL, 0 },
		{ "0x1", 16, 4, 9999, -EINVAL, 0 },
		{ "1a", 10, 4, 9999, -EINVAL, 0 },
		{ "g", 16, 4, 9999, -EINVAL, 0 },
		{ "`", 16, 4, 9999, -EINVAL, 0 },
		{ "@", 16, 4, 9999, -EINVAL, 0 },
		{ "/", 16, 4, 9999, -EINVAL, 0 },
		{ ":", 16, 4, 9999, -EINVAL, 0 },
		{ "1.0", 10, 4, 9999, -EINVAL, 0 },
		{ "1e1", 10, 4, 9999, -EINVAL, 0 },
		{ "\xd9\xa1", 10, 4, 9999, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 12345;
		int r = number_parse(slice_from(rows[i].text), rows[i].base,
				     rows[i].digits, rows[i].max, &value);

		if (r != rows[i].r || value != (r < 0 ? 12345 : rows[i].value))
			fail_row(rows[i].text, "returned %d, %llu", r,
				 (unsigned long long)value);
	}
}

static void test_parse_part(void **state)
{
	uint64_t value = 7;

	(void)state;
	assert_int_equal(number_parse((struct slice) { "123456", 3 }, 10, 3, 999, &value),
			 0);
	assert_int_equal(value, 123);
	assert_int_equal(number_parse((struct slice) { "1\0002", 3 }, 10, 3, 999, &value),
			 -EINVAL);
	assert_int_equal(value, 123);
}

static void test_integer(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int r;
		int64_t value;
	} rows[] = {
		{ "0", -1, 10, 0, 0 },
		{ "-1", -1, 10, 0, -1 },
		{ "10", -1, 10, 0, 10 },
		{ "-2", -1, 10, -ERANGE, 0 },
		{ "11", -1, 10, -ERANGE, 0 },
		{ "9223372036854775807", 0, INT64_MAX, 0, INT64_MAX },
		{ "-9223372036854775807", INT64_MIN, 0, 0, -INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, -ERANGE, 0 },
		{ "18446744073709551615", 0, INT64_MAX, -ERANGE, 0 },
		{ "00", -1, 10, -EINVAL, 0 },
		{ "01", -1, 10, -EINVAL, 0 },
		{ "-0", -1, 10, -EINVAL, 0 },
		{ "-01", -1, 10, -EINVAL, 0 },
		{ "-", -1, 10, -EINVAL, 0 },
		{ "--1", -1, 10, -EINVAL, 0 },
		{ "+1", -1, 10, -EINVAL, 0 },
		{ "", -1, 10, -EINVAL, 0 },
		{ "1.0", -1, 10, -EINVAL, 0 },
		{ "1e0", -1, 10, -EINVAL, 0 },
		{ " 1", -1, 10, -EINVAL, 0 },
		{ "a", -1, 10, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t value = 12345;
		int r = number_parse_integer(slice_from(rows[i].text), rows[i].min,
					     rows[i].max, &value);

		if (r != rows[i].r || value != (r < 0 ? 12345 : rows[i].value))
			fail_row(rows[i].text, "returned %d, %lld", r, (long long)value);
	}
}

static void test_hex(void **state)
{
	static const struct {
		const char *text;
		unsigned int max_digits;
		uint64_t max;
		int r;
		uint64_t value;
	} rows[] = {
		{ "0x8086", 4, UINT16_MAX, 0, 0x8086 },
		{ "8086", 4, UINT16_MAX, 0, 0x8086 },
		{ "0x020000", 8, UINT32_MAX, 0, 0x020000 },
		{ "0xFFFFffff", 8, UINT32_MAX, 0, UINT32_MAX },
		{ "0", 8, UINT32_MAX, 0, 0 },
		{ "0x0", 8, UINT32_MAX, 0, 0 },
		{ "0x10000", 4, UINT16_MAX, -ERANGE, 0 },
		{ "0x", 8, UINT32_MAX, -EINVAL, 0 },
		{ "0X8086", 8, UINT32_MAX, -EINVAL, 0 },
		{ "0x0x1", 8, UINT32_MAX, -EINVAL, 0 },
		{ "x1", 8, UINT32_MAX, -EINVAL, 0 },
		{ "", 8, UINT32_MAX, -EINVAL, 0 },
		{ "0x1 ", 8, UINT32_MAX, -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 12345;
		int r = number_parse_hex(slice_from(rows[i].text), rows[i].max_digits,
					 rows[i].max, &value);

		if (r != rows[i].r || value != (r < 0 ? 12345 : rows[i].value))
			fail_row(rows[i].text, "returned %d, %llx", r,
				 (unsigned long long)value);
	}
}

static void test_compare(void **state)
{
	const uint32_t small[] = { 1, 2, UINT32_MAX };
	const uint64_t large[] = { 1, UINT64_C(1) << 32, UINT64_MAX };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(small); i++) {
		for (size_t k = 0; k < ARRAY_SIZE(small); k++) {
			const int order = (i > k) - (i < k);

			assert_int_equal(number_compare_u32(&small[i], &small[k]), order);
			assert_int_equal(number_compare_u64(&large[i], &large[k]), order);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	cmocka_unit_test(test_parse_part),
		cmocka_unit_test(test_integer), cmocka_unit_test(test_hex),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
