/* SPDX-License-Identifier: Apache-2.0 */
/* The program: the table of commands, errors on stderr, exit status. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/clock.h"

/* A command of people's, about the whole machine: oci-vfio-admin has it, so that the program that
 * runs at each start of a container is no larger for it. */
#ifdef OVH_ADMIN
#define ADMIN(function, text) .run = (function), .help = (text)
#else
#define ADMIN(function, text) .elsewhere = true
#endif

static const struct command commands[] = {
	{ "apply", "BUNDLE", 1, 1, command_apply, FOR_OUTPUT, .takes_bundle = true },
	{ "plan", "BUNDLE", 1, 1, command_plan, FOR_JSON | FOR_VERBOSE | FOR_DIFF,
	  .takes_bundle = true, .only_shows = true },
	{ "list", "[DEVICE...]", 0, INT_MAX, ADMIN(command_list, list_help),
	  .options = FOR_ALL | FOR_GROUPS | FOR_TREE | FOR_DOT | FOR_JSON | FOR_VFIO |
		     FOR_DRIVER,
	  .only_shows = true },
	{ "cdi", "", 0, 0, ADMIN(command_cdi, cdi_help),
	  .options = FOR_OUTPUT | FOR_KIND | FOR_BY | FOR_ALIAS | FOR_VARIABLES,
	  .only_shows = true },
	{ "map", "[DEVICE...]", 0, INT_MAX, ADMIN(command_map, map_help),
	  .options = FOR_FROM | FOR_TO | FOR_NODE | FOR_SELF | FOR_BUNDLE | FOR_VALIDATE,
	  .only_shows = true },
	{ "precreate", .run = command_precreate },
	{ "createRuntime", .run = command_create_runtime, .options = FOR_ENV },
	{ "prestart", .run = command_create_runtime, .options = FOR_ENV },
	{ "enable", "ENGINE", 1, 1, ADMIN(command_enable, enable_help),
	  .options = FOR_PRINT | FOR_PROGRAMS | FOR_COPY | FOR_STAY, .only_shows = true },
	{ "disable", "ENGINE", 1, 1, ADMIN(command_disable, enable_help),
	  .options = FOR_PRINT | FOR_PROGRAMS | FOR_COPY | FOR_STAY, .only_shows = true },
	{ "check", "[BUNDLE]", 0, 1, ADMIN(command_check, NULL), .options = FOR_JSON,
	  .takes_bundle = true, .only_shows = true, .tells_of_configuration = true },
};

/* Hook stages that are too late, or run where the machine can't be seen. */
static const struct {
	const char *name, *why;
} refused_commands[] = {
	{ "createContainer",
	  "it runs inside the container's namespaces, where neither the machine's devices nor the cgroup can be reached" },
	{ "startContainer", "it runs inside the container, after its devices are made" },
	{ "poststart", "it runs after the process has started" },
	{ "poststop", "it runs after the container is gone" },
};

static const struct command *find_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (text_equal(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static int find_command(struct command_line *line, const char *name, struct error *err)
{
	line->command = find_named(name);
	if (line->command)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(refused_commands); i++) {
		if (text_equal(refused_commands[i].name, name))
			return error_set(
				err, ERROR_USAGE,
				"%s: a hook of this stage can't change devices: %s; register it for createRuntime",
				name, refused_commands[i].why);
	}
	return usage_error(err, name, "unknown command");
}

/* A terminal is a character device, which an engine's stdin hardly ever is. */
static bool stdin_is_terminal(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) == 0 && S_ISCHR(status.st_mode) &&
	       isatty(STDIN_FILENO);
}

/* The commands that take the option: "apply", "check, plan and list". */
static void list_takers(enum command_option option, struct buffer *ret)
{
	const char *last = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!(commands[i].options & option))
			continue;
		if (last)
			buffer_printf(ret, "%s%s", ret->length ? ", " : "", last);
		last = commands[i].name;
	}
	buffer_printf(ret, "%s%s", ret->length ? " and " : "", last);
}

/* An option that only other commands take, which the message names. */
static int refuse_option(const struct command *command, uint32_t refused,
			 struct error *err)
{
	const enum command_option option = refused & -refused;
	auto_buffer takers = { 0 };

	list_takers(option, &takers);
	return error_set(err, ERROR_USAGE, "--%s is for %s, not for %s; remove it",
			 option_name(option), takers.data, command->name);
}

static int check_arguments(const struct command_line *line, struct error *err)
{
	const struct command *command = line->command;
	const uint32_t refused = line->options & ~command->options;

	if (line->n_arguments < command->least)
		return error_set(
			err, ERROR_USAGE,
			"%s: the argument %s is missing; see oci-vfio-hook --help",
			command->name, command->arguments);
	if (line->n_arguments > command->most)
		return usage_error(err, line->arguments[command->most],
				   "one argument too many");
	if (!command->arguments && stdin_is_terminal())
		return error_set(
			err, ERROR_USAGE,
			"%s reads JSON on stdin, which is a terminal; by hand use apply or plan",
			command->name);
	return refused ? refuse_option(command, refused, err) : 0;
}

static bool is_stage(const char *name)
{
	const struct command *command = find_named(name);

	if (command)
		return !command->arguments;
	for (size_t i = 0; i < ARRAY_SIZE(refused_commands); i++) {
		if (text_equal(refused_commands[i].name, name))
			return true;
	}
	return false;
}

static bool is_by_hand(const struct command_line *line)
{
	return line->command && line->command->arguments;
}

/* Does somebody write to our stdin? An engine does, whatever is wrong with the arguments,
 * unless a command for people was named. */
static bool has_input(int argc, char **argv, const struct command_line *line)
{
	bool by_hand = line->named;

	if (is_by_hand(line))
		return false;
	for (int i = 1; i < argc; i++) {
		if (is_stage(argv[i]))
			return true;
		by_hand |= text_equal(argv[i], "--help") ||
			   text_equal(argv[i], "--version") || find_named(argv[i]);
	}
	return !by_hand;
}

/* Without a command: a hook that was registered without arguments gets a state. */
static int choose_stage(const char *program, struct command_line *line, struct error *err)
{
	if (program && is_stage(program))
		return error_set(
			err, ERROR_USAGE,
			"%s came as the program's name; the args of the hook must begin with a name, as in [\"oci-vfio-hook\", \"%s\"]",
			program, program);
	if (stdin_is_terminal())
		return error_set(err, ERROR_USAGE,
				 "the command is missing; see oci-vfio-hook --help");
	return find_command(line, "createRuntime", err);
}

/* Of the command that stands anywhere, else the program's. */
static int print_help(int argc, char **argv, struct error *err)
{
	const char *help = options_help;

	for (int i = 1; i < argc; i++) {
		const struct command *command = find_named(argv[i]);

		if (command && command->elsewhere)
			return admin_run(argv, err);
		if (command && command->help)
			help = command->help;
	}
	return print_data(slice_from(help), err) < 0 ? -1 : 1;
}

/* Returns 1 if everything is done. */
static int parse(int argc, char **argv, struct command_line *line, struct error *err)
{
	int r = options_parse(argc, argv, line, err);

	if (line->help)
		return print_help(argc, argv, err);
	if (r != 0)
		return r;
	if (line->n_arguments == 0)
		return choose_stage(argc > 0 ? argv[0] : NULL, line, err);
	line->named = true;
	r = find_command(line, line->arguments[0], err);
	if (r < 0)
		return r;
	line->arguments++;
	line->n_arguments--;
	r = check_arguments(line, err);
	return r == 0 && line->command->elsewhere ? admin_run(argv, err) : r;
}

static int set_from_option(const struct command_line *line, enum setting setting,
			   struct settings *settings, struct error *err)
{
	const char *value = line->settings[setting];
	auto_free char *quoted = NULL;

	if (!value || settings_set(settings, setting, slice_from(value)) == 0)
		return 0;
	quoted = text_quote(slice_from(value));
	return error_set(err, ERROR_USAGE,
			 "--%s: must be %s, not %s; see oci-vfio-hook --help",
			 setting_name(setting), setting_values(setting), quoted);
}

/* Reads the configuration and lets the command line override it. */
static int configure(const struct command_line *line, struct hook_run *run,
		     struct error *err)
{
	int r = hook_configure(run, &line->hook, err);

	for (enum setting i = 0; r == 0 && i < SETTING_COUNT; i++)
		r = set_from_option(line, i, &run->settings, err);
	run->settings.bind |= line->bind;
	return r;
}

/* The log is the command line's even if reading the settings failed. */
static struct output make_output(const struct command_line *line,
				 const struct hook_run *run, uint64_t started)
{
	const struct settings *settings = &run->settings;
	const char *log = line->settings[SETTING_LOG],
		   *format = line->settings[SETTING_LOG_FORMAT];

	return (struct output) {
		.run = run,
		.stage = line->command ? line->command->name : NULL,
		.bundle = line->command && line->command->takes_bundle &&
					  line->n_arguments > 0
				  ? line->arguments[0]
				  : NULL,
		.started = started,
		.shown_level = settings->shown_level,
		.log = { .level = settings->log_level,
			 .file = log && *log ? log : settings->log,
			 .json = format ? strcmp(format, "json") == 0
					: settings->log_json },
	};
}

static void out_of_memory(void *run)
{
	hook_abandon(run);
	dprintf(STDERR_FILENO, "oci-vfio-hook: out of memory\n");
	_exit(ERROR_INTERNAL);
}

/* A reader that goes away, and a limit on the size of files, is an error like any other. */
static void ignore_signals(void)
{
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
}

/* What was said to be wrong never ends as a success. */
static int exit_status(int r, const struct error *err)
{
	if (err->class)
		return (int)err->class;
	return r < 0 ? ERROR_INTERNAL : r;
}

static int run_command(const struct command_line *line, struct hook_run *run,
		       struct error *err)
{
	int r = configure(line, run, err);

	if (r < 0 && line->command->tells_of_configuration && err->class != ERROR_USAGE &&
	    (run->sysroot.real || run->sysroot.root >= 0)) {
		run->configuration_error = take_ptr(err->message);
		error_free(err);
		r = 0;
	}
	return r < 0 ? r : line->command->run(line, run, err);
}

int main(int argc, char **argv)
{
	/* Nothing is freed: the process ends, and these last until then. */
	static struct command_line line;
	static struct hook_run run = HOOK_RUN_INIT;
	static struct error err;
	const uint64_t started = clock_read();
	struct output output;
	bool is_hook;
	int r;

	memory_on_failure(out_of_memory, &run);
	ignore_signals();
	r = parse(argc, argv, &line, &err);
	if (r == 0)
		r = run_command(&line, &run, &err);
	else if (r > 0)
		r = EXIT_SUCCESS;
	if (r < 0)
		hook_put_back(&run);
	output = make_output(&line, &run, started);
	is_hook = run.input || (has_input(argc, argv, &line) && !stdin_is_terminal());
	/* By hand a person sees stderr, and below --root it is another machine's log. */
	output.log.system = is_hook && !line.hook.root;
	output_print_messages(&output);
	/* A stage that got as far as reading it read it to its end. */
	if (is_hook && !run.input)
		drain_stdin();
	if (r < 0 || (line.command && !line.command->only_shows))
		output_print_end(&output, &err);
	return exit_status(r, &err);
}
