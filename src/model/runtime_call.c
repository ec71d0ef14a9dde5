/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of runc and crun. It is walked here, not by getopt_long(): this is
 * another program's, whose table of options nobody has whole. What isn't known before the
 * subcommand must be refused, where getopt_long() would take a cut name for the one known
 * option that begins so; runc has long options with one dash, stops at the subcommand and
 * goes on after the container's name; and nothing may be moved in argv, which the runtime
 * gets. */
#include "oci-vfio-hook/runtime_call.h"

#include "oci-vfio-hook/text.h"

/* runc's and crun's options before the subcommand. */
static const char *const global_with_value[] = {
	"--root",     "--log",	"--log-format",	    "--log-level",
	"--rootless", "--criu", "--cgroup-manager",
};
static const char *const global_flags[] = {
	"--debug", "--systemd-cgroup", "--help", "-h", "--version", "-v",
	"-V",	   "--usage",	       "-?",
};

/* What names the file that the runtime is going to read, and what else takes a value, so
 * that the value isn't taken for an option or the container's name. */
struct subcommand_options {
	const char *const *targets; /* long names, without dashes */
	const char *target_letters; /* the same options, in the same order */
	const char *const *with_value;
	const char *value_letters;
};

static const struct subcommand_options bundle_options = {
	.targets = (const char *const[]) { "bundle", "config", NULL },
	.target_letters = "bf",
	.with_value =
		(const char *const[]) { "console-socket", "pidfd-socket", "pid-file",
					"preserve-fds", "image-path", "work-path",
					"manage-cgroups-mode", "empty-ns", "lsm-profile",
					"lsm-mount-context", "criu", NULL },
	.value_letters = "",
};
static const struct subcommand_options process_options = {
	.targets = (const char *const[]) { "process", NULL },
	.target_letters = "p",
	.with_value =
		(const char *const[]) { "console-socket", "pidfd-socket", "pid-file",
					"preserve-fds", "cwd", "env", "user",
					"additional-gids", "process-label", "apparmor",
					"cap", "cgroup", "exec-options", NULL },
	.value_letters = "eugc",
};
static const struct subcommand_options resources_options = {
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

/* One argument that looks like an option: "--name", "--name=value", "-n". */
struct argument {
	struct slice name; /* with its dashes */
	const char *value; /* after "=", NULL: none */
};

struct cursor {
	int argc;
	char *const *argv;
	int at;
};

static struct argument split(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);

	return (struct argument) { .name = { text, length },
				   .value = equals ? equals + 1 : NULL };
}

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(name, slice_from(names[i])))
			return true;
	}
	return false;
}

static int refuse(struct error *err, const char *argument, const char *why)
{
	auto_free char *quoted = text_quote(slice_from(argument));

	return error_set(err, ERROR_USAGE, "%s: %s", quoted, why);
}

/* The value of the option that the cursor is at; moves it there. */
static int take_value(struct cursor *cursor, struct argument argument, const char **ret,
		      struct error *err)
{
	const char *option = cursor->argv[cursor->at];

	if (!argument.value) {
		if (cursor->at + 1 >= cursor->argc)
			return refuse(err, option, "the option needs a value");
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

/* argp takes any beginning of a long option for it: could this be one that names the
 * file? */
static bool could_be_target(const struct subcommand_options *options, struct slice name)
{
	for (int i = 0; options->targets[i]; i++) {
		if (slice_starts(slice_from(options->targets[i]), name))
			return true;
	}
	return false;
}

/* crun takes a destination, of which only a file is one for us. */
static const char *log_file(const char *destination)
{
	if (strncmp(destination, "journald:", 9) == 0 ||
	    strncmp(destination, "syslog:", 7) == 0)
		return NULL;
	return strncmp(destination, "file:", 5) == 0 ? destination + 5 : destination;
}

static void take_global(struct runtime_call *call, struct slice name, const char *value)
{
	if (slice_equal(name, SLICE("--root")))
		call->root = value;
	if (slice_equal(name, SLICE("--log")))
		call->log = log_file(value);
	if (slice_equal(name, SLICE("--log-format")))
		call->log_json = strcmp(value, "json") == 0;
}

static int parse_global_option(struct cursor *cursor, struct runtime_call *call,
			       struct error *err)
{
	const char *text = cursor->argv[cursor->at], *value = "";
	struct argument argument = split(text);
	int r;

	if (is_one_of(argument.name, global_with_value, ARRAY_SIZE(global_with_value))) {
		r = take_value(cursor, argument, &value, err);
		if (r == 0)
			take_global(call, argument.name, value);
		return r;
	}
	if (is_one_of(argument.name, global_flags, ARRAY_SIZE(global_flags)))
		return 0;
	return refuse(
		err, text,
		"an option before the subcommand that oci-vfio-runtime doesn't know; it can't tell what the runtime would do");
}

/* Moves the cursor to the subcommand, or to the end. The first option that isn't
 * understood is the error; those after it are read too, for the log that gets it, but
 * nothing from the first argument on that isn't an option: that may be the subcommand,
 * and what follows is the container's, which must not name a file that is written. */
static int parse_global(struct cursor *cursor, struct runtime_call *call,
			struct error *err)
{
	int r = 0;

	for (; cursor->at < cursor->argc && cursor->argv[cursor->at][0] == '-';
	     cursor->at++) {
		const char *text = cursor->argv[cursor->at];
		int one = parse_global_option(cursor, call, err);

		if (r == 0)
			r = one;
		if (text_equal(text, "-") || text_equal(text, "--"))
			break;
	}
	return r;
}

static const char unclear[] =
	"could be another spelling of an option that names the file to rewrite; spell options out, with two dashes";

/* Where the value of a target goes. */
static const char **target_of(struct runtime_call *call,
			      const struct subcommand_options *options, int index)
{
	if (options == &process_options)
		return &call->process;
	if (options == &resources_options)
		return &call->resources;
	return index == 0 ? &call->bundle : &call->config;
}

/* The value of the target at `index`. */
static int take_target(struct cursor *cursor, const struct subcommand_options *options,
		       int index, struct argument argument, struct runtime_call *call,
		       struct error *err)
{
	int r;

	if (options == &resources_options && call->resources)
		return refuse(
			err, cursor->argv[cursor->at],
			"a second option that names the resources; give one, so that it is sure which one is read");
	r = take_value(cursor, argument, target_of(call, options, index), err);
	call->target_at = cursor->at;
	return r;
}

static int take_long(struct cursor *cursor, const struct subcommand_options *options,
		     struct runtime_call *call, struct error *err)
{
	const char *text = cursor->argv[cursor->at], *ignored;
	struct argument argument = split(text);
	struct slice name = slice_from_to(argument.name, 2, argument.name.length);
	int index = find_name(options->targets, name);

	if (index >= 0)
		return take_target(cursor, options, index, argument, call, err);
	if (find_name(options->with_value, name) >= 0)
		return take_value(cursor, argument, &ignored, err);
	return could_be_target(options, name) ? refuse(err, text, unclear) : 0;
}

/* -x VALUE. */
static int take_letter(struct cursor *cursor, const struct subcommand_options *options,
		       struct runtime_call *call, struct error *err)
{
	const char letter = cursor->argv[cursor->at][1], *ignored;
	const char *target = strchr(options->target_letters, letter);
	const struct argument argument = { 0 };

	if (target)
		return take_target(cursor, options,
				   (int)(target - options->target_letters), argument,
				   call, err);
	if (strchr(options->value_letters, letter))
		return take_value(cursor, argument, &ignored, err);
	return 0;
}

/* More than one letter after one dash: for crun a letter and its value (-bDIR) or flags,
 * for runc a long option. What could be both is refused. */
static int take_letters(struct cursor *cursor, const struct subcommand_options *options,
			struct runtime_call *call, struct error *err)
{
	const char *text = cursor->argv[cursor->at];
	struct argument argument = split(text);
	struct slice name = slice_from_to(argument.name, 1, argument.name.length);
	const char *target = strchr(options->target_letters, text[1]);

	if (strspn(text + 1, FLAG_LETTERS) == strlen(text + 1))
		return 0;
	if (text[2] == '=' || find_name(options->targets, name) >= 0 ||
	    find_name(options->with_value, name) >= 0 ||
	    slice_equal(name, SLICE("file-locks")) ||
	    (!target && !strchr(options->value_letters, text[1])))
		return refuse(err, text, unclear);
	if (!target)
		return 0;
	argument.value = text + 2;
	return take_target(cursor, options, (int)(target - options->target_letters),
			   argument, call, err);
}

/* Moves the cursor to the container's name. */
static int parse_options(struct cursor *cursor, const struct subcommand_options *options,
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
static int check_rest(struct cursor *cursor, const struct subcommand_options *options,
		      struct error *err)
{
	for (; cursor->at < cursor->argc; cursor->at++) {
		const char *text = cursor->argv[cursor->at];
		struct slice name = split(text).name;
		bool is_long = slice_starts(name, SLICE("--"));

		if (text[0] != '-' || text[1] == '\0')
			continue;
		if (is_long ? could_be_target(options,
					      slice_from_to(name, 2, name.length))
			    : strpbrk(text, options->target_letters) != NULL)
			return refuse(
				err, text,
				"comes after the container's name, where only some runtimes read it; put it before");
	}
	return 0;
}

/* exec: what follows the container's name is the container's own. */
static int parse_exec(struct cursor *cursor, struct runtime_call *ret, struct error *err)
{
	int r;

	ret->action = RUNTIME_PROCESS;
	r = parse_options(cursor, &process_options, ret, err);
	if (r == 0 && !ret->process)
		ret->action = RUNTIME_PASS;
	return r;
}

static int parse_update(struct cursor *cursor, struct runtime_call *ret,
			struct error *err)
{
	int r = parse_options(cursor, &resources_options, ret, err);

	if (r == 0)
		r = check_rest(cursor, &resources_options, err);
	/* runc takes an empty name for none, crun finds no such file. */
	if (r == 0 && ret->resources && *ret->resources)
		ret->action = RUNTIME_RESOURCES;
	return r;
}

static int parse_bundle(struct cursor *cursor, struct runtime_call *ret,
			struct error *err)
{
	int r;

	ret->action = RUNTIME_BUNDLE;
	ret->bundle = ".";
	ret->config = "config.json";
	r = parse_options(cursor, &bundle_options, ret, err);
	return r < 0 ? r : check_rest(cursor, &bundle_options, err);
}

int runtime_call_parse(int argc, char *const *argv, struct runtime_call *ret,
		       struct error *err)
{
	static const struct {
		const char *name;
		int (*parse)(struct cursor *cursor, struct runtime_call *ret,
			     struct error *err);
	} subcommands[] = {
		{ "create", parse_bundle },  { "run", parse_bundle },
		{ "restore", parse_bundle }, { "exec", parse_exec },
		{ "update", parse_update },
	};
	struct cursor cursor = { .argc = argc, .argv = argv, .at = 1 };
	int r;

	*ret = (struct runtime_call) { .action = RUNTIME_PASS };
	r = parse_global(&cursor, ret, err);
	if (r < 0 || cursor.at >= argc)
		return r;
	ret->subcommand = argv[cursor.at++];
	for (size_t i = 0; i < ARRAY_SIZE(subcommands); i++) {
		if (text_equal(subcommands[i].name, ret->subcommand))
			return subcommands[i].parse(&cursor, ret, err);
	}
	return 0;
}

const char *runtime_of_program(const char *program)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;

	if (strncmp(name, "oci-vfio-", 9) != 0 || name[9] == '\0' ||
	    strcmp(name + 9, "runtime") == 0)
		return NULL;
	return name + 9;
}
