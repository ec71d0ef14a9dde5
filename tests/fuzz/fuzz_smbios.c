/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the strings of SMBIOS, and base64: what is decoded is the only text for its bytes. */
#include "fuzz.h"

#include "oci-vfio-hook/base64.h"
#include "oci-vfio-hook/smbios.h"

static void encode(struct slice bytes, struct buffer *ret)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes.length; i += 3) {
		const size_t count = bytes.length - i < 3 ? bytes.length - i : 3;
		char group[4] = { '=', '=', '=', '=' };
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < count ? (uint8_t)bytes.data[i + k] : 0);
		for (size_t k = 0; k < count + 1; k++)
			group[k] = alphabet[bits >> (18 - 6 * k) & 63];
		buffer_add(ret, (struct slice) { group, sizeof group });
	}
}

static void check_base64(struct slice text)
{
	auto_free char *bytes = NULL;
	auto_buffer again = { 0 };
	size_t length;

	if (base64_decode(text, &bytes, &length) < 0) {
		fuzz_check(!bytes, "an output in spite of the error");
		return;
	}
	encode((struct slice) { bytes, length }, &again);
	fuzz_check(slice_equal(buffer_slice(&again), text), "not the same again");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	auto_free char *copy = NULL;
	struct smbios_map map;
	size_t at = 0, before = 0;

	text.data = copy = fuzz_copy(text);
	while (smbios_find_map(text, &at, &map)) {
		fuzz_check(map.value.data >= text.data + before &&
				   map.value.data + map.value.length <
					   text.data + text.length,
			   "not a part of the structure");
		fuzz_check(at > before, "it stays where it is");
		before = at;
		if (map.is_base64)
			check_base64(map.value);
	}
	check_base64(text);
	return 0;
}
