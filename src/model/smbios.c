/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of a structure of SMBIOS: a formatted area, the length of which is in it, then
 * strings that end with a NUL each, and one NUL more. */
#include "oci-vfio-hook/smbios.h"

#define TYPE_OEM_STRINGS 11
/* Offsets in the formatted area. */
#define AT_TYPE 0
#define AT_LENGTH 1
/* Type, length, handle and the number of strings. */
#define FORMATTED_MIN 5

static uint8_t byte_at(struct slice text, size_t at)
{
	return (uint8_t)text.data[at];
}

/* Where the strings begin; 0: it isn't such a structure. */
static size_t find_strings(struct slice structure)
{
	size_t length;

	if (structure.length < FORMATTED_MIN ||
	    byte_at(structure, AT_TYPE) != TYPE_OEM_STRINGS)
		return 0;
	length = byte_at(structure, AT_LENGTH);
	return length < FORMATTED_MIN || length > structure.length ? 0 : length;
}

static bool find_value(struct slice text, struct slice prefix, struct slice *ret)
{
	if (!slice_starts(text, prefix))
		return false;
	*ret = slice_from_to(text, prefix.length, text.length);
	return true;
}

bool smbios_find_map(struct slice structure, size_t *at, struct smbios_map *ret)
{
	if (*at == 0)
		*at = find_strings(structure);
	while (*at > 0 && *at < structure.length) {
		const struct slice rest = slice_from_to(structure, *at, structure.length);
		const char *end = memchr(rest.data, '\0', rest.length);
		struct slice text, value;
		bool is_base64;

		if (!end || end == rest.data)
			return false;
		text = slice_from_to(rest, 0, (size_t)(end - rest.data));
		*at += text.length + 1;
		is_base64 = find_value(text, SLICE(SMBIOS_MAP_BINARY "="), &value);
		if (!is_base64 && !find_value(text, SLICE(SMBIOS_MAP_TEXT "="), &value))
			continue;
		*ret = (struct smbios_map) { value, is_base64 };
		return true;
	}
	return false;
}
