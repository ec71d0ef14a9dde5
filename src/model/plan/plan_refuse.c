/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: how an option of an entry is refused. */
#include "plan_resolve.h"

#include <errno.h>

/* Where to record a refusal. What keeps a function from being bound is said rather than that it
 * isn't. */
static struct error *error_for(struct planner *planner, enum refusal refusal)
{
	if (refusal == REFUSE_FOR_GOOD)
		return planner->err;
	if (refusal == REFUSE_FOR_NOW && planner->only_unbound) {
		error_free(&planner->pending);
		planner->only_unbound = false;
	} else if (!planner->pending.message) {
		planner->only_unbound = refusal == REFUSE_TO_DRIVER;
	}
	return &planner->pending;
}

int plan_refuse(struct planner *planner, enum refusal refusal,
		const struct request_function *asked, const char *format, ...)
{
	struct error *err = error_for(planner, refusal);
	auto_free char *why = NULL, *guest = NULL;
	char host[DEVICE_NAME_SIZE];
	va_list arguments;
	int r;

	va_start(arguments, format);
	why = xvasprintf(format, arguments);
	va_end(arguments);
	guest = text_quote(slice_from(asked->map->guest_text));
	r = error_set(err, ERROR_UNAVAILABLE, "%s: host function %s, here %s: %s",
		      asked->entry->where, device_name_format(&asked->map->host, host),
		      guest, why);
	return refusal == REFUSE_FOR_GOOD ? r : -EAGAIN;
}
