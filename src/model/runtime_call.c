/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of runc and crun. It is walked here, not by getopt_long(): this is
 * another program's, whose table of options nobody has whole. What isn't known before the
 * subcommand must be refused, where getopt_long() would take a cut name for the one known
 * option that begins so; runc has long options with one dash, stops at the subcommand and
 * goes on after the container's name; and nothing may be moved in argv, which the runtime
 * gets. */
#include "oci-vfio-hook/runtime_call.h"

#include <limits.h>

#include "runtime_options.h"

/* runc's and crun's options before the subcommand. */
static const char *const global_with_value[] = {
	"--root",     "--log",	"--log-format",	    "--log-level",
	"--rootless", "--criu", "--cgroup-manager",
};
static const char *const global_flags[] = {
	"--debug", "--systemd-cgroup", "--help", "-h", "--version", "-v",
	"-V",	   "--usage",	       "-?",
};

static bool is_one_of(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(name, slice_from(names[i])))
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

static int parse_global_option(struct runtime_cursor *cursor, struct runtime_call *call,
			       struct error *err)
{
	const char *text = cursor->argv[cursor->at], *value = "";
	struct runtime_argument argument = runtime_argument_split(text);
	int r;

	if (is_one_of(argument.name, global_with_value, ARRAY_SIZE(global_with_value))) {
		r = runtime_argument_take_value(cursor, argument, &value, err);
		if (r == 0)
			take_global(call, argument.name, value);
		return r;
	}
	if (is_one_of(argument.name, global_flags, ARRAY_SIZE(global_flags)))
		return 0;
	return runtime_argument_refuse(
		err, text,
		"an option before the subcommand that oci-vfio-runtime doesn't know; it can't tell what the runtime would do");
}

/* Moves the cursor to the subcommand, or to the end. The first option that isn't
 * understood is the error; those after it are read too, for the log that gets it, but
 * nothing from the first argument on that isn't an option: that may be the subcommand,
 * and what follows is the container's, which must not name a file that is written. */
static int parse_global(struct runtime_cursor *cursor, struct runtime_call *call,
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

/* exec: what follows the container's name is the container's own. */
static int parse_exec(struct runtime_cursor *cursor, struct runtime_call *ret,
		      struct error *err)
{
	int r;

	ret->action = RUNTIME_PROCESS;
	r = runtime_options_parse(cursor, &runtime_options_process, ret, err);
	if (r == 0 && !ret->process)
		ret->action = RUNTIME_PASS;
	return r;
}

static int parse_update(struct runtime_cursor *cursor, struct runtime_call *ret,
			struct error *err)
{
	int r = runtime_options_parse(cursor, &runtime_options_resources, ret, err);

	if (r == 0)
		r = runtime_options_check_rest(cursor, &runtime_options_resources, err);
	/* runc takes an empty name for none, crun finds no such file. */
	if (r == 0 && ret->resources && *ret->resources)
		ret->action = RUNTIME_RESOURCES;
	return r;
}

static int parse_bundle(struct runtime_cursor *cursor, struct runtime_call *ret,
			struct error *err)
{
	int r;

	ret->action = RUNTIME_BUNDLE;
	ret->bundle = ".";
	ret->config = "config.json";
	r = runtime_options_parse(cursor, &runtime_options_bundle, ret, err);
	return r < 0 ? r
		     : runtime_options_check_rest(cursor, &runtime_options_bundle, err);
}

int runtime_call_parse(int argc, char *const *argv, struct runtime_call *ret,
		       struct error *err)
{
	static const struct {
		const char *name;
		int (*parse)(struct runtime_cursor *cursor, struct runtime_call *ret,
			     struct error *err);
	} subcommands[] = {
		{ "create", parse_bundle },  { "run", parse_bundle },
		{ "restore", parse_bundle }, { "exec", parse_exec },
		{ "update", parse_update },
	};
	struct runtime_cursor cursor = { .argc = argc, .argv = argv, .at = 1 };
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

char *runtime_call_find_root(struct slice command_line)
{
	auto_free char *text = xstrndup(command_line.data, command_line.length);
	auto_free char **argv = NULL;
	size_t count = 0, capacity = 0;
	struct runtime_call call;
	auto_error ignored = { 0 };

	for (size_t at = 0; at < command_line.length; at += strlen(text + at) + 1)
		*array_append(argv, count, capacity) = text + at;
	if (count > INT_MAX)
		return NULL;
	/* What else it was told needn't be understood. */
	(void)runtime_call_parse((int)count, argv, &call, &ignored);
	return call.root ? xstrdup(call.root) : NULL;
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
