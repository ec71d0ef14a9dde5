/* SPDX-License-Identifier: Apache-2.0 */
/* Pools of texts: each keeps what was put there, however many and however long. */
#include "helpers.h"

#include "oci-vfio-hook/text_pool.h"

static void test_texts_stay(void **state)
{
	enum { COUNT = 20000 };
	auto_text_pool pool = { 0 };
	auto_free const char **texts = array_zalloc(COUNT, texts);

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		auto_free char *text = xasprintf("%zu-%0*zu", i, (int)(i % 50), i);

		texts[i] = text_pool_add(&pool, slice_from(text));
		assert_ptr_not_equal(texts[i], text);
	}
	for (size_t i = 0; i < COUNT; i++) {
		auto_free char *text = xasprintf("%zu-%0*zu", i, (int)(i % 50), i);

		assert_string_equal(texts[i], text);
	}
}

static void test_lengths(void **state)
{
	auto_text_pool pool = { 0 };
	const char *texts[300];
	char *before, *after;

	(void)state;
	assert_string_equal(text_pool_add(&pool, (struct slice) { 0 }), "");
	/* A NUL in it stays, too. */
	assert_memory_equal(text_pool_add(&pool, SLICE("a\0b")), "a\0b", 4);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_free char *text = xzalloc(i * i + 1);

		memset(text, 'a' + (int)(i % 26), i * i);
		texts[i] = text_pool_add(&pool, slice_from(text));
	}
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(strlen(texts[i]), i * i);
		assert_int_equal(strspn(texts[i], (char[]) { (char)('a' + i % 26), 0 }),
				 i * i);
	}
	before = text_pool_room(&pool, 10);
	after = text_pool_room(&pool, 1);
	assert_true(after >= before + 10 || after < before);
}

/* One that is too long for a chunk leaves the rest of it to others. */
static void test_long_ones_waste_nothing(void **state)
{
	auto_text_pool pool = { 0 };
	const char *first = text_pool_add(&pool, SLICE("first"));

	(void)state;
	memset(text_pool_room(&pool, 100000), 'x', 100000);
	assert_ptr_equal(text_pool_add(&pool, SLICE("second")), first + sizeof("first"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_stay),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_long_ones_waste_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
