/* SPDX-License-Identifier: Apache-2.0 */
/* What a message tells its reader to set, in words that the reader can use: the wrapper's
 * has a configuration file, but no options. Pure. */
#ifndef OCI_VFIO_HOOK_REMEDY_H
#define OCI_VFIO_HOOK_REMEDY_H

enum remedy_style {
	REMEDY_OPTION, /* --unmapped=keep */
	REMEDY_KEY,    /* "unmapped": "keep" in /etc/oci-vfio-hook/config.json */
};

/* Returns the setting as a message names it, for a key of the configuration that is an
 * option as well. `value` is text without characters that JSON escapes, or a number, true
 * or false. The caller frees. */
char *remedy_setting(enum remedy_style style, const char *key, const char *value);

#endif
