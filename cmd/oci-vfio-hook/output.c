/* SPDX-License-Identifier: Apache-2.0 */
/* What a person and the logs are told of a run. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/replacement.h"
#include "oci-vfio-hook/summary.h"

int print_data(struct slice text, struct error *err)
{
	return file_write(STDOUT_FILENO, "stdout", (struct spliced) { .text = text },
			  err);
}

bool stdout_has_colours(void)
{
	const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_colour && *no_colour) && terminal &&
	       *terminal && !text_equal(terminal, "dumb");
}

int print_result(const struct command_line *line, struct slice text, struct error *err)
{
	auto_buffer json = { 0 };

	if (!line->json)
		return print_data(text, err);
	buffer_add_json(&json, text);
	return print_data(buffer_slice(&json), err);
}

/* Prints one line on stderr. */
static void print_line(const char *prefix, const char *printable)
{
	dprintf(STDERR_FILENO, "oci-vfio-hook: %s%s\n", prefix, printable);
}

void print_note(const char *text)
{
	print_line("", text);
}

static void print_record(const struct log_record *record)
{
	static const char *const prefixes[] = {
		[MESSAGE_ERROR] = "",
		[MESSAGE_WARNING] = "warning: ",
		[MESSAGE_INFO] = "",
		[MESSAGE_DEBUG] = "debug: ",
	};
	auto_buffer sentence = { 0 };

	/* An error needs no sentence around it: who sees it knows what was run. */
	if (record->is_last && record->level != MESSAGE_ERROR) {
		log_record_sentence(record, &sentence);
		print_line("", sentence.data);
		return;
	}
	log_record_message(record, &sentence);
	print_line(prefixes[record->level], sentence.data);
}

/* podman doesn't tell precreate which container it is. The caller frees. */
static char *find_container(const struct hook_run *run)
{
	const struct slice id = run->state.id ? slice_from(run->state.id)
					      : summary_find_container(&run->spec);

	return id.length ? xstrndup(id.data, id.length) : NULL;
}

/* To stderr, and to the log, which is all that is left where an engine hides stderr. */
static void say(const struct output *output, struct log_record record)
{
	auto_free char *container = NULL;
	auto_error err = { 0 };

	if (record.level > output->shown_level && record.level > output->log.level)
		return;
	container = find_container(output->run);
	record.program = "oci-vfio-hook";
	record.stage = output->stage;
	record.container = container;
	record.bundle =
		output->run->state.bundle ? output->run->state.bundle : output->bundle;
	if (record.level <= output->shown_level)
		print_record(&record);
	if (log_write(&output->log, &record, &err) < 0)
		print_line("warning: ", err.message);
}

void output_print_messages(const struct output *output)
{
	const struct messages *messages = &output->run->messages;

	for (size_t i = 0; i < messages->count; i++)
		say(output, (struct log_record) { .level = messages->items[i].level,
						  .text = messages->items[i].text });
}

void output_print_end(const struct output *output, const struct error *err)
{
	say(output, hook_summarize(output->run, err, output->started));
}
