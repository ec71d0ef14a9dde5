/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration. */
#include "oci-vfio-hook/settings.h"

#include <errno.h>

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/number.h"

#define TIMEOUT_MAX 86400

enum settings_member {
	SETTINGS_UNMAPPED,
	SETTINGS_ENV,
	SETTINGS_BIND,
	SETTINGS_TIMEOUT,
	SETTINGS_LOG,
	SETTINGS_LOG_FORMAT,
	SETTINGS_LOG_LEVEL,
	SETTINGS_RUNTIME,
	SETTINGS_ENV_PREFIXES,
	SETTINGS_FW_CFG,
	SETTINGS_MEMBERS,
};
static const struct json_member members[] = {
	[SETTINGS_UNMAPPED] = JSON_MEMBER("unmapped", &json_value),
	[SETTINGS_ENV] = JSON_MEMBER("env", &json_value),
	[SETTINGS_BIND] = JSON_MEMBER("bind", &json_value),
	[SETTINGS_TIMEOUT] = JSON_MEMBER("timeout", &json_value),
	[SETTINGS_LOG] = JSON_MEMBER("log", &json_value),
	[SETTINGS_LOG_FORMAT] = JSON_MEMBER("log-format", &json_value),
	[SETTINGS_LOG_LEVEL] = JSON_MEMBER("log-level", &json_value),
	[SETTINGS_RUNTIME] = JSON_MEMBER("runtime", &json_value),
	[SETTINGS_ENV_PREFIXES] = JSON_MEMBER("env_prefixes", &json_any),
	[SETTINGS_FW_CFG] = JSON_MEMBER("fw_cfg", &json_value),
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
		.fw_cfg = true,
		.timeout = 3,
	};
	add_prefix(&ret->prefixes, SLICE("PCIDEVICE_"));
}

void settings_free(struct settings *settings)
{
	free_prefixes(&settings->prefixes);
	free(settings->runtime);
	free(settings->log);
	settings->runtime = settings->log = NULL;
}

int settings_set_unmapped(struct settings *settings, struct slice value)
{
	if (slice_equal(value, SLICE("auto")))
		settings->unmapped = UNMAPPED_AUTO;
	else if (slice_equal(value, SLICE("keep")))
		settings->unmapped = UNMAPPED_KEEP;
	else if (slice_equal(value, SLICE("error")))
		settings->unmapped = UNMAPPED_ERROR;
	else
		return -EINVAL;
	return 0;
}

int settings_set_log(struct settings *settings, struct slice value)
{
	if (value.length == 0)
		return -EINVAL;
	free(settings->log);
	settings->log = xstrndup(value.data, value.length);
	return 0;
}

int settings_set_log_format(struct settings *settings, struct slice value)
{
	if (!slice_equal(value, SLICE("text")) && !slice_equal(value, SLICE("json")))
		return -EINVAL;
	settings->log_json = slice_equal(value, SLICE("json"));
	return 0;
}

int settings_set_env(struct settings *settings, struct slice value)
{
	if (!slice_equal(value, SLICE("error")) && !slice_equal(value, SLICE("warn")))
		return -EINVAL;
	settings->env_warn = slice_equal(value, SLICE("warn"));
	return 0;
}

int settings_set_log_level(struct settings *settings, struct slice value)
{
	if (slice_equal(value, SLICE("error")))
		settings->log_level = MESSAGE_ERROR;
	else if (slice_equal(value, SLICE("warn")))
		settings->log_level = MESSAGE_WARNING;
	else if (slice_equal(value, SLICE("info")))
		settings->log_level = MESSAGE_INFO;
	else if (slice_equal(value, SLICE("debug")))
		settings->log_level = MESSAGE_DEBUG;
	else
		return -EINVAL;
	settings->shown_level = settings->log_level;
	return 0;
}

int settings_set_timeout(struct settings *settings, struct slice value, uint32_t min)
{
	int64_t seconds;

	if (number_parse_integer(value, min, TIMEOUT_MAX, &seconds) < 0)
		return -EINVAL;
	settings->timeout = (uint32_t)seconds;
	return 0;
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
			return json_error(err, ERROR_DATA, doc, json,
					  "must be the beginning of a variable's name");
		add_prefix(&settings->prefixes, text);
	}
	return 0;
}

/* A string that one of the setters takes. */
static int set_string(const struct json *doc, uint32_t json, struct settings *settings,
		      int (*set)(struct settings *settings, struct slice value),
		      const char *values, struct error *err)
{
	auto_free char *quoted = NULL;
	struct slice text;
	int r = json_string(doc, json, &text, err);

	if (r < 0)
		return r;
	quoted = text_quote(text);
	if (set(settings, text) < 0)
		return json_error(err, ERROR_DATA, doc, json, "must be %s, not %s",
				  values, quoted);
	return 0;
}

static int set_timeout(const struct json *doc, uint32_t json, struct settings *settings,
		       struct error *err)
{
	int r = json_expect(doc, json, JSON_NUMBER, err);

	if (r < 0)
		return r;
	if (settings_set_timeout(settings, json_raw(doc, json), 1) < 0)
		return json_error(err, ERROR_DATA, doc, json,
				  "must be whole seconds from 1 to %d", TIMEOUT_MAX);
	return 0;
}

static int not_built(const struct json *doc, uint32_t json, struct error *err)
{
	return json_error(err, ERROR_DATA, doc, json, "not in this version; take it out");
}

static int set_bind(const struct json *doc, uint32_t json, struct error *err)
{
	bool bind;
	int r = json_bool(doc, json, &bind, err);

	return r == 0 && bind ? not_built(doc, json, err) : r;
}

/* A name to search, or an absolute path. */
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

static int set_member(const struct json *doc, enum settings_member member, uint32_t json,
		      struct settings *settings, struct error *err)
{
	switch (member) {
	case SETTINGS_UNMAPPED:
		return set_string(doc, json, settings, settings_set_unmapped,
				  "auto, keep or error", err);
	case SETTINGS_LOG_LEVEL:
		return set_string(doc, json, settings, settings_set_log_level,
				  "error, warn, info or debug", err);
	case SETTINGS_TIMEOUT:
		return set_timeout(doc, json, settings, err);
	case SETTINGS_ENV_PREFIXES:
		return set_prefixes(doc, json, settings, err);
	case SETTINGS_FW_CFG:
		return json_bool(doc, json, &settings->fw_cfg, err);
	case SETTINGS_BIND:
		return set_bind(doc, json, err);
	case SETTINGS_RUNTIME:
		return set_runtime(doc, json, settings, err);
	case SETTINGS_ENV:
		return set_string(doc, json, settings, settings_set_env, "error or warn",
				  err);
	case SETTINGS_LOG:
		return set_string(doc, json, settings, settings_set_log,
				  "the path of a file", err);
	case SETTINGS_LOG_FORMAT:
		return set_string(doc, json, settings, settings_set_log_format,
				  "text or json", err);
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
