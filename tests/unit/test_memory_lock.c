/* SPDX-License-Identifier: Apache-2.0 */
/* RLIMIT_MEMLOCK in a spec. */
#include "helpers.h"

#include <inttypes.h>

#include "oci-vfio-hook/memory_lock.h"

#define NOFILE "{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024}"
#define LIMIT(hard, soft)                                                                \
	"{\"type\":\"RLIMIT_MEMLOCK\",\"hard\":" hard ",\"soft\":" soft "}"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		bool has;
		uint64_t soft;
	} rows[] = {
		{ "[]", false, 0 },
		{ "[null," NOFILE "]", false, 0 },
		{ "[" LIMIT("65536", "32768") "]", true, 32768 },
		{ "[" NOFILE
		  "," LIMIT("18446744073709551615", "18446744073709551615") "]",
		  true, UINT64_MAX },
		{ "[{\"type\":\"RLIMIT_MEMLOCK\"}]", true, 0 },
		{ "[{\"type\":\"rlimit_memlock\",\"soft\":1}]", false, 0 },
		{ "[{\"type\":\"RLIMIT_MEMLOCK\",\"soft\":1,\"other\":[1.5]}]", true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		uint64_t soft = 0;
		bool has;

		check_done(rows[i].text,
			   memory_lock_parse("r", slice_from(rows[i].text), &has, &soft,
					     &err),
			   &err);
		if (has != rows[i].has || soft != rows[i].soft)
			fail_row(rows[i].text, "%d, %" PRIu64, has, soft);
	}
}

static void test_raise(void **state)
{
	/* NULL: it stays. */
	static const struct {
		const char *text;
		uint64_t want;
		const char *raised;
	} rows[] = {
		{ "[" LIMIT("65536", "32768") "]", 65536,
		  "[" LIMIT("65536", "65536") "]" },
		{ "[" LIMIT("65536", "32768") "]", 100000,
		  "[" LIMIT("100000", "100000") "]" },
		{ "[" LIMIT("65536", "32768") "]", 32768, NULL },
		{ "[" LIMIT("18446744073709551615", "18446744073709551615") "]",
		  UINT64_MAX, NULL },
		{ "[" LIMIT("65536", "65536") "," NOFILE "]", UINT64_MAX,
		  "[" LIMIT("18446744073709551615", "18446744073709551615") "," NOFILE
									    "]" },
		{ "[]", 7, "[" LIMIT("7", "7") "]" },
		{ "[\n\t" NOFILE "\n]", 7, "[\n\t" NOFILE ",\n\t" LIMIT("7", "7") "\n]" },
		/* What is absent or null, other members, and a second one. */
		{ "[{ \"x\":1, \"type\":\"RLIMIT_MEMLOCK\", \"hard\":null}]", 7,
		  "[{ \"x\":1, \"type\":\"RLIMIT_MEMLOCK\", \"hard\":7, \"soft\":7}]" },
		{ "[" LIMIT("9", "9") "," LIMIT("1", "1") "]", 7,
		  "[" LIMIT("9", "9") "," LIMIT("7", "7") "]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer raised = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].text,
			   memory_lock_raise("r", slice_from(rows[i].text), rows[i].want,
					     &raised, &err),
			   &err);
		check_text(rows[i].text, buffer_slice(&raised),
			   rows[i].raised ? rows[i].raised : "");
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "{}", "r: must be an array" },
		{ "[7]", "r: [0]: must be an object" },
		{ "[" NOFILE ",{\"type\":7}]", "r: [1].type: must be a string" },
		{ "[" LIMIT("-1", "1") "]",
		  "r: [0].hard: must be a whole number from 0 to 2^64 - 1" },
		{ "[" LIMIT("1", "1.0") "]", "r: [0].soft: must be a whole number" },
		{ "[" LIMIT("1", "18446744073709551616") "]",
		  "r: [0].soft: must be a whole number" },
		{ "[" LIMIT("\"1\"", "1") "]", "r: [0].hard: must be a number" },
		{ "[{\"Type\":\"RLIMIT_MEMLOCK\"}]",
		  "key \"Type\" must be spelled \"type\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer raised = { 0 };
		auto_error err = { 0 };

		check_error(rows[i].text,
			    memory_lock_raise("r", slice_from(rows[i].text), 7, &raised,
					      &err),
			    &err, ERROR_DATA, rows[i].part);
		assert_int_equal(raised.length, 0);
	}
}

static void test_memory(void **state)
{
	static const struct {
		const char *text;
		uint64_t limit;
	} rows[] = {
		{ "{}", UINT64_MAX },
		{ "{\"devices\":[],\"memory\":null}", UINT64_MAX },
		{ "{\"memory\":{}}", UINT64_MAX },
		{ "{\"memory\":{\"limit\":null}}", UINT64_MAX },
		{ "{\"memory\":{\"limit\":-1}}", UINT64_MAX },
		{ "{\"memory\":{\"limit\":0}}", UINT64_MAX },
		{ "{\"memory\":{\"limit\":1073741824,\"swap\":-1}}", 1073741824 },
	};
	static const char *const refused[] = {
		"{\"memory\":[]}",
		"{\"memory\":{\"limit\":1.5}}",
		"{\"memory\":{\"limit\":\"1\"}}",
		"{\"memory\":{\"limit\":9223372036854775808}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_error err = { 0 };
		uint64_t limit = 0;

		check_done(rows[i].text,
			   memory_limit_parse("m", slice_from(rows[i].text), &limit,
					      &err),
			   &err);
		if (limit != rows[i].limit)
			fail_row(rows[i].text, "%" PRIu64, limit);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		auto_error err = { 0 };
		uint64_t limit;

		check_error(refused[i],
			    memory_limit_parse("m", slice_from(refused[i]), &limit, &err),
			    &err, ERROR_DATA, "m: ");
	}
}

static void test_format(void **state)
{
	auto_buffer text = { 0 };

	(void)state;
	memory_lock_format(65536, &text);
	check_text("new", buffer_slice(&text), "[" LIMIT("65536", "65536") "]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	cmocka_unit_test(test_raise),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
