/* SPDX-License-Identifier: Apache-2.0 */
/* Text: slices, buffers, path cleaning; errors, messages and memory. */
#include "helpers.h"

#include <errno.h>

static void test_slices(void **state)
{
	struct slice empty = { NULL, 0 };

	(void)state;
	assert_true(slice_equal(SLICE("ab"), slice_from("ab")));
	assert_false(slice_equal(SLICE("ab"), SLICE("abc")));
	assert_false(slice_equal(SLICE("ab"), SLICE("aB")));
	assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
	assert_true(slice_starts(SLICE("abc"), SLICE("")));
	assert_false(slice_starts(SLICE("a"), SLICE("ab")));
	assert_true(slice_ends(SLICE("abc"), SLICE("bc")));
	assert_false(slice_ends(SLICE("c"), SLICE("bc")));
	assert_int_equal(empty.length, 0);
	check_text("part", slice_from_to(SLICE("abcdef"), 2, 4), "cd");
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		const char *parts; /* each with "|" after it */
	} rows[] = {
		{ "a,bc,d", "a|bc|d|" }, { "abc", "abc|" }, { "", "|" },
		{ ",", "||" },		 { "a,", "a||" },   { ",a", "|a|" },
		{ "a,,b", "a||b|" },
	};
	struct slice none = { 0 }, part = SLICE("untouched");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice rest = slice_from(rows[i].text);
		auto_buffer shown = { 0 };

		while (slice_cut(&rest, ',', &part)) {
			buffer_add(&shown, part);
			buffer_add(&shown, SLICE("|"));
		}
		check_text(rows[i].text, buffer_slice(&shown), rows[i].parts);
		assert_null(rest.data);
	}
	/* Not more than the slice is looked at. */
	none = (struct slice) { "a,b", 1 };
	assert_true(slice_cut(&none, ',', &part));
	check_text("part", part, "a");
	assert_false(slice_cut(&none, ',', &part));
}

static void test_buffer(void **state)
{
	auto_buffer buffer = { 0 };

	(void)state;
	check_text("never written", buffer_slice(&buffer), "");
	buffer_add(&buffer, SLICE(""));
	assert_non_null(buffer.data);
	assert_int_equal(buffer.data[0], '\0');
	for (int i = 0; i < 1000; i++)
		buffer_printf(&buffer, "%d,", i % 10);
	assert_int_equal(buffer.length, 2000);
	assert_int_equal(buffer.data[2000], '\0');
	assert_memory_equal(buffer.data + 1980, "0,1,2,3,4,5,6,7,8,9,", 20);
}

static void test_number(void **state)
{
	auto_buffer buffer = { 0 };

	(void)state;
	buffer_add_number(&buffer, 0);
	buffer_add(&buffer, SLICE(" "));
	buffer_add_number(&buffer, 4294967295);
	buffer_add(&buffer, SLICE(" "));
	buffer_add_number(&buffer, UINT64_MAX);
	buffer_add(&buffer, SLICE(" "));
	buffer_add_number(&buffer, 1000);
	check_text("numbers", buffer_slice(&buffer),
		   "0 4294967295 18446744073709551615 1000");
}

static void test_path_clean(void **state)
{
	static const struct {
		const char *path, *clean;
	} rows[] = {
		{ "/dev/vfio/45", "/dev/vfio/45" },
		{ "/", "/" },
		{ "", "/" },
		{ "//", "/" },
		{ "dev/vfio", "/dev/vfio" },
		{ "/dev//vfio", "/dev/vfio" },
		{ "//dev/vfio", "/dev/vfio" },
		{ "/dev/vfio/", "/dev/vfio" },
		{ "/dev/./vfio", "/dev/vfio" },
		{ "./dev", "/dev" },
		{ ".", "/" },
		{ "..", "/" },
		{ "/..", "/" },
		{ "/../../dev", "/dev" },
		{ "/dev/../etc", "/etc" },
		{ "/dev/..", "/" },
		{ "/dev/vfio/..", "/dev" },
		{ "/dev/vfio/../../x", "/x" },
		{ "/a/b/../../../c", "/c" },
		{ "a/../..", "/" },
		{ "/dev/...", "/dev/..." },
		{ "/dev/..x", "/dev/..x" },
		{ "/dev/.x", "/dev/.x" },
		{ "/dev/x.", "/dev/x." },
		{ "/dev/ /x", "/dev/ /x" },
		{ "/dev/vfio/45/.", "/dev/vfio/45" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice path = slice_from(rows[i].path);
		auto_free char *clean = path_clean(path);

		check_text(rows[i].path, slice_from(clean), rows[i].clean);
		if (path_is_clean(path) != slice_equal(path, slice_from(clean)))
			fail_row(rows[i].path, "path_is_clean() says otherwise");
		assert_true(path_is_clean(slice_from(clean)));
	}
}

static void test_error(void **state)
{
	static const enum error_class classes[] = {
		ERROR_USAGE,	ERROR_DATA, ERROR_NO_INPUT, ERROR_UNAVAILABLE,
		ERROR_INTERNAL, ERROR_IO,   ERROR_TIMEOUT,  ERROR_PERMISSION,
	};
	static const int numbers[] = { 64, 65, 66, 69, 70, 74, 75, 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		auto_error err = { 0 };
		int r = error_set(&err, classes[i], "%s %d", "first", 1);

		assert_int_equal((int)classes[i], numbers[i]);
		check_error("set", r, &err, classes[i], "first 1");
		/* The first error is the cause of those that follow. */
		assert_int_equal(error_set(&err, ERROR_USAGE, "second"), r);
		check_text("kept", slice_from(err.message), "first 1");
		assert_int_equal(error_prefix(&err, "file %d", 2), r);
		check_text("prefix", slice_from(err.message), "file 2: first 1");
	}
}

/* With its room reserved an error stays where it is, and what is too long is cut. */
static void test_error_room(void **state)
{
	char large[2 * ERROR_ROOM];
	auto_error err = { 0 };
	const char *room;
	int r;

	(void)state;
	memset(large, 'x', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	error_reserve(&err);
	room = err.message;
	assert_int_equal(err.class, ERROR_NONE);
	r = error_set(&err, ERROR_DATA, "%s %d", "first", 1);
	check_error("set", r, &err, ERROR_DATA, "first 1");
	assert_int_equal(error_set(&err, ERROR_USAGE, "second"), r);
	assert_int_equal(error_prefix(&err, "file %d", 2), r);
	check_text("prefix", slice_from(err.message), "file 2: first 1");
	error_prefix(&err, "%s", large);
	assert_int_equal(strlen(err.message), ERROR_ROOM - 1);
	error_clear(&err);
	assert_int_equal(err.class, ERROR_NONE);
	error_set(&err, ERROR_IO, "first");
	error_append(&err, "; %s", "second");
	check_text("suffix", slice_from(err.message), "first; second");
	assert_ptr_equal(err.message, room);
	error_clear(&err);
	error_set(&err, ERROR_IO, "%s", large);
	assert_int_equal(strlen(err.message), ERROR_ROOM - 1);
	error_prefix(&err, "file");
	assert_int_equal(strlen(err.message), ERROR_ROOM - 1);
	assert_memory_equal(err.message, "file: xxx", 9);
	assert_ptr_equal(err.message, room);
	/* Whoever has memory again may say more. */
	error_append(&err, "!");
	assert_int_equal(strlen(err.message), ERROR_ROOM);
	error_clear(&err);
	assert_null(err.message);
	/* Too late: what is recorded stays. */
	error_set(&err, ERROR_IO, "first");
	error_reserve(&err);
	check_text("recorded", slice_from(err.message), "first");
}

static void test_messages(void **state)
{
	auto_messages messages = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		messages_add(&messages, i % 2 ? MESSAGE_DEBUG : MESSAGE_WARNING, "%d", i);
	assert_int_equal(messages.count, 20);
	check_text("last", slice_from(messages.items[19].text), "19");
	assert_int_equal(messages.items[19].level, MESSAGE_DEBUG);
	assert_int_equal(messages.items[18].level, MESSAGE_WARNING);
	messages_free(&messages);
	assert_int_equal(messages.count, 0);
	for (int i = 0; i < 100; i++)
		messages_add(&messages, MESSAGE_WARNING, "%d", i);
	messages_add(&messages, MESSAGE_INFO, "of another level");
	assert_int_equal(messages.count, MESSAGES_MAX + 2);
	check_text("the limit", slice_from(messages.items[MESSAGES_MAX].text),
		   "68 further messages of this level are left out");
	/* Another kind is heard all the same; they are of one line. */
	messages_add(&messages, MESSAGE_WARNING, "of another kind");
	check_text("another kind", slice_from(messages.items[MESSAGES_MAX + 2].text),
		   "of another kind");
	for (int i = 0; i < 100; i++)
		messages_add(&messages, MESSAGE_WARNING, "of another kind, %d", i);
	assert_int_equal(messages.count, 2 * MESSAGES_MAX + 3);
	check_text("two kinds", slice_from(messages.items[MESSAGES_MAX].text),
		   "136 further messages of this level are left out");
	assert_int_equal(messages.counts[MESSAGE_WARNING], 201);
	assert_false(messages_leave_out(&messages, MESSAGE_WARNING, "new"));
}

static void add_many(struct messages *messages, size_t count)
{
	for (size_t i = 0; i < count; i++)
		messages_add(messages, MESSAGE_WARNING, "%zu", i);
}

static void test_messages_move(void **state)
{
	auto_messages messages = { 0 }, others = { 0 };

	(void)state;
	add_many(&messages, 20);
	add_many(&others, 50);
	messages_add(&others, MESSAGE_INFO, "info");
	messages_move(&messages, &others);
	assert_int_equal(others.count, 0);
	/* The kind goes on: 12 of 50. */
	assert_int_equal(messages.count, MESSAGES_MAX + 2);
	check_text("moved", slice_from(messages.items[MESSAGES_MAX - 1].text), "11");
	check_text("left out", slice_from(messages.items[MESSAGES_MAX].text),
		   "38 further messages of this level are left out");
	assert_int_equal(messages.counts[MESSAGE_WARNING], 70);
	assert_int_equal(messages.counts[MESSAGE_INFO], 1);
}

static void test_messages_cut(void **state)
{
	auto_messages messages = { 0 };

	(void)state;
	add_many(&messages, 100);
	messages_cut(&messages, 5);
	assert_int_equal(messages.count, 5);
	assert_int_equal(messages.counts[MESSAGE_WARNING], 5);
	add_many(&messages, 100);
	assert_int_equal(messages.count, MESSAGES_MAX + 1);
	check_text("again", slice_from(messages.items[MESSAGES_MAX].text),
		   "73 further messages of this level are left out");
}

static void test_join(void **state)
{
	auto_free char *one = text_join("a", NULL), *none = text_join("", "", NULL);
	auto_free char *path = text_join("/sys", "/", "", "class", NULL);
	auto_free char *number = text_number("/dev/vfio/", UINT64_MAX, "/x");
	auto_free char *zero = text_number("", 0, "");

	(void)state;
	assert_string_equal(one, "a");
	assert_string_equal(none, "");
	assert_string_equal(path, "/sys/class");
	assert_string_equal(number, "/dev/vfio/18446744073709551615/x");
	assert_string_equal(zero, "0");
}

static void test_parts(void **state)
{
	const char *path = "/a/bc";

	(void)state;
	assert_ptr_equal(path_name(path), path + 3);
	assert_string_equal(path_name("name"), "name");
	assert_string_equal(path_name("a/"), "");
	assert_string_equal(path_name(""), "");
	assert_true(slice_contains(SLICE("mlx5_vfio_pci"), SLICE("vfio")));
	assert_true(slice_contains(SLICE("vfio"), SLICE("vfio")));
	assert_true(slice_contains(SLICE(""), SLICE("")));
	assert_false(slice_contains(SLICE("vfi_vfi"), SLICE("vfio")));
	assert_false(slice_contains(SLICE(""), SLICE("v")));
	assert_true(text_equal("ab", "ab"));
	assert_true(text_equal("", ""));
	assert_false(text_equal("ab", "abc"));
	assert_false(text_equal("ab", "ac"));
}

static void test_memory(void **state)
{
	size_t count = 0, capacity = 0;
	auto_free uint64_t *numbers = NULL;
	auto_free char *zero = xzalloc(0), *copy = xstrndup("a\0b", 3);
	auto_free char *moved = take_ptr(copy);

	(void)state;
	assert_non_null(zero);
	assert_null(copy);
	assert_memory_equal(moved, "a\0b\0", 4);
	for (uint64_t i = 0; i < 1000; i++)
		*array_append(numbers, count, capacity) = i * i;
	assert_int_equal(count, 1000);
	assert_true(capacity >= 1000);
	assert_int_equal(numbers[999], 998001);
	assert_int_equal(numbers[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),	     cmocka_unit_test(test_buffer),
		cmocka_unit_test(test_path_clean),   cmocka_unit_test(test_error),
		cmocka_unit_test(test_messages),     cmocka_unit_test(test_messages_move),
		cmocka_unit_test(test_messages_cut), cmocka_unit_test(test_memory),
		cmocka_unit_test(test_number),	     cmocka_unit_test(test_join),
		cmocka_unit_test(test_parts),	     cmocka_unit_test(test_cut),
		cmocka_unit_test(test_error_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
