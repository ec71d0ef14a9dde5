/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration. */
#include "helpers.h"

#include <errno.h>

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
	assert_int_equal(settings.by_address, BY_ADDRESS_REFUSE);
	assert_int_equal(settings.leftover, LEFTOVER_WARN);
	assert_false(settings.require_host_dev);
	assert_false(settings.match);
	assert_false(settings.env_warn);
	assert_null(settings.log);
	assert_false(settings.log_json);
	assert_null(settings.runtime);
	assert_true(settings.sources.credential);
	assert_true(settings.sources.fw_cfg);
	assert_true(settings.sources.smbios);
	assert_int_equal(settings.timeout, 3);
	assert_true(settings.prefixes.families);
	assert_int_equal(settings.prefixes.count, 0);
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
			SLICE("{\"unmapped\":\"error\",\"by-address\":\"remap\",\"leftover\":\"translate\",\"require_host_dev\":true,\"match\":true,\"env\":\"warn\",\"log\":\"/l\",\"log-format\":\"json\",\"log-level\":\"debug\",\"timeout\":10,\"credential\":false,\"fw_cfg\":false,\"smbios\":false,\"bind\":true,\"runtime\":\"crun\",\"env_prefixes\":[\"A_\",\"B\\u005f\"]}"),
			&settings, &err),
		&err);
	assert_int_equal(settings.unmapped, UNMAPPED_ERROR);
	assert_int_equal(settings.by_address, BY_ADDRESS_REMAP);
	assert_int_equal(settings.leftover, LEFTOVER_TRANSLATE);
	assert_true(settings.require_host_dev);
	assert_true(settings.bind);
	assert_true(settings.match);
	assert_true(settings.env_warn);
	assert_string_equal(settings.log, "/l");
	assert_true(settings.log_json);
	assert_string_equal(settings.runtime, "crun");
	assert_int_equal(settings.shown_level, MESSAGE_DEBUG);
	assert_int_equal(settings.log_level, MESSAGE_DEBUG);
	assert_false(settings.sources.credential);
	assert_false(settings.sources.fw_cfg);
	assert_false(settings.sources.smbios);
	assert_int_equal(settings.timeout, 10);
	assert_false(settings.prefixes.families);
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
			SLICE("{\"unmapped\":null,\"log-level\":null,\"timeout\":null,\"credential\":null,\"fw_cfg\":null,\"smbios\":null,\"bind\":null,\"runtime\":null,\"env_prefixes\":null,\"env\":null,\"log\":null,\"by-address\":null,\"leftover\":null,\"require_host_dev\":null}"),
			&settings, &err),
		&err);
	assert_int_equal(settings.timeout, 3);
	assert_false(settings.bind);
	assert_true(settings.sources.credential);
	assert_true(settings.sources.fw_cfg);
	assert_true(settings.sources.smbios);
	assert_true(settings.prefixes.families);
	assert_int_equal(settings.prefixes.count, 0);
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
		{ "{\"unknown\":1}", "unknown key \"unknown\"; correct or remove it" },
		{ "{\"Unmapped\":\"keep\"}",
		  "key \"Unmapped\" must be spelled \"unmapped\"" },
		{ "{\"unmapped\":\"Keep\"}",
		  "c: unmapped: must be auto, own, drop, keep or error, not \"Keep\"" },
		{ "{\"unmapped\":true}", "c: unmapped: must be a string" },
		{ "{\"by-address\":\"\"}",
		  "c: by-address: must be refuse or remap, not \"\"" },
		{ "{\"by_address\":\"remap\"}", "unknown key \"by_address\"" },
		{ "{\"leftover\":\"keep\"}",
		  "c: leftover: must be warn, translate or error, not \"keep\"" },
		{ "{\"require_host_dev\":\"true\"}",
		  "c: require_host_dev: must be true or false" },
		{ "{\"env\":\"drop\"}", "c: env: must be error or warn, not \"drop\"" },
		{ "{\"log\":\"\"}", "c: log: must be the path of a file, not \"\"" },
		{ "{\"log-format\":\"xml\"}", "c: log-format: must be text or json" },
		{ "{\"log-level\":\"verbose\"}",
		  "c: log-level: must be error, warn, info" },
		{ "{\"timeout\":0}", "c: timeout: must be whole seconds from 1" },
		{ "{\"timeout\":-1}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":1.5}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":86401}", "c: timeout: must be whole seconds" },
		{ "{\"timeout\":\"3\"}", "c: timeout: must be a number" },
		{ "{\"match\":1}", "c: match: must be true or false" },
		{ "{\"credential\":1}", "c: credential: must be true or false" },
		{ "{\"fw_cfg\":1}", "c: fw_cfg: must be true or false" },
		{ "{\"smbios\":\"no\"}", "c: smbios: must be true or false" },
		{ "{\"bind\":\"no\"}", "c: bind: must be true or false" },
		{ "{\"runtime\":[]}", "c: runtime: must be a string" },
		{ "{\"runtime\":\"\"}",
		  "c: runtime: must be the name of a runtime (runc, crun) or its absolute path" },
		{ "{\"runtime\":\"bin/crun\"}",
		  "c: runtime: must be the name of a runtime (runc, crun) or its absolute path" },
		{ "{\"env_prefixes\":\"A\"}", "c: env_prefixes: must be an array" },
		{ "{\"env_prefixes\":[1]}", "c: env_prefixes[0]: must be a string" },
		{ "{\"env_prefixes\":[\"A\",\"\"]}",
		  "c: env_prefixes[1]: must be the beginning" },
		{ "{\"env_prefixes\":[\"A=\"]}",
		  "c: env_prefixes[0]: must be the beginning" },
		{ "{\"timeout\":1,\"timeout\":2}", "duplicate key \"timeout\"" },
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

/* The words of each policy, and what they set. */
static void test_words(void **state)
{
	static const struct {
		const char *word;
		enum unmapped_policy policy;
	} unmapped[] = {
		{ "auto", UNMAPPED_AUTO },   { "own", UNMAPPED_OWN },
		{ "drop", UNMAPPED_DROP },   { "keep", UNMAPPED_KEEP },
		{ "error", UNMAPPED_ERROR },
	};
	auto_settings settings = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unmapped); i++) {
		settings.unmapped = (enum unmapped_policy) - 1;
		assert_int_equal(settings_set(&settings, SETTING_UNMAPPED,
					      slice_from(unmapped[i].word)),
				 0);
		assert_int_equal(settings.unmapped, unmapped[i].policy);
	}
	assert_int_equal(settings_set(&settings, SETTING_BY_ADDRESS, SLICE("remap")), 0);
	assert_int_equal(settings.by_address, BY_ADDRESS_REMAP);
	assert_int_equal(settings_set(&settings, SETTING_BY_ADDRESS, SLICE("refuse")), 0);
	assert_int_equal(settings.by_address, BY_ADDRESS_REFUSE);
	assert_int_equal(settings_set(&settings, SETTING_LEFTOVER, SLICE("error")), 0);
	assert_int_equal(settings.leftover, LEFTOVER_ERROR);
	assert_int_equal(settings_set(&settings, SETTING_LEFTOVER, SLICE("translate")),
			 0);
	assert_int_equal(settings.leftover, LEFTOVER_TRANSLATE);
	assert_int_equal(settings_set(&settings, SETTING_LEFTOVER, SLICE("warn")), 0);
	assert_int_equal(settings.leftover, LEFTOVER_WARN);
	assert_int_equal(settings_set(&settings, SETTING_LOG_FORMAT, SLICE("json")), 0);
	assert_true(settings.log_json);
	assert_int_equal(settings_set(&settings, SETTING_LOG_FORMAT, SLICE("text")), 0);
	assert_false(settings.log_json);
}

/* A value that is refused leaves what was set. */
static void test_bad_values(void **state)
{
	auto_settings settings = { 0 };

	(void)state;
	settings_init(&settings);
	assert_int_equal(settings_set(&settings, SETTING_UNMAPPED, SLICE("keep")), 0);
	for (enum setting i = 0; i < SETTING_COUNT; i++) {
		assert_int_equal(settings_set(&settings, i, SLICE("")), -EINVAL);
		assert_non_null(setting_name(i));
		assert_non_null(setting_values(i));
	}
	assert_int_equal(settings_set(&settings, SETTING_UNMAPPED, SLICE("kee")),
			 -EINVAL);
	assert_int_equal(settings.unmapped, UNMAPPED_KEEP);
}

static void test_log_level(void **state)
{
	auto_settings settings = { 0 };

	(void)state;
	assert_int_equal(settings_set(&settings, SETTING_LOG_LEVEL, SLICE("error")), 0);
	assert_int_equal(settings.shown_level, MESSAGE_ERROR);
	assert_int_equal(settings.log_level, MESSAGE_ERROR);
	assert_int_equal(settings_set(&settings, SETTING_LOG_LEVEL, SLICE("info")), 0);
	assert_int_equal(settings.shown_level, MESSAGE_INFO);
	assert_int_equal(settings.log_level, MESSAGE_INFO);
	assert_true(settings_set(&settings, SETTING_LOG_LEVEL, SLICE("")) < 0);
	assert_int_equal(settings.log_level, MESSAGE_INFO);
}

static void test_timeout(void **state)
{
	static const struct {
		const char *value;
		int r;
		uint32_t seconds;
	} rows[] = {
		{ "0", 0, 0 },	    { "1", 0, 1 },    { "86400", 0, 86400 },
		{ "86401", -1, 3 }, { "", -1, 3 },    { "-1", -1, 3 },
		{ "1s", -1, 3 },    { "1.0", -1, 3 }, { " 1", -1, 3 },
		{ "01", -1, 3 },
	};
	auto_settings settings = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		settings.timeout = 3;
		assert_int_equal(settings_set(&settings, SETTING_TIMEOUT,
					      slice_from(rows[i].value)) < 0,
				 rows[i].r < 0);
		assert_int_equal(settings.timeout, rows[i].seconds);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),   cmocka_unit_test(test_all),
		cmocka_unit_test(test_null),	   cmocka_unit_test(test_no_prefix),
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_words),
		cmocka_unit_test(test_bad_values), cmocka_unit_test(test_log_level),
		cmocka_unit_test(test_timeout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
