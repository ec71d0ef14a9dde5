/* SPDX-License-Identifier: Apache-2.0 */
/* One pass of yajl over stdin with callbacks that do nothing, and nothing else: the least
 * that a program with yajl can cost. */
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

static int on_value(void *context)
{
	(void)context;
	return 1;
}

static int on_boolean(void *context, int value)
{
	(void)context, (void)value;
	return 1;
}

static int on_number(void *context, const char *text, size_t length)
{
	(void)context, (void)text, (void)length;
	return 1;
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	(void)context, (void)text, (void)length;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_value,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_value,
	.yajl_map_key = on_string,
	.yajl_end_map = on_value,
	.yajl_start_array = on_value,
	.yajl_end_array = on_value,
};

int main(void)
{
	const size_t size = 8 << 20;
	unsigned char *text = malloc(size);
	size_t length = 0;
	ssize_t n;
	yajl_handle yajl = yajl_alloc(&callbacks, NULL, NULL);

	while ((n = read(STDIN_FILENO, text + length, size - length)) > 0)
		length += (size_t)n;
	return yajl_parse(yajl, text, length) != yajl_status_ok ||
	       yajl_complete_parse(yajl) != yajl_status_ok;
}
