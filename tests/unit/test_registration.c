/* SPDX-License-Identifier: Apache-2.0 */
/* What enable and disable make of an engine's files. */
#include "helpers.h"

#include "oci-vfio-hook/registration.h"

struct row {
	const char *before; /* NULL: the file isn't there */
	const char
		*after; /* what enable makes; or where it begins with "!", what it says */
	bool stays; /* disable doesn't bring `before` back, but leaves what is there */
};

/* The engine's file of this number, with `others` before it; a text, or an error's. */
static char *make(const char *engine, size_t file, bool disable, const char *before,
		  const struct registration_text *others, size_t n_others)
{
	const struct registration_file *found = &registration_find(engine)->files[file];
	const struct registration_input input = {
		.programs = "/opt/bin",
		.own = { found->path, "F", { before, before ? strlen(before) : 0 } },
		.others = others,
		.n_others = n_others,
	};
	auto_buffer text = { 0 };
	auto_error err = { 0 };

	if ((disable ? found->disable : found->enable)(&input, &text, &err) < 0) {
		assert_int_equal(err.class, ERROR_DATA);
		return text_join("!", err.message, NULL);
	}
	return xstrndup(buffer_slice(&text).data, text.length);
}

static void check(const char *engine, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *after = make(engine, 0, false, rows[i].before, NULL, 0);
		auto_free char *again = NULL, *undone = NULL;

		assert_string_equal(after, rows[i].after);
		if (after[0] == '!')
			continue;
		again = make(engine, 0, false, after, NULL, 0);
		assert_string_equal(again, after);
		undone = make(engine, 0, true, after, NULL, 0);
		if (!rows[i].stays)
			assert_string_equal(undone, rows[i].before ? rows[i].before : "");
	}
}

static void test_docker(void **state)
{
	static const struct row rows[] = {
		{ NULL,
		  "{\n\t\"runtimes\": {\n\t\t\"oci-vfio\": {\"path\": \"/opt/bin/oci-vfio-runtime\"}\n\t}\n}\n",
		  false },
		{ " \n",
		  "{\n\t\"runtimes\": {\n\t\t\"oci-vfio\": {\"path\": \"/opt/bin/oci-vfio-runtime\"}\n\t}\n}\n",
		  true },
		{ "{\n  \"debug\": true\n}\n",
		  "{\n  \"debug\": true,\n  \"runtimes\": {\n\t\t\"oci-vfio\": {\"path\": \"/opt/bin/oci-vfio-runtime\"}\n\t}\n}\n",
		  false },
		{ "{\"runtimes\":{\"nvidia\":{\"path\":\"n\"}},\"mtu\":1.50e3}",
		  "{\"runtimes\":{\"nvidia\":{\"path\":\"n\"},\"oci-vfio\":{\"path\": \"/opt/bin/oci-vfio-runtime\"}},\"mtu\":1.50e3}",
		  false },
		{ "{\"runtimes\":{\"oci-vfio\":{\"path\":\"/old\"},\"a\":{}}}",
		  "{\"runtimes\":{\"oci-vfio\":{\"path\": \"/opt/bin/oci-vfio-runtime\"},\"a\":{}}}",
		  true },
		{ "[]", "!F: must be an object, not an array", false },
		{ "{\"runtimes\": 1}", "!F: runtimes: must be an object, not a number",
		  false },
	};
	auto_free char *used = NULL, *empty = NULL, *broken = NULL, *folded = NULL;

	(void)state;
	check("docker", rows, ARRAY_SIZE(rows));
	used = make("docker", 0, true,
		    "{\"default-runtime\":\"oci-vfio\",\"runtimes\":{\"oci-vfio\":{}}}",
		    NULL, 0);
	assert_string_equal(
		used,
		"!F: default-runtime: is the runtime that would be gone: name another one first");
	empty = make("docker", 0, true, "\n", NULL, 0);
	assert_string_equal(empty, "\n");
	broken = make("docker", 0, false, "{", NULL, 0);
	assert_int_equal(broken[0], '!');
	folded = make("docker", 0, false, "{\"Runtimes\":{}}", NULL, 0);
	assert_int_equal(folded[0], '!');
}

#define V2 "plugins.\"io.containerd.grpc.v1.cri\""
#define V3 "plugins.\"io.containerd.cri.v1.runtime\""
#define BEGIN                                                                            \
	"# BEGIN oci-vfio-hook (enable containerd made it, disable containerd removes it)\n"
#define END "# END oci-vfio-hook\n"
#define RUNC(plugin)                                                                     \
	"[" plugin                                                                       \
	".containerd.runtimes.runc]\nruntime_type = \"io.containerd.runc.v2\"\n\n"
#define OWN(plugin, more, program, options)                                               \
	"[" plugin                                                                        \
	".containerd.runtimes.oci-vfio]\nruntime_type = \"io.containerd.runc.v2\"\n" more \
	"\n[" plugin                                                                      \
	".containerd.runtimes.oci-vfio.options]\nBinaryName = \"/opt/bin/" program        \
	"\"\n" options

static void test_containerd(void **state)
{
	static const struct row rows[] = {
		{ NULL,
		  BEGIN "version = 2\n\n" RUNC(V2) OWN(V2, "", "oci-vfio-runtime", "")
			  END,
		  false },
		{ "# mine\n",
		  "# mine\n\n" BEGIN "version = 2\n\n" RUNC(V2)
			  OWN(V2, "", "oci-vfio-runtime", "") END,
		  false },
		{ "version = 3",
		  "version = 3\n" BEGIN RUNC(V3) OWN(V3, "", "oci-vfio-runtime", "") END,
		  false },
		{ "version = 2\n[" V2
		  ".containerd.runtimes.runc]\nruntime_type = 'x'\nsnapshotter = 's'\n"
		  "[" V2
		  ".containerd.runtimes.runc.options]\nSystemdCgroup = true\nBinaryName = \"/usr/bin/crun\"\n",
		  "version = 2\n[" V2
		  ".containerd.runtimes.runc]\nruntime_type = 'x'\nsnapshotter = 's'\n"
		  "[" V2
		  ".containerd.runtimes.runc.options]\nSystemdCgroup = true\nBinaryName = \"/usr/bin/crun\"\n\n" BEGIN
			  OWN(V2, "snapshotter = 's'\n", "oci-vfio-crun",
			      "SystemdCgroup = true\n") END,
		  false },
		/* What came after our block stays there. */
		{ "version = 2\n\n" BEGIN "old\n" END "[a]\n",
		  "version = 2\n\n" BEGIN RUNC(V2) OWN(V2, "", "oci-vfio-runtime", "") END
		  "[a]\n",
		  true },
		{ "root = '/x'\n",
		  "!F: is in version 1 of the format, for it has no \"version\": write it in version 2 first, as containerd config migrate prints it",
		  false },
		{ "version = 4\n",
		  "!F: line 1: only versions 2 and 3 of the format are known; edit it by hand: oci-vfio-hook enable --print containerd shows what it takes",
		  false },
		{ "version = 2\n[" V2 "]\ncontainerd = {}\n",
		  "!F: line 3: no table can be added to what is set here in one line; edit it by hand: oci-vfio-hook enable --print containerd shows what it takes",
		  false },
		{ "version = 3\n[plugins]\n'io.containerd.cri.v1.runtime'.containerd.runtimes.x = 1\n",
		  "!F: line 3: no table can be added to what is set here in one line; edit it by hand: oci-vfio-hook enable --print containerd shows what it takes",
		  false },
		{ "version = 2\n[[plugins]]\n",
		  "!F: line 2: no table can be added to what is set here in one line; edit it by hand: oci-vfio-hook enable --print containerd shows what it takes",
		  false },
		{ "version = 2\n[plugins]\n\"io.containerd.other\" = {}\n[" V2
		  ".containerd]\nx = 1\n",
		  "version = 2\n[plugins]\n\"io.containerd.other\" = {}\n[" V2
		  ".containerd]\nx = 1\n\n" BEGIN RUNC(V2)
			  OWN(V2, "", "oci-vfio-runtime", "") END,
		  false },
		{ "version = 2\n[" V2 ".containerd.runtimes.oci-vfio]\n",
		  "!F: line 2: it has a runtime \"oci-vfio\" already: remove it", false },
		{ "version = 2\n" BEGIN "[a]\n",
		  "!F: the block of oci-vfio-hook has no end: remove it by hand, from the line \"# BEGIN oci-vfio-hook\" on",
		  false },
		{ "version = 2\n[a\n", "!F: line 2: not TOML as it is known here",
		  false },
	};
	auto_free char *used = NULL, *without = NULL;

	(void)state;
	check("containerd", rows, ARRAY_SIZE(rows));
	used = make("containerd", 0, true,
		    "version = 3\n[" V3
		    ".containerd]\ndefault_runtime_name = \"oci-vfio\"\n\n" BEGIN END,
		    NULL, 0);
	assert_string_equal(
		used,
		"!F: line 3: the default runtime is \"oci-vfio\", which would be gone: name another one first");
	without = make("containerd", 0, true, "root = '/x'\n", NULL, 0);
	assert_string_equal(without, "root = '/x'\n");
}

static void test_crio(void **state)
{
	static const struct row rows[] = {
		{ NULL,
		  "# Made by oci-vfio-hook enable crio; disable crio removes it.\n[crio.runtime.runtimes.oci-vfio]\n"
		  "runtime_path = \"/opt/bin/oci-vfio-runtime\"\nruntime_type = \"oci\"\nruntime_root = \"/run/oci-vfio\"\n",
		  false },
		{ "[crio]\n",
		  "!F: was not made by oci-vfio-hook: move it away, or rename it",
		  false },
	};
	static const struct registration_text other = {
		"/etc/crio/crio.conf",
		"O",
		{ "[crio.runtime]\ndefault_runtime = 'oci-vfio'\n",
		  sizeof "[crio.runtime]\ndefault_runtime = 'oci-vfio'\n" - 1 }
	};
	auto_free char *used = NULL;

	(void)state;
	check("crio", rows, ARRAY_SIZE(rows));
	used = make("crio", 0, true, NULL, &other, 1);
	assert_string_equal(
		used,
		"!O: line 2: the default runtime is \"oci-vfio\", which would be gone: name another one first");
}

enum { PODMAN_HOOK, PODMAN_RUNTIME, PODMAN_PRECREATE };

/* The list of a made file, its elements one after the other, each with a blank. */
static char *list_of(const char *text, const char *key)
{
	auto_free char *start = text_join(key, " = [\n", NULL);
	const char *at = strstr(text, start);
	auto_buffer list = { 0 };

	assert_non_null(at);
	for (at += strlen(start); *at == '\t'; at = strchr(at, '\n') + 1)
		buffer_printf(&list, "%.*s ", (int)(strchr(at, '\n') - at) - 4, at + 2);
	buffer_add(&list, SLICE(""));
	return xstrndup(buffer_slice(&list).data, list.length);
}

#define D "/etc/containers/containers.conf.d/"
#define OURS "/etc/containers/oci-vfio-hook "

static void test_podman_lists(void **state)
{
	static const struct {
		struct registration_text others[2];
		const char *before, *list; /* or "!" and what is said */
	} rows[] = {
		{ { { 0 } },
		  NULL,
		  "/usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d " OURS },
		{ { { "/etc/containers/containers.conf", "A",
		      SLICE("[engine]\nhooks_dir = ['/a']\n") } },
		  NULL,
		  "/a " OURS },
		{ { { "/etc/containers/containers.conf", "A",
		      SLICE("engine.hooks_dir = ['/a']\n") },
		    { D "a.conf", "B",
		      SLICE("[engine]\nhooks_dir = [\"/b\", {append=true}]\n") } },
		  NULL,
		  "/a /b " OURS },
		{ { { D "a.conf", "A", SLICE("[engine]\nhooks_dir = ['/a']\n") },
		    { D "b.conf", "B",
		      SLICE("[engine]\nhooks_dir = ['/b', {append=false}]\n") } },
		  NULL,
		  "/b " OURS },
		/* After ours: what adds to it is fine, but not what replaces it. */
		{ { { D "z.conf", "Z",
		      SLICE("[engine]\nhooks_dir = ['/z', {append=true}]\n") } },
		  NULL,
		  "/usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d /z " OURS },
		{ { { D "z.conf", "Z", SLICE("[engine]\nhooks_dir = ['/z']\n") } },
		  NULL,
		  "!Z: sets hooks_dir and is read after F, which would have no effect: give it a name that comes before" },
		{ { { D "z.conf", "Z",
		      SLICE("[network]\nhooks_dir = ['/z']\n[engine]\nx = 1") } },
		  NULL,
		  "/usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d " OURS },
		/* What somebody added to an earlier file of ours. */
		{ { { 0 } },
		  "# SPDX-License-Identifier: Apache-2.0\n[engine]\nhooks_dir = ['/etc/containers/oci/hooks.d', '/mine']\n",
		  "/usr/share/containers/oci/hooks.d /etc/containers/oci/hooks.d /mine " OURS },
		{ { { D "a.conf", "A", SLICE("[engine]\nhooks_dir = [1]\n") } },
		  NULL,
		  "!A: line 2: not a list of plain strings" },
		{ { { D "a.conf", "A", SLICE("[engine\n") } },
		  NULL,
		  "!A: line 1: not TOML as it is known here" },
		{ { { 0 } },
		  "[engine]\n",
		  "!F: was not made by oci-vfio-hook: move it away, or rename it" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n_others = 0;
		auto_free char *text = NULL, *list = NULL;

		while (n_others < 2 && rows[i].others[n_others].path)
			n_others++;
		text = make("podman", PODMAN_PRECREATE, false, rows[i].before,
			    rows[i].others, n_others);
		list = text[0] == '!' ? xstrdup(text) : list_of(text, "hooks_dir");
		assert_string_equal(list, rows[i].list);
	}
}

static void test_podman(void **state)
{
	static const struct registration_text used = {
		"/etc/containers/containers.conf",
		"A",
		{ "[engine]\nruntime = 'oci-vfio-crun'\n",
		  sizeof "[engine]\nruntime = 'oci-vfio-crun'\n" - 1 }
	};
	auto_free char *hook = make("podman", PODMAN_HOOK, false, NULL, NULL, 0);
	auto_free char *runtime = make("podman", PODMAN_RUNTIME, false, NULL, NULL, 0);
	auto_free char *json = list_of(runtime, "runtime_supports_json");
	auto_free char *refused = make("podman", PODMAN_RUNTIME, true, NULL, &used, 1);
	auto_free char *gone = make("podman", PODMAN_PRECREATE, true, NULL, NULL, 0);
	auto_free char *precreate =
		make("podman", PODMAN_PRECREATE, false, NULL, NULL, 0);

	(void)state;
	assert_non_null(strstr(hook, "\"path\": \"/opt/bin/oci-vfio-hook\""));
	assert_non_null(strstr(
		hook,
		"\"args\": [\"oci-vfio-hook: why: journalctl -n1 -t oci-vfio-hook;\",\n"));
	assert_string_equal(
		json,
		"crun runc kata runsc youki krun oci-vfio-crun oci-vfio-runc oci-vfio-runtime ");
	assert_non_null(
		strstr(runtime, "\noci-vfio-crun = [\"/opt/bin/oci-vfio-crun\"]\n"));
	assert_string_equal(
		refused,
		"!A: line 2: the default runtime is \"oci-vfio-crun\", which would be gone: name another one first");
	assert_string_equal(gone, "");
	assert_string_equal(
		precreate,
		"# Made by oci-vfio-hook enable podman; disable podman removes it.\n"
		"# podman runs oci-vfio-hook before each container's start.\n"
		"# A list here replaces the one of the files that podman reads before: after a change\n"
		"# there enable it again.\n[engine]\nhooks_dir = [\n\t\"/usr/share/containers/oci/hooks.d\",\n"
		"\t\"/etc/containers/oci/hooks.d\",\n\t\"/etc/containers/oci-vfio-hook\",\n]\n");
	assert_null(registration_find("lxc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_docker), cmocka_unit_test(test_containerd),
		cmocka_unit_test(test_crio),   cmocka_unit_test(test_podman_lists),
		cmocka_unit_test(test_podman),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
