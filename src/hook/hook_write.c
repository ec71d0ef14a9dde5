/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a run's story: the lock of the bundle, and the new text. */
#include "hook_internal.h"

#include <errno.h>

#include "oci-vfio-hook/output_file.h"

/* Who else writes a config.json that a container is about to start from does it once. */
#define ATTEMPTS_MAX 4

/* Under the lock. *ret_same: config.json is the one that was planned for; else this one is
 * planned for now. */
static int plan_again(struct hook_run *run, bool *ret_same, struct error *err)
{
	int r = bundle_read_again(&run->bundle, ret_same, err);

	if (r < 0 || *ret_same)
		return r;
	hook_forget_plan(run);
	return hook_plan_text(run, err);
}

int hook_lock(struct hook_run *run, struct error *err)
{
	int r = run->splices.count == 0 ? 0
					: bundle_lock(&run->bundle, run->deadline, err);
	bool same = false;

	for (int i = 0; r == 0 && run->splices.count > 0; i++) {
		r = plan_again(run, &same, err);
		if (r < 0 || same)
			break;
		if (i + 1 == ATTEMPTS_MAX)
			r = error_set(
				err, ERROR_IO,
				"%s: another process keeps changing it; nothing was changed, run again later",
				run->bundle.name);
	}
	if (r < 0 || run->splices.count == 0)
		hook_unlock(run);
	return r;
}

void hook_unlock(struct hook_run *run)
{
	bundle_unlock(&run->bundle);
}

void hook_abandon(struct hook_run *run)
{
	hook_unlock(run);
	function_driver_put_back(&run->bound, NULL);
}

static struct spliced new_text(const struct hook_run *run)
{
	return (struct spliced) { .text = run->spec.doc.text, .splices = &run->splices };
}

int hook_write(struct hook_run *run, struct error *err)
{
	int r = 0;

	if (!run->shared && run->bundle.lock < 0)
		r = hook_lock(run, err);
	if (r < 0 || run->splices.count == 0)
		return r;
	return bundle_write(&run->bundle, new_text(run), err);
}

int hook_commit(struct hook_run *run, struct error *err)
{
	return run->bundle.replacement.temporary ? bundle_commit(&run->bundle, err) : 0;
}

int hook_commit_alone(struct hook_run *run, struct error *err)
{
	int r = hook_commit(run, err);

	if (r == -ESTALE)
		return error_append(err, "; nothing was changed, run again");
	return r < 0 ? error_append(err, "; nothing was changed") : 0;
}

int hook_replace(struct hook_run *run, struct error *err)
{
	int r = hook_write(run, err);

	if (r == 0)
		r = hook_commit_alone(run, err);
	hook_unlock(run);
	return r;
}

int hook_write_to(struct hook_run *run, const char *path, struct error *err)
{
	return output_file_write(path, new_text(run), run->bundle.status.st_mode,
				 &run->bundle.status, err);
}

int hook_write_fd(struct hook_run *run, int fd, const char *name, struct error *err)
{
	return file_write(fd, name, new_text(run), err);
}
