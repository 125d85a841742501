/*
 * Item by item.  See copy_push.h.
 *
 * Folders and links are made one by one, each before what comes after it; of files several are
 * under way, as long as they are small: a large one fills the line by itself.
 */
#include "fleet/copy_push.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "fleet/copy_litter.h"
#include "fleet/copy_path.h"

enum { FILES_AT_ONCE = 8, SMALL_BYTES = 1024 * 1024, OWNER_BITS = 0700, OTHERS_WRITE = 0002 };

/* A file that is under way. */
struct member {
	struct copy_push *push; /* NULL: not in use */
	size_t item;
	struct copy_put *put;
};

enum item_fate {
	ITEM_FAILED = 1,
	ITEM_MADE = 2,   /* a folder */
	ITEM_SHARED = 4, /* a folder in which anyone may write */
	ITEM_FILLED = 8, /* a folder into which a file was written */
};

struct copy_push {
	struct copy_session *session;
	struct copy_push_spec spec;
	struct copy_push_events events;
	void *arg;
	struct arena *arena;
	const char *base;    /* the folder, or the name, that all are below */
	bool is_base_shared; /* anyone may write there */
	bool is_base_filled; /* a file was written there */
	unsigned char *fates;
	size_t next;    /* item */
	bool is_making; /* a folder or link, before anything else */
	struct member members[FILES_AT_ONCE];
	size_t members_count;
	uint64_t members_bytes;
	size_t swept; /* folders, the base among them; when the files are there */
	struct copy_litter *litter;
	size_t modes_left; /* of folders, from the last to the first; when all else is done */
	bool is_stopping;
	const char *path;      /* of the folder or link that is being made */
	const char *temporary; /* of a link that is replaced */
};

static void step(struct copy_push *push);

static const struct copy_item *current(const struct copy_push *push)
{
	return &push->spec.tree->items[push->next];
}

static void remember(struct copy_push *push, enum item_fate fate)
{
	push->fates[push->next] |= (unsigned char)fate;
}

static const char *path_of(const struct copy_push *push, const struct copy_item *item)
{
	return copy_join(push->base, str_of(item->name), push->arena);
}

/* --- ends ----------------------------------------------------------------------------------- */

static void shut(struct copy_push *push)
{
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		copy_put_free(&push->members[i].put);
	}
	copy_litter_free(&push->litter);
	sftp_client_forget(push->session->sftp, push);
	free(push->fates);
	arena_free(push->arena);
}

void copy_push_free(struct copy_push **push_ptr)
{
	struct copy_push *push = TAKE(*push_ptr);

	if (push) {
		shut(push);
		free(push);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_push *push, const struct err *err)
{
	shut(push);
	push->events.done(push->arg, err);
	free(push);
}

static void fail_all(struct copy_push *push, const struct sftp_answer *answer)
{
	struct err err;

	(void)sftp_answer_err(answer, &err);
	finish(push, &err);
}

/* --- folders and links ---------------------------------------------------------------------- */

/* The item that is being made is over. */
static void made(struct copy_push *push, enum copy_verdict verdict, const struct err *err)
{
	struct copy_result result = {.verdict = verdict, .path = push->path};

	if (err) {
		result.err = *err;
		remember(push, ITEM_FAILED);
	}
	push->events.result(push->arg, push->next, &result);
	push->is_making = false;
	push->next++;
	step(push);
}

static void made_answer(
	struct copy_push *push, enum copy_verdict verdict, const struct sftp_answer *answer)
{
	struct err err;

	if (answer->status == SFTP_OK) {
		made(push, verdict, NULL);
		return;
	}
	(void)sftp_answer_err(answer, &err);
	made(push, COPY_FAILED, &err);
}

static void made_of_other(struct copy_push *push, uint32_t mode)
{
	struct err err;

	(void)err_set(&err, ERR_INPUT, "'%s' is %s there", utf8_quote(str_of(push->path)).text,
		S_ISDIR(mode)   ? "a folder"
		: S_ISREG(mode) ? "a file"
				: "something else");
	made(push, COPY_FAILED, &err);
}

static void on_folder_made(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status == SFTP_OK) {
		remember(push, ITEM_MADE);
	}
	made_answer(push, COPY_CREATED, answer);
}

static void make_folder(struct copy_push *push)
{
	const struct sftp_attributes mode = {
		.has = SFTP_HAS_MODE, .mode = current(push)->mode | OWNER_BITS};

	if (push->spec.options.is_dry_run) {
		made(push, COPY_CREATED, NULL);
	} else {
		sftp_mkdir(push->session->sftp, push->path, &mode,
			(struct sftp_then){on_folder_made, push});
	}
}

static void on_folder_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status == SFTP_NO_SUCH_FILE) {
		make_folder(push);
	} else if (answer->status != SFTP_OK) {
		made_answer(push, COPY_FAILED, answer);
	} else if (S_ISDIR(answer->attributes.mode)) {
		if (answer->attributes.mode & OTHERS_WRITE) {
			remember(push, ITEM_SHARED);
		}
		made(push, COPY_UNCHANGED, NULL);
	} else {
		made_of_other(push, answer->attributes.mode);
	}
}

static void on_link_renamed(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status != SFTP_OK) {
		sftp_remove(push->session->sftp, push->temporary, (struct sftp_then){NULL, NULL});
	}
	made_answer(push, COPY_UPDATED, answer);
}

static void on_link_beside(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status != SFTP_OK) {
		made_answer(push, COPY_UPDATED, answer);
	} else {
		sftp_rename(push->session->sftp, push->temporary, push->path,
			(struct sftp_then){on_link_renamed, push});
	}
}

static void replace_link(struct copy_push *push)
{
	struct copy_summer *summer = copy_summer_new();
	struct copy_sum sum;

	copy_summer_add(summer, str_of(current(push)->target));
	sum = copy_summer_end(summer);
	copy_summer_free(&summer);
	push->temporary = copy_temporary(push->path, &sum, copy_salt(push->arena), push->arena);
	sftp_symlink(push->session->sftp, current(push)->target, push->temporary,
		(struct sftp_then){on_link_beside, push});
}

static void on_link_read(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status != SFTP_OK) {
		made_answer(push, COPY_FAILED, answer);
	} else if (str_is(answer->names[0].name, current(push)->target)) {
		made(push, COPY_UNCHANGED, NULL);
	} else if (push->spec.options.is_dry_run) {
		made(push, COPY_UPDATED, NULL);
	} else {
		replace_link(push);
	}
}

static void on_link_made(void *arg, const struct sftp_answer *answer)
{
	made_answer(arg, COPY_CREATED, answer);
}

static void on_link_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status == SFTP_NO_SUCH_FILE && push->spec.options.is_dry_run) {
		made(push, COPY_CREATED, NULL);
	} else if (answer->status == SFTP_NO_SUCH_FILE) {
		sftp_symlink(push->session->sftp, current(push)->target, push->path,
			(struct sftp_then){on_link_made, push});
	} else if (answer->status != SFTP_OK) {
		made_answer(push, COPY_FAILED, answer);
	} else if (S_ISLNK(answer->attributes.mode)) {
		sftp_readlink(
			push->session->sftp, push->path, (struct sftp_then){on_link_read, push});
	} else {
		made_of_other(push, answer->attributes.mode);
	}
}

/* --- files ---------------------------------------------------------------------------------- */

static void on_moved(void *arg, uint64_t bytes)
{
	struct copy_push *push = ((struct member *)arg)->push;

	push->events.moved(push->arg, bytes);
}

static void remember_filled(struct copy_push *push, const struct copy_item *item)
{
	if (item->parent > 0) {
		push->fates[item->parent - 1] |= ITEM_FILLED;
	} else {
		push->is_base_filled = true;
	}
}

static void on_put(void *arg, const struct copy_result *result)
{
	struct member *member = arg;
	struct copy_push *push = member->push;

	push->members_count--;
	push->members_bytes -= push->spec.tree->items[member->item].size;
	if (result->verdict == COPY_CREATED || result->verdict == COPY_UPDATED) {
		remember_filled(push, &push->spec.tree->items[member->item]);
	}
	push->events.result(push->arg, member->item, result);
	*member = (struct member){0}; /* the put goes by itself */
	step(push);
}

static bool is_shared(const struct copy_push *push, const struct copy_item *item)
{
	return item->parent > 0 ? (push->fates[item->parent - 1] & ITEM_SHARED) != 0
				: push->is_base_shared;
}

static void put_file(struct copy_push *push, size_t index)
{
	static const struct copy_put_events events = {on_moved, on_put};
	const struct copy_item *item = &push->spec.tree->items[index];
	struct member *member = push->members;
	const struct copy_put_spec spec = {
		.session = push->session,
		.item = item,
		.path = path_of(push, item),
		.is_shared = push->spec.keeps_nothing || is_shared(push, item),
		.options = &push->spec.options,
	};

	while (member->push) {
		member++;
	}
	member->push = push;
	member->item = index;
	push->members_count++;
	push->members_bytes += item->size;
	member->put = copy_put_start(&spec, &events, member);
}

static bool has_room(const struct copy_push *push, const struct copy_item *item)
{
	return push->members_count == 0 || (push->members_count < FILES_AT_ONCE &&
						   push->members_bytes + item->size <= SMALL_BYTES);
}

/* --- one after the other -------------------------------------------------------------------- */

static bool is_left_out(struct copy_push *push)
{
	const struct copy_item *item = current(push);

	if (item->parent == 0 || !(push->fates[item->parent - 1] & ITEM_FAILED)) {
		return false;
	}
	remember(push, ITEM_FAILED);
	return true;
}

static void make(struct copy_push *push, const struct copy_item *item)
{
	push->is_making = true;
	push->path = path_of(push, item);
	if (item->type == COPY_FOLDER) {
		sftp_stat(push->session->sftp, push->path,
			(struct sftp_then){on_folder_looked, push});
	} else {
		sftp_lstat(
			push->session->sftp, push->path, (struct sftp_then){on_link_looked, push});
	}
}

static void on_mode_set(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;

	if (answer->status != SFTP_OK) {
		struct copy_result result = {.verdict = COPY_FAILED, .path = push->path};

		(void)sftp_answer_err(answer, &result.err);
		push->events.result(push->arg, push->modes_left, &result);
	}
	step(push);
}

/* False: all have theirs. */
static bool set_next_mode(struct copy_push *push)
{
	while (push->modes_left > 0) {
		const struct copy_item *item = &push->spec.tree->items[--push->modes_left];
		const struct sftp_attributes mode = {.has = SFTP_HAS_MODE, .mode = item->mode};

		if (push->fates[push->modes_left] & ITEM_MADE) {
			push->path = path_of(push, item);
			sftp_setstat(push->session->sftp, push->path, &mode,
				(struct sftp_then){on_mode_set, push});
			return true;
		}
	}
	return false;
}

/* --- what earlier copies left --------------------------------------------------------------- */

/* In the folder that is being swept: of a file that belongs there? */
static bool is_part(void *arg, struct str name)
{
	const struct copy_push *push = arg;
	size_t folder = push->swept - 1; /* as copy_item.parent has it */

	for (size_t i = 0; i < push->spec.tree->items_count; i++) {
		const struct copy_item *item = &push->spec.tree->items[i];

		if (item->type == COPY_FILE && item->parent == folder &&
			copy_is_temporary_of(
				name, copy_base_name(str_of(path_of(push, item))), NULL)) {
			return true;
		}
	}
	return false;
}

static void on_swept(void *arg)
{
	struct copy_push *push = arg;

	push->litter = NULL; /* gone after this */
	step(push);
}

/* Worth looking into: there before us, written into, and nobody else's. */
static bool is_to_be_swept(const struct copy_push *push, size_t folder)
{
	if (folder == 0) {
		return push->is_base_filled && !push->is_base_shared;
	}
	return (push->fates[folder - 1] & (ITEM_FILLED | ITEM_SHARED | ITEM_MADE)) == ITEM_FILLED;
}

static const char *folder_path(const struct copy_push *push, size_t folder)
{
	const struct copy_tree *tree = push->spec.tree;

	if (folder > 0) {
		return path_of(push, &tree->items[folder - 1]);
	}
	return tree->items[0].name[0] == '\0' ? copy_parent(str_of(push->base), push->arena)
					      : push->base;
}

/* False: all that matter are. */
static bool sweep_next(struct copy_push *push)
{
	static const struct copy_litter_events events = {is_part, on_swept};

	while (!push->spec.options.is_dry_run && push->swept <= push->spec.tree->items_count) {
		size_t folder = push->swept++;

		if (is_to_be_swept(push, folder)) {
			push->litter = copy_litter_start(
				push->session->sftp, folder_path(push, folder), &events, push);
			return true;
		}
	}
	return false;
}

/* Begin what can begin now. */
static void step(struct copy_push *push)
{
	while (!push->is_stopping && !push->is_making &&
		push->next < push->spec.tree->items_count) {
		const struct copy_item *item = current(push);

		if (is_left_out(push)) {
			push->next++;
		} else if (item->type != COPY_FILE) {
			make(push, item);
		} else if (has_room(push, item)) {
			put_file(push, push->next++);
		} else {
			return;
		}
	}
	if (push->is_making || push->members_count > 0 || push->litter) {
		return;
	}
	if (!push->is_stopping && sweep_next(push)) {
		return;
	}
	if (!set_next_mode(push)) {
		finish(push, NULL);
	}
}

static void begin(struct copy_push *push)
{
	push->modes_left = push->spec.tree->items_count;
	step(push);
}

/* --- the destination ------------------------------------------------------------------------ */

static bool has_own_name(const struct copy_push *push)
{
	return push->spec.tree->items_count > 0 && push->spec.tree->items[0].name[0] == '\0';
}

static void on_parent(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;
	struct err err;

	if (answer->status == SFTP_NO_SUCH_FILE) {
		(void)err_set(&err, ERR_NOT_FOUND, "there is no folder '%s'%s",
			utf8_quote(str_of(copy_parent(str_of(push->spec.destination), push->arena)))
				.text,
			copy_port_hint(push->spec.destination));
		finish(push, &err);
		return;
	}
	push->is_base_shared =
		answer->status == SFTP_OK && (answer->attributes.mode & OTHERS_WRITE) != 0;
	begin(push);
}

static void look_at_parent(struct copy_push *push)
{
	sftp_stat(push->session->sftp, copy_parent(str_of(push->spec.destination), push->arena),
		(struct sftp_then){on_parent, push});
}

static void into_folder(struct copy_push *push, const struct sftp_attributes *folder)
{
	const struct copy_item *first = push->spec.tree->items;

	push->is_base_shared = (folder->mode & OTHERS_WRITE) != 0;
	if (has_own_name(push) && first->type == COPY_FILE) {
		push->base = copy_join(
			push->spec.destination, copy_base_name(str_of(first->path)), push->arena);
	}
	begin(push);
}

static void on_destination(void *arg, const struct sftp_answer *answer)
{
	struct copy_push *push = arg;
	bool is_folder = answer->status == SFTP_OK && S_ISDIR(answer->attributes.mode);
	struct err err;

	if (answer->status != SFTP_OK && answer->status != SFTP_NO_SUCH_FILE) {
		fail_all(push, answer);
	} else if (is_folder) {
		into_folder(push, &answer->attributes);
	} else if (has_own_name(push) && !str_ends(str_of(push->spec.destination), "/")) {
		look_at_parent(push);
	} else {
		(void)err_set(&err, answer->status == SFTP_OK ? ERR_INPUT : ERR_NOT_FOUND,
			answer->status == SFTP_OK ? "'%s' is no folder%s"
						  : "there is no folder '%s'%s",
			utf8_quote(str_of(push->spec.destination)).text,
			copy_port_hint(push->spec.destination));
		finish(push, &err);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

struct copy_push *copy_push_start(struct copy_session *session, const struct copy_push_spec *spec,
	const struct copy_push_events *events, void *arg)
{
	struct copy_push *push = xcalloc(1, sizeof(*push));

	*push = (struct copy_push){
		.session = session,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
		.base = spec->destination,
		.fates = xcalloc(spec->tree->items_count + 1, 1),
	};
	sftp_stat(session->sftp, spec->destination, (struct sftp_then){on_destination, push});
	return push;
}

void copy_push_stop(struct copy_push *push)
{
	if (push->is_stopping) {
		return;
	}
	push->is_stopping = true;
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		if (push->members[i].put) {
			copy_put_stop(push->members[i].put);
		}
	}
}

void copy_push_add_left(const struct copy_push *push, struct strbuf *out)
{
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		const char *left =
			push->members[i].put ? copy_put_left(push->members[i].put) : NULL;

		if (left) {
			strbuf_adds(out, out->len > 0 ? ", " : "");
			utf8_add_escaped(out, str_of(left), 0);
		}
	}
}
