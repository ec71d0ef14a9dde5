/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: values of /etc/oci-vfio-hook/config.json and of the command line.
 * Pure. */
#ifndef OCI_VFIO_HOOK_SETTINGS_H
#define OCI_VFIO_HOOK_SETTINGS_H

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/plan.h"

#define CONFIG_PATH "/etc/oci-vfio-hook/config.json"

struct settings {
	enum unmapped_policy unmapped;
	enum message_level shown_level; /* messages up to this one go to stderr, */
	enum message_level log_level;	/* and up to this one to a log */
	bool env_warn;			/* createRuntime: only warn of the environment */
	bool fw_cfg;			/* read QEMU's fw_cfg */
	char *log;			/* file to log to; NULL: none; owned */
	bool log_json;
	char *runtime;	  /* of the wrapper; NULL: not set; owned */
	uint32_t timeout; /* seconds to wait for a hot-plugged device; 0: don't */
	struct env_prefixes prefixes; /* owned */
	enum remedy_style remedies;   /* not the user's: the program's */
};

#define auto_settings __attribute__((cleanup(settings_free))) struct settings

/* The defaults: unmapped auto, warnings on stderr, info in a log, fw_cfg, 3 s,
 * PCIDEVICE_. The caller frees. */
void settings_init(struct settings *ret);
void settings_free(struct settings *settings);

/* Sets what the configuration file's text says. An unknown key or a bad value is
 * ERROR_DATA that names it. */
int settings_parse(const char *name, struct slice text, struct settings *settings,
		   struct error *err);

/* One value as the command line and the file spell it; -EINVAL: none of the known ones.
 */
int settings_set_unmapped(struct settings *settings, struct slice value);
int settings_set_log(struct settings *settings, struct slice value);
int settings_set_log_format(struct settings *settings, struct slice value);
int settings_set_env(struct settings *settings, struct slice value);
/* Of both levels. */
int settings_set_log_level(struct settings *settings, struct slice value);
/* Whole seconds from `min` to 86400. */
int settings_set_timeout(struct settings *settings, struct slice value, uint32_t min);

#endif
