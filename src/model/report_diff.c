/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: as a unified diff of the indented spec. The edits say where the texts
 * differ, so that nothing is searched for. */
#include "oci-vfio-hook/json_lines.h"
#include "oci-vfio-hook/report.h"

#define CONTEXT ((size_t)3)

/* Lines [start, end) of the old text that become [new_start, new_end) of the new one. */
struct hunk_part {
	size_t start, end, new_start, new_end;
};

struct diff {
	struct slice text, new_text;
	struct json_lines lines, new_lines;
	struct hunk_part *parts; /* owned */
	size_t n_parts, capacity;
};

static bool lines_equal(const struct diff *diff, size_t line, size_t new_line)
{
	return slice_equal(json_lines_get(&diff->lines, line),
			   json_lines_get(&diff->new_lines, new_line));
}

/* From the token before an edit to the one after it. */
static struct hunk_part find_part(const struct diff *diff, const struct splice *splice,
				  size_t new_start)
{
	const size_t end = json_skip_space(diff->text, splice->end),
		     new_end =
			     json_skip_space(diff->new_text, new_start + splice->length);

	return (struct hunk_part) {
		json_lines_find(&diff->lines, splice->start ? splice->start - 1 : 0),
		json_lines_find(&diff->lines, end) + 1,
		json_lines_find(&diff->new_lines, new_start ? new_start - 1 : 0),
		json_lines_find(&diff->new_lines, new_end) + 1,
	};
}

static void collect_parts(struct diff *diff, const struct splices *splices)
{
	struct hunk_part *last = NULL;
	size_t shift = 0; /* modulo the size of size_t: it may be less than nothing */

	for (size_t i = 0; i < splices->count; i++) {
		const struct splice *splice = &splices->items[i];
		struct hunk_part part = find_part(diff, splice, splice->start + shift);

		shift += (size_t)splice->length + splice->start - splice->end;
		if (last && part.start < last->end) {
			last->end = part.end;
			last->new_end = part.new_end;
			continue;
		}
		last = array_append(diff->parts, diff->n_parts, diff->capacity);
		*last = part;
	}
}

/* Drops the lines that a part has in both texts, at its ends, and joins what then touches. */
static void trim_parts(struct diff *diff)
{
	size_t count = 0;

	for (size_t i = 0; i < diff->n_parts; i++) {
		struct hunk_part part = diff->parts[i];

		while (part.start < part.end && part.new_start < part.new_end &&
		       lines_equal(diff, part.start, part.new_start)) {
			part.start++;
			part.new_start++;
		}
		while (part.start < part.end && part.new_start < part.new_end &&
		       lines_equal(diff, part.end - 1, part.new_end - 1)) {
			part.end--;
			part.new_end--;
		}
		if (part.start == part.end && part.new_start == part.new_end)
			continue;
		if (count && diff->parts[count - 1].end == part.start) {
			diff->parts[count - 1].end = part.end;
			diff->parts[count - 1].new_end = part.new_end;
		} else {
			diff->parts[count++] = part;
		}
	}
	diff->n_parts = count;
}

static void add_lines(const struct json_lines *lines, char sign, size_t start, size_t end,
		      struct buffer *ret)
{
	for (size_t i = start; i < end; i++) {
		buffer_printf(ret, "%c", sign);
		buffer_add_printable(ret, json_lines_get(lines, i));
		buffer_add(ret, SLICE("\n"));
	}
}

/* The parts [first, end), with the lines around them. */
static void add_hunk(const struct diff *diff, size_t first, size_t end,
		     struct buffer *ret)
{
	const struct hunk_part *begin = &diff->parts[first],
			       *last = &diff->parts[end - 1];
	const size_t before = begin->start < CONTEXT ? begin->start : CONTEXT;
	const size_t left = diff->lines.count - last->end,
		     after = left < CONTEXT ? left : CONTEXT;

	buffer_printf(ret, "@@ -%zu,%zu +%zu,%zu @@\n", begin->start - before + 1,
		      last->end + after - (begin->start - before),
		      begin->new_start - before + 1,
		      last->new_end + after - (begin->new_start - before));
	add_lines(&diff->lines, ' ', begin->start - before, begin->start, ret);
	for (size_t i = first; i < end; i++) {
		const struct hunk_part *part = &diff->parts[i];
		const size_t next =
			i + 1 < end ? diff->parts[i + 1].start : part->end + after;

		add_lines(&diff->lines, '-', part->start, part->end, ret);
		add_lines(&diff->new_lines, '+', part->new_start, part->new_end, ret);
		add_lines(&diff->lines, ' ', part->end, next, ret);
	}
}

static void free_diff(struct diff *diff)
{
	json_lines_free(&diff->lines);
	json_lines_free(&diff->new_lines);
	free(diff->parts);
}

void report_diff(const struct report *report, struct buffer *ret)
{
	struct diff diff = { .text = report->spec->doc.text };
	auto_buffer text = { 0 };

	if (report->splices->count == 0)
		return;
	splices_apply(report->splices, diff.text, &text);
	diff.new_text = buffer_slice(&text);
	json_lines_make(diff.text, &diff.lines);
	json_lines_make(diff.new_text, &diff.new_lines);
	collect_parts(&diff, report->splices);
	trim_parts(&diff);
	buffer_printf(ret, "--- %s\n+++ %s\n", report->name, report->name);
	for (size_t i = 0, end; i < diff.n_parts; i = end) {
		for (end = i + 1; end < diff.n_parts; end++) {
			if (diff.parts[end].start - diff.parts[end - 1].end > 2 * CONTEXT)
				break;
		}
		add_hunk(&diff, i, end, ret);
	}
	free_diff(&diff);
}
