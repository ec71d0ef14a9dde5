/* SPDX-License-Identifier: Apache-2.0 */
/* What is at the place of a node: the old one, the final one, something else. */
#include "helpers.h"

#include "oci-vfio-hook/found_node.h"
#include "oci-vfio-hook/plan.h"

#define OLD                                                                              \
	{                                                                                \
		'c', 243, 5                                                              \
	}
#define FINAL                                                                            \
	{                                                                                \
		'c', 245, 0                                                              \
	}
#define OTHER                                                                            \
	{                                                                                \
		'c', 243, 6                                                              \
	}
#define NOTHING                                                                          \
	{                                                                                \
		0, 0, 0                                                                  \
	}
#define EMPTY                                                                            \
	{                                                                                \
		'f', 0, 0                                                                \
	}
#define SOMETHING                                                                        \
	{                                                                                \
		'x', 0, 0                                                                \
	}
/* The machine's file that a runtime binds: of a file system, an inode. */
#define SOURCE                                                                           \
	{                                                                                \
		6, 100                                                                   \
	}

enum { FINAL_ONE = 1, STALE = 2, LEFTOVER = 4 };

static void test_judged(void **state)
{
	static const struct file_identity source = SOURCE;
	static const struct {
		const char *what;
		struct found_node found;
		bool has_old, has_source;
		int answers;
	} rows[] = {
		{ "nothing", { .number = NOTHING }, true, true, 0 },
		{ "the old node", { .number = OLD }, true, false, STALE | LEFTOVER },
		{ "the final node", { .number = FINAL }, true, false, FINAL_ONE },
		{ "another node", { .number = OTHER }, true, false, 0 },
		{ "a block device of these numbers",
		  { .number = { 'b', 243, 5 } },
		  true,
		  false,
		  0 },
		{ "the other way round", { .number = { 'c', 5, 243 } }, true, false, 0 },
		/* Without numbers in the spec the old number is 0. */
		{ "a node where the spec had none", { .number = OLD }, false, false, 0 },
		{ "nothing where the spec had none",
		  { .number = NOTHING },
		  false,
		  true,
		  0 },
		{ "an empty file", { .number = EMPTY }, true, false, LEFTOVER },
		{ "an empty file, mounted",
		  { .number = EMPTY, .mounted = true },
		  true,
		  false,
		  0 },
		{ "a directory", { .number = SOMETHING }, true, true, 0 },
		/* What the runtime bound: its numbers may be any. */
		{ "the source", { OTHER, true, SOURCE }, true, true, STALE },
		{ "the source, an old node too",
		  { OLD, true, SOURCE },
		  true,
		  true,
		  STALE },
		{ "the source, the final node",
		  { FINAL, true, SOURCE },
		  true,
		  true,
		  FINAL_ONE | STALE },
		{ "the source of a new mount",
		  { OTHER, true, SOURCE },
		  false,
		  true,
		  STALE },
		/* Hard-linked or on the machine's own /dev, but not bound. */
		{ "the source's file, not mounted",
		  { OTHER, false, SOURCE },
		  true,
		  true,
		  0 },
		{ "another inode", { OTHER, true, { 6, 101 } }, true, true, 0 },
		{ "another file system", { OTHER, true, { 7, 100 } }, true, true, 0 },
		{ "no source", { OTHER, true, SOURCE }, true, false, 0 },
		{ "a mount of the old node", { OLD, true, { 9, 9 } }, true, true, STALE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct spec_device device = { .has_numbers = rows[i].has_old,
						    .number = OLD };
		const struct plan_node plan = { .container_path = "/dev/vfio/45",
						.device = &device,
						.number = FINAL };
		const struct file_identity *from = rows[i].has_source ? &source : NULL;
		const struct found_node *found = &rows[i].found;
		int answers = 0;

		if (found_node_is_final(found, &plan))
			answers |= FINAL_ONE;
		if (found_node_is_stale(found, &plan, from))
			answers |= STALE;
		if (found_node_is_leftover(found, &plan, from))
			answers |= LEFTOVER;
		if (answers != rows[i].answers)
			fail_row(rows[i].what, "expected %d, found %d", rows[i].answers,
				 answers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_judged) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
