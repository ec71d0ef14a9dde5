/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as messages name them. */
#include "oci-vfio-hook/remedy.h"

#include <stdbool.h>

#include "oci-vfio-hook/settings.h"

static bool is_bare(const char *value)
{
	return strspn(value, "0123456789") == strlen(value) ||
	       strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

char *remedy_setting(enum remedy_style style, const char *key, const char *value)
{
	const char *quote = is_bare(value) ? "" : "\"";

	switch (style) {
	case REMEDY_OPTION:
		return xasprintf("--%s=%s", key, value);
	case REMEDY_KEY:
		break;
	}
	return xasprintf("\"%s\": %s%s%s in " CONFIG_PATH, key, quote, value, quote);
}
