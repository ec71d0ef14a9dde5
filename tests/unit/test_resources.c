/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of `update` without device rules, and what is refused because a runtime
 * might find rules in it that we don't see. */
#include "helpers.h"

#include "oci-vfio-hook/resources.h"

#define RULES                                                                            \
	"[{\"allow\":true,\"type\":\"c\",\"major\":243,\"minor\":5,\"access\":\"rwm\"}]"

static void test_removed(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "{\"devices\":" RULES "}", "{}" },
		{ "{\"devices\":" RULES ",\"cpu\":{\"shares\":77}}\n",
		  "{\"cpu\":{\"shares\":77}}\n" },
		{ "{\"memory\":{\"limit\":18446744073709551615},\"devices\": " RULES
		  " , \"unified\":{\"a\\u002f\":\"\\/\"}}",
		  "{\"memory\":{\"limit\":18446744073709551615} , \"unified\":{\"a\\u002f\":\"\\/\"}}" },
		{ "{\n  \"cpu\": {},\n  \"devices\": []\n}", "{\n  \"cpu\": {}\n}" },
		{ "{\"devices\":null}", "{}" },
		{ "{\"devices\":7,\"x\":{\"devices\":8}}", "{\"x\":{\"devices\":8}}" },
		{ "{\"\\u0064evices\":" RULES "}", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices splices = { 0 };
		auto_buffer text = { 0 };
		auto_error err = { 0 };

		check_done(rows[i].text,
			   resources_remove_devices("r", slice_from(rows[i].text),
						    &splices, &err),
			   &err);
		splices_apply(&splices, slice_from(rows[i].text), &text);
		check_text(rows[i].text, buffer_slice(&text), rows[i].expected);
	}
}

static void test_untouched(void **state)
{
	static const char *const texts[] = {
		"{}",
		" { \"cpu\" : { \"shares\" : 77 } } \n",
		"{\"unified\":{\"devices\":" RULES "}}",
		"{\"device\":" RULES ",\"devicess\":" RULES "}",
		"{\"\":" RULES "}",
		/* No runtime finds rules in these. */
		"null",
		"[{\"devices\":" RULES "}]",
		"\"devices\"",
		"7",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_splices splices = { 0 };
		auto_error err = { 0 };

		check_done(texts[i],
			   resources_remove_devices("r", slice_from(texts[i]), &splices,
						    &err),
			   &err);
		assert_int_equal(splices.count, 0);
	}
}

static void test_refused(void **state)
{
	static const struct {
		struct slice text;
		const char *part;
	} rows[] = {
#define ROW(text, part) { SLICE(text), part }
		/* runc reads the last, crun the first. */
		ROW("{\"devices\":[],\"devices\":" RULES "}", "\"devices\""),
		ROW("{\"devices\":[],\"\\u0064evices\":" RULES "}", "\"devices\""),
		ROW("{\"cpu\":{},\"cpu\":{}}", "\"cpu\""),
		/* Go folds the letters. */
		ROW("{\"Devices\":" RULES "}", "\"Devices\""),
		ROW("{\"device\xc5\xbf\":" RULES "}", "\"device\xc5\xbf\""),
		/* In crun a key ends at a NUL. */
		ROW("{\"devices\\u0000\":" RULES "}", "NUL"),
		ROW("{\"devices\\u0000x\":" RULES "}", "NUL"),
		/* runc stops reading after the value, */
		ROW("{\"cpu\":{}} {\"devices\":" RULES "}", "r: line 1"),
		ROW("{}x", "r: line 1"),
		/* and crun reads comments. */
		ROW("{/* \" */\"devices\":" RULES "}", "r: line 1"),
		ROW("{}// \n", "r: line 1"),
		ROW("{\"cpu\":{}}\0{\"devices\":" RULES "}", "r: line 1"),
		ROW("", "r: "),
		ROW("{", "r: "),
		ROW("{\"devices\":", "r: "),
		ROW("{'devices':[]}", "r: "),
		ROW("{\"x\":\"\xff\"}", "r: "),
		ROW("\xef\xbb\xbf{}", "r: "),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_splices splices = { 0 };
		auto_error err = { 0 };
		int r = resources_remove_devices("r", rows[i].text, &splices, &err);

		check_error(rows[i].text.data, r, &err, ERROR_DATA, rows[i].part);
		assert_int_equal(splices.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removed),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
