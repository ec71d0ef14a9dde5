/* SPDX-License-Identifier: Apache-2.0 */
/* The planner: what is said of a claim that is refused. */
#include "claims.h"

const char *claim_key(const struct claim *claim)
{
	return claim->is_mount ? NULL : "path";
}

int claim_error(struct planner *planner, const struct claim *claim, const char *format,
		...)
{
	auto_free char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	message = xvasprintf(format, arguments);
	va_end(arguments);
	return json_error_member(planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc,
				 claim->json, claim_key(claim), "%s", message);
}

int claim_refuse_disguised(struct planner *planner, uint32_t json, const char *key,
			   struct slice path, const struct vfio_node *node)
{
	auto_free char *quoted = text_quote(path);
	auto_free char *keep = remedy_setting(planner->in->remedies, "unmapped", "keep");

	return json_error_member(
		planner->err, ERROR_UNAVAILABLE, &planner->in->spec->doc, json, key,
		"%s has the numbers of %s, a VFIO node of this machine, under another path; name it by its own path, or keep it as it is with %s",
		quoted, node->path, keep);
}
