/* SPDX-License-Identifier: Apache-2.0 */
/* Engines: judgement. */
#include "oci-vfio-hook/registration_check.h"

const char *const engine_names[ENGINES] = {
	[ENGINE_PODMAN] = "podman",
	[ENGINE_CRIO] = "crio",
	[ENGINE_CONTAINERD] = "containerd",
	[ENGINE_DOCKER] = "docker",
};

static const char install[] = "install the package oci-vfio-hook";

static void mend_path(const struct claim *claim, struct findings *findings)
{
	if (claim->instead)
		findings_mend(findings, "sed -i 's|%s|%s|g' %s", claim->path,
			      claim->instead, claim->file);
	else
		findings_mend(findings, "%s", install);
}

static void check_hook(const char *engine, const struct claim *claim,
		       struct findings *findings)
{
	if (claim->is_there) {
		findings_add(findings, FINDING_OK, engine, "%s: %s calls %s", claim->file,
			     claim->precreate ? "precreate" : "a hook", claim->path);
		return;
	}
	findings_add(
		findings, FINDING_FAILURE, engine,
		"%s names %s, which isn't there: %s skips it in silence, and the container starts with the wrong device",
		claim->file, claim->path, engine);
	mend_path(claim, findings);
}

static void check_wrapper(const char *engine, const struct claim *claim,
			  struct findings *findings)
{
	if (!claim->is_there) {
		findings_add(
			findings, FINDING_FAILURE, engine,
			"%s: the runtime %s is %s, which isn't there: no container starts with it",
			claim->file, claim->name, claim->path);
		mend_path(claim, findings);
		return;
	}
	if (!claim->has_real) {
		findings_add(findings, FINDING_FAILURE, engine,
			     "%s: the wrapper %s runs %s, which isn't there", claim->file,
			     claim->path, claim->real);
		findings_mend(
			findings,
			"install the package %s, or name another runtime: \"runtime\" in /etc/oci-vfio-hook/config.json",
			claim->real);
		return;
	}
	findings_add(findings, FINDING_OK, engine, "%s: %s -> %s", claim->file,
		     claim->path, claim->real);
}

/* CRI-O doesn't know this stage, whoever's hook it is. */
static bool check_stage(const struct claim *claim, struct findings *findings)
{
	if (!claim->precreate)
		return false;
	findings_add(
		findings, FINDING_FAILURE, engine_names[ENGINE_CRIO],
		"%s has the stage precreate, in a directory that CRI-O reads: CRI-O doesn't start",
		claim->file);
	findings_mend(findings, "mv %s %s.off", claim->file, claim->file);
	return true;
}

static bool is_registered(const struct engine_facts *engine)
{
	for (size_t i = 0; i < engine->claims.count; i++) {
		if (engine->claims.items[i].kind != CLAIM_FOREIGN)
			return true;
	}
	return false;
}

static void check_claims(const struct engine_facts *facts, enum engine engine,
			 struct findings *findings)
{
	for (size_t i = 0; i < facts->claims.count; i++) {
		const struct claim *claim = &facts->claims.items[i];

		if (claim->kind != CLAIM_RUNTIME && engine == ENGINE_CRIO &&
		    check_stage(claim, findings))
			continue;
		if (claim->kind == CLAIM_HOOK)
			check_hook(engine_names[engine], claim, findings);
		else if (claim->kind == CLAIM_RUNTIME)
			check_wrapper(engine_names[engine], claim, findings);
	}
}

/* A wrapper is only for who asks for it, if it isn't everybody's. */
static void check_usual(const struct engine_facts *facts, struct findings *findings)
{
	const struct claim *wrapper = NULL;

	for (size_t i = 0; i < facts->claims.count; i++) {
		const struct claim *claim = &facts->claims.items[i];

		if (claim->kind == CLAIM_HOOK)
			return;
		if (claim->kind == CLAIM_RUNTIME && !wrapper)
			wrapper = claim;
	}
	if (!wrapper || (facts->claims.usual_runtime &&
			 strstr(facts->claims.usual_runtime, "oci-vfio")))
		return;
	findings_add(findings, FINDING_WARNING, engine_names[ENGINE_PODMAN],
		     "calls us only for podman run --runtime %s", wrapper->name);
	findings_mend(findings, "oci-vfio-hook enable podman");
}

static void check_absence(const struct engine_facts *facts, enum engine engine, bool any,
			  struct findings *findings)
{
	const char *name = engine_names[engine];

	if (facts->elsewhere) {
		findings_add(findings, FINDING_FAILURE, name,
			     "oci-vfio-hook isn't registered: %s doesn't read %s", name,
			     facts->elsewhere);
		findings_mend(findings, "cp %s %s", facts->elsewhere, facts->proper);
		return;
	}
	findings_add(findings, any ? FINDING_OK : FINDING_FAILURE, name,
		     any ? "doesn't call oci-vfio-hook, as another engine here does"
			 : "doesn't call oci-vfio-hook, nor does any engine here");
	if (!any)
		findings_mend(findings, "oci-vfio-hook enable %s", name);
}

static void check_engine(const struct engine_facts *facts, enum engine engine, bool any,
			 struct findings *findings)
{
	for (size_t i = 0; i < facts->unread.count; i++)
		findings_add(findings, FINDING_UNKNOWN, engine_names[engine],
			     "could not be measured: %s", facts->unread.items[i]);
	for (size_t i = 0; i < facts->broken.count; i++)
		findings_add_message(
			findings, FINDING_FAILURE, engine_names[engine],
			facts->broken.items[i],
			"remove or correct the file: no container starts beside a hook that can't be read");
	check_claims(facts, engine, findings);
	if (engine == ENGINE_PODMAN)
		check_usual(facts, findings);
	if (!is_registered(facts) && !facts->unread.count)
		check_absence(facts, engine, any, findings);
}

void registration_check(const struct engine_facts engines[ENGINES],
			struct findings *findings)
{
	bool any = false, there = false;

	for (size_t i = 0; i < ENGINES; i++)
		any |= engines[i].is_there && is_registered(&engines[i]);
	for (size_t i = 0; i < ENGINES; i++) {
		if (engines[i].is_there)
			check_engine(&engines[i], i, any, findings);
		there |= engines[i].is_there;
	}
	if (!there)
		findings_add(findings, FINDING_OK, "engines",
			     "none of podman, CRI-O, containerd and docker is here");
}

void engine_facts_free(struct engine_facts *facts)
{
	claims_list_free(&facts->claims);
	text_list_free(&facts->unread);
	text_list_free(&facts->broken);
	free(facts->elsewhere);
	free(facts->proper);
	*facts = (struct engine_facts) { 0 };
}
