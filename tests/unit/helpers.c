/* SPDX-License-Identifier: Apache-2.0 */
/* What the unit tests share. */
#include "helpers.h"

#include <stdio.h>
#include <sys/time.h>

void fail_row(const char *what, const char *format, ...)
{
	auto_free char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = xvasprintf(format, arguments);
	va_end(arguments);
	/* Not print_error(): it cuts long texts. */
	fprintf(stderr, "%s:\n%s\n", what, text);
	fail();
	abort();
}

void check_text(const char *what, struct slice text, const char *expected)
{
	if (!slice_equal(text, slice_from(expected)))
		fail_row(what, "expected: %s\nfound:    %.*s", expected, (int)text.length,
			 text.data);
}

void check_error(const char *what, int r, const struct error *err, enum error_class class,
		 const char *part)
{
	if (r >= 0)
		fail_row(what, "expected an error of class %d (%s), got %d", (int)class,
			 part ? part : "any", r);
	if (!err->message || err->class == ERROR_NONE)
		fail_row(what, "returned %d without recording an error", r);
	if (err->class != class || (part && !strstr(err->message, part)))
		fail_row(what, "expected: %d: %s\nfound:    %d: %s", (int)class,
			 part ? part : "any", (int)err->class, err->message);
	for (const char *at = err->message; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			fail_row(what, "a control byte in the message: %s", err->message);
	}
}

void check_done(const char *what, int r, const struct error *err)
{
	if (r != 0 || err->class != ERROR_NONE)
		fail_row(what, "expected 0, got %d: %d: %s", r, (int)err->class,
			 err->message ? err->message : "no message");
}

void check_message(const char *what, const struct messages *messages,
		   enum message_level level, const char *part)
{
	for (size_t i = 0; i < messages->count; i++) {
		if (messages->items[i].level == level &&
		    strstr(messages->items[i].text, part))
			return;
	}
	fail_row(what, "no message of level %d has: %s\n%zu messages, the first: %s",
		 (int)level, part, messages->count,
		 messages->count ? messages->items[0].text : "-");
}

void dump_index(const struct json *doc, struct buffer *ret)
{
	static const char letters[] = {
		[JSON_NULL] = 'Z',   [JSON_BOOL] = 'B',	  [JSON_NUMBER] = 'N',
		[JSON_STRING] = 'S', [JSON_OBJECT] = 'O', [JSON_ARRAY] = 'A',
		[JSON_KEY] = 'K',
	};

	buffer_add(ret, SLICE(""));
	for (uint32_t json = 0; json < doc->n_spans; json++) {
		struct slice raw = json_raw(doc, json);

		buffer_printf(ret, "%s%c%.*s", json ? "|" : "",
			      letters[json_type(doc, json)], (int)raw.length, raw.data);
	}
}

uint32_t find_node(const struct json *doc, const char *raw)
{
	for (uint32_t json = 0; json < doc->n_spans; json++) {
		if (slice_equal(json_raw(doc, json), slice_from(raw)))
			return json;
	}
	fail_row("find_node", "nothing is %s", raw);
}

void limit_processor_time(unsigned int seconds)
{
	const struct itimerval limit = { .it_value.tv_sec = seconds };

	assert_return_code(setitimer(ITIMER_VIRTUAL, &limit, NULL), 0);
}
