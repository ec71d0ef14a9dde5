/* SPDX-License-Identifier: Apache-2.0 */
/* The environment variables in which engines and device plugins put PCI addresses: lists
 * such as PCIDEVICE_<resource>, and JSON such as PCIDEVICE_<resource>_INFO. Which addresses
 * and paths they name, and their text with these replaced. Pure. */
#ifndef OCI_VFIO_HOOK_ENVIRONMENT_H
#define OCI_VFIO_HOOK_ENVIRONMENT_H

#include "oci-vfio-hook/annotation.h"
#include "oci-vfio-hook/message.h"
#include "oci-vfio-hook/pci.h"
#include "oci-vfio-hook/spec.h"

enum env_reference_kind {
	ENV_ADDRESS,	 /* a PCI address */
	ENV_ADDRESS_KEY, /* a PCI address that is the key of a member */
	ENV_PATH,	 /* an absolute path */
	ENV_UUID,	 /* of a mediated device */
};

/* One whole string of a variable that may need translation. */
struct env_reference {
	enum env_reference_kind kind : 8;
	bool in_name : 1;	      /* in the variable's name, not in its value */
	struct pci_spelling spelling; /* ENV_ADDRESS */
	uint32_t start, end; /* bytes of name or value; of JSON with the quotes */
	/* The reference to the function that it is said of, by the key around it or by the
	 * name: its index in `references`; its own: none. */
	uint32_t owner;
	uint32_t value_end; /* ENV_ADDRESS_KEY: where the member's value ends */
	uint32_t text_length;
	union {
		struct pci_address address; /* ENV_ADDRESS, ENV_ADDRESS_KEY */
		const char *text_data;	    /* ENV_PATH: cleaned; ENV_UUID */
	};
};

static inline struct slice env_reference_text(const struct env_reference *reference)
{
	return (struct slice) { reference->text_data, reference->text_length };
}

/* The device that it names, if it names one. */
bool env_reference_get_name(const struct env_reference *reference,
			    struct device_name *ret);

/* Returns the text that puts this device in its place, as it is spelled there; NULL: a UUID is
 * not replaced by an address. The caller frees. */
char *env_reference_spell(const struct env_reference *reference,
			  const struct device_name *name);

static inline bool env_reference_is_address(const struct env_reference *reference)
{
	return reference->kind == ENV_ADDRESS || reference->kind == ENV_ADDRESS_KEY;
}

struct env_variable {
	const struct spec_variable *source; /* borrowed from the spec */
	bool info : 1;			    /* X_INFO, which belongs to X */
	bool orphan : 1;		    /* the same without X */
	bool is_json : 1; /* the value begins as an object or array, or it is an _INFO */
	bool broken : 1;  /* JSON that isn't what it should be: left as it is */
	bool done : 1;	  /* an earlier run translated it */
	uint32_t n_references;
	/* Variables of one name, and those that belong to them, are translated together or
	 * not at all: the first of them, and the next one (`count`: none). Both are indexes
	 * into `variables`. */
	uint32_t leader, next;
	const struct env_reference *references; /* among the environment's */
};

struct environment {
	struct env_variable *variables; /* in the order of the spec */
	size_t count;
	struct env_reference
		*references; /* of all variables, one after the other; owned */
	size_t n_references, references_capacity;
	struct pci_address *addresses; /* of all that isn't done; sorted; owned */
	size_t n_addresses;
	struct uuid *uuids; /* the same of mediated devices */
	size_t n_uuids;
	struct text_pool
		texts; /* paths and UUIDs that are not as they stand in the spec */
};

#define auto_environment __attribute__((cleanup(environment_free))) struct environment

/* Finds the references of the spec's variables. */
void environment_parse(const struct spec *spec, struct environment *ret);

/* Variables that belong together are done if every device in them is a guest that an
 * earlier run listed: they were translated whole or left whole. Without any device their
 * paths tell. */
void environment_mark_done(struct environment *environment,
			   const struct annotation *annotation);

/* Fills `addresses` and `uuids` again, after variables were marked. */
void environment_collect_names(struct environment *environment);

/* Is there an address or UUID that isn't done? */
bool environment_has_names(const struct environment *environment);

/* Does any variable that isn't done name this device? */
bool environment_has_name(const struct environment *environment,
			  const struct device_name *name);

void environment_free(struct environment *environment);

/* What to put for an address or path. */
enum translation_result {
	TRANSLATION_DONE, /* replaced (also by itself) */
	TRANSLATION_KEPT, /* stays, and the variable may still be translated; `why` is a
			   * warning or NULL */
	TRANSLATION_NONE, /* the variable stays whole; `why` says why, NULL: in silence */
};

/* Returns the text for a reference of this variable in *ret, or the reason in *why; the
 * callee's strings are owned by the caller. */
typedef enum translation_result environment_translate_fn(
	void *context, const struct env_variable *variable,
	const struct env_reference *reference, char **ret, char **why);

/* The new `NAME=VALUE` of a variable. */
struct env_change {
	const struct env_variable *variable;
	char *text; /* owned; NULL once the plan has it as JSON */
};

struct env_changes {
	struct env_change *items; /* in the order of the spec */
	size_t count, capacity;
	bool *left; /* for each variable: it had to stay, though it names something; owned */
};

void env_changes_free(struct env_changes *changes);

/* Translates the variables that belong together whole, or leaves them whole, with a warning
 * in `messages`. Unchanged text is not a change. */
void environment_translate(const struct environment *environment,
			   environment_translate_fn *translate, void *context,
			   struct env_changes *ret, struct messages *messages);

/* Returns the path that is in the place of one, or NULL: it stays. */
typedef const char *environment_path_fn(const void *context, struct slice path);

/* Replaces only paths, in each variable by itself: the addresses are right. *ret as above, without
 * `left`. */
void environment_replace_paths(const struct environment *environment,
			       environment_path_fn *find_path, const void *context,
			       struct env_changes *ret, struct messages *messages);

#endif
