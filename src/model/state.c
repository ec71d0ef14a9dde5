/* SPDX-License-Identifier: Apache-2.0 */
/* The OCI container state. */
#include "oci-vfio-hook/state.h"

#include "oci-vfio-hook/json.h"

enum state_member {
	STATE_ID,
	STATE_PID,
	STATE_BUNDLE,
	STATE_BUNDLE_PATH,
	STATE_ROOT,
	STATE_PROCESS, /* These are a config's, which is told from a state by them. */
	STATE_LINUX,
	STATE_MOUNTS,
	STATE_MEMBERS,
};
static const struct json_member members[] = {
	[STATE_ID] = JSON_MEMBER("id", &json_value),
	[STATE_PID] = JSON_MEMBER("pid", &json_value),
	[STATE_BUNDLE] = JSON_MEMBER("bundle", &json_value),
	[STATE_BUNDLE_PATH] = JSON_MEMBER("bundlePath", &json_value),
	[STATE_ROOT] = JSON_MEMBER("root", &json_value),
	[STATE_PROCESS] = JSON_MEMBER("process", &json_value),
	[STATE_LINUX] = JSON_MEMBER("linux", &json_value),
	[STATE_MOUNTS] = JSON_MEMBER("mounts", &json_value),
};
static const struct json_shape shape = { .members = members, .n_members = STATE_MEMBERS };

static int read_string(const struct json *doc, enum state_member member, char **ret,
		       struct error *err)
{
	struct slice text = { 0 };
	int r = json_member_string(doc, 0, member, &text, err);

	if (text.data)
		*ret = xstrndup(text.data, text.length);
	return r;
}

static bool is_config(const struct json *doc)
{
	return json_member(doc, 0, STATE_PROCESS) || json_member(doc, 0, STATE_LINUX) ||
	       json_member(doc, 0, STATE_MOUNTS);
}

static int read_bundle(const struct json *doc, struct state *state, struct error *err)
{
	auto_free char *path = NULL;
	int r = read_string(doc, STATE_BUNDLE, &state->bundle, err);

	if (r == 0)
		r = read_string(doc, STATE_BUNDLE_PATH, &path, err);
	if (r < 0)
		return r;
	if (state->bundle && path && strcmp(state->bundle, path) != 0)
		return json_error(
			err, ERROR_DATA, doc, 0,
			"\"bundle\" and \"bundlePath\" differ; both must name the container's bundle");
	if (!state->bundle)
		state->bundle = take_ptr(path);
	if (!state->bundle && is_config(doc))
		return json_error(
			err, ERROR_DATA, doc, 0,
			"is a container's config, not its state; a hook that gets the config must be registered for precreate");
	if (!state->bundle || !*state->bundle)
		return json_error(
			err, ERROR_DATA, doc, 0,
			"\"bundle\" is missing or empty; a hook's stdin must be the state of a container");
	return 0;
}

int state_parse(struct slice text, struct state *ret, struct error *err)
{
	auto_state state = { 0 };
	auto_json doc = { 0 };
	uint32_t pid;
	int r;

	if (text.length == 0)
		return error_set(
			err, ERROR_DATA,
			"stdin is empty: a hook gets the container's state there; by hand use apply or plan");
	r = json_parse("state", text, &shape, NULL, &doc, err);
	if (r == 0)
		r = json_expect(&doc, 0, JSON_OBJECT, err);
	if (r == 0)
		r = read_bundle(&doc, &state, err);
	if (r == 0)
		r = read_string(&doc, STATE_ID, &state.id, err);
	if (r == 0)
		r = read_string(&doc, STATE_ROOT, &state.root, err);
	if (r < 0)
		return r;
	pid = json_member(&doc, 0, STATE_PID);
	r = pid ? json_integer(&doc, pid, 0, INT32_MAX, &state.pid, err) : 0;
	if (r < 0)
		return r;
	*ret = take_struct(state);
	return 0;
}

void state_free(struct state *state)
{
	free(state->id);
	free(state->bundle);
	free(state->root);
	*state = (struct state) { 0 };
}
