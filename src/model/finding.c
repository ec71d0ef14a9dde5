/* SPDX-License-Identifier: Apache-2.0 */
/* Findings, and how they are shown. */
#include "oci-vfio-hook/finding.h"

#include <stdio.h>

#include "oci-vfio-hook/json.h"

/* Longer topics push their fact to the right. */
#define TOPIC_WIDTH 14
#define FACT_COLUMN (6 + TOPIC_WIDTH + 1)

static const struct {
	const char *shown, *json, *colour;
} levels[] = {
	[FINDING_OK] = { "ok", "ok", "\033[32m" },
	[FINDING_UNKNOWN] = { "?", "unknown", "\033[2m" },
	[FINDING_WARNING] = { "WARN", "warning", "\033[33m" },
	[FINDING_FAILURE] = { "FAIL", "failure", "\033[1;31m" },
};

void findings_add(struct findings *findings, enum finding_level level, const char *topic,
		  const char *format, ...)
{
	struct finding *finding =
		array_append(findings->items, findings->count, findings->capacity);
	va_list arguments;

	va_start(arguments, format);
	finding->level = level;
	finding->topic = xstrdup(topic);
	finding->fact = xvasprintf(format, arguments);
	va_end(arguments);
}

void findings_mend(struct findings *findings, const char *format, ...)
{
	struct finding *finding = &findings->items[findings->count - 1];
	va_list arguments;

	free(finding->remedy);
	va_start(arguments, format);
	finding->remedy = xvasprintf(format, arguments);
	va_end(arguments);
}

/* The last "; " of a message, or NULL. What somebody else wrote stands in quotes: it is no
 * remedy, whatever it says. */
static const char *find_remedy(const char *message)
{
	const char *last = NULL;
	bool quoted = false;

	for (const char *at = message; *at; at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (quoted && *at == '\\' && at[1])
			at++;
		else if (!quoted && at[0] == ';' && at[1] == ' ')
			last = at;
	}
	return quoted ? NULL : last;
}

void findings_add_message(struct findings *findings, enum finding_level level,
			  const char *topic, const char *message, const char *remedy)
{
	static const char run[] = "run: ";
	const char *last = find_remedy(message);

	findings_add(findings, level, topic, "%.*s",
		     (int)(last ? (size_t)(last - message) : strlen(message)), message);
	if (last) {
		last += 2;
		if (strncmp(last, run, sizeof run - 1) == 0)
			last += sizeof run - 1;
		remedy = last;
	}
	if (remedy)
		findings_mend(findings, "%s", remedy);
}

static size_t count_level(const struct findings *findings, enum finding_level level)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].level == level;
	return count;
}

int findings_status(const struct findings *findings)
{
	if (count_level(findings, FINDING_FAILURE))
		return 1;
	return count_level(findings, FINDING_UNKNOWN) ? 2 : 0;
}

static void add_finding(const struct finding *finding, bool colour, struct buffer *ret)
{
	const char *level = levels[finding->level].shown;

	buffer_printf(ret, "%s%s%s%*s", colour ? levels[finding->level].colour : "",
		      level, colour ? "\033[0m" : "", (int)(6 - strlen(level)), "");
	buffer_add_printable(ret, slice_from(finding->topic));
	buffer_printf(ret, "%*s",
		      strlen(finding->topic) < TOPIC_WIDTH
			      ? (int)(TOPIC_WIDTH + 1 - strlen(finding->topic))
			      : 1,
		      "");
	buffer_add_printable(ret, slice_from(finding->fact));
	buffer_add(ret, SLICE("\n"));
	if (!finding->remedy)
		return;
	buffer_printf(ret, "%*s", FACT_COLUMN, "");
	buffer_add_printable(ret, slice_from(finding->remedy));
	buffer_add(ret, SLICE("\n"));
}

static void add_count(size_t count, const char *one, const char *several,
		      struct buffer *ret)
{
	if (count)
		buffer_printf(ret, ", %zu %s", count, count == 1 ? one : several);
}

void findings_text(const struct findings *findings, bool colour, struct buffer *ret)
{
	for (size_t i = 0; i < findings->count; i++)
		add_finding(&findings->items[i], colour, ret);
	buffer_printf(ret, "%zu ok", count_level(findings, FINDING_OK));
	add_count(count_level(findings, FINDING_WARNING), "warning", "warnings", ret);
	add_count(count_level(findings, FINDING_FAILURE), "failure", "failures", ret);
	add_count(count_level(findings, FINDING_UNKNOWN), "could not be measured",
		  "could not be measured", ret);
	buffer_add(ret, SLICE("\n"));
}

void findings_json(const struct findings *findings, struct buffer *ret)
{
	buffer_printf(ret, "{\"status\":%d,\"findings\":[", findings_status(findings));
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		buffer_printf(ret, "%s{\"level\":\"%s\",\"topic\":", i ? "," : "",
			      levels[finding->level].json);
		json_quote_any(ret, slice_from(finding->topic));
		buffer_add(ret, SLICE(",\"fact\":"));
		json_quote_any(ret, slice_from(finding->fact));
		buffer_add(ret, SLICE(",\"remedy\":"));
		if (finding->remedy)
			json_quote_any(ret, slice_from(finding->remedy));
		else
			buffer_add(ret, SLICE("null"));
		buffer_add(ret, SLICE("}"));
	}
	buffer_add(ret, SLICE("]}\n"));
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		free(findings->items[i].topic);
		free(findings->items[i].fact);
		free(findings->items[i].remedy);
	}
	free(findings->items);
	*findings = (struct findings) { 0 };
}
