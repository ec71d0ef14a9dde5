/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4-128: the authors' test vectors, and OpenSSL's program on random inputs. */
#include "helpers.h"

#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "oci-vfio-hook/siphash.h"

#define HEX_SIZE (2 * SIPHASH_SIZE + 1)

static void hex(const uint8_t *bytes, size_t count, char *ret)
{
	for (size_t i = 0; i < count; i++)
		snprintf(ret + 2 * i, 3, "%02X", bytes[i]);
}

/* The key 00 01 .. 0f, and messages 00 01 02 ... of so many bytes. */
static void test_vectors(void **state)
{
	static const struct {
		size_t length;
		const char *code;
	} rows[] = {
		{ 0, "A3817F04BA25A8E66DF67214C7550293" },
		{ 1, "DA87C1D86B99AF44347659119B22FC45" },
		{ 7, "A1F1EBBED8DBC153C0B84AA61FF08239" },
		{ 8, "3B62A9BA6258F5610F83E264F31497B4" },
		{ 15, "5493E99933B0A8117E08EC0F97CFC3D9" },
		{ 63, "5150D1772F50834A503E069A973FBD7C" },
	};
	uint8_t key[SIPHASH_KEY_SIZE], code[SIPHASH_SIZE];
	char message[64], text[HEX_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof message; i++)
		message[i] = (char)i;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		/* The same in two parts, wherever it is cut. */
		for (size_t at = 0; at <= rows[i].length; at++) {
			const struct slice parts[] = {
				{ message, at },
				{ message + at, rows[i].length - at },
			};

			siphash(key, parts, ARRAY_SIZE(parts), code);
			hex(code, sizeof code, text);
			assert_string_equal(text, rows[i].code);
		}
	}
}

/* What `openssl mac` says of the message. */
static void ask_openssl(const uint8_t *key, struct slice message, char ret[HEX_SIZE])
{
	char path[] = "/tmp/test_siphash.XXXXXX", hex_key[2 * SIPHASH_KEY_SIZE + 1];
	int fd = mkstemp(path);
	auto_free char *command = NULL;
	FILE *program;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, message.data, message.length), message.length);
	close(fd);
	hex(key, SIPHASH_KEY_SIZE, hex_key);
	command =
		xasprintf("openssl mac -macopt hexkey:%s -macopt size:16 -in %s SIPHASH",
			  hex_key, path);
	program = popen(command, "r");
	assert_non_null(program);
	if (!fgets(ret, HEX_SIZE, program))
		fail_row(command, "it printed nothing: is openssl installed?");
	pclose(program);
	unlink(path);
}

static void test_openssl(void **state)
{
	(void)state;
	for (size_t i = 0; i < 24; i++) {
		uint8_t key[SIPHASH_KEY_SIZE], code[SIPHASH_SIZE], length;
		char message[UINT8_MAX], text[HEX_SIZE], wanted[HEX_SIZE] = "";

		assert_int_equal(getrandom(key, sizeof key, 0), sizeof key);
		assert_int_equal(getrandom(&length, sizeof length, 0), sizeof length);
		assert_int_equal(getrandom(message, sizeof message, 0), sizeof message);
		siphash(key, &(struct slice) { message, length }, 1, code);
		hex(code, sizeof code, text);
		ask_openssl(key, (struct slice) { message, length }, wanted);
		if (strcmp(text, wanted) != 0)
			fail_row(wanted, "%u bytes: %s", length, text);
	}
}

static void test_equal(void **state)
{
	uint8_t a[SIPHASH_SIZE] = { 1, 2, 3 }, b[SIPHASH_SIZE] = { 1, 2, 3 };

	(void)state;
	assert_true(siphash_equal(a, b));
	for (size_t i = 0; i < 8 * sizeof b; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(siphash_equal(a, b));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_openssl),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
