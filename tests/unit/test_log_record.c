/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of a log's line. */
#include "helpers.h"

#include "oci-vfio-hook/log_record.h"

#define TIME "2026-01-02T03:04:05Z"
#define LONG_TIME "Jan  2 03:04:05"

/* The last line of a run of which everything is known. */
static const struct log_record last = {
	.level = MESSAGE_INFO,
	.text = "/dev/vfio/45 -> /dev/vfio/3; 1 change in 1.8 ms",
	.program = "oci-vfio-hook",
	.stage = "createRuntime",
	.container = "box",
	.bundle = "/run/box",
	.is_last = true,
	.changes = 1,
	.duration_us = 1850,
};
/* The same where nothing was to do: the plan tells. */
static const struct plan nothing = { 0 };
static const struct log_record idle = {
	.level = MESSAGE_DEBUG, .plan = &nothing, .is_last = true, .duration_us = 1850
};
/* A runtime's line for its engine. */
static const struct log_record plain = { .level = MESSAGE_WARNING,
					 .text = "say \"x\"\\" };
/* What comes from outside. */
static const struct log_record odd = {
	.level = MESSAGE_ERROR,
	.text = "a\nb\x1b[31m\xff",
	.program = "oci-vfio-runtime",
	.container = "box: createRuntime",
	.bundle = "/a\nPRIORITY=0\n",
};

static void test_sentence(void **state)
{
	auto_buffer text = { 0 };

	(void)state;
	log_record_sentence(&last, &text);
	check_text(
		"last", buffer_slice(&text),
		"container box: createRuntime: /dev/vfio/45 -> /dev/vfio/3; 1 change in 1.8 ms");
	buffer_free(&text);
	log_record_sentence(&plain, &text);
	check_text("plain", buffer_slice(&text), "say \"x\"\\");
	buffer_free(&text);
	log_record_sentence(&odd, &text);
	check_text("odd", buffer_slice(&text),
		   "container \"box: createRuntime\": a\\x0Ab\\x1B[31m\\xFF");
	buffer_free(&text);
	log_record_sentence(&idle, &text);
	check_text("idle", buffer_slice(&text), "nothing to change, 1.8 ms");
}

static void test_text(void **state)
{
	static const struct {
		enum message_level level;
		const char *expected;
	} rows[] = {
		{ MESSAGE_ERROR, TIME " error: apply: x\n" },
		{ MESSAGE_WARNING, TIME " warning: apply: x\n" },
		{ MESSAGE_INFO, TIME " info: apply: x\n" },
		{ MESSAGE_DEBUG, TIME " debug: apply: x\n" },
	};

	const struct log_record forged = { .stage = "x\nerror: y", .text = "z" };
	auto_buffer quoted = { 0 };

	(void)state;
	log_record_text(&forged, TIME, &quoted);
	check_text("stage", buffer_slice(&quoted),
		   TIME " error: \"x\\x0Aerror: y\": z\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct log_record record = { .level = rows[i].level,
						   .text = "x",
						   .stage = "apply" };
		auto_buffer text = { 0 };

		log_record_text(&record, TIME, &text);
		check_text("text", buffer_slice(&text), rows[i].expected);
	}
}

static void test_json(void **state)
{
	auto_buffer text = { 0 };

	(void)state;
	log_record_json(&last, TIME, &text);
	check_text(
		"last", buffer_slice(&text),
		"{\"level\":\"info\",\"msg\":\"/dev/vfio/45 -> /dev/vfio/3; 1 change in 1.8 ms\",\"time\":\"" TIME
		"\",\"stage\":\"createRuntime\",\"container\":\"box\",\"bundle\":\"/run/box\",\"changes\":1,\"duration_us\":1850}\n");
	buffer_free(&text);
	log_record_json(&plain, TIME, &text);
	check_text("plain", buffer_slice(&text),
		   "{\"level\":\"warning\",\"msg\":\"say \\\"x\\\"\\\\\",\"time\":\"" TIME
		   "\"}\n");
	buffer_free(&text);
	log_record_json(&odd, TIME, &text);
	check_text(
		"odd", buffer_slice(&text),
		"{\"level\":\"error\",\"msg\":\"a\\\\x0Ab\\\\x1B[31m\\\\xFF\",\"time\":\"" TIME
		"\",\"container\":\"box: createRuntime\",\"bundle\":\"/a\\\\x0APRIORITY=0\\\\x0A\"}\n");
	buffer_free(&text);
	log_record_json(&idle, TIME, &text);
	check_text(
		"idle", buffer_slice(&text),
		"{\"level\":\"debug\",\"msg\":\"nothing to change, 1.8 ms\",\"time\":\"" TIME
		"\",\"changes\":0,\"duration_us\":1850}\n");
}

static void test_journal(void **state)
{
	static const char odd_fields[] =
		"MESSAGE=container \"box: createRuntime\": a\\x0Ab\\x1B[31m\\xFF\n"
		"PRIORITY=3\n"
		"SYSLOG_FACILITY=3\n"
		"SYSLOG_IDENTIFIER=oci-vfio-runtime\n"
		"OCI_CONTAINER_ID=box: createRuntime\n"
		"OCI_BUNDLE\n\x0e\0\0\0\0\0\0\0/a\nPRIORITY=0\n\n";
	auto_buffer text = { 0 };

	(void)state;
	log_record_journal(&last, &text);
	check_text(
		"last", buffer_slice(&text),
		"MESSAGE=container box: createRuntime: /dev/vfio/45 -> /dev/vfio/3; 1 change in 1.8 ms\n"
		"PRIORITY=6\n"
		"SYSLOG_FACILITY=3\n"
		"SYSLOG_IDENTIFIER=oci-vfio-hook\n"
		"OCI_STAGE=createRuntime\n"
		"OCI_CONTAINER_ID=box\n"
		"OCI_BUNDLE=/run/box\n"
		"OCI_VFIO_CHANGES=1\n"
		"OCI_VFIO_DURATION_US=1850\n");
	buffer_free(&text);
	/* The length, little-endian in 8 bytes, and the bytes as they are. */
	log_record_journal(&odd, &text);
	assert_int_equal(text.length, sizeof odd_fields - 1);
	assert_memory_equal(text.data, odd_fields, text.length);
}

static void test_syslog(void **state)
{
	auto_buffer text = { 0 };

	(void)state;
	log_record_syslog(&last, LONG_TIME, 4711, &text);
	check_text(
		"last", buffer_slice(&text),
		"<30>" LONG_TIME
		" oci-vfio-hook[4711]: container box: createRuntime: /dev/vfio/45 -> /dev/vfio/3; 1 change in 1.8 ms");
	buffer_free(&text);
	log_record_syslog(&odd, LONG_TIME, 1, &text);
	check_text(
		"odd", buffer_slice(&text),
		"<27>" LONG_TIME
		" oci-vfio-runtime[1]: container \"box: createRuntime\": a\\x0Ab\\x1B[31m\\xFF");
}

/* "é" in UTF-8, 6,000 times: the limit lies between its two bytes or before it. */
static void test_cut(void **state)
{
	static const struct {
		const char *start;
		size_t kept;
	} rows[] = {
		{ "", LOG_TEXT_MAX },
		{ "x", LOG_TEXT_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buffer text = { 0 }, line = { 0 }, expected = { 0 };
		struct log_record record = { .level = MESSAGE_ERROR, .program = "p" };

		buffer_add(&text, slice_from(rows[i].start));
		for (int n = 0; n < 6000; n++)
			buffer_add(&text, SLICE("\xc3\xa9"));
		record.text = record.bundle = text.data;
		buffer_add(&expected, SLICE("<27>" LONG_TIME " p[1]: "));
		buffer_add(&expected, (struct slice) { text.data, rows[i].kept });
		buffer_add(&expected, SLICE("..."));
		log_record_syslog(&record, LONG_TIME, 1, &line);
		check_text("syslog", buffer_slice(&line), expected.data);

		buffer_free(&line);
		buffer_free(&expected);
		buffer_add(&expected, SLICE("MESSAGE="));
		buffer_add(&expected, (struct slice) { text.data, rows[i].kept });
		buffer_add(&expected, SLICE("...\nPRIORITY=3\nSYSLOG_FACILITY=3\n"
					    "SYSLOG_IDENTIFIER=p\nOCI_BUNDLE="));
		buffer_add(&expected,
			   (struct slice) { text.data, rows[i].kept - LOG_NAME_MAX });
		buffer_add(&expected, SLICE("\n"));
		log_record_journal(&record, &line);
		check_text("journal", buffer_slice(&line), expected.data);

		buffer_free(&line);
		buffer_free(&expected);
		buffer_add(&expected, SLICE(TIME " error: "));
		buffer_add(&expected, (struct slice) { text.data, rows[i].kept });
		buffer_add(&expected, SLICE("...\n"));
		log_record_text(&record, TIME, &line);
		check_text("text", buffer_slice(&line), expected.data);

		buffer_free(&line);
		buffer_free(&expected);
		buffer_add(&expected, SLICE("{\"level\":\"error\",\"msg\":\""));
		buffer_add(&expected, (struct slice) { text.data, rows[i].kept });
		buffer_add(&expected, SLICE("...\",\"time\":\"" TIME "\",\"bundle\":\""));
		buffer_add(&expected,
			   (struct slice) { text.data, rows[i].kept - LOG_NAME_MAX });
		buffer_add(&expected, SLICE("\"}\n"));
		log_record_json(&record, TIME, &line);
		check_text("JSON", buffer_slice(&line), expected.data);
	}
}

/* Bytes that aren't characters, and characters that get longer when they are escaped. */
static void test_cut_escaped(void **state)
{
	static const struct {
		char byte;
		const char *shown;
	} rows[] = {
		{ '\x80', "\\x80" }, { '\n', "\\x0A" }, { 'x', "x" }, { '"', "\"" }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *text = xzalloc(LOG_TEXT_MAX + 2);
		const struct log_record record = { .text = text };
		auto_buffer line = { 0 };

		memset(text, rows[i].byte, LOG_TEXT_MAX + 1);
		log_record_message(&record, &line);
		assert_int_equal(line.length, LOG_TEXT_MAX + 3);
		assert_string_equal(line.data + LOG_TEXT_MAX, "...");
		assert_memory_equal(line.data, rows[i].shown, strlen(rows[i].shown));
		if (strlen(rows[i].shown) > 1)
			continue;
		/* As much as fits is whole. */
		text[LOG_TEXT_MAX] = '\0';
		buffer_free(&line);
		log_record_message(&record, &line);
		check_text("whole", buffer_slice(&line), text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentence),    cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),	    cmocka_unit_test(test_journal),
		cmocka_unit_test(test_syslog),	    cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
