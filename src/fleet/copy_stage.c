/*
 * A push into a folder of its own; then the folder goes, then older ones.  See copy_stage.h.
 */
#include "fleet/copy_stage.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fleet/copy_path.h"
#include "fleet/copy_push.h"
#include "fleet/copy_stage_sweep.h"
#include "fleet/copy_unstage.h"

struct copy_stage {
	struct copy_stage_spec spec;
	struct copy_stage_events events;
	void *arg;
	struct arena *arena;
	const char *folder;
	struct copy_tree tree; /* the folder, then what is in it */
	struct copy_push_spec push_spec;
	struct copy_push *push;
	struct copy_unstage *unstage;
	struct copy_stage_sweep *sweep;
	struct sftp_attributes now; /* of the folder */
	bool is_made, is_gone, is_stopping;
};

static struct sftp_client *sftp_of(const struct copy_stage *stage)
{
	return stage->spec.session->sftp;
}

const char *copy_stage_folder(const struct copy_stage *stage)
{
	return stage->folder;
}

/* --- ends ----------------------------------------------------------------------------------- */

static void shut(struct copy_stage *stage)
{
	copy_push_free(&stage->push);
	copy_unstage_free(&stage->unstage);
	copy_stage_sweep_free(&stage->sweep);
	sftp_client_forget(sftp_of(stage), stage);
}

void copy_stage_free(struct copy_stage **stage_ptr)
{
	struct copy_stage *stage = TAKE(*stage_ptr);

	if (stage) {
		shut(stage);
		arena_free(stage->arena);
		free(stage);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_stage *stage)
{
	shut(stage);
	stage->events.removed(stage->arg, stage->is_gone ? NULL : stage->folder);
	arena_free(stage->arena);
	free(stage);
}

void copy_stage_add_left(const struct copy_stage *stage, struct strbuf *out)
{
	if (!stage->is_gone) {
		strbuf_adds(out, out->len > 0 ? ", " : "");
		utf8_add_escaped(out, str_of(stage->folder), 0);
	}
}

/* --- removing ------------------------------------------------------------------------------- */

static void on_swept(void *arg)
{
	struct copy_stage *stage = arg;

	stage->sweep = NULL; /* gone after this */
	finish(stage);
}

static void on_unstaged(void *arg, bool is_gone)
{
	struct copy_stage *stage = arg;

	stage->unstage = NULL; /* gone after this */
	stage->is_gone = is_gone;
	if (stage->is_stopping || stage->now.has == 0) {
		finish(stage);
	} else {
		stage->sweep = copy_stage_sweep_start(sftp_of(stage), &stage->now, on_swept, stage);
	}
}

/* It was made just now, so it tells who we are and what time it is there. */
static void on_known(void *arg, const struct sftp_answer *answer)
{
	struct copy_stage *stage = arg;

	if (answer->status == SFTP_OK) {
		stage->now = answer->attributes;
	}
	stage->unstage =
		copy_unstage_start(sftp_of(stage), stage->folder, NULL, on_unstaged, stage);
}

void copy_stage_remove(struct copy_stage *stage)
{
	sftp_lstat(sftp_of(stage), stage->folder, (struct sftp_then){on_known, stage});
}

/* --- uploading ------------------------------------------------------------------------------ */

static void on_moved(void *arg, uint64_t bytes)
{
	struct copy_stage *stage = arg;

	stage->events.moved(stage->arg, bytes);
}

/* Without the folder there is none of them; that its mode cannot be set again is no failure. */
static void on_result(void *arg, size_t item, const struct copy_result *result)
{
	struct copy_stage *stage = arg;
	size_t first = item > 0 ? item - 1 : 0;
	size_t end = item > 0 ? item : stage->spec.items_count;

	if (result->verdict != COPY_FAILED) {
		stage->is_made = true; /* it comes first */
		return;
	}
	for (size_t i = first; (item > 0 || !stage->is_made) && i < end; i++) {
		stage->events.failed(stage->arg, stage->spec.items[i], &result->err);
	}
}

static void on_pushed(void *arg, const struct err *err)
{
	struct copy_stage *stage = arg;

	stage->push = NULL; /* gone after this */
	stage->is_gone = err != NULL;
	stage->events.uploaded(stage->arg, err);
}

static void add(struct copy_stage *stage, const struct copy_item *item)
{
	*VEC_PUSH_IN(stage->arena, &stage->tree, items) = *item;
	stage->tree.bytes += item->size;
}

static void fill_tree(struct copy_stage *stage)
{
	const struct copy_item folder = {.type = COPY_FOLDER, .path = "", .name = "", .mode = 0700};

	copy_tree_init(&stage->tree, stage->arena);
	add(stage, &folder);
	for (size_t i = 0; i < stage->spec.items_count; i++) {
		struct copy_item item = stage->spec.tree->items[stage->spec.items[i]];

		item.name = arena_printf(stage->arena, "%zu", stage->spec.items[i]);
		item.mode = 0600;
		item.parent = 1;
		add(stage, &item);
	}
}

struct copy_stage *copy_stage_start(
	const struct copy_stage_spec *spec, const struct copy_stage_events *events, void *arg)
{
	static const struct copy_push_events push_events = {on_moved, on_result, on_pushed};
	struct copy_stage *stage = xcalloc(1, sizeof(*stage));

	*stage = (struct copy_stage){
		.spec = *spec, .events = *events, .arg = arg, .arena = arena_new()};
	stage->folder = copy_stage_name(stage->arena);
	fill_tree(stage);
	stage->push_spec = (struct copy_push_spec){
		.tree = &stage->tree, .destination = stage->folder, .keeps_nothing = true};
	stage->push = copy_push_start(spec->session, &stage->push_spec, &push_events, stage);
	return stage;
}

void copy_stage_stop(struct copy_stage *stage)
{
	stage->is_stopping = true;
	if (stage->push) {
		copy_push_stop(stage->push);
	} else if (stage->sweep) {
		copy_stage_sweep_stop(stage->sweep);
	}
}
