/* SPDX-License-Identifier: Apache-2.0 */
/* The program: the table of commands, errors on stderr, exit status. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#include "oci-vfio-hook/clock.h"

struct command {
	const char *name;
	/* The argument that it needs; NULL for a stage, which gets JSON on stdin. */
	const char *argument;
	command_fn *run;
	bool takes_output, takes_json, takes_env;
	bool only_shows; /* changes nothing, so that a log has nothing to tell */
};

static const struct command commands[] = {
	{ "apply", "BUNDLE", command_apply, .takes_output = true },
	{ "plan", "BUNDLE", command_plan, .takes_json = true, .only_shows = true },
	{ "precreate", NULL, command_precreate, .takes_env = false },
	{ "createRuntime", NULL, command_create_runtime, .takes_env = true },
	{ "prestart", NULL, command_create_runtime, .takes_env = true },
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

static int find_command(struct command_line *line, const char *name, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (text_equal(commands[i].name, name)) {
			line->command = &commands[i];
			return 0;
		}
	}
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

static int check_arguments(const struct command_line *line, struct error *err)
{
	const struct command *command = line->command;

	if (line->n_arguments == 0 && command->argument)
		return error_set(
			err, ERROR_USAGE,
			"%s: the argument %s is missing; see oci-vfio-hook --help",
			command->name, command->argument);
	if (line->n_arguments > (command->argument ? 1 : 0))
		return usage_error(err, line->arguments[command->argument ? 1 : 0],
				   "one argument too many");
	if (!command->argument && stdin_is_terminal())
		return error_set(
			err, ERROR_USAGE,
			"%s reads JSON on stdin, which is a terminal; by hand use apply or plan",
			command->name);
	if (line->settings[SETTING_ENV] && !command->takes_env)
		return error_set(
			err, ERROR_USAGE,
			"--env is for createRuntime and prestart, not for %s; remove it",
			command->name);
	if (line->output && !command->takes_output)
		return error_set(err, ERROR_USAGE,
				 "--output is for apply, not for %s; remove it",
				 command->name);
	if (line->json && !command->takes_json)
		return error_set(err, ERROR_USAGE,
				 "--json is for plan, not for %s; remove it",
				 command->name);
	return 0;
}

static bool is_stage(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!commands[i].argument && text_equal(commands[i].name, name))
			return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused_commands); i++) {
		if (text_equal(refused_commands[i].name, name))
			return true;
	}
	return false;
}

static bool takes_bundle(const struct command_line *line)
{
	return line->command && line->command->argument;
}

/* Does somebody write to our stdin? An engine does, whatever is wrong with the arguments,
 * unless a command for people was named. */
static bool has_input(int argc, char **argv, const struct command_line *line)
{
	bool by_hand = line->named;

	if (takes_bundle(line))
		return false;
	for (int i = 1; i < argc; i++) {
		if (is_stage(argv[i]))
			return true;
		by_hand |=
			text_equal(argv[i], "--help") || text_equal(argv[i], "--version");
		for (size_t k = 0; k < ARRAY_SIZE(commands); k++)
			by_hand |= text_equal(commands[k].name, argv[i]);
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

/* Returns 1 if everything is done (--help). */
static int parse(int argc, char **argv, struct command_line *line, struct error *err)
{
	int r = options_parse(argc, argv, line, err);

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
	return check_arguments(line, err);
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
		.bundle = takes_bundle(line) && line->n_arguments > 0 ? line->arguments[0]
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
	return r < 0 ? ERROR_INTERNAL : EXIT_SUCCESS;
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
		r = configure(&line, &run, &err);
	if (r == 0)
		r = line.command->run(&line, &run, &err);
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
