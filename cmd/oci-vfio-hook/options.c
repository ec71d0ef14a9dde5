/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the command line: their table, and how they are read. What an option's
 * value may be is settings.c's business. */
#include <getopt.h>
#include <stddef.h>

#include "command.h"

/* clang-format off */
const char options_help[] =
	"usage: oci-vfio-hook [OPTION...] COMMAND [ARGUMENT...]\n"
	"\n"
	"Gives containers the VFIO devices of the kernel that they run under: matches the host's\n"
	"devices that an OCI bundle names against the devices found in this machine's sysfs, and\n"
	"writes the paths, numbers, rules and addresses of this machine into the bundle's\n"
	"config.json.\n"
	"\n"
	"Hook stages (JSON on stdin):\n"
	"  precreate             container config in, rewritten config out (podman)\n"
	"  createRuntime         container state in; rewrite the bundle's config.json and the\n"
	"                        created container\n"
	"  prestart              the same\n"
	"\n"
	"By hand:\n"
	"  apply BUNDLE          rewrite BUNDLE/config.json\n"
	"  plan BUNDLE           print what would change and why; change nothing\n"
	"  list [DEVICE...]      the machine's VFIO devices; --groups, --tree: all; list --help\n"
	"                        says more\n"
	"  check [BUNDLE]        print whether this machine is ready, a line a finding, and what\n"
	"                        mends it. Exit status 1: a failure; 2: something could not be\n"
	"                        measured\n"
	"  cdi                   write a CDI spec of this machine's VFIO devices\n"
	"  enable ENGINE         make podman, crio, containerd or docker call this program, or cdi\n"
	"                        be written at each change\n"
	"  disable ENGINE        undo that; enable --help says more\n"
	"  map [DEVICE...]       make a device map, of a virtual machine (--from) or of devices, or\n"
	"                        check one; see oci-vfio-hook map --help\n"
	"\n"
	"Options:\n"
	"  --device-map FILE     devices of this container; every entry must be in its spec.\n"
	"                        May be given more than once\n"
	"  --unmapped=POLICY     a VFIO device of the spec that no map entry names: auto (default:\n"
	"                        an error where there is any map, else as own), own (kept if it\n"
	"                        is this machine's own), drop (removed where the spec allows all\n"
	"                        devices), keep, error\n"
	"  --by-address=POLICY   this machine's own spec, whose addresses and nodes disagree:\n"
	"                        refuse (default), remap (take the node of the address)\n"
	"  --leftover=POLICY     a host's address or path that stays in arguments, variables or\n"
	"                        annotations: warn (default), translate, error\n"
	"  --bind                bind mapped functions that the spec names to vfio-pci, if no VFIO\n"
	"                        driver has them; what is in use stays. plan shows which\n"
	"  --output FILE         apply: leave config.json as it is and write to FILE; cdi: write to\n"
	"                        FILE\n"
	"  --verbose, -v         plan: each change by itself, its rule and its reason, and the files\n"
	"                        of sysfs that led to it\n"
	"  --diff                plan: print the changes of the indented spec as a unified diff\n"
	"  --json                plan, check: print JSON\n"
	"  --env=POLICY          createRuntime, prestart: the environment would have to change, which\n"
	"                        is too late there: error (default), warn\n"
	"  --root DIR            use DIR as / for sysfs, /dev, /run and /etc\n"
	"  --config FILE         read FILE instead of " CONFIG_PATH "\n"
	"  --timeout SECONDS     how long to wait for a hot-plugged device (default 3; 0: don't)\n"
	"  --log FILE            append what is said and done to FILE; without it the stages tell\n"
	"                        the journal, or syslog\n"
	"  --log-format FORMAT   of FILE: text (default), json\n"
	"  --log-level LEVEL     error, warn (default on stderr), info (default in a log), debug\n"
	"  --help                print this text, or after a command its own\n"
	"  --version             print the version\n"
	"\n"
	"Exit status: 0 done, or nothing to do; 64 usage; 65 bad spec, map or configuration;\n"
	"66 no such file; 69 a device is not there or not usable; 70 bug; 74 I/O error;\n"
	"75 timed out; 77 not permitted. See oci-vfio-hook(8).\n";
/* clang-format on */

enum option_kind {
	OPTION_TEXT, /* its argument is kept for the command */
	OPTION_FLAG, /* that it was given is */
	OPTION_DEVICE_MAP,
	OPTION_HELP,
	OPTION_VERSION,
};

/* O(place in the tables, name, kind, the commands that take it (0: every one), the text or flag
 * in struct command_line). */
/* clang-format off */
#define OPTIONS(O) \
	O(DEVICE_MAP, "device-map", DEVICE_MAP, 0, arguments) \
	O(ROOT, "root", TEXT, 0, hook.root) \
	O(CONFIG, "config", TEXT, 0, hook.config) \
	O(UNMAPPED, "unmapped", TEXT, 0, settings[SETTING_UNMAPPED]) \
	O(BY_ADDRESS, "by-address", TEXT, 0, settings[SETTING_BY_ADDRESS]) \
	O(LEFTOVER, "leftover", TEXT, 0, settings[SETTING_LEFTOVER]) \
	O(ENV, "env", TEXT, FOR_ENV, settings[SETTING_ENV]) \
	O(TIMEOUT, "timeout", TEXT, 0, settings[SETTING_TIMEOUT]) \
	O(LOG, "log", TEXT, 0, settings[SETTING_LOG]) \
	O(LOG_FORMAT, "log-format", TEXT, 0, settings[SETTING_LOG_FORMAT]) \
	O(LOG_LEVEL, "log-level", TEXT, 0, settings[SETTING_LOG_LEVEL]) \
	O(OUTPUT, "output", TEXT, FOR_OUTPUT, output) \
	O(KIND, "kind", TEXT, FOR_KIND, kind) \
	O(BY, "by", TEXT, FOR_BY, by) \
	O(ALIAS, "alias", TEXT, FOR_ALIAS, aliases) \
	O(VARIABLES, "variables", FLAG, FOR_VARIABLES, variables) \
	O(BIND, "bind", FLAG, 0, bind) \
	O(JSON, "json", FLAG, FOR_JSON, json) \
	O(VERBOSE, "verbose", FLAG, FOR_VERBOSE, verbose) \
	O(PRINT, "print", FLAG, FOR_PRINT, print) \
	O(PROGRAMS, "programs", TEXT, FOR_PROGRAMS, programs) \
	O(COPY, "copy", FLAG, FOR_COPY, copy) \
	O(STAY, "stay", FLAG, FOR_STAY, stay) \
	O(FROM, "from", TEXT, FOR_FROM, from) \
	O(TO, "to", TEXT, FOR_TO, to) \
	O(NODE, "node", TEXT, FOR_NODE, node) \
	O(SELF, "self", FLAG, FOR_SELF, self) \
	O(FOR, "for", TEXT, FOR_BUNDLE, for_bundle) \
	O(VALIDATE, "validate", TEXT, FOR_VALIDATE, validate) \
	O(HELP, "help", HELP, 0, arguments) \
	O(VERSION, "version", VERSION, 0, arguments) \
	O(DIFF, "diff", FLAG, FOR_DIFF, diff) \
	O(ALL, "all", FLAG, FOR_ALL, all) \
	O(GROUPS, "groups", FLAG, FOR_GROUPS, groups) \
	O(TREE, "tree", FLAG, FOR_TREE, tree) \
	O(DOT, "dot", FLAG, FOR_DOT, dot) \
	O(VFIO, "vfio", FLAG, FOR_VFIO, vfio) \
	O(DRIVER, "driver", TEXT, FOR_DRIVER, driver)
/* clang-format on */

#define AS_PLACE(place, name, kind, for_commands, member) PLACE_##place,
enum { OPTIONS(AS_PLACE) };

/* getopt_long() returns an option's place in the tables, added to this: it must not be a
 * letter, nor 0, which it leaves in `optopt` for a name that it doesn't know. */
#define OPTION_VALUE 256

#define TAKES_ARGUMENT(kind) ((kind) == OPTION_TEXT || (kind) == OPTION_DEVICE_MAP)
#define AS_KNOWN(place, name, kind, for_commands, member)                                \
	{ name, TAKES_ARGUMENT(OPTION_##kind), NULL, OPTION_VALUE + PLACE_##place },
/* Ready for getopt_long(): it isn't made at each start. */
static const struct option known[] = { OPTIONS(AS_KNOWN) { 0 } };
#define N_OPTIONS (ARRAY_SIZE(known) - 1)

#define AS_OPTION(place, name, kind, for_commands, member)                               \
	{ OPTION_##kind, for_commands, offsetof(struct command_line, member) },
static const struct program_option {
	enum option_kind kind;
	uint32_t for_commands; /* of enum command_option; 0: every command takes it */
	size_t offset;	       /* of the text or flag in struct command_line */
} options[] = { OPTIONS(AS_OPTION) };

static size_t find_option(enum command_option option)
{
	size_t i = 0;

	while (options[i].for_commands != option)
		i++;
	return i;
}

const char *option_name(enum command_option option)
{
	return known[find_option(option)].name;
}

int usage_error(struct error *err, const char *what, const char *why)
{
	auto_free char *quoted = text_quote(slice_from(what));

	return error_set(err, ERROR_USAGE, "%s: %s; see oci-vfio-hook --help", quoted,
			 why);
}

/* Takes one option. Returns 1 if everything is done. */
static int take_option(struct command_line *line, size_t place, const char *argument,
		       struct error *err)
{
	const struct program_option *option = &options[place];
	char *member = (char *)line + option->offset;

	line->options |= option->for_commands;
	switch (option->kind) {
	case OPTION_TEXT:
		memcpy(member, &argument, sizeof argument);
		return 0;
	case OPTION_FLAG:
		*(bool *)member = true;
		return 0;
	case OPTION_DEVICE_MAP:
		*array_append(line->maps, line->hook.n_maps, line->maps_capacity) =
			argument;
		return 0;
	case OPTION_HELP:
		line->help = true;
		return 1;
	case OPTION_VERSION:
		break;
	}
	return print_data(SLICE("oci-vfio-hook " PROJECT_VERSION "\n"), err) < 0 ? -1 : 1;
}

/* Appends the options that a cut name could mean, and returns how many they are. An empty
 * name means none. */
static size_t list_candidates(struct slice name, struct buffer *ret)
{
	size_t count = 0;

	for (size_t i = 0; name.length && i < N_OPTIONS; i++) {
		if (slice_starts(slice_from(known[i].name), name))
			buffer_printf(ret, "%s--%s", count++ ? ", " : "", known[i].name);
	}
	return count;
}

/* getopt_long() refused a long option whose name it couldn't find. */
static int name_error(struct error *err, const char *text)
{
	auto_buffer candidates = { 0 };
	auto_free char *why = NULL;
	const char *equals = strchr(text, '=');
	struct slice name = { text + 2,
			      equals ? (size_t)(equals - text) - 2 : strlen(text + 2) };

	if (list_candidates(name, &candidates) == 0)
		return usage_error(err, text, "unknown option");
	why = xasprintf("ambiguous, could be %s", candidates.data);
	return usage_error(err, text, why);
}

/* getopt_long() says by what it returned and by `optopt` what it refused. */
static int option_error(struct error *err, char **argv, int returned)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (optopt == 0)
		return name_error(err, argv[optind - 1]);
	if (optopt < OPTION_VALUE)
		return usage_error(err, letter, "unknown option");
	return error_set(err, ERROR_USAGE, "--%s %s; see oci-vfio-hook --help",
			 known[optopt - OPTION_VALUE].name,
			 returned == ':' ? "needs an argument" : "takes no argument");
}

int options_parse(int argc, char **argv, struct command_line *line, struct error *err)
{
	int value, r = 0;

	line->arguments = xzalloc(((size_t)argc + 1) * sizeof *line->arguments);
	/* "-": arguments come in their place, as 1, whatever POSIXLY_CORRECT says; ":":
	 * getopt_long() prints nothing, and tells a missing argument from the rest. */
	while (r == 0 && (value = getopt_long(argc, argv, "-:v", known, NULL)) != -1) {
		if (value == 1)
			line->arguments[line->n_arguments++] = optarg;
		else if (value == 'v')
			r = take_option(line, find_option(FOR_VERBOSE), NULL, err);
		else if (value < OPTION_VALUE)
			r = option_error(err, argv, value);
		else
			r = take_option(line, (size_t)(value - OPTION_VALUE), optarg,
					err);
	}
	while (r == 0 && optind < argc)
		line->arguments[line->n_arguments++] = argv[optind++];
	line->hook.maps = line->maps;
	return r;
}
