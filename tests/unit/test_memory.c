/* SPDX-License-Identifier: Apache-2.0 */
/* Owned memory: blocks of every size keep what is in them, wherever they come from. */
#include "helpers.h"

static void check_filled(const char *memory, size_t length, char with)
{
	for (size_t i = 0; i < length; i++)
		assert_int_equal(memory[i], with);
}

static void test_blocks_keep_their_content(void **state)
{
	enum { BLOCKS = 2000 };
	char *blocks[BLOCKS];

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = xmalloc(i % 200);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		memset(blocks[i], (char)i, i % 200);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = xrealloc(blocks[i], i % 200 + 100);
		memset(blocks[i] + i % 200, (char)i, 100);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		check_filled(blocks[i], i % 200 + 100, (char)i);
		free(blocks[i]);
	}
	free(NULL);
}

static void test_zeroed(void **state)
{
	enum { STEP = 3000, LARGE = 1 << 20 };
	char *grown = NULL;

	(void)state;
	/* Grows out of where it is, and leaves it to others. */
	for (size_t size = STEP; size < LARGE; size += STEP) {
		grown = xrealloc(grown, size);
		memset(grown + size - STEP, 'x', STEP);
	}
	check_filled(grown, LARGE / STEP * STEP, 'x');
	for (size_t i = 0; i < 100; i++) {
		auto_free char *block = xzalloc(STEP);

		check_filled(block, STEP, 0);
	}
	free(grown);
}

static int compare_tens(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return *x / 10 - *y / 10;
}

static void test_array_unique(void **state)
{
	int numbers[] = { 1, 2, 10, 20, 21, 22, 30, 31 };
	int *none = NULL;
	int rest = 0;

	(void)state;
	assert_int_equal(array_unique(none, 0, compare_tens), 0);
	assert_int_equal(array_unique(numbers, 1, compare_tens), 1);
	assert_int_equal(array_unique(numbers, ARRAY_SIZE(numbers), compare_tens), 4);
	assert_int_equal(numbers[0], 1);
	assert_int_equal(numbers[1], 10);
	assert_int_equal(numbers[2], 20);
	assert_int_equal(numbers[3], 30);
	/* The others are still there. */
	for (size_t i = 4; i < ARRAY_SIZE(numbers); i++)
		rest += numbers[i];
	assert_int_equal(rest, 2 + 21 + 22 + 31);
}

static void test_array_grows(void **state)
{
	uint32_t *numbers = NULL;
	size_t count = 0, capacity = 0;

	(void)state;
	for (uint32_t i = 0; i < 200000; i++)
		*array_append(numbers, count, capacity) = i;
	assert_int_equal(count, 200000);
	assert_true(capacity >= count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(numbers[i], i);
	free(numbers);
}

static int compare_bytes(const void *element, const void *key)
{
	return *(const unsigned char *)element - *(const unsigned char *)key;
}

static void test_find_equal(void **state)
{
	static const struct {
		const char *array, *key;
		size_t first, count;
	} rows[] = {
		{ "", "b", 0, 0 },     { "b", "b", 0, 1 },    { "abbbc", "b", 1, 3 },
		{ "ac", "b", 1, 0 },   { "aa", "b", 2, 0 },   { "bb", "a", 0, 0 },
		{ "abcd", "d", 3, 1 }, { "aaab", "a", 0, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t count;

		assert_int_equal(array_find_equal(rows[i].array, strlen(rows[i].array), 1,
						  rows[i].key, compare_bytes, &count),
				 rows[i].first);
		assert_int_equal(count, rows[i].count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find_equal),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_blocks_keep_their_content),
		cmocka_unit_test(test_array_grows),
		cmocka_unit_test(test_array_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
