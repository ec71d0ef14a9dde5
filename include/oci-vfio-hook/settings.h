/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: values of /etc/oci-vfio-hook/config.json and of the command line.
 * Pure. */
#ifndef OCI_VFIO_HOOK_SETTINGS_H
#define OCI_VFIO_HOOK_SETTINGS_H

#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/remedy.h"
#include "oci-vfio-hook/spec.h"

#define CONFIG_PATH "/etc/oci-vfio-hook/config.json"

/* What to do with a VFIO device of the spec that no map entry names. */
enum unmapped_policy {
	UNMAPPED_AUTO,	/* where there is any map as UNMAPPED_ERROR, else as _OWN */
	UNMAPPED_OWN,	/* the spec's device may be this machine's own */
	UNMAPPED_DROP,	/* removed where the spec allows all devices */
	UNMAPPED_KEEP,	/* kept as it is */
	UNMAPPED_ERROR, /* refused */
};

/* What to do where this machine's own spec has addresses and nodes that disagree. */
enum by_address_policy {
	BY_ADDRESS_REFUSE,
	BY_ADDRESS_REMAP, /* the node of the address replaces the spec's */
};

/* What to do with a host's name that stays somewhere in the spec. */
enum leftover_policy {
	LEFTOVER_WARN,
	LEFTOVER_TRANSLATE,
	LEFTOVER_ERROR,
};

/* Where device maps are looked for, besides the machine's directories. */
struct map_sources {
	bool credential; /* the system credential */
	bool fw_cfg;	 /* QEMU's fw_cfg */
	bool smbios;	 /* SMBIOS' strings */
};

struct settings {
	enum unmapped_policy unmapped;
	enum by_address_policy by_address;
	enum leftover_policy leftover;
	bool bind;	       /* mapped functions go to vfio-pci */
	bool require_host_dev; /* of VFIO entries of a machine map that a spec names */
	bool match;	       /* the only VFIO group is the spec's only VFIO device */
	enum message_level shown_level; /* messages up to this one go to stderr, */
	enum message_level log_level;	/* and up to this one to a log */
	bool env_warn;			/* createRuntime: only warn of the environment */
	struct map_sources sources;
	char *log; /* file to log to; NULL: none; owned */
	bool log_json;
	char *runtime;	  /* of the wrapper; NULL: not set; owned */
	uint32_t timeout; /* seconds to wait for a hot-plugged device; 0: don't */
	struct env_prefixes prefixes; /* owned */
	enum remedy_style remedies;   /* not the user's: the program's */
};

#define auto_settings __attribute__((cleanup(settings_free))) struct settings

/* The defaults: unmapped auto, by-address refuse, leftover warn, warnings on stderr, info
 * in a log, all sources, 3 s, the known families of variables. The caller frees. */
void settings_init(struct settings *ret);
void settings_free(struct settings *settings);

/* Sets what the configuration file's text says. An unknown key or a bad value is
 * ERROR_DATA that names it. */
int settings_parse(const char *name, struct slice text, struct settings *settings,
		   struct error *err);

/* What the command line can set too: an option has the name of the key. */
enum setting {
	SETTING_UNMAPPED,
	SETTING_BY_ADDRESS,
	SETTING_LEFTOVER,
	SETTING_ENV,
	SETTING_TIMEOUT,
	SETTING_LOG,
	SETTING_LOG_FORMAT,
	SETTING_LOG_LEVEL, /* of stderr and of a log */
	SETTING_COUNT,
};

/* Sets one of them from text. -EINVAL if it may not have this value. */
int settings_set(struct settings *settings, enum setting setting, struct slice value);

/* Returns the key, which is the option without its dashes. */
const char *setting_name(enum setting setting);

/* Returns the values that it may have, for messages: "error or warn". */
const char *setting_values(enum setting setting);

#endif
