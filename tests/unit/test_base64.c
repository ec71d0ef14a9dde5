/* SPDX-License-Identifier: Apache-2.0 */
/* Base64. */
#include "helpers.h"

#include <errno.h>

#include "oci-vfio-hook/base64.h"

static void test_decode(void **state)
{
	/* RFC 4648, section 10; then all 64 characters, and bytes that aren't text. */
	static const struct {
		const char *text;
		struct slice bytes;
	} rows[] = {
		{ "", SLICE("") },
		{ "Zg==", SLICE("f") },
		{ "Zm8=", SLICE("f\x6f") },
		{ "Zm9v", SLICE("foo") },
		{ "Zm9vYg==", SLICE("foob") },
		{ "Zm9vYmE=", SLICE("fooba") },
		{ "Zm9vYmFy", SLICE("foobar") },
		{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
		  SLICE("\x00\x10\x83\x10\x51\x87\x20\x92\x8b\x30\xd3\x8f\x41\x14\x93\x51"
			"\x55\x97\x61\x96\x9b\x71\xd7\x9f\x82\x18\xa3\x92\x59\xa7\xa2\x9a"
			"\xab\xb2\xdb\xaf\xc3\x1c\xb3\xd3\x5d\xb7\xe3\x9e\xbb\xf3\xdf\xbf") },
		{ "AA==", SLICE("\0") },
		{ "////", SLICE("\xff\xff\xff") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *bytes = NULL;
		size_t length;

		assert_int_equal(base64_decode(slice_from(rows[i].text), &bytes, &length),
				 0);
		if (!slice_equal((struct slice) { bytes, length }, rows[i].bytes))
			fail_row(rows[i].text, "other bytes");
		assert_int_equal(bytes[length], 0);
	}
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"Z",
		"Zg",
		"Zg=",
		"Zm9",
		"Zm9vY",
		"=",
		"==",
		"===",
		"====",
		"Z===",
		"Zg==Zg==",
		"Zg=v",
		"=Zg=",
		"Zm9=v",
		"Zg==\n",
		" Zg==",
		"Zm 9",
		"Zm\n9vYmF",
		"Zm9-",
		"Zm9_",
		"Zm9\x80",
		"Zm9vZg=",
		"Zm9vZm=9",
		/* Bits that are left over. */
		"Zh==",
		"Zn==",
		"Zm9=",
		"AB==",
		"AAB=",
	};
	char *bytes = NULL;
	size_t length = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (base64_decode(slice_from(rows[i]), &bytes, &length) != -EINVAL ||
		    bytes || length != 7)
			fail_row(rows[i], "not refused");
	}
	assert_int_equal(base64_decode((struct slice) { "Zm\0v", 4 }, &bytes, &length),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
