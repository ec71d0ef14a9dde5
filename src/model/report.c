/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person. */
#include "oci-vfio-hook/report.h"

static void add_line(struct buffer *ret, const char *prefix, const char *value)
{
	if (!value)
		return;
	buffer_add(ret, slice_from(prefix));
	buffer_add_printable(ret, slice_from(value));
	buffer_add(ret, SLICE("\n"));
}

void report_text(const struct plan *plan, const struct messages *messages,
		 const char *name, struct buffer *ret)
{
	if (plan->n_changes == 0)
		buffer_printf(ret, "%s: nothing to change\n", name);
	else
		buffer_printf(ret, "%s: %zu change%s\n", name, plan->n_changes,
			      plan->n_changes == 1 ? "" : "s");
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];
		const char *old = change->old_text, *value = change->new_text;

		buffer_add(ret, SLICE("\n"));
		add_line(ret, "", change->where);
		add_line(ret, "  - ", old);
		add_line(ret, "  + ", value);
		buffer_printf(ret, "  rule %d: ", (int)change->rule);
		add_line(ret, "", change->why);
	}
	for (size_t i = 0; i < messages->count; i++) {
		if (messages->items[i].level != MESSAGE_WARNING)
			continue;
		buffer_add(ret, SLICE("\nwarning: "));
		buffer_add_printable(ret, slice_from(messages->items[i].text));
		buffer_add(ret, SLICE("\n"));
	}
}

void report_json(const struct plan *plan, const struct messages *messages,
		 struct buffer *ret)
{
	buffer_printf(ret, "{\"changed\":%s,\"changes\":[",
		      plan->n_changes ? "true" : "false");
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];
		const char *old = change->old_text, *value = change->new_text;

		buffer_printf(ret, "%s{\"rule\":%d,\"where\":", i ? "," : "",
			      (int)change->rule);
		json_quote(ret, slice_from(change->where));
		buffer_printf(ret, ",\"old\":%s,\"new\":%s,\"why\":", old ? old : "null",
			      value ? value : "null");
		json_quote(ret, slice_from(change->why));
		buffer_add(ret, SLICE("}"));
	}
	buffer_add(ret, SLICE("],\"warnings\":["));
	for (size_t i = 0, n = 0; i < messages->count; i++) {
		if (messages->items[i].level != MESSAGE_WARNING)
			continue;
		buffer_add(ret, n++ ? SLICE(",") : SLICE(""));
		json_quote(ret, slice_from(messages->items[i].text));
	}
	buffer_add(ret, SLICE("]}\n"));
}
