/* SPDX-License-Identifier: Apache-2.0 */
/* Lexical path cleaning. */
#include "oci-vfio-hook/text.h"

const char *path_name(const char *path)
{
	const char *name = path;

	for (; *path; path++) {
		if (*path == '/')
			name = path + 1;
	}
	return name;
}

/* Returns the next element of `path` from *at on, without slashes, and moves *at to its
 * end. It is empty at the end of the path. */
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

/* Does an element of the path end at `at`? */
static bool is_end(struct slice path, size_t at)
{
	return at >= path.length || path.data[at] == '/';
}

/* Is there a slash before another one or a dot? (A loop without branches, of which compilers
 * make vectors: this is asked of all bind mounts.) */
static bool has_doubtful_slash(struct slice path)
{
	unsigned char found = 0;

	/* '.' | 1 is '/'. */
	for (size_t i = 0; i + 1 < path.length; i++)
		found |= (path.data[i] == '/') & ((path.data[i + 1] | 1) == '/');
	return found;
}

bool path_is_clean(struct slice path)
{
	if (path.length == 0 || path.data[0] != '/')
		return false;
	if (path.length == 1)
		return true;
	if (path.data[path.length - 1] == '/')
		return false;
	if (!has_doubtful_slash(path))
		return true;
	for (size_t i = 0; i < path.length; i++) {
		if (path.data[i] != '/')
			continue;
		if (is_end(path, i + 1))
			return false;
		if (path.data[i + 1] == '.' &&
		    (is_end(path, i + 2) ||
		     (path.data[i + 2] == '.' && is_end(path, i + 3))))
			return false;
	}
	return true;
}

char *path_clean(struct slice path)
{
	char *clean = xzalloc(path.length + 2);
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
