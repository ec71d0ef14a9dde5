/* SPDX-License-Identifier: Apache-2.0 */
/* DeviceAllow= of a unit, before and after a change of devices. */
#include "helpers.h"

#include "oci-vfio-hook/device_allow.h"

/* "DEVICE ACCESS, DEVICE ACCESS". */
static void fill(const char *text, struct device_allow *list)
{
	while (*text != '\0') {
		size_t device = strcspn(text, " ");
		size_t access = strcspn(text + device + 1, ",");
		auto_free char *first = xstrndup(text, device);
		auto_free char *second = xstrndup(text + device + 1, access);

		device_allow_add(list, first, second);
		text += device + 1 + access;
		text += strspn(text, ", ");
	}
}

static void check_list(const char *what, const struct device_allow *list,
		       const char *expected)
{
	auto_buffer text = { 0 };

	for (size_t i = 0; i < list->count; i++)
		buffer_printf(&text, "%s%s %s", i > 0 ? ", " : "", list->items[i].device,
			      list->items[i].access);
	check_text(what, buffer_slice(&text), expected);
}

#define OLD(letter, first, second)                                                       \
	.has_old = true, .old.type = letter, .old.major = first, .old.minor = second
#define NEW(letter, first, second, letters)                                              \
	.has_new = true, .number.type = letter, .number.major = first,                   \
	.number.minor = second, .access = letters

static const struct device_change moved = { OLD('c', 243, 5), NEW('c', 245, 0, "rwm") };
static const struct device_change moved_stays = { OLD('c', 243, 5), .old_stays = true,
						  NEW('c', 245, 0, "rwm") };
static const struct device_change added = { NEW('c', 10, 196, "rw") };
static const struct device_change gone = { OLD('c', 243, 5) };
static const struct device_change disk = { OLD('b', 8, 0), NEW('b', 259, 3, "r") };
static const struct device_change swapped[] = {
	{ OLD('c', 243, 5), .old_stays = true, NEW('c', 243, 6, "rwm") },
	{ OLD('c', 243, 6), .old_stays = true, NEW('c', 243, 5, "rwm") },
};

static void changes(void **state)
{
	static const struct {
		const char *what;
		const char *old;
		const struct device_change *changes;
		size_t n_changes;
		const char *new; /* NULL: as it was */
	} rows[] = {
		{ "runc's list",
		  "/dev/char/243:5 rwm, char-pts rwm, /dev/char/1:3 rwm, char-* m",
		  &moved, 1,
		  "char-pts rwm, /dev/char/1:3 rwm, char-* m, /dev/char/245:0 rwm" },
		{ "another device has the old numbers", "/dev/char/243:5 rwm",
		  &moved_stays, 1, "/dev/char/243:5 rwm, /dev/char/245:0 rwm" },
		{ "a new device only", "", &added, 1, "/dev/char/10:196 rw" },
		{ "less access than it had", "/dev/char/10:196 rwm, char-* m", &added, 1,
		  "/dev/char/10:196 rw, char-* m" },
		{ "it is there", "char-* m, /dev/char/10:196 rw", &added, 1, NULL },
		{ "a device that goes", "/dev/char/243:5 rw, a b", &gone, 1, "a b" },
		{ "one that isn't there goes", "/dev/char/243:50 rw, /dev/block/243:5 r",
		  &gone, 1, NULL },
		{ "a disk", "/dev/block/8:0 r, /dev/char/8:0 r", &disk, 1,
		  "/dev/char/8:0 r, /dev/block/259:3 r" },
		{ "two that are each other's", "/dev/char/243:6 rwm, /dev/char/243:5 rwm",
		  swapped, ARRAY_SIZE(swapped), NULL },
		{ "nothing to change", "a b", NULL, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_device_allow old = { 0 }, new = { 0 };
		bool changed;

		fill(rows[i].old, &old);
		changed = device_allow_change(&old, rows[i].changes, rows[i].n_changes,
					      &new);
		if (changed != (rows[i].new != NULL))
			fail_row(rows[i].what, "changed: %d", changed);
		check_list(rows[i].what, &new,
			   rows[i].new != NULL ? rows[i].new : rows[i].old);
		check_list(rows[i].what, &old, rows[i].old);
	}
}

/* Comparing each with each would take a minute. */
static void many(void **state)
{
	enum { COUNT = 100000 };
	auto_free struct device_change *changes = xzalloc(COUNT * sizeof *changes);
	auto_device_allow old = { 0 }, new = { 0 };

	(void)state;
	limit_processor_time(20);
	for (uint32_t i = 0; i < COUNT; i++) {
		auto_free char *device = xasprintf("/dev/char/8:%u", i);

		device_allow_add(&old, device, "rwm");
		changes[i] = (struct device_change) { OLD('c', 8, i),
						      NEW('c', 510, i / 2, "r") };
	}
	device_allow_add(&old, "/dev/char/510:7", "rwm");
	device_allow_add(&old, "/dev/char/08:7", "rwm");
	assert_true(device_allow_change(&old, changes, COUNT, &new));
	limit_processor_time(0);
	assert_int_equal(new.count, COUNT / 2 + 1);
	assert_string_equal(new.items[0].device, "/dev/char/510:7");
	assert_string_equal(new.items[0].access, "r");
	assert_string_equal(new.items[1].device, "/dev/char/08:7");
	assert_string_equal(new.items[2].device, "/dev/char/510:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(changes),
					    cmocka_unit_test(many) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
