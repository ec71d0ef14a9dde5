/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration. */
#include "helpers.h"

#include "oci-vfio-hook/settings.h"

static void test_defaults(void **state)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	(void)state;
	settings_init(&settings);
	check_done("empty", settings_parse("c", SLICE("{}"), &settings, &err), &err);
	assert_int_equal(settings.unmapped, UNMAPPED_AUTO);
	assert_int_equal(settings.shown_level, MESSAGE_WARNING);
	assert_int_equal(settings.log_level, MESSAGE_INFO);
	assert_true(settings.fw_cfg);
	assert_int_equal(settings.timeout, 3);
	assert_int_equal(settings.prefixes.count, 1);
}

static void test_all(void **state)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	(void)state;
	settings_init(&settings);
	check_done(
		"all",
		settings_parse(
			"c",
			SLICE("{\"unmapped\":\"error\",\"log-level\":\"debug\",\"timeout\":10,\"fw_cfg\":false,\"bind\":false,\"runtime\":\"crun\",\"env_prefixes\":[\"A_\",\"B\\u005f\"]}"),
			&settings, &err),
		&err);
	assert_int_equal(settings.unmapped, UNMAPPED_ERROR);
	assert_int_equal(settings.shown_level, MESSAGE_DEBUG);
	assert_int_equal(settings.log_level, MESSAGE_DEBUG);
	assert_false(settings.fw_cfg);
	assert_int_equal(settings.timeout, 10);
	assert_int_equal(settings.prefixes.count, 2);
}

static void test_null(void **state)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	(void)state;
	settings_init(&settings);
	check_done(
		"null",
		settings_parse(
			"c",
			SLICE("{\"unmapped\":null,\"log-level\":null,\"timeout\":null,\"fw_cfg\":null,\"bind\":null,\"runtime\":null,\"env_prefixes\":null,\"env\":null,\"log\":null}"),
			&settings, &err),
		&err);
	assert_int_equal(settings.timeout, 3);
	assert_true(settings.fw_cfg);
	assert_int_equal(settings.prefixes.count, 1);
}

static void test_no_prefix(void **state)
{
	auto_settings settings = { 0 };
	auto_error err = { 0 };

	(void)state;
	settings_init(&settings);
	check_done("none",
		   settings_parse("c", SLICE("{\"env_prefixes\":[]}"), &settings, &err),
		   &err);
	assert_int_equal(settings.prefixes.count, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		{ "", "c: " },
		{ "[]", "c: must be an object" },
		{ "{\"unknown\":1}", "unknown key \"unknown\"" },
		{ "{\"Unmapped\":\"keep\"}", "another letter case" },
		{ "{\"unmapped\":\"Keep\"}",
		  "c: unmapped: must be auto, keep or error, not \"Keep\"" },
		{ "{\"unmapped\":true}", "c: unmapped: must be a string" },
		{ "{\"log-level\":\"verbose\"}",
		  "c: log-level: must be error, warn, info" },
		{ "{\"timeout\":0}", "c: timeout: must be whole seconds from 1" },
		{ "{\"timeout\":-1}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":1.5}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":86401}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":\"3\"}", "c: timeout: must be a number" },
		{ "{\"fw_cfg\":1}", "c: fw_cfg: must be true or false" },
		{ "{\"bind\":true}", "c: bind: not in this version" },
		{ "{\"bind\":\"no\"}", "c: bind: must be true or false" },
		{ "{\"runtime\":[]}", "c: runtime: must be a string" },
		{ "{\"env_prefixes\":\"A\"}", "c: env_prefixes: must be an array" },
		{ "{\"env_prefixes\":[1]}", "c: env_prefixes[0]: must be a string" },
		{ "{\"env_prefixes\":[\"A\",\"\"]}",
		  "c: env_prefixes[1]: must be the beginning" },
		{ "{\"env_prefixes\":[\"A=\"]}",
		  "c: env_prefixes[0]: must be the beginning" },
		{ "{\"timeout\":1,\"timeout\":2}", "twice: \"timeout\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_settings settings = { 0 };
		auto_error err = { 0 };

		settings_init(&settings);
		check_error(rows[i].text,
			    settings_parse("c", slice_from(rows[i].text), &settings,
					   &err),
			    &err, ERROR_DATA, rows[i].part);
	}
}

static void test_values(void **state)
{
	static const struct {
		const char *value;
		int r;
		uint32_t min, seconds;
	} timeouts[] = {
		{ "0", 0, 0, 0 },   { "1", 0, 1, 1 },	   { "86400", 0, 1, 86400 },
		{ "0", -1, 1, 3 },  { "86401", -1, 0, 3 }, { "", -1, 0, 3 },
		{ "-1", -1, 0, 3 }, { "1s", -1, 0, 3 },	   { "1.0", -1, 0, 3 },
		{ " 1", -1, 0, 3 }, { "01", -1, 0, 3 },
	};
	auto_settings settings = { 0 };

	(void)state;
	settings_init(&settings);
	assert_int_equal(settings_set_log_level(&settings, SLICE("error")), 0);
	assert_int_equal(settings.shown_level, MESSAGE_ERROR);
	assert_int_equal(settings.log_level, MESSAGE_ERROR);
	assert_int_equal(settings_set_log_level(&settings, SLICE("info")), 0);
	assert_int_equal(settings.shown_level, MESSAGE_INFO);
	assert_int_equal(settings.log_level, MESSAGE_INFO);
	assert_true(settings_set_log_level(&settings, SLICE("")) < 0);
	assert_int_equal(settings_set_unmapped(&settings, SLICE("keep")), 0);
	assert_int_equal(settings.unmapped, UNMAPPED_KEEP);
	assert_true(settings_set_unmapped(&settings, SLICE("kee")) < 0);
	assert_int_equal(settings.unmapped, UNMAPPED_KEEP);
	for (size_t i = 0; i < ARRAY_SIZE(timeouts); i++) {
		settings.timeout = 3;
		assert_int_equal(settings_set_timeout(&settings,
						      slice_from(timeouts[i].value),
						      timeouts[i].min) < 0,
				 timeouts[i].r < 0);
		assert_int_equal(settings.timeout, timeouts[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_all),
		cmocka_unit_test(test_null),	 cmocka_unit_test(test_no_prefix),
		cmocka_unit_test(test_refused),	 cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
