/* SPDX-License-Identifier: Apache-2.0 */
/* The head of an answer by HTTP. */
#include "oci-vfio-hook/http_answer.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/number.h"

static int not_http(const char *name, struct slice text, struct error *err)
{
	auto_free char *quoted = text_quote(text);

	return error_set(
		err, ERROR_DATA,
		"%s: does not speak HTTP: it says %s; name the socket of --api-socket",
		name, quoted);
}

static bool is_header(struct slice line, struct slice name)
{
	if (line.length <= name.length || line.data[name.length] != ':')
		return false;
	for (size_t i = 0; i < name.length; i++) {
		if ((line.data[i] | 0x20) != name.data[i])
			return false;
	}
	return true;
}

static struct slice trim(struct slice text)
{
	while (text.length && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = slice_from_to(text, 1, text.length);
	while (text.length && strchr(" \t\r", text.data[text.length - 1]))
		text.length--;
	return text;
}

/* Takes a line off *rest, if all of it is there. */
static bool cut_line(struct slice *rest, struct slice *ret)
{
	const char *end = memchr(rest->data, '\n', rest->length);

	if (!end)
		return false;
	*ret = trim(slice_from_to(*rest, 0, (size_t)(end - rest->data)));
	*rest = slice_from_to(*rest, (size_t)(end - rest->data) + 1, rest->length);
	return true;
}

int http_answer_parse(const char *name, struct slice text, struct http_answer *ret,
		      struct error *err)
{
	const struct slice version = SLICE("HTTP/1.");
	struct http_answer answer = { 0 };
	struct slice rest = text, line;
	uint64_t number;

	if (!slice_starts(text, version) && !slice_starts(version, text))
		return not_http(name, text, err);
	*ret = (struct http_answer) { 0 };
	if (!cut_line(&rest, &line))
		return 0;
	if (line.length < 12 ||
	    number_parse(slice_from_to(line, 9, 12), 10, 3, 999, &number) < 0)
		return not_http(name, text, err);
	answer.status = (unsigned int)number;
	while (cut_line(&rest, &line)) {
		if (line.length == 0) {
			answer.has_head = true;
			answer.body = text.length - rest.length;
			*ret = answer;
			return 0;
		}
		if (!is_header(line, SLICE("content-length")))
			continue;
		line = trim(slice_from_to(line, strlen("content-length:"), line.length));
		if (number_parse(line, 10, 10, JSON_SIZE_MAX, &number) < 0)
			return not_http(name, text, err);
		answer.has_length = true;
		answer.length = (size_t)number;
	}
	return 0;
}
