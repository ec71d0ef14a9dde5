/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for the person: each change by itself, and JSON. */
#include "report_part.h"

static void add_line(struct buffer *ret, const char *prefix, const char *value)
{
	if (!value)
		return;
	buffer_add(ret, slice_from(prefix));
	buffer_add_printable(ret, slice_from(value));
	buffer_add(ret, SLICE("\n"));
}

static const char *reason_of(const struct binding_function *function)
{
	return function->sibling ? " (bind_group: it is in the group of its function)"
				 : "";
}

void report_binding(const struct report *report, struct buffer *ret)
{
	const struct binding *binding = report->binding;

	buffer_printf(
		ret,
		"%s: %zu function%s would be bound first; what changes then depends on the nodes that this makes\n",
		report->name, binding->count, binding->count == 1 ? "" : "s");
	for (size_t i = 0; i < binding->count; i++) {
		const struct binding_function *function = &binding->functions[i];
		char address[PCI_ADDRESS_SIZE];

		buffer_printf(ret, "\n%s\n",
			      pci_address_format(&function->address, address));
		add_line(ret, "  - ", function->driver);
		add_line(ret, "  + ", BINDING_DRIVER);
		buffer_add(ret, SLICE("  "));
		buffer_add_printable(ret, slice_from(function->entry->where));
		buffer_printf(ret, "%s\n", reason_of(function));
	}
}

void report_headline(const struct report *report, struct buffer *ret)
{
	const size_t count = report->plan->n_changes;

	if (count == 0)
		buffer_printf(ret, "%s: nothing to change\n", report->name);
	else
		buffer_printf(ret, "%s: %zu change%s\n", report->name, count,
			      count == 1 ? "" : "s");
}

static void add_changes(const struct plan *plan, struct buffer *ret)
{
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];
		const struct plan_reason *reason = &plan->reasons[i];
		const char *old = reason->old_text, *value = change->new_text;

		buffer_add(ret, SLICE("\n"));
		add_line(ret, "", reason->where);
		add_line(ret, "  - ", old);
		add_line(ret, "  + ", value);
		buffer_printf(ret, "  rule %d: ", (int)change->rule);
		add_line(ret, "", reason->why);
	}
}

void report_warnings(const struct report *report, struct buffer *ret)
{
	const struct messages *messages = report->messages;

	for (size_t i = 0; i < messages->count; i++) {
		if (messages->items[i].level != MESSAGE_WARNING)
			continue;
		buffer_add(ret, SLICE("\nwarning: "));
		buffer_add_printable(ret, slice_from(messages->items[i].text));
		buffer_add(ret, SLICE("\n"));
	}
}

void report_details(const struct report *report, struct buffer *ret)
{
	if (report->binding->count) {
		report_binding(report, ret);
	} else {
		report_headline(report, ret);
		add_changes(report->plan, ret);
	}
	report_looked_up(report, ret);
	report_unnamed(report, ret);
	report_warnings(report, ret);
}

static void add_json_binding(const struct binding *binding, struct buffer *ret)
{
	buffer_add(ret, SLICE("\"bind\":["));
	for (size_t i = 0; i < binding->count; i++) {
		const struct binding_function *function = &binding->functions[i];
		auto_free char *why =
			text_join(function->entry->where, reason_of(function), NULL);
		char address[PCI_ADDRESS_SIZE];

		buffer_printf(ret, "%s{\"function\":\"%s\",\"old\":", i ? "," : "",
			      pci_address_format(&function->address, address));
		if (function->driver)
			json_quote(ret, slice_from(function->driver));
		else
			buffer_add(ret, SLICE("null"));
		buffer_add(ret, SLICE(",\"new\":\"" BINDING_DRIVER "\",\"why\":"));
		json_quote(ret, slice_from(why));
		buffer_add(ret, SLICE("}"));
	}
	buffer_add(ret, SLICE("],"));
}

void report_json(const struct report *report, struct buffer *ret)
{
	const struct plan *plan = report->plan;
	const struct binding *binding = report->binding;
	const struct messages *messages = report->messages;

	buffer_printf(ret, "{\"changed\":%s,",
		      plan->n_changes || binding->count ? "true" : "false");
	if (binding->count)
		add_json_binding(binding, ret);
	buffer_add(ret, SLICE("\"changes\":["));
	for (size_t i = 0; i < plan->n_changes; i++) {
		const struct plan_change *change = &plan->changes[i];
		const struct plan_reason *reason = &plan->reasons[i];
		const char *old = reason->old_text, *value = change->new_text;

		buffer_printf(ret, "%s{\"rule\":%d,\"where\":", i ? "," : "",
			      (int)change->rule);
		json_quote(ret, slice_from(reason->where));
		buffer_printf(ret, ",\"old\":%s,\"new\":%s,\"why\":", old ? old : "null",
			      value ? value : "null");
		json_quote(ret, slice_from(reason->why));
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
