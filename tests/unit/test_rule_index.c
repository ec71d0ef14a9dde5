/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes of rules against what a walk from the last rule to the first finds. */
#include "helpers.h"

#include "oci-vfio-hook/rule_index.h"

#define N_RULES 200

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

/* Types, numbers and accesses of which each is there often. */
static void make_rules(uint32_t *random, struct spec_rule *ret)
{
	static const char types[] = { 'a', 'b', 'c' };
	static const struct slice accesses[] = { { "rwm", sizeof("rwm") - 1 },
						 { "rw", sizeof("rw") - 1 },
						 { "r", sizeof("r") - 1 },
						 { "", sizeof("") - 1 } };

	for (size_t i = 0; i < N_RULES; i++) {
		ret[i] = (struct spec_rule) {
			.allow = next_random(random) % 2,
			.type = types[next_random(random) % ARRAY_SIZE(types)],
			.major = (int64_t)(next_random(random) % 4) - 1,
			.minor = (int64_t)(next_random(random) % 4) - 1,
			.access = accesses[next_random(random) % ARRAY_SIZE(accesses)],
		};
		/* Runs of rules that say the same. */
		if (i && next_random(random) % 4 == 0)
			ret[i] = ret[i - 1];
	}
}

static bool names(const struct spec_rule *rule, const struct device_number *number)
{
	return (rule->type == 'a' || rule->type == number->type) &&
	       (rule->major < 0 || rule->major == number->major) &&
	       (rule->minor < 0 || rule->minor == number->minor);
}

static bool is_exact(const struct spec_rule *rule, const struct device_number *number)
{
	return rule->type == number->type && rule->major == number->major &&
	       rule->minor == number->minor;
}

static bool is_wildcard(const struct spec_rule *rule, const struct device_number *number)
{
	return rule->type == number->type && names(rule, number) &&
	       !is_exact(rule, number);
}

typedef bool matches_fn(const struct spec_rule *rule, const struct device_number *number);

static const struct spec_rule *walk(const struct spec_rule *rules,
				    enum rule_index_which which, unsigned int ways,
				    const struct device_number *number,
				    matches_fn *matches)
{
	for (size_t i = N_RULES; i-- > 0;) {
		const struct spec_rule *rule = &rules[i];

		if ((rule_access(rule) & ways) == ways &&
		    (which == RULE_INDEX_ALL ||
		     rule->allow == (which == RULE_INDEX_ALLOWS)) &&
		    matches(rule, number))
			return rule;
	}
	return NULL;
}

static void check_number(const struct spec_rule *rules, enum rule_index_which which,
			 unsigned int ways, const struct rule_index *index,
			 const struct device_number *number)
{
	assert_ptr_equal(rule_index_find(index, number),
			 walk(rules, which, ways, number, names));
	assert_ptr_equal(rule_index_find_exact(index, number),
			 walk(rules, which, ways, number, is_exact));
	assert_ptr_equal(rule_index_find_wildcard(index, number),
			 walk(rules, which, ways, number, is_wildcard));
}

static void check_rules(const struct spec_rule *rules, enum rule_index_which which,
			unsigned int ways)
{
	auto_rule_index all = { 0 };

	rule_index_build(rules, N_RULES, which, ways, NULL, &all);
	for (unsigned int i = 0; i < 2 * 4 * 4; i++) {
		const struct device_number number = { i % 2 ? 'b' : 'c', i / 2 % 4,
						      i / 8 };
		auto_device_number_set only = { 0 };
		auto_rule_index some = { 0 };

		check_number(rules, which, ways, &all, &number);
		device_number_set_add(&only, &number);
		rule_index_build(rules, N_RULES, which, ways, &only, &some);
		check_number(rules, which, ways, &some, &number);
		assert_true(some.count < all.count);
	}
}

static void test_against_walk(void **state)
{
	uint32_t random = 7;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		auto_free struct spec_rule *rules = xzalloc(N_RULES * sizeof *rules);

		make_rules(&random, rules);
		check_rules(rules, RULE_INDEX_ALL, 0);
		check_rules(rules, RULE_INDEX_ALL, ACCESS_READ | ACCESS_WRITE);
		check_rules(rules, RULE_INDEX_ALLOWS, ACCESS_MAKE);
		check_rules(rules, RULE_INDEX_DENIES, ACCESS_READ);
	}
}

/* Rules that say the same take no room, however many they are. */
static void test_the_same(void **state)
{
	enum { COUNT = 10000 };
	auto_free struct spec_rule *rules = xzalloc(COUNT * sizeof *rules);
	const struct device_number number = { 'c', 243, 5 };
	auto_rule_index index = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		rules[i] = (struct spec_rule) { .allow = true,
						.type = 'c',
						.major = 243,
						.minor = RULE_ANY,
						.access = SLICE("rwm") };
	rule_index_build(rules, COUNT, RULE_INDEX_ALL, 0, NULL, &index);
	assert_int_equal(index.count, 1);
	assert_ptr_equal(rule_index_find(&index, &number), &rules[COUNT - 1]);
	rule_index_free(&index);
	rule_index_build(rules, 0, RULE_INDEX_ALL, 0, NULL, &index);
	assert_null(rule_index_find(&index, &number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_walk),
		cmocka_unit_test(test_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
