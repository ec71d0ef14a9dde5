/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of runc and crun: which file is going to be read, and what is
 * refused. */
#include "helpers.h"

#include "oci-vfio-hook/runtime_call.h"

#define ARGUMENTS_MAX 24

struct row {
	const char *text; /* argv[1] and so on, with "|" between them */
	const char *bundle, *config, *process, *resources;
	const char *log;
	bool log_json;
};

/* The arguments of the call that was parsed last. */
static char *const *last_arguments;

/* Splits the text and parses it. What is found is borrowed from a buffer that lasts until
 * the next call. */
static int parse(const char *text, struct runtime_call *ret, struct error *err)
{
	static char buffer[1024];
	static char *argv[ARGUMENTS_MAX + 1];
	int argc = 1;
	size_t length = strlen("oci-vfio-runtime") + 1;
	char *at = buffer + length;

	argv[0] = buffer;
	last_arguments = argv;
	assert_in_range(length + strlen(text), 0, sizeof buffer - 1);
	strcpy(buffer, "oci-vfio-runtime");
	strcpy(at, text);
	while (*text && at) {
		assert_in_range(argc, 1, ARGUMENTS_MAX - 1);
		argv[argc++] = strsep(&at, "|");
	}
	/* What isn't set must not be what happened to be there. */
	memset(ret, 0x55, sizeof *ret);
	return runtime_call_parse(argc, argv, ret, err);
}

/* NULL is equal to NULL only. */
static void check_string(const char *what, const char *name, const char *found,
			 const char *expected)
{
	if (!found != !expected || (found && strcmp(found, expected) != 0))
		fail_row(what, "%s: expected: %s\nfound: %s", name,
			 expected ? expected : "none", found ? found : "none");
}

static void check_parsed(const struct row *row, enum runtime_action action)
{
	struct runtime_call call;
	auto_error err = { 0 };

	check_done(row->text, parse(row->text, &call, &err), &err);
	if (call.action != action)
		fail_row(row->text, "expected action %d, found %d", (int)action,
			 (int)call.action);
	check_string(row->text, "log", call.log, row->log);
	if (call.log_json != row->log_json)
		fail_row(row->text, "log_json: expected %d, found %d", row->log_json,
			 call.log_json);
	if (action == RUNTIME_BUNDLE) {
		check_string(row->text, "bundle", call.bundle,
			     row->bundle ? row->bundle : ".");
		check_string(row->text, "config", call.config,
			     row->config ? row->config : "config.json");
	}
	if (action == RUNTIME_PROCESS)
		check_string(row->text, "process", call.process, row->process);
	if (action == RUNTIME_RESOURCES) {
		const char *at = last_arguments[call.target_at];

		check_string(row->text, "resources", call.resources, row->resources);
		if (call.resources < at ||
		    call.resources + strlen(call.resources) != at + strlen(at))
			fail_row(row->text, "argument %d is %s", call.target_at, at);
	}
}

static void test_bundle(void **state)
{
	static const struct row rows[] = {
		{ .text = "create" },
		{ .text = "create|box" },
		{ .text = "run|box" },
		{ .text = "restore|box" },
		{ "create|--bundle|/b|box", .bundle = "/b" },
		{ "create|--bundle=/b|box", .bundle = "/b" },
		{ "create|-b|/b|box", .bundle = "/b" },
		{ "create|-b/b|box", .bundle = "/b" },
		{ "create|-bb|box", .bundle = "b" },
		{ "create|-b/a=b|box", .bundle = "/a=b" },
		{ "create|--bundle=/a=b|box", .bundle = "/a=b" },
		{ "create|--bundle=|box", .bundle = "" },
		{ "create|--bundle||box", .bundle = "" },
		{ "create|--bundle|--bundle|box", .bundle = "--bundle" },
		{ "create|-b|-b|box", .bundle = "-b" },
		{ "create|--bundle|--|box", .bundle = "--" },
		{ "create|--bundle|/a|--bundle=/b|box", .bundle = "/b" },
		{ "create|-b/a|--bundle|/b|box", .bundle = "/b" },
		{ "create|--bundle|/b", .bundle = "/b" },
		{ .text = "create|--|box" },
		{ .text = "create|-|box" },
		{ .text = "create||box" },
		{ "run|--bundle|/b|--|box", .bundle = "/b" },
		{ "run|-d|--bundle|/b|box", .bundle = "/b" },
		{ "run|-dt|--bundle|/b|box", .bundle = "/b" },
		{ "run|--detach|--keep|--no-pivot|-b|/b|box", .bundle = "/b" },
		{ "run|--bundle|/b|box|run|create", .bundle = "/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_BUNDLE);
}

static void test_config(void **state)
{
	static const struct row rows[] = {
		{ "create|--config|c|box", .config = "c" },
		{ "create|--config=c|box", .config = "c" },
		{ "create|-f|c|box", .config = "c" },
		{ "create|-fc|box", .config = "c" },
		{ "create|-f|--bundle|box", .config = "--bundle" },
		{ "create|-f|c|-b|/b|box", .bundle = "/b", .config = "c" },
		{ "create|-b/b|--config=c|box", .bundle = "/b", .config = "c" },
		{ "create|-b|-f|-f|-b|box", .bundle = "-f", .config = "-b" },
		{ "create|--config|/x/c|box", .config = "/x/c" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_BUNDLE);
}

static void test_values(void **state)
{
	static const char *const with_value[] = {
		"console-socket", "pidfd-socket",      "pid-file",
		"preserve-fds",	  "image-path",	       "work-path",
		"empty-ns",	  "lsm-profile",       "manage-cgroups-mode",
		"criu",		  "lsm-mount-context",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_value); i++) {
		auto_free char *separate =
			xasprintf("restore|--%s|--bundle|--bundle|/b|box", with_value[i]);
		auto_free char *joined =
			xasprintf("restore|--%s=-b|--bundle|/b|box", with_value[i]);
		auto_free char *empty =
			xasprintf("restore|--%s||-b/b|box", with_value[i]);
		auto_free char *last =
			xasprintf("restore|--%s|--bundle|/b|box", with_value[i]);

		check_parsed(&(struct row) { separate, .bundle = "/b" }, RUNTIME_BUNDLE);
		check_parsed(&(struct row) { joined, .bundle = "/b" }, RUNTIME_BUNDLE);
		check_parsed(&(struct row) { empty, .bundle = "/b" }, RUNTIME_BUNDLE);
		check_parsed(&(struct row) { .text = last }, RUNTIME_BUNDLE);
	}
}

static void test_process(void **state)
{
	static const struct row rows[] = {
		{ "exec|--process|/p|box", .process = "/p" },
		{ "exec|--process=/p|box", .process = "/p" },
		{ "exec|-p|/p|box", .process = "/p" },
		{ "exec|-p/p|box", .process = "/p" },
		{ "exec|-p|--process|box", .process = "--process" },
		{ "exec|--process|/a|-p/b|box", .process = "/b" },
		{ "exec|-d|--process|/p|box", .process = "/p" },
		{ "exec|-td|-p|/p|box", .process = "/p" },
		{ "exec|--tty|--detach|-p|/p|--pid-file|/x|box", .process = "/p" },
		{ "exec|-u|-p|-p|/p|box", .process = "/p" },
		{ "exec|-e|--process|-p|/p|box", .process = "/p" },
		{ "exec|-uroot|-eA=-p|-g1|-cx|-p|/p|box", .process = "/p" },
		{ "exec|--user|-p|--env|-p|--cwd|-p|--cap|-p|--process=/p|box",
		  .process = "/p" },
		{ "exec|--process-label|-p|--apparmor|-p|--cgroup|-p|-p|/p|box",
		  .process = "/p" },
		{ "exec|--additional-gids|-p|--preserve-fds|-p|-p/p|box",
		  .process = "/p" },
		{ "exec|--console-socket|-p|--pid-file|-p|-p/p|box", .process = "/p" },
		{ "exec|--process|/p|box|-p|/x", .process = "/p" },
		{ "exec|--process|/p|--|box", .process = "/p" },
		{ "--root|/r|exec|-p/p|box", .process = "/p" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_PROCESS);
}

static void test_resources(void **state)
{
	static const char *const with_value[] = {
		"blkio-weight",	 "cpu-period",	      "cpu-quota",  "cpu-burst",
		"cpu-idle",	 "cpu-rt-period",     "cpu-share",  "cpu-rt-runtime",
		"cpuset-cpus",	 "cpuset-mems",	      "memory",	    "kernel-memory",
		"memory-swap",	 "kernel-memory-tcp", "pids-limit", "memory-reservation",
		"mem-bw-schema", "l3-cache-schema",
	};
	static const struct row rows[] = {
		{ "update|--resources|/r|box", .resources = "/r" },
		{ "update|--resources=/r|box", .resources = "/r" },
		{ "update|-r|/r|box", .resources = "/r" },
		{ "update|-r/r|box", .resources = "/r" },
		{ "update|-rr|box", .resources = "r" },
		{ "update|-r|-|box", .resources = "-" },
		{ "update|-r-|box", .resources = "-" },
		{ "update|--resources|-|box", .resources = "-" },
		{ "update|--resources=-|box", .resources = "-" },
		{ "update|--resources=/a=b|box", .resources = "/a=b" },
		{ "update|--resources|--resources|box", .resources = "--resources" },
		{ "update|-r|-r", .resources = "-r" },
		{ "update|--resources|/r|--|box", .resources = "/r" },
		{ "update|--resources|/r", .resources = "/r" },
		{ "update|--memory=1|-r|/r|box", .resources = "/r" },
		{ "--root|/x|update|-r|/r|--cpu-quota|-1|box", .resources = "/r" },
		{ "update|-r|/r|box|--memory|1|--cpu-quota|-1", .resources = "/r" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_RESOURCES);
	for (size_t i = 0; i < ARRAY_SIZE(with_value); i++) {
		auto_free char *separate =
			xasprintf("update|--%s|-r|-r|/r|box", with_value[i]);
		auto_free char *joined =
			xasprintf("update|--%s=-r|-r|/r|box", with_value[i]);

		check_parsed(&(struct row) { separate, .resources = "/r" },
			     RUNTIME_RESOURCES);
		check_parsed(&(struct row) { joined, .resources = "/r" },
			     RUNTIME_RESOURCES);
	}
}

static void test_passed(void **state)
{
	static const struct row rows[] = {
		{ .text = "" },
		{ .text = "--version" },
		{ .text = "-v" },
		{ .text = "-V" },
		{ .text = "--help" },
		{ .text = "-h" },
		{ .text = "-?" },
		{ .text = "features" },
		{ .text = "spec|--bundle|/b" },
		{ .text = "list|--bund" },
		{ .text = "start|box" },
		{ .text = "state|--bundle|/b|-b" },
		{ .text = "kill|box|KILL" },
		{ .text = "delete|--force|create" },
		{ .text = "update|box" },
		{ .text = "update|--memory|1|box" },
		{ .text = "update|--memory|-r|box" },
		{ .text = "update|--memory=1|box|--cpu-quota=-1" },
		{ .text = "update|--resources=|box" },
		{ .text = "update|-r||box" },
		{ "--log|/l|update|box|--log|/x", .log = "/l" },
		{ "--log|/l|exec|box|sh|--log|/x|--log-format|json", .log = "/l" },
		{ "--log|/l|state|--log=/x", .log = "/l" },
		{ .text = "checkpoint|--image-path|--bundle|box" },
		{ .text = "creat|--bundle|/b" },
		{ .text = "Create|--bundle|/b" },
		{ .text = "|create|--bundle|/b" },
		{ .text = "exec|box|ls" },
		{ .text = "exec|box|--process|/p" },
		{ .text = "exec|box|-p/p" },
		{ .text = "exec|box|--pro" },
		{ .text = "exec|--|box|-p|/p" },
		{ .text = "exec|--|-p|/p" },
		{ .text = "exec|-|-p|/p" },
		{ .text = "exec|--env|--process|box" },
		{ .text = "exec|--env=--process|box" },
		{ .text = "exec|-e|-p|box|ls" },
		{ .text = "exec|-ep|box|ls" },
		{ .text = "exec|--bundle|/b" },
		{ .text = "--root|create|state|box" },
		{ .text = "--root=create|state|box" },
		{ .text = "--criu|exec|delete|box" },
		{ .text = "--debug|--systemd-cgroup|state|create" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_PASS);
}

static void test_global(void **state)
{
	static const struct row rows[] = {
		{ "--root|/r|create|-b/b|box", .bundle = "/b" },
		{ "--root=/r|create|-b/b|box", .bundle = "/b" },
		{ "--root||create|-b/b|box", .bundle = "/b" },
		{ "--root|--root|create|-b/b|box", .bundle = "/b" },
		{ "--root|state|create|-b/b|box", .bundle = "/b" },
		{ "--log-level|debug|--criu|x|--rootless|true|--cgroup-manager|x|run|-b/b",
		  .bundle = "/b" },
		{ "--log-level=debug|--criu=x|--rootless=true|--cgroup-manager=x|run|-b/b",
		  .bundle = "/b" },
		{ "--debug|--systemd-cgroup|--debug=false|run|-b/b", .bundle = "/b" },
		{ "--log|/l|run", .log = "/l" },
		{ "--log=/l|run", .log = "/l" },
		{ "--log=|run", .log = "" },
		{ "--log|--log|run", .log = "--log" },
		{ "--log|file:/l|run", .log = "/l" },
		{ "--log=file:l|run", .log = "l" },
		{ "--log=files:l|run", .log = "files:l" },
		{ "--log|/a|--log|/b|run", .log = "/b" },
		{ "--log|/l|--log-format|json|run", .log = "/l", .log_json = true },
		{ "--log-format=json|--log=/l|run", .log = "/l", .log_json = true },
		{ .text = "--log-format|text|run" },
		{ .text = "--log-format|JSON|run" },
		{ .text = "--log-format=json|--log-format=text|run" },
		{ "--log-format=text|--log-format=json|run", .log_json = true },
		{ .text = "--log-level=json|run" },
		{ .text = "run|--log|/l" },
		{ .text = "run|box|--log|/x|--log-format=json" },
		{ .text = "run|box|--log=/x" },
		{ "--log|/l|run|box|--log|/x|--log=/y", .log = "/l" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_parsed(&rows[i], RUNTIME_BUNDLE);
}

static void check_refused(const char *text, const char *part)
{
	struct runtime_call call;
	auto_error err = { 0 };
	int r = parse(text, &call, &err);

	check_error(text, r, &err, ERROR_USAGE, part);
}

/* The argument that is refused is named in the message. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
		/* Before the subcommand nothing is guessed. */
		{ "--nonsense|create", "\"--nonsense\"" },
		{ "--nonsense=x|create", "\"--nonsense=x\"" },
		{ "--roo|/r|create", "\"--roo\"" },
		{ "--Root|/r|create", "\"--Root\"" },
		{ "-root|/r|create", "\"-root\"" },
		{ "-log=/l|create", "\"-log=/l\"" },
		{ "--bundle|/b|create", "\"--bundle\"" },
		{ "-x|state", "\"-x\"" },
		{ "-hv|state", "\"-hv\"" },
		{ "-|create", "\"-\"" },
		{ "--|create", "\"--\"" },
		{ "--debug|--nonsense|state", "\"--nonsense\"" },
		/* Values that are missing. */
		{ "--root", "\"--root\": the option needs a value" },
		{ "--debug|--log-format", "\"--log-format\"" },
		{ "create|--bundle", "\"--bundle\"" },
		{ "create|-b", "\"-b\"" },
		{ "create|--config", "\"--config\"" },
		{ "create|-f", "\"-f\"" },
		{ "create|--pid-file", "\"--pid-file\"" },
		{ "exec|--process", "\"--process\"" },
		{ "exec|-p", "\"-p\"" },
		{ "exec|-e", "\"-e\"" },
		/* What argp takes for --bundle, --config and --process. */
		{ "create|--bundl|/b|box", "\"--bundl\"" },
		{ "create|--pid|--bundle=/b|box",
		  "\"--pid\": could be a cut option that takes a value, which may look like another option; spell options out" },
		{ "create|--cons|-b|box", "\"--cons\": could be a cut option" },
		{ "restore|--lsm|--bundle=/b|box", "\"--lsm\": could be a cut option" },
		{ "exec|--cw|--process=/p|box", "\"--cw\": could be a cut option" },
		{ "exec|--process-l|-p/p|box", "\"--process-l\": could be a cut option" },
		{ "update|--memory-s|--resources=/r|box",
		  "\"--memory-s\": could be a cut option" },
		{ "create|--b=/b|box", "\"--b=/b\"" },
		{ "create|--c|c|box", "\"--c\"" },
		{ "create|--conf=c|box", "\"--conf=c\"" },
		{ "exec|--pro|/p|box", "\"--pro\"" },
		{ "exec|--p=/p|box", "\"--p=/p\"" },
		/* What Go's flags take for them. */
		{ "create|-bundle|/b|box", "\"-bundle\"" },
		{ "create|-bundle=/b|box", "\"-bundle=/b\"" },
		{ "create|-b=/b|box", "\"-b=/b\"" },
		{ "create|-f=c|box", "\"-f=c\"" },
		{ "create|-config|c|box", "\"-config\"" },
		{ "create|-config=c|box", "\"-config=c\"" },
		{ "exec|-process|/p|box", "\"-process\"" },
		{ "exec|-process=/p|box", "\"-process=/p\"" },
		{ "exec|-p=/p|box", "\"-p=/p\"" },
		/* Long options with values, whose value would be taken for the name. */
		{ "create|-pid-file|--bundle|/b|box", "\"-pid-file\"" },
		{ "create|-console-socket|-b|box", "\"-console-socket\"" },
		{ "exec|-pid-file|x|box", "\"-pid-file\"" },
		{ "exec|-user|-p|box", "\"-user\"" },
		{ "exec|-env|-p|box", "\"-env\"" },
		{ "exec|-cwd=/|box", "\"-cwd=/\"" },
		/* Letters after one dash. */
		{ "create|-db|/b|box", "\"-db\"" },
		{ "create|-db/b|box", "\"-db/b\"" },
		{ "exec|-tp|/p|box", "\"-tp\"" },
		{ "exec|-tdp/p|box", "\"-tdp/p\"" },
		{ "update|-tr|/r|box", "\"-tr\"" },
		{ "update|-tdr/r|box", "\"-tdr/r\"" },
		/* What could be --resources. */
		{ "update|--resources", "\"--resources\"" },
		{ "update|-r", "\"-r\"" },
		{ "update|--resource|/r|box", "\"--resource\"" },
		{ "update|--r|/r|box", "\"--r\"" },
		{ "update|--r=/r|box", "\"--r=/r\"" },
		{ "update|-resources|/r|box", "\"-resources\"" },
		{ "update|-resources=/r|box", "\"-resources=/r\"" },
		{ "update|-r=/r|box", "\"-r=/r\"" },
		{ "update|-memory|-r|box", "\"-memory\"" },
		{ "update|box|-r|/r", "\"-r\"" },
		{ "update|box|-r/r", "\"-r/r\"" },
		{ "update|box|--resources=/r", "\"--resources=/r\"" },
		{ "update|box|--res|/r", "\"--res\"" },
		{ "update|--memory|1|box|-resources|/r", "\"-resources\"" },
		{ "update|--unknown|x|-r|/r|box", "\"-r\"" },
		/* Twice: which one counts? */
		{ "update|-r|/a|-r|/b|box",
		  "\"-r\": a second option that names the resources; give one, so that it is sure which one is read" },
		{ "update|-r/a|--resources=/b|box", "\"--resources=/b\": a second" },
		{ "update|--resources|-|-r/b|box", "\"-r/b\": a second" },
		/* After the container's name. */
		{ "create|box|--bundle|/b", "\"--bundle\"" },
		{ "create|box|--bundle=/b", "\"--bundle=/b\"" },
		{ "create|box|--bun|/b", "\"--bun\"" },
		{ "create|box|-b|/b", "\"-b\"" },
		{ "create|box|-b/b", "\"-b/b\"" },
		{ "create|box|-bundle|/b", "\"-bundle\"" },
		{ "create|box|-db|/b", "\"-db\"" },
		{ "run|box|-f|c", "\"-f\"" },
		{ "run|box|--config|c", "\"--config\"" },
		{ "run|box|x|y|-d|--bundle=/b", "\"--bundle=/b\"" },
		{ "restore|--|box|--bundle=/b", "\"--bundle=/b\"" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_refused(rows[i].text, rows[i].part);
}

static void test_message_is_quoted(void **state)
{
	(void)state;
	check_refused("--a\n\x1b[31mb|create", "\\x0A\\x1B[31m");
	check_refused("create|--b=\n|box", "\\x0A");
}

/* So that the engine gets to see what was wrong. */
static void test_log_of_refused(void **state)
{
	static const struct row rows[] = {
		{ "--log|/l|--log-format|json|--nonsense|create", .log = "/l",
		  .log_json = true },
		{ "--log|/l|--log-format|json|create|--bund|/b|box", .log = "/l",
		  .log_json = true },
		{ "--log=file:/l|--log-format=json|create|--bundle", .log = "/l",
		  .log_json = true },
		{ "--log=/l|exec|-p=/p|box", .log = "/l" },
		{ "--log-format=json|create|box|-b|/b", .log_json = true },
		/* Options after the one that isn't understood are the engine's still. */
		{ "--nonsense|--log|/l|--log-format=json|create", .log = "/l",
		  .log_json = true },
		{ "--nonsense|--root|/r|--log=/l|exec|box|--log|/x", .log = "/l" },
		{ "--log|/l|--nonsense|--debug|exec|box|--log=/x", .log = "/l" },
		/* What follows may be the container's: it names no file. */
		{ .text = "--nonsense|exec|box|sh|--log|/x|--log-format|json" },
		{ .text = "--nonsense|run|box|--log=/x" },
		{ .text = "--nonsense|value|--log|/x|exec|box" },
		{ .text = "-|--log|/x" },
		{ .text = "--|--log|/x" },
		{ .text = "exec|-p=/p|box|--log|/x" },
		{ .text = "create|--bund|/b|box|--log|/x" },
		{ .text = "update|--r=/r|box|--log|/x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct runtime_call call;
		auto_error err = { 0 };

		check_error(rows[i].text, parse(rows[i].text, &call, &err), &err,
			    ERROR_USAGE, NULL);
		check_string(rows[i].text, "log", call.log, rows[i].log);
		assert_int_equal(call.log_json, rows[i].log_json);
	}
}

/* argc 0, and an empty argv[0], which Linux makes of it. */
static void test_no_arguments(void **state)
{
	char empty[] = "";
	char *const none[] = { NULL };
	char *const one[] = { empty, NULL };

	(void)state;
	for (int argc = 0; argc <= 1; argc++) {
		struct runtime_call call;
		auto_error err = { 0 };

		memset(&call, 0x55, sizeof call);
		check_done("none",
			   runtime_call_parse(argc, argc ? one : none, &call, &err),
			   &err);
		assert_int_equal(call.action, RUNTIME_PASS);
		assert_null(call.log);
		assert_false(call.log_json);
	}
}

static void test_program(void **state)
{
	static const struct {
		const char *program, *runtime;
	} rows[] = {
		{ "oci-vfio-crun", "crun" },
		{ "oci-vfio-runc", "runc" },
		{ "/usr/bin/oci-vfio-crun", "crun" },
		{ "./oci-vfio-crun", "crun" },
		{ "oci-vfio-runtime/oci-vfio-crun", "crun" },
		{ "oci-vfio-runtime-x", "runtime-x" },
		{ "oci-vfio-oci-vfio-crun", "oci-vfio-crun" },
		{ "oci-vfio-runtime", NULL },
		{ "/usr/bin/oci-vfio-runtime", NULL },
		{ "/x/oci-vfio-crun/oci-vfio-runtime", NULL },
		{ "/x/oci-vfio-crun/", NULL },
		{ "oci-vfio-", NULL },
		{ "oci-vfio", NULL },
		{ "Oci-vfio-crun", NULL },
		{ "x-oci-vfio-crun", NULL },
		{ "runc", NULL },
		{ "/usr/local/sbin/runc", NULL },
		{ "", NULL },
		{ "/", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_string(rows[i].program, "runtime",
			     runtime_of_program(rows[i].program), rows[i].runtime);
}

/* What a log says of the call. */
static void test_container(void **state)
{
	static const struct {
		const char *text, *subcommand, *container;
	} rows[] = {
		{ "create|box", "create", "box" },
		{ "--root|/x|create|--bundle|/b|--pid-file|/p|box", "create", "box" },
		{ "run|-d|--|box", "run", "box" },
		{ "create|--bundle|/b", "create", NULL },
		{ "exec|--process|/p|--detach|box", "exec", "box" },
		{ "exec|box|sh|-c", "exec", "box" },
		{ "state|box", "state", NULL },
		{ "--version", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct runtime_call call;
		auto_error err = { 0 };

		check_done(rows[i].text, parse(rows[i].text, &call, &err), &err);
		check_string(rows[i].text, "subcommand", call.subcommand,
			     rows[i].subcommand);
		check_string(rows[i].text, "container", call.container,
			     rows[i].container);
	}
}

/* Where the runtime keeps the container. */
static void test_root(void **state)
{
	static const struct {
		const char *text, *root;
	} rows[] = {
		{ "exec|-p/p|box", NULL },
		{ "--root|/r|exec|-p/p|box", "/r" },
		{ "--root=/a|--debug|--root=/r|exec|-p/p|box", "/r" },
		{ "exec|-p/p|box|--root|/x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct runtime_call call;
		auto_error err = { 0 };

		check_done(rows[i].text, parse(rows[i].text, &call, &err), &err);
		check_string(rows[i].text, "root", call.root, rows[i].root);
	}
}

/* As /proc/PID/cmdline has it. */
static void test_root_of_command_line(void **state)
{
#define LINE(text)                                                                       \
	{                                                                                \
		text, sizeof(text) - 1                                                   \
	}
	static const struct {
		struct slice line;
		const char *root;
	} rows[] = {
		{ LINE(""), NULL },
		{ LINE("crun\0"), NULL },
		{ LINE("crun\0create\0box\0"), NULL },
		{ LINE("crun\0--root\0/r\0create\0box\0"), "/r" },
		{ LINE("/usr/bin/crun\0--systemd-cgroup\0--root=/r\0create\0box\0"),
		  "/r" },
		{ LINE("crun\0--root=/a\0--root\0/r\0run\0box\0"), "/r" },
		{ LINE("crun\0--root=\0run\0box\0"), "" },
		{ LINE("crun\0--root\0\0run\0box\0"), "" },
		{ LINE("crun\0--root\0--root\0run\0box\0"), "--root" },
		{ LINE("crun\0--root\0"), NULL },
		/* The last one may lack its NUL. */
		{ LINE("crun\0--root=/r"), "/r" },
		{ LINE("crun\0--nonsense\0--root\0/r\0run\0box\0"), "/r" },
		{ LINE("crun\0--root\0/r\0create\0--pid\0box\0"), "/r" },
		/* Not what comes after the subcommand. */
		{ LINE("crun\0run\0--root\0/x\0box\0"), NULL },
		{ LINE("crun\0--root\0/r\0exec\0box\0sh\0--root=/x\0"), "/r" },
		/* Nor the value of another option. */
		{ LINE("crun\0--log\0--root=/x\0run\0box\0"), NULL },
	};
#undef LINE

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *root = runtime_call_find_root(rows[i].line);

		check_string(rows[i].line.data, "root", root, rows[i].root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bundle),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_process),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_global),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_message_is_quoted),
		cmocka_unit_test(test_log_of_refused),
		cmocka_unit_test(test_no_arguments),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_root_of_command_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
