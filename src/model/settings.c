/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration. */
#include "oci-vfio-hook/settings.h"

#include <errno.h>

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/number.h"

#define TIMEOUT_MAX 86400

/* First come the keys that are options too, in the order of enum setting. */
enum settings_member {
	SETTINGS_BIND = SETTING_COUNT,
	SETTINGS_RUNTIME,
	SETTINGS_ENV_PREFIXES,
	SETTINGS_REQUIRE_HOST_DEV,
	SETTINGS_MATCH,
	SETTINGS_CREDENTIAL,
	SETTINGS_FW_CFG,
	SETTINGS_SMBIOS,
	SETTINGS_MEMBERS,
};
static const struct json_member members[] = {
	[SETTING_UNMAPPED] = JSON_MEMBER("unmapped", &json_value),
	[SETTING_BY_ADDRESS] = JSON_MEMBER("by-address", &json_value),
	[SETTING_LEFTOVER] = JSON_MEMBER("leftover", &json_value),
	[SETTING_ENV] = JSON_MEMBER("env", &json_value),
	[SETTING_TIMEOUT] = JSON_MEMBER("timeout", &json_value),
	[SETTING_LOG] = JSON_MEMBER("log", &json_value),
	[SETTING_LOG_FORMAT] = JSON_MEMBER("log-format", &json_value),
	[SETTING_LOG_LEVEL] = JSON_MEMBER("log-level", &json_value),
	[SETTINGS_BIND] = JSON_MEMBER("bind", &json_value),
	[SETTINGS_RUNTIME] = JSON_MEMBER("runtime", &json_value),
	[SETTINGS_ENV_PREFIXES] = JSON_MEMBER("env_prefixes", &json_any),
	[SETTINGS_REQUIRE_HOST_DEV] = JSON_MEMBER("require_host_dev", &json_value),
	[SETTINGS_MATCH] = JSON_MEMBER("match", &json_value),
	[SETTINGS_CREDENTIAL] = JSON_MEMBER("credential", &json_value),
	[SETTINGS_FW_CFG] = JSON_MEMBER("fw_cfg", &json_value),
	[SETTINGS_SMBIOS] = JSON_MEMBER("smbios", &json_value),
};
static const struct json_shape shape = { .members = members,
					 .n_members = SETTINGS_MEMBERS,
					 .closed = true };

static void add_prefix(struct env_prefixes *prefixes, struct slice text)
{
	*array_append(prefixes->items, prefixes->count, prefixes->capacity) =
		(struct slice) { xstrndup(text.data, text.length), text.length };
}

static void free_prefixes(struct env_prefixes *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++)
		free((char *)(uintptr_t)prefixes->items[i].data);
	free(prefixes->items);
	*prefixes = (struct env_prefixes) { 0 };
}

void settings_init(struct settings *ret)
{
	*ret = (struct settings) {
		.unmapped = UNMAPPED_AUTO,
		.shown_level = MESSAGE_WARNING,
		.log_level = MESSAGE_INFO,
		.sources = { .credential = true, .fw_cfg = true, .smbios = true },
		.timeout = 3,
		.prefixes.families = true,
	};
}

void settings_free(struct settings *settings)
{
	free_prefixes(&settings->prefixes);
	free(settings->runtime);
	free(settings->log);
	settings->runtime = settings->log = NULL;
}

/* The words of a setting, in the order of its enum. */
static const char *const unmapped_words[] = { "auto", "own", "drop", "keep", "error" };
static const char *const by_address_words[] = { "refuse", "remap" };
static const char *const leftover_words[] = { "warn", "translate", "error" };
static const char *const env_words[] = { "error", "warn" };
static const char *const log_format_words[] = { "text", "json" };
static const char *const log_level_words[] = { "error", "warn", "info", "debug" };

/* Index of the value among the words, or -EINVAL. */
static int find_word(const char *const *words, size_t count, struct slice value)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(slice_from(words[i]), value))
			return (int)i;
	}
	return -EINVAL;
}
#define FIND_WORD(words, value) find_word(words, ARRAY_SIZE(words), value)

static int set_unmapped(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(unmapped_words, value);

	if (index >= 0)
		settings->unmapped = (enum unmapped_policy)index;
	return index;
}

static int set_by_address(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(by_address_words, value);

	if (index >= 0)
		settings->by_address = (enum by_address_policy)index;
	return index;
}

static int set_leftover(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(leftover_words, value);

	if (index >= 0)
		settings->leftover = (enum leftover_policy)index;
	return index;
}

static int set_env(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(env_words, value);

	if (index >= 0)
		settings->env_warn = index == 1;
	return index;
}

static int set_log(struct settings *settings, struct slice value)
{
	if (value.length == 0)
		return -EINVAL;
	free(settings->log);
	settings->log = xstrndup(value.data, value.length);
	return 0;
}

static int set_log_format(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(log_format_words, value);

	if (index >= 0)
		settings->log_json = index == 1;
	return index;
}

static int set_log_level(struct settings *settings, struct slice value)
{
	int index = FIND_WORD(log_level_words, value);

	if (index >= 0)
		settings->log_level = settings->shown_level = (enum message_level)index;
	return index;
}

static int set_seconds(struct settings *settings, struct slice value, int64_t min)
{
	int64_t seconds;

	if (number_parse_integer(value, min, TIMEOUT_MAX, &seconds) < 0)
		return -EINVAL;
	settings->timeout = (uint32_t)seconds;
	return 0;
}

static int set_timeout(struct settings *settings, struct slice value)
{
	return set_seconds(settings, value, 0);
}

static const struct {
	int (*set)(struct settings *settings, struct slice value);
	const char *values;
} settable[SETTING_COUNT] = {
	[SETTING_UNMAPPED] = { set_unmapped, "auto, own, drop, keep or error" },
	[SETTING_BY_ADDRESS] = { set_by_address, "refuse or remap" },
	[SETTING_LEFTOVER] = { set_leftover, "warn, translate or error" },
	[SETTING_ENV] = { set_env, "error or warn" },
	[SETTING_TIMEOUT] = { set_timeout, "whole seconds from 0 to 86400" },
	[SETTING_LOG] = { set_log, "the path of a file" },
	[SETTING_LOG_FORMAT] = { set_log_format, "text or json" },
	[SETTING_LOG_LEVEL] = { set_log_level, "error, warn, info or debug" },
};

int settings_set(struct settings *settings, enum setting setting, struct slice value)
{
	return settable[setting].set(settings, value) < 0 ? -EINVAL : 0;
}

const char *setting_name(enum setting setting)
{
	return members[setting].key.data;
}

const char *setting_values(enum setting setting)
{
	return settable[setting].values;
}

static int set_prefixes(const struct json *doc, uint32_t array, struct settings *settings,
			struct error *err)
{
	int r = json_expect(doc, array, JSON_ARRAY, err);

	if (r < 0)
		return r;
	free_prefixes(&settings->prefixes);
	for (uint32_t json = json_child(doc, array); json; json = json_next(doc, json)) {
		struct slice text;

		r = json_string(doc, json, &text, err);
		if (r < 0)
			return r;
		if (text.length == 0 || memchr(text.data, '=', text.length))
			return json_error(
				err, ERROR_DATA, doc, json,
				"must be the beginning of a variable's name, without \"=\"");
		add_prefix(&settings->prefixes, text);
	}
	return 0;
}

static int set_from_string(const struct json *doc, enum setting setting, uint32_t json,
			   struct settings *settings, struct error *err)
{
	auto_free char *quoted = NULL;
	struct slice text;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	quoted = text_quote(text);
	if (settings_set(settings, setting, text) < 0)
		return json_error(err, ERROR_DATA, doc, json, "must be %s, not %s",
				  setting_values(setting), quoted);
	return 0;
}

/* Not 0: to turn waiting off is left to the command line. */
static int set_from_number(const struct json *doc, uint32_t json,
			   struct settings *settings, struct error *err)
{
	int r = json_expect(doc, json, JSON_NUMBER, err);

	if (r < 0)
		return r;
	if (set_seconds(settings, json_raw(doc, json), 1) < 0)
		return json_error(err, ERROR_DATA, doc, json,
				  "must be whole seconds from 1 to %d", TIMEOUT_MAX);
	return 0;
}

/* The value is a name to search for, or an absolute path. */
static int set_runtime(const struct json *doc, uint32_t json, struct settings *settings,
		       struct error *err)
{
	struct slice text;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	if (text.length == 0 ||
	    (text.data[0] != '/' && memchr(text.data, '/', text.length)))
		return json_error(
			err, ERROR_DATA, doc, json,
			"must be the name of a runtime (runc, crun) or its absolute path");
	free(settings->runtime);
	settings->runtime = xstrndup(text.data, text.length);
	return 0;
}

static int set_member(const struct json *doc, unsigned int member, uint32_t json,
		      struct settings *settings, struct error *err)
{
	if (member == SETTING_TIMEOUT)
		return set_from_number(doc, json, settings, err);
	if (member < SETTING_COUNT)
		return set_from_string(doc, member, json, settings, err);
	switch ((enum settings_member)member) {
	case SETTINGS_BIND:
		return json_bool(doc, json, &settings->bind, err);
	case SETTINGS_RUNTIME:
		return set_runtime(doc, json, settings, err);
	case SETTINGS_ENV_PREFIXES:
		return set_prefixes(doc, json, settings, err);
	case SETTINGS_REQUIRE_HOST_DEV:
		return json_bool(doc, json, &settings->require_host_dev, err);
	case SETTINGS_MATCH:
		return json_bool(doc, json, &settings->match, err);
	case SETTINGS_CREDENTIAL:
		return json_bool(doc, json, &settings->sources.credential, err);
	case SETTINGS_FW_CFG:
		return json_bool(doc, json, &settings->sources.fw_cfg, err);
	case SETTINGS_SMBIOS:
		return json_bool(doc, json, &settings->sources.smbios, err);
	case SETTINGS_MEMBERS:
		break;
	}
	return 0;
}

int settings_parse(const char *name, struct slice text, struct settings *settings,
		   struct error *err)
{
	auto_json doc = { 0 };
	int r = json_parse(name, text, &shape, NULL, &doc, err);

	if (r == 0)
		r = json_expect(&doc, 0, JSON_OBJECT, err);
	for (unsigned int i = 0; r == 0 && i < SETTINGS_MEMBERS; i++) {
		uint32_t json = json_member(&doc, 0, i);

		if (json)
			r = set_member(&doc, i, json, settings, err);
	}
	return r;
}
