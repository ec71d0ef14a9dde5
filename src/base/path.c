/* Lexical path cleaning.
 * SPDX-License-Identifier: Apache-2.0 */
#include "oci-vfio-hook/text.h"

/* The element of `path` at *at, after its slashes; moves *at behind it. Empty: no more.
 */
static struct slice next_element(struct slice path, size_t *at)
{
	size_t start;

	while (*at < path.length && path.data[*at] == '/')
		(*at)++;
	start = *at;
	while (*at < path.length && path.data[*at] != '/')
		(*at)++;
	return slice_from_to(path, start, *at);
}

static bool is_dots(struct slice element)
{
	return slice_equal(element, SLICE(".")) || slice_equal(element, SLICE(".."));
}

bool path_is_clean(struct slice path)
{
	size_t at = 0;

	if (path.length == 0 || path.data[0] != '/')
		return false;
	if (path.length == 1)
		return true;
	while (at < path.length) {
		size_t slash = at;
		struct slice element = next_element(path, &at);

		if (element.length == 0 || element.data != path.data + slash + 1 ||
		    is_dots(element))
			return false;
	}
	return true;
}

char *path_clean(struct slice path)
{
	char *clean = memory_zalloc(path.length + 2);
	size_t length = 0, at = 0;

	for (;;) {
		struct slice element = next_element(path, &at);

		if (element.length == 0)
			break;
		if (slice_equal(element, SLICE("."))) {
			continue;
		} else if (slice_equal(element, SLICE(".."))) {
			while (length > 0 && clean[--length] != '/')
				;
		} else {
			clean[length++] = '/';
			memcpy(clean + length, element.data, element.length);
			length += element.length;
		}
	}
	if (length == 0)
		clean[length++] = '/';
	clean[length] = '\0';
	return clean;
}
