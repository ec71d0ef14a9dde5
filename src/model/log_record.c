/* SPDX-License-Identifier: Apache-2.0 */
/* One line of a log, and its forms. */
#include "oci-vfio-hook/log_record.h"

#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/summary.h"

/* Of syslog(3), as numbers: its header is about calling it. */
#define FACILITY_DAEMON 3
static const struct {
	const char *name;
	unsigned int priority;
} levels[] = {
	[MESSAGE_ERROR] = { "error", 3 },
	[MESSAGE_WARNING] = { "warning", 4 },
	[MESSAGE_INFO] = { "info", 6 },
	[MESSAGE_DEBUG] = { "debug", 7 },
};

static const char *level_name(enum message_level level)
{
	return levels[level].name;
}

/* Cut where no character is cut in two. */
static struct slice cut(struct slice text, size_t max)
{
	if (text.length <= max)
		return text;
	for (int i = 0; i < 3 && (text.data[max] & 0xc0) == 0x80; i++)
		max--;
	return slice_from_to(text, 0, max);
}

static void add_cut(struct buffer *ret, struct slice text)
{
	buffer_add(ret, cut(text, LOG_TEXT_MAX));
	if (text.length > LOG_TEXT_MAX)
		buffer_add(ret, SLICE("..."));
}

/* Not much more than will be kept, but more where there is more. */
static void add_text(const struct log_record *record, struct buffer *ret)
{
	if (record->text)
		buffer_add_printable(ret,
				     cut(slice_from(record->text), LOG_TEXT_MAX + 4));
	else
		summary_text(record->plan, record->duration_us, ret);
}

void log_record_message(const struct log_record *record, struct buffer *ret)
{
	auto_buffer text = { 0 };

	add_text(record, &text);
	add_cut(ret, buffer_slice(&text));
}

void log_record_sentence(const struct log_record *record, struct buffer *ret)
{
	auto_buffer sentence = { 0 };

	if (record->container) {
		buffer_add(&sentence, SLICE("container "));
		buffer_add_name(&sentence, slice_from(record->container));
		buffer_add(&sentence, SLICE(": "));
	}
	if (record->stage) {
		buffer_add_name(&sentence, slice_from(record->stage));
		buffer_add(&sentence, SLICE(": "));
	}
	add_text(record, &sentence);
	add_cut(ret, buffer_slice(&sentence));
}

void log_record_text(const struct log_record *record, const char *time,
		     struct buffer *ret)
{
	buffer_add(ret, slice_from(time));
	buffer_add(ret, SLICE(" "));
	buffer_add(ret, slice_from(level_name(record->level)));
	buffer_add(ret, SLICE(": "));
	log_record_sentence(record, ret);
	buffer_add(ret, SLICE("\n"));
}

/* Text for a person, which may have any bytes, while JSON is UTF-8. */
static void add_json_text(struct buffer *ret, const char *text)
{
	auto_buffer printable = { 0 };

	buffer_add_printable(&printable, cut(slice_from(text), LOG_NAME_MAX));
	json_quote(ret, cut(buffer_slice(&printable), LOG_NAME_MAX));
}

static void add_json_member(struct buffer *ret, struct slice start, const char *value)
{
	if (!value)
		return;
	buffer_add(ret, start);
	add_json_text(ret, value);
}

void log_record_json(const struct log_record *record, const char *time,
		     struct buffer *ret)
{
	auto_buffer text = { 0 };

	log_record_message(record, &text);
	add_json_member(ret, SLICE("{\"level\":"), level_name(record->level));
	buffer_add(ret, SLICE(",\"msg\":"));
	json_quote(ret, buffer_slice(&text));
	add_json_member(ret, SLICE(",\"time\":"), time);
	add_json_member(ret, SLICE(",\"stage\":"), record->stage);
	add_json_member(ret, SLICE(",\"container\":"), record->container);
	add_json_member(ret, SLICE(",\"bundle\":"), record->bundle);
	if (record->is_last) {
		buffer_add(ret, SLICE(",\"changes\":"));
		buffer_add_number(ret, record->changes);
		buffer_add(ret, SLICE(",\"duration_us\":"));
		buffer_add_number(ret, record->duration_us);
	}
	buffer_add(ret, SLICE("}\n"));
}

/* A name as it is, so that it can be searched for. With a newline in it "NAME=value"
 * would end early and what follows would be taken for another field: then the length
 * comes first. */
static void add_field(struct buffer *ret, struct slice name, const char *value)
{
	const struct slice text = cut(slice_from(value ? value : ""), LOG_NAME_MAX);
	char length[8];

	if (!value)
		return;
	buffer_add(ret, name);
	if (memchr(text.data, '\n', text.length)) {
		for (size_t i = 0; i < sizeof length; i++)
			length[i] = (char)((uint64_t)text.length >> 8 * i);
		buffer_add(ret, SLICE("\n"));
		buffer_add(ret, (struct slice) { length, sizeof length });
	} else {
		buffer_add(ret, SLICE("="));
	}
	buffer_add(ret, text);
	buffer_add(ret, SLICE("\n"));
}

static void add_number_field(struct buffer *ret, struct slice name, uint64_t number)
{
	buffer_add(ret, name);
	buffer_add(ret, SLICE("="));
	buffer_add_number(ret, number);
	buffer_add(ret, SLICE("\n"));
}

void log_record_journal(const struct log_record *record, struct buffer *ret)
{
	buffer_add(ret, SLICE("MESSAGE="));
	log_record_sentence(record, ret);
	buffer_add(ret, SLICE("\n"));
	add_number_field(ret, SLICE("PRIORITY"), levels[record->level].priority);
	add_number_field(ret, SLICE("SYSLOG_FACILITY"), FACILITY_DAEMON);
	add_field(ret, SLICE("SYSLOG_IDENTIFIER"), record->program);
	add_field(ret, SLICE("OCI_STAGE"), record->stage);
	/* Not CONTAINER_ID_FULL: by that podman and docker find what a container itself
	 * wrote, for `logs`. */
	add_field(ret, SLICE("OCI_CONTAINER_ID"), record->container);
	add_field(ret, SLICE("OCI_BUNDLE"), record->bundle);
	if (record->is_last) {
		add_number_field(ret, SLICE("OCI_VFIO_CHANGES"), record->changes);
		add_number_field(ret, SLICE("OCI_VFIO_DURATION_US"), record->duration_us);
	}
}

void log_record_syslog(const struct log_record *record, const char *time, uint64_t pid,
		       struct buffer *ret)
{
	buffer_add(ret, SLICE("<"));
	buffer_add_number(ret, FACILITY_DAEMON << 3 | levels[record->level].priority);
	buffer_add(ret, SLICE(">"));
	buffer_add(ret, slice_from(time));
	buffer_add(ret, SLICE(" "));
	buffer_add(ret, slice_from(record->program));
	buffer_add(ret, SLICE("["));
	buffer_add_number(ret, pid);
	buffer_add(ret, SLICE("]: "));
	log_record_sentence(record, ret);
}
