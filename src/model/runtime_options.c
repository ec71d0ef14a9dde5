/* SPDX-License-Identifier: Apache-2.0 */
/* Options after the subcommand: which of them names the file that the runtime reads. */
#include "runtime_options.h"

/* What names the file that the runtime is going to read, and what else takes a value, so
 * that the value isn't taken for an option or the container's name. */
struct runtime_options {
	const char *const *targets; /* long names, without dashes */
	const char *target_letters; /* the same options, in the same order */
	const char *const *with_value;
	const char *value_letters;
};

const struct runtime_options runtime_options_bundle = {
	.targets = (const char *const[]) { "bundle", "config", NULL },
	.target_letters = "bf",
	.with_value =
		(const char *const[]) { "console-socket", "pidfd-socket", "pid-file",
					"preserve-fds", "image-path", "work-path",
					"manage-cgroups-mode", "empty-ns", "lsm-profile",
					"lsm-mount-context", "criu", NULL },
	.value_letters = "",
};
const struct runtime_options runtime_options_process = {
	.targets = (const char *const[]) { "process", NULL },
	.target_letters = "p",
	.with_value =
		(const char *const[]) { "console-socket", "pidfd-socket", "pid-file",
					"preserve-fds", "cwd", "env", "user",
					"additional-gids", "process-label", "apparmor",
					"cap", "cgroup", "exec-options", NULL },
	.value_letters = "eugc",
};
const struct runtime_options runtime_options_resources = {
	.targets = (const char *const[]) { "resources", NULL },
	.target_letters = "r",
	.with_value =
		(const char *const[]) { "blkio-weight", "cpu-period", "cpu-quota",
					"cpu-burst", "cpu-idle", "cpu-rt-period",
					"cpu-rt-runtime", "cpu-share", "cpuset-cpus",
					"cpuset-mems", "kernel-memory",
					"kernel-memory-tcp", "memory",
					"memory-reservation", "memory-swap", "pids-limit",
					"l3-cache-schema", "mem-bw-schema", NULL },
	.value_letters = "",
};
/* Letters that are flags, so that several may follow one dash. */
#define FLAG_LETTERS "dt"

struct runtime_argument runtime_argument_split(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);

	return (struct runtime_argument) { .name = { text, length },
					   .value = equals ? equals + 1 : NULL };
}

int runtime_argument_refuse(struct error *err, const char *argument, const char *why)
{
	auto_free char *quoted = text_quote(slice_from(argument));

	return error_set(err, ERROR_USAGE, "%s: %s", quoted, why);
}

int runtime_argument_take_value(struct runtime_cursor *cursor,
				struct runtime_argument argument, const char **ret,
				struct error *err)
{
	const char *option = cursor->argv[cursor->at];

	if (!argument.value) {
		if (cursor->at + 1 >= cursor->argc)
			return runtime_argument_refuse(err, option,
						       "the option needs a value");
		argument.value = cursor->argv[++cursor->at];
	}
	*ret = argument.value;
	return 0;
}

/* Index of the name in the list, or -1. */
static int find_name(const char *const *names, struct slice name)
{
	for (int i = 0; names[i]; i++) {
		if (slice_equal(slice_from(names[i]), name))
			return i;
	}
	return -1;
}

/* argp takes any beginning of a long option for it: could this be one of these? */
static bool begins_one_of(const char *const *names, struct slice name)
{
	for (int i = 0; names[i]; i++) {
		if (slice_starts(slice_from(names[i]), name))
			return true;
	}
	return false;
}

static const char unclear[] =
	"could be another spelling of an option that names the file to rewrite; spell options out, with two dashes";

/* Where the value of a target goes. */
static const char **target_of(struct runtime_call *call,
			      const struct runtime_options *options, int index)
{
	if (options == &runtime_options_process)
		return &call->process;
	if (options == &runtime_options_resources)
		return &call->resources;
	return index == 0 ? &call->bundle : &call->config;
}

/* The value of the target at `index`. */
static int take_target(struct runtime_cursor *cursor,
		       const struct runtime_options *options, int index,
		       struct runtime_argument argument, struct runtime_call *call,
		       struct error *err)
{
	int r;

	if (options == &runtime_options_resources && call->resources)
		return runtime_argument_refuse(
			err, cursor->argv[cursor->at],
			"a second option that names the resources; give one, so that it is sure which one is read");
	r = runtime_argument_take_value(cursor, argument, target_of(call, options, index),
					err);
	call->target_at = cursor->at;
	return r;
}

static int take_long(struct runtime_cursor *cursor, const struct runtime_options *options,
		     struct runtime_call *call, struct error *err)
{
	const char *text = cursor->argv[cursor->at], *ignored;
	struct runtime_argument argument = runtime_argument_split(text);
	struct slice name = slice_from_to(argument.name, 2, argument.name.length);
	int index = find_name(options->targets, name);

	if (index >= 0)
		return take_target(cursor, options, index, argument, call, err);
	if (find_name(options->with_value, name) >= 0)
		return runtime_argument_take_value(cursor, argument, &ignored, err);
	if (begins_one_of(options->targets, name))
		return runtime_argument_refuse(err, text, unclear);
	/* Its value could look like an option that names a file. */
	if (!argument.value && begins_one_of(options->with_value, name))
		return runtime_argument_refuse(
			err, text,
			"could be a cut option that takes a value, which may look like another option; spell options out");
	return 0;
}

/* -x VALUE. */
static int take_letter(struct runtime_cursor *cursor,
		       const struct runtime_options *options, struct runtime_call *call,
		       struct error *err)
{
	const char letter = cursor->argv[cursor->at][1], *ignored;
	const char *target = strchr(options->target_letters, letter);
	const struct runtime_argument argument = { 0 };

	if (target)
		return take_target(cursor, options,
				   (int)(target - options->target_letters), argument,
				   call, err);
	if (strchr(options->value_letters, letter))
		return runtime_argument_take_value(cursor, argument, &ignored, err);
	return 0;
}

/* More than one letter after one dash: for crun a letter and its value (-bDIR) or flags,
 * for runc a long option. What could be both is refused. */
static int take_letters(struct runtime_cursor *cursor,
			const struct runtime_options *options, struct runtime_call *call,
			struct error *err)
{
	const char *text = cursor->argv[cursor->at];
	struct runtime_argument argument = runtime_argument_split(text);
	struct slice name = slice_from_to(argument.name, 1, argument.name.length);
	const char *target = strchr(options->target_letters, text[1]);

	if (strspn(text + 1, FLAG_LETTERS) == strlen(text + 1))
		return 0;
	if (text[2] == '=' || find_name(options->targets, name) >= 0 ||
	    find_name(options->with_value, name) >= 0 ||
	    slice_equal(name, SLICE("file-locks")) ||
	    (!target && !strchr(options->value_letters, text[1])))
		return runtime_argument_refuse(err, text, unclear);
	if (!target)
		return 0;
	argument.value = text + 2;
	return take_target(cursor, options, (int)(target - options->target_letters),
			   argument, call, err);
}

int runtime_options_parse(struct runtime_cursor *cursor,
			  const struct runtime_options *options,
			  struct runtime_call *call, struct error *err)
{
	for (; cursor->at < cursor->argc; cursor->at++) {
		const char *text = cursor->argv[cursor->at];
		int r;

		if (text[0] != '-' || text[1] == '\0')
			break;
		if (strcmp(text, "--") == 0) {
			cursor->at++;
			break;
		}
		if (text[1] == '-')
			r = take_long(cursor, options, call, err);
		else if (text[2] == '\0')
			r = take_letter(cursor, options, call, err);
		else
			r = take_letters(cursor, options, call, err);
		if (r < 0)
			return r;
	}
	call->container = cursor->at < cursor->argc ? cursor->argv[cursor->at] : NULL;
	return 0;
}

/* runc takes options after the container's name, crun doesn't: one that names a file there
 * means two things. */
int runtime_options_check_rest(struct runtime_cursor *cursor,
			       const struct runtime_options *options, struct error *err)
{
	for (; cursor->at < cursor->argc; cursor->at++) {
		const char *text = cursor->argv[cursor->at];
		struct slice name = runtime_argument_split(text).name;
		bool is_long = slice_starts(name, SLICE("--"));

		if (text[0] != '-' || text[1] == '\0')
			continue;
		if (is_long ? begins_one_of(options->targets,
					    slice_from_to(name, 2, name.length))
			    : strpbrk(text, options->target_letters) != NULL)
			return runtime_argument_refuse(
				err, text,
				"comes after the container's name, where only some runtimes read it; put it before");
	}
	return 0;
}
