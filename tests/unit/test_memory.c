/* Owned memory: blocks of every size keep what is in them, wherever they come from.
 * SPDX-License-Identifier: Apache-2.0 */
#include "helpers.h"

static void check_filled(const char *memory, size_t length, char with)
{
	for (size_t i = 0; i < length; i++)
		assert_int_equal(memory[i], with);
}

/* More than comes without malloc(), so that both kinds are met, and the border between
 * them. */
static void test_blocks_keep_their_content(void **state)
{
	enum { BLOCKS = 2000 };
	char *blocks[BLOCKS];

	(void)state;
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = memory_alloc(i % 200);
		assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
		memset(blocks[i], (char)i, i % 200);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = memory_resize(blocks[i], i % 200 + 100);
		memset(blocks[i] + i % 200, (char)i, 100);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		check_filled(blocks[i], i % 200 + 100, (char)i);
		memory_free(blocks[i]);
	}
	memory_free(NULL);
}

static void test_zeroed(void **state)
{
	enum { STEP = 3000, LARGE = 1 << 20 };
	char *grown = NULL;

	(void)state;
	/* Grows out of where it is, and leaves it to others. */
	for (size_t size = STEP; size < LARGE; size += STEP) {
		grown = memory_resize(grown, size);
		memset(grown + size - STEP, 'x', STEP);
	}
	check_filled(grown, LARGE / STEP * STEP, 'x');
	for (size_t i = 0; i < 100; i++) {
		auto_free char *block = memory_zalloc(STEP);

		check_filled(block, STEP, 0);
	}
	memory_free(grown);
}

/* What was given back is used for others, except under ASan; what was kept isn't. The first
 * test, since the others leave no memory for it that isn't malloc()'s. */
static void test_trim(void **state)
{
	enum { ROUNDS = 300, SIZE = 4096, KEPT = 20 };
	char *blocks[ROUNDS];

	(void)state;
	for (size_t i = 0; i < ROUNDS; i++) {
		auto_free char *zeroed = NULL;

		blocks[i] = memory_alloc(SIZE);
		memset(blocks[i], (char)i, KEPT);
		memory_trim(blocks[i], KEPT);
		zeroed = memory_zalloc(SIZE / 2);
		check_filled(zeroed, SIZE / 2, 0);
		memory_trim(zeroed, 1);
	}
	/* It was the last one no longer. */
	memory_trim(blocks[0], KEPT);
	memory_free(memset(memory_alloc(SIZE), 'x', SIZE));
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(blocks[1] - blocks[0], KEPT, SIZE / 4);
#endif
	for (size_t i = 0; i < ROUNDS; i++) {
		check_filled(blocks[i], KEPT, (char)i);
		memory_free(blocks[i]);
	}
}

static void test_array_grows(void **state)
{
	uint32_t *numbers = NULL;
	size_t count = 0, capacity = 0;

	(void)state;
	for (uint32_t i = 0; i < 200000; i++)
		*memory_append(numbers, count, capacity) = i;
	assert_int_equal(count, 200000);
	assert_true(capacity >= count);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(numbers[i], i);
	memory_free(numbers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_zeroed),
		cmocka_unit_test(test_blocks_keep_their_content),
		cmocka_unit_test(test_array_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
