/* SPDX-License-Identifier: Apache-2.0 */
/* What makes an engine call us: which files of its configuration that takes, and what stands
 * in them. Pure text: what is there now in, what shall be there out. */
#ifndef OCI_VFIO_HOOK_REGISTRATION_H
#define OCI_VFIO_HOOK_REGISTRATION_H

#include "oci-vfio-hook/error.h"
#include "oci-vfio-hook/text.h"

/* Under this name engines and pods ask for the wrapper. */
#define REGISTRATION_HANDLER "oci-vfio"

/* A file of the machine: its path and its text. */
struct registration_text {
	const char *path;
	const char *name;  /* for messages */
	struct slice text; /* no data: it isn't there */
};

struct registration_input {
	const char
		*programs; /* the directory that oci-vfio-hook and the wrapper are in */
	/* The file itself, without what was put there before where it is another's. */
	struct registration_text own;
	/* Of an engine that reads several: all but its own, in the order in which it reads
	 * them. */
	const struct registration_text *others;
	size_t n_others;
};

/* Appends the text that the file shall have; nothing: it shall not be there. ERROR_DATA: that
 * can't be done without harm to other settings; the message says what to do. */
typedef int registration_make_fn(const struct registration_input *input,
				 struct buffer *ret, struct error *err);

struct registration_file {
	const char *path;
	registration_make_fn *enable, *disable;
	registration_make_fn *show; /* of enable; NULL: the whole file */
};

struct registration_engine {
	const char *name;
	const struct registration_file *files; /* in the order in which they are made */
	size_t n_files;
	/* Where else it reads: files, or directories of *.conf with a slash at their end. */
	const char *const *others;
	size_t n_others;
	const char *enabled, *disabled; /* what to do then; lines */
	const char *
		directory; /* of files of ours alone, which goes when it is empty; or NULL */
};

/* Returns the engine of this name; NULL: there is none. */
const struct registration_engine *registration_find(const char *name);

/* The names, for messages. */
#define REGISTRATION_ENGINES "podman, crio, containerd, docker or cdi"

#endif
