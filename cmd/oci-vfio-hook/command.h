/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as parsed, and the commands. */
#ifndef COMMAND_H
#define COMMAND_H

#include "oci-vfio-hook/hook.h"

/* The options that only some commands take, as bits. */
enum command_option {
	FOR_OUTPUT = 1 << 0,
	FOR_JSON = 1 << 1,
	FOR_ENV = 1 << 2,
	FOR_VERBOSE = 1 << 3,
	FOR_DIFF = 1 << 4,
	FOR_PRINT = 1 << 5,
	FOR_PROGRAMS = 1 << 6,
	FOR_ALL = 1 << 7,
	FOR_GROUPS = 1 << 8,
	FOR_TREE = 1 << 9,
	FOR_DOT = 1 << 10,
	FOR_VFIO = 1 << 11,
	FOR_DRIVER = 1 << 12,
	FOR_KIND = 1 << 13,
	FOR_BY = 1 << 14,
	FOR_ALIAS = 1 << 15,
	FOR_VARIABLES = 1 << 16,
	FOR_COPY = 1 << 17,
	FOR_STAY = 1 << 18,
	/* Of map: */
	FOR_FROM = 1 << 20,
	FOR_TO = 1 << 21,
	FOR_NODE = 1 << 22,
	FOR_SELF = 1 << 23,
	FOR_BUNDLE = 1 << 24,
	FOR_VALIDATE = 1 << 25,
};

struct command_line {
	const struct command *command;
	bool named;	  /* a command was given, known or not */
	char **arguments; /* after the command; their texts are argv's */
	int n_arguments;
	struct hook_options hook;
	const char **maps; /* hook.maps; owned */
	size_t maps_capacity;
	const char *settings[SETTING_COUNT]; /* as given, or NULL */
	const char *output, *programs, *driver;
	bool bind, json, verbose, diff, print;
	const char *kind, *by, *aliases; /* of cdi */
	bool variables;
	bool copy, stay;		   /* of enable */
	bool all, groups, tree, dot, vfio; /* of list */
	const char *from, *to, *node, *for_bundle, *validate;
	bool self;	  /* of map */
	bool help;	  /* --help was given: nothing after it was read */
	uint32_t options; /* those of enum command_option that were given */
};

/* Runs with a parsed command line. A negative number with *err set, or the exit status. */
typedef int command_fn(const struct command_line *line, struct hook_run *run,
		       struct error *err);

struct command {
	const char *name;
	/* What a person writes after it, such as "BUNDLE"; NULL for a stage, which gets JSON on
	 * stdin. */
	const char *arguments;
	int least, most; /* how many arguments */
	command_fn *run;
	uint32_t options; /* of enum command_option */
	bool elsewhere;	  /* oci-vfio-admin has it */
	bool takes_bundle;
	bool only_shows; /* changes nothing, so that a log has nothing to tell */
	bool tells_of_configuration; /* that it can't be read is one of its findings */
	const char *help;	     /* its own; NULL: what the program prints */
};

command_fn command_apply;
command_fn command_check;
command_fn command_map;
command_fn command_plan;
command_fn command_cdi;
extern const char cdi_help[];
command_fn command_precreate;
command_fn command_create_runtime;
command_fn command_enable;
command_fn command_disable;
command_fn command_list;

extern const char enable_help[];
extern const char list_help[];

/* Takes the options from anywhere before "--"; the rest, the command first, is
 * line->arguments. 1: everything is done (--version). To be called once: getopt_long()
 * remembers where it is. */
int options_parse(int argc, char **argv, struct command_line *line, struct error *err);

/* Becomes oci-vfio-admin, which is beside this program, with the same arguments; returns where
 * it can't. */
int admin_run(char **argv, struct error *err);

/* The program's own help. */
extern const char options_help[];
/* Those of commands. */
extern const char map_help[];

/* The name of an option of enum command_option. */
const char *option_name(enum command_option option);

/* Returns as error_set(): ERROR_USAGE with what (quoted), why and where help is. */
int usage_error(struct error *err, const char *what, const char *why);

/* Reads stdin to its end: crun fails a container whose hook closes it earlier. */
void drain_stdin(void);

/* Writes data to stdout; ERROR_IO where that fails. */
int print_data(struct slice text, struct error *err);

/* The same; with --json it is JSON, in which others' texts may be: what a terminal must not get
 * is written \uXXXX there. */
int print_result(const struct command_line *line, struct slice text, struct error *err);

/* Tells a person on stderr what isn't a part of the data. */
void print_note(const char *text);

/* Is it a terminal, and does that want them? As https://no-color.org has it, and as terminals expect. */
bool stdout_has_colours(void);

/* Where the lines about a run go, and what they say of it; all is borrowed. */
struct output {
	const struct hook_run *run;
	const char *stage;		/* or command; NULL if none was understood */
	const char *bundle;		/* that was named by hand, or NULL */
	uint64_t started;		/* clock_read() */
	enum message_level shown_level; /* for stderr */
	struct log log;
};

void output_print_messages(const struct output *output);
/* The run's last line: what it did, or the error. */
void output_print_end(const struct output *output, const struct error *err);

#endif
