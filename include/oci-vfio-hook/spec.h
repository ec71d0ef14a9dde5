/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an OCI runtime spec (config.json) that the plan reads, as a view of its
 * text. Source of the fields: opencontainers/runtime-spec, config.md and config-linux.md.
 * `null` counts as absent throughout. Pure. */
#ifndef OCI_VFIO_HOOK_SPEC_H
#define OCI_VFIO_HOOK_SPEC_H

#include "oci-vfio-hook/device_number.h"
#include "oci-vfio-hook/json.h"
#include "oci-vfio-hook/text_pool.h"
#include "oci-vfio-hook/vfio_path.h"

#define ANNOTATION_KEY "io.github.oci-vfio-hook.applied"

/* linux.devices[] */
struct spec_device {
	struct slice path; /* cleaned */
	uint32_t json;
	struct device_number number; /* type 'c' also for "u" */
	uint32_t uid, gid;	     /* absent: 0 */
	uint16_t mode;		     /* low 12 bits; absent: 0666 */
	bool has_numbers;	     /* both */
	/* One is there, and the other is 0, as Go reads it: a runtime makes that node. */
	bool has_one_number;
};

#define RULE_ANY (-1)

/* linux.resources.devices[] */
struct spec_rule {
	uint32_t json; /* 0: added by the plan */
	bool allow;
	char type;	      /* 'a' (also when absent), 'b', 'c' */
	int64_t major, minor; /* RULE_ANY: absent or -1 */
	struct slice access;  /* absent: "" */
};

/* mounts[]: bind mounts only (type "bind", or an option "bind" or "rbind"), and devtmpfs, which is
 * as a bind mount of /dev */
struct spec_mount {
	uint32_t json;
	struct slice destination, source; /* cleaned */
	bool read_only; /* the last of its options "ro" and "rw" is "ro" */
};

/* process.env[]: entries NAME=VALUE that hold PCI addresses, by their NAME */
struct spec_variable {
	uint32_t start, index; /* in the text; where it is in process.env */
	uint32_t name_length, value_length;
	const char *text;
};

static inline struct slice variable_name(const struct spec_variable *variable)
{
	return (struct slice) { variable->text, variable->name_length };
}
static inline struct slice variable_text(const struct spec_variable *variable)
{
	return (struct slice) { variable->text, (size_t)variable->name_length + 1 +
							variable->value_length };
}
static inline struct slice variable_value(const struct spec_variable *variable)
{
	return (struct slice) { variable->text + variable->name_length + 1,
				variable->value_length };
}

/* Its bytes in the spec's text. */
static inline struct json_place variable_place(const struct json *doc,
					       const struct spec_variable *variable)
{
	return (struct json_place) {
		variable->start, (uint32_t)json_string_end(doc->text, variable->start)
	};
}

/* Which environment variables hold PCI addresses: those of the known families, or those
 * whose names have one of these prefixes. */
struct env_prefixes {
	bool families;
	struct slice *items; /* their text is owned */
	size_t count, capacity;
};

/* Lists of texts that the container, or whoever asks about it, reads. */
enum spec_text_list {
	SPEC_TEXTS_ARGS,	/* process.args[] */
	SPEC_TEXTS_ENV,		/* process.env[] */
	SPEC_TEXTS_ANNOTATIONS, /* annotations */
	SPEC_TEXTS_COUNT,
};

struct spec {
	struct json doc;
	bool process_only; /* it is the process of an `exec`, which says nothing of nodes */
	/* Nodes, 0 where absent or null. */
	uint32_t linux_json, devices_json, resources_json, rules_json, mounts_json,
		annotations_json, process_json;
	uint32_t
		rlimits_json; /* the same; what is in it is looked at by the few that ask */
	/* The same; none of a process alone. */
	uint32_t texts_json[SPEC_TEXTS_COUNT];
	struct spec_device *devices;
	size_t n_devices, devices_capacity;
	struct spec_rule *rules;
	size_t n_rules, rules_capacity;
	struct spec_mount *mounts;
	size_t n_mounts, mounts_capacity;
	struct spec_variable *variables;
	size_t n_variables, variables_capacity;
	bool has_annotation;
	uint32_t annotation_json;  /* the same; 0: it isn't there, not even as null */
	struct slice annotation;   /* text of our annotation */
	struct slice root_path;	   /* root.path as it is; empty where absent */
	struct slice cgroups_path; /* linux.cgroupsPath as it is; empty where absent */
	struct text_pool texts; /* what these have that isn't as it stands in the text */
};

/* Where an element is in its list, whatever of that list is left out here. */
static inline size_t spec_index(const struct spec *spec, uint32_t json)
{
	return json_span(&spec->doc, json)->position;
}

#define auto_spec __attribute__((cleanup(spec_free))) struct spec

/* Parses a config.json; `name` and `text` are borrowed. ERROR_DATA names the place. */
int spec_parse(const char *name, struct slice text, const struct env_prefixes *prefixes,
	       struct spec *ret, struct error *err);
/* The same without the mounts that can't matter while all paths of maps and annotations lie
 * below /dev: those neither of whose ends does. They are most, and may be thousands. */
int spec_parse_near(const char *name, struct slice text,
		    const struct env_prefixes *prefixes, struct spec *ret,
		    struct error *err);
void spec_free(struct spec *spec);

/* Is a cleaned path /dev, or below it? */
bool path_is_of_dev(struct slice path);

/* Is the container a pod's, by its annotations? CRI engines always add some of io.kubernetes.*, and a
 * container's author can't take them away. podman adds two of these names to each container, of a pod
 * or not: io.kubernetes.cri-o.Created and .TTY (podman, pkg/annotations). */
bool spec_is_pods(const struct spec *spec);

/* Parses a process (config.md, "process"; the file of `exec --process`) as a spec that
 * has nothing but its environment. */
int spec_parse_process(const char *name, struct slice text,
		       const struct env_prefixes *prefixes, struct spec *ret,
		       struct error *err);

/* The member of a device, rule or mount: what they have is not in the index. False: it is absent or
 * null. */
bool spec_find_member(const struct spec *spec, uint32_t json, const char *key,
		      struct json_place *ret);

/* Positions in the shapes of the other objects that the plan edits. */
enum spec_process_member {
	SPEC_PROCESS_ENV,
	SPEC_PROCESS_ARGS,
	SPEC_PROCESS_RLIMITS,
};
enum spec_linux_member {
	SPEC_LINUX_DEVICES,
	SPEC_LINUX_RESOURCES,
	SPEC_LINUX_CGROUPS_PATH,
};
enum spec_resources_member {
	SPEC_RESOURCES_DEVICES,
};
enum spec_root_member {
	SPEC_PROCESS,
	SPEC_MOUNTS,
	SPEC_LINUX,
	SPEC_ANNOTATIONS,
	SPEC_ROOT,
	SPEC_BUNDLE,
	SPEC_BUNDLE_PATH,
};
enum spec_annotation_member {
	SPEC_ANNOTATION_OURS,
};

#endif
