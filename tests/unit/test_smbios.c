/* SPDX-License-Identifier: Apache-2.0 */
/* Device maps among the strings of SMBIOS' structures. */
#include "helpers.h"

#include "oci-vfio-hook/smbios.h"

/* A formatted area of type 11 as QEMU writes it: length 5, a handle, a number of strings. */
#define HEAD "\x0b\x05\x00\x0e\x01"
#define TEXT "io.systemd.credential:oci-vfio-hook.devices="
#define BINARY "io.systemd.credential.binary:oci-vfio-hook.devices="

static void test_find(void **state)
{
	/* What is found: each value with "|" after it, and "b:" before base64. */
	static const struct {
		struct slice structure;
		const char *found;
	} rows[] = {
		{ SLICE(HEAD TEXT "[]\0"), "[]|" },
		{ SLICE(HEAD BINARY "W10=\0"), "b:W10=|" },
		{ SLICE(HEAD "Vendor\0" TEXT "[1]\0x\0" BINARY "Wzdd\0" TEXT "[2]\0"),
		  "[1]|b:Wzdd|[2]|" },
		{ SLICE(HEAD TEXT "\0"), "|" },
		{ SLICE(HEAD TEXT "a=b\0"), "a=b|" },
		/* A longer formatted area. */
		{ SLICE("\x0b\x07\x00\x0e\x01??" TEXT "[]\0"), "[]|" },
		/* Other credentials, and other spellings. */
		{ SLICE(HEAD "io.systemd.credential:oci-vfio-hook.devices\0"), "" },
		{ SLICE(HEAD "io.systemd.credential:oci-vfio-hook.device=[]\0"), "" },
		{ SLICE(HEAD "io.systemd.credential:oci-vfio-hook.devices2=[]\0"), "" },
		{ SLICE(HEAD "IO.systemd.credential:oci-vfio-hook.devices=[]\0"), "" },
		{ SLICE(HEAD " " TEXT "[]\0"), "" },
		/* After the end of the strings, or not ended. */
		{ SLICE(HEAD "x\0\0" TEXT "[]\0"), "" },
		{ SLICE(HEAD "\0" TEXT "[]\0"), "" },
		{ SLICE(HEAD TEXT "[1]\0" TEXT "[2]"), "[1]|" },
		{ { HEAD TEXT "[]", sizeof HEAD TEXT "[]" - 1 }, "" },
		/* Not such a structure, or only a part of one. */
		{ SLICE("\x0c\x05\x00\x0e\x01" TEXT "[]\0"), "" },
		{ SLICE("\x0b\x04\x00\x0e\x01" TEXT "[]\0"), "" },
		{ SLICE("\x0b\xff\x00\x0e\x01" TEXT "[]\0"), "" },
		{ SLICE(HEAD), "" },
		{ SLICE("\x0b\x05\x00\x0e"), "" },
		{ SLICE("\x0b"), "" },
		{ SLICE(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* Of just this size: a read after its end is found. */
		const struct slice all = rows[i].structure;
		auto_free char *copy = xmalloc(all.length);
		auto_buffer found = { 0 };
		struct smbios_map map;
		size_t at = 0;

		memcpy(copy, all.data, all.length);
		while (smbios_find_map((struct slice) { copy, all.length }, &at, &map)) {
			buffer_add(&found, map.is_base64 ? SLICE("b:") : SLICE(""));
			buffer_add(&found, map.value);
			buffer_add(&found, SLICE("|"));
		}
		check_text(rows[i].found, buffer_slice(&found), rows[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
