/* SPDX-License-Identifier: Apache-2.0 */
/* Text from outside as messages show it, and strict UTF-8. */
#include "helpers.h"

static void test_printable(void **state)
{
	static const struct {
		const char *text, *printable;
	} rows[] = {
		{ "", "" },
		{ "a\"b\\c \xc3\xa9", "a\"b\\c \xc3\xa9" },
		{ "\x1b[31m\n\t\r", "\\x1B[31m\\x0A\\x09\\x0D" },
		{ "\x7f\xc2\x9b\xc2\xa0", "\\x7F\\xC2\\x9B\xc2\xa0" },
		{ "\xff\xc3", "\\xFF\\xC3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer buffer = { 0 };

		buffer_add(&buffer, SLICE("> "));
		buffer_add_printable(&buffer, slice_from(rows[i].text));
		check_text(rows[i].printable,
			   slice_from_to(buffer_slice(&buffer), 2, buffer.length),
			   rows[i].printable);
	}
}

/* UTF-8 of a character up to U+10FFFF that isn't a surrogate. */
static size_t encode(uint32_t character, unsigned char ret[static 4])
{
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = character < 0x80	 ? 1
		   : character < 0x800	 ? 2
		   : character < 0x10000 ? 3
					 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		ret[i] = 0x80 | (character & 0x3f);
		character >>= 6;
	}
	ret[0] = (unsigned char)(marks[n] | character);
	return n;
}

/* What steers a terminal, ends a line, turns text round or can't be seen, and the
 * characters beside each range. */
static void test_hidden(void **state)
{
	static const struct {
		uint32_t first, last;
	} rows[] = {
		{ 0x1, 0x1f },	      { 0x7f, 0x9f },	    { 0xad, 0xad },
		{ 0x34f, 0x34f },     { 0x61c, 0x61c },	    { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },   { 0x200b, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
		{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb },   { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};
	size_t row = 0;

	(void)state;
	for (uint32_t character = 1; character <= 0x10ffff; character++) {
		unsigned char text[4];
		auto_buffer shown = { 0 };
		size_t length;
		bool hidden;

		if (character >= 0xd800 && character <= 0xdfff)
			continue;
		while (row + 1 < ARRAY_SIZE(rows) && character > rows[row].last)
			row++;
		hidden = character >= rows[row].first && character <= rows[row].last;
		length = encode(character, text);
		buffer_add_printable(&shown, (struct slice) { (char *)text, length });
		if (hidden ? shown.length != 4 * length ||
				     memcmp(shown.data, "\\x", 2) != 0
			   : shown.length != length ||
				     memcmp(shown.data, text, length) != 0)
			fail_row("hidden", "U+%04X", character);
	}
}

static void test_quote(void **state)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "\x1b[31m", "\"\\x1B[31m\"" },
		{ "a\nb\tc\rd", "\"a\\x0Ab\\x09c\\x0Dd\"" },
		{ "\x7f", "\"\\x7F\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e",
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e\"" },
		{ "\xc2\x9b"
		  "31m",
		  "\"\\xC2\\x9B31m\"" },
		{ "\xc2\xa0", "\"\xc2\xa0\"" },
		{ "\xff"
		  "a\xc3",
		  "\"\\xFFa\\xC3\"" },
		{ "\xc0\xaf", "\"\\xC0\\xAF\"" },
		{ "\xed\xa0\x80", "\"\\xED\\xA0\\x80\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *quoted = text_quote(slice_from(rows[i].text));

		check_text(rows[i].quoted, slice_from(quoted), rows[i].quoted);
	}
}

static void test_quote_long(void **state)
{
	auto_buffer text = { 0 };
	auto_free char *fits = NULL, *cut = NULL, *nul = NULL, *wide = NULL;

	(void)state;
	for (int i = 0; i < 256; i++)
		buffer_add(&text, SLICE("x"));
	fits = text_quote(buffer_slice(&text));
	assert_int_equal(strlen(fits), 258);
	buffer_add(&text, SLICE("y"));
	cut = text_quote(buffer_slice(&text));
	assert_int_equal(strlen(cut), 261);
	check_text("cut", slice_from(cut + 257), "\"...");
	/* As many escapes as can be. */
	buffer_free(&text);
	for (int i = 0; i < 1000; i++)
		buffer_add(&text, SLICE("\xe2\x80\xae"));
	wide = text_quote(buffer_slice(&text));
	assert_in_range(strlen(wide), 256, 4 * 260);
	check_text("bidi", slice_from_to(slice_from(wide), 0, 13), "\"\\xE2\\x80\\xAE");
	nul = text_quote((struct slice) { "a\0b", 3 });
	check_text("NUL", slice_from(nul), "\"a\\x00b\"");
}

static void test_name(void **state)
{
	char long_name[TEXT_SHOWN_MAX + 2];
	static const struct {
		const char *name, *expected;
	} rows[] = {
		{ "/dev/vfio/45", "/dev/vfio/45" },
		{ "PCIDEVICE_a.b-c:d@e+9Z", "PCIDEVICE_a.b-c:d@e+9Z" },
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "a,b", "\"a,b\"" },
		{ "a;b", "\"a;b\"" },
		{ "a\"b", "\"a\\\"b\"" },
		{ "a\nb", "\"a\\x0Ab\"" },
		{ "\xc3\xa9", "\"\xc3\xa9\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer buffer = { 0 };

		auto_free char *text = text_name(slice_from(rows[i].name)),
			       *path = path_display(rows[i].name);

		buffer_add_name(&buffer, slice_from(rows[i].name));
		check_text(rows[i].name, buffer_slice(&buffer), rows[i].expected);
		check_text(rows[i].name, slice_from(text), rows[i].expected);
		check_text(rows[i].name, slice_from(path), rows[i].expected);
	}
	memset(long_name, 'x', sizeof long_name);
	for (size_t length = TEXT_SHOWN_MAX; length <= sizeof long_name; length++) {
		struct slice name = { long_name, length };
		auto_free char *text = text_name(name);
		auto_buffer buffer = { 0 };

		buffer_add_name(&buffer, name);
		check_text("long", buffer_slice(&buffer), text);
		assert_int_equal(strlen(text),
				 TEXT_SHOWN_MAX + (length > TEXT_SHOWN_MAX ? 5 : 0));
	}
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "", true },
		{ "ascii only, longer than eight bytes", true },
		{ "\x7f", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xee\x80\x80", true },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "12345678\xc3\xa9", true },
		{ "1234567\xc3\xa9", true },
		{ "\x80", false },
		{ "\xbf", false },
		{ "\xc0\x80", false },
		{ "\xc1\xbf", false },
		{ "\xc2", false },
		{ "\xc2\x7f", false },
		{ "\xc2\xc0", false },
		{ "\xe0\x9f\xbf", false },
		{ "\xe2\x82", false },
		{ "\xe2\x82 ", false },
		{ "\xed\xa0\x80", false },
		{ "\xed\xbf\xbf", false },
		{ "\xf0\x8f\xbf\xbf", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xff", false },
		{ "\xfe", false },
		{ "12345678\xff", false },
		{ "1234567\xff", false },
		{ "0123456789abcde\xc3", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (text_is_utf8(slice_from(rows[i].text)) != rows[i].valid)
			fail_row(rows[i].text, "row %zu", i);
	}
}

/* Only what a terminal must not get changes, and to what a JSON reader takes for the same. */
static void test_json(void **state)
{
	static const struct {
		const char *json, *shown;
	} rows[] = {
		{ "{\"a\":\t\"\\u0001 \303\244\"\n}\n",
		  "{\"a\":\t\"\\u0001 \303\244\"\n}\n" },
		{ "[\"\x7f\xc2\x9bm\"]", "[\"\\u007f\\u009bm\"]" },
		{ "\"\xe2\x80\xae\xf3\xa0\x81\x81x\"", "\"\\u202e\\udb40\\udc41x\"" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer shown = { 0 };

		buffer_add_json(&shown, slice_from(rows[i].json));
		check_text(rows[i].json, buffer_slice(&shown), rows[i].shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),	   cmocka_unit_test(test_printable),
		cmocka_unit_test(test_hidden),	   cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_long), cmocka_unit_test(test_name),
		cmocka_unit_test(test_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
