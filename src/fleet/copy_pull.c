/*
 * Items, found and fetched one after the other, several files at a time.  See copy_pull.h.
 */
#include "fleet/copy_pull.h"

#include <sys/stat.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "fleet/copy_get.h"
#include "fleet/copy_here.h"
#include "fleet/copy_path.h"
#include "fleet/copy_tree.h"

enum { FILES_AT_ONCE = 8, SMALL_BYTES = 1024 * 1024, OWNER_BITS = 0700 };

/* What was found there. */
struct found {
	const char *path; /* there */
	const char *name; /* here */
	bool is_source;   /* asked for by the user: a link is followed */
	int depth;
	bool was_made;                     /* a folder, here */
	struct sftp_attributes attributes; /* without a mode: not looked at yet */
};

struct member {
	struct copy_pull *pull; /* NULL: not in use */
	size_t item;
	struct copy_get *get;
};

struct copy_pull {
	struct copy_session *session;
	struct copy_pull_spec spec;
	struct copy_pull_events events;
	void *arg;
	struct arena *arena;
	struct copy_here *here;
	struct found *items;
	size_t items_count, items_alloc;
	size_t next;
	bool is_looking; /* at the next one, before anything else */
	struct sftp_file *folder;
	struct member members[FILES_AT_ONCE];
	size_t members_count;
	uint64_t members_bytes;
	bool is_stepping, is_stopping;
};

static void step(struct copy_pull *pull);

static struct found *current(struct copy_pull *pull)
{
	return &pull->items[pull->next];
}

/* --- ends ----------------------------------------------------------------------------------- */

static void shut(struct copy_pull *pull)
{
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		copy_get_free(&pull->members[i].get);
	}
	sftp_client_forget(pull->session->sftp, pull);
	sftp_file_free(&pull->folder);
	copy_here_close(&pull->here);
	arena_free(pull->arena);
}

void copy_pull_free(struct copy_pull **pull_ptr)
{
	struct copy_pull *pull = TAKE(*pull_ptr);

	if (pull) {
		shut(pull);
		free(pull);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_pull *pull, const struct err *err)
{
	shut(pull);
	pull->events.done(pull->arg, err);
	free(pull);
}

/* Modes that keep us out are given when nothing is to be written any more. */
static void finish_all(struct copy_pull *pull)
{
	for (size_t i = pull->items_count; i-- > 0;) {
		const struct found *item = &pull->items[i];

		if (item->was_made) {
			(void)copy_here_set_mode(pull->here, item->name,
				(item->attributes.mode & 0777) | OWNER_BITS, NULL);
		}
	}
	finish(pull, NULL);
}

/* The item that is looked at is over. */
static void over(struct copy_pull *pull, enum copy_verdict verdict, const struct err *err)
{
	const struct found *item = current(pull);
	_cleanup_(freep) char *path = copy_here_path(pull->here, item->name);
	struct copy_result result = {.verdict = verdict, .path = path};

	if (err) {
		result.err = *err;
	} else if (verdict == COPY_SKIPPED) {
		result.note = "neither a file nor a folder nor a link";
	}
	pull->events.result(pull->arg, pull->next, &result);
	pull->is_looking = false;
	pull->next++;
	step(pull);
}

static void over_answer(struct copy_pull *pull, const struct sftp_answer *answer)
{
	struct err err;

	(void)sftp_answer_err(answer, &err);
	over(pull, COPY_FAILED, &err);
}

/* Within a folder nobody has asked for it; what was named has to be here at the end. */
static void over_special(struct copy_pull *pull)
{
	const struct found *item = current(pull);
	struct err err;

	if (item->is_source) {
		(void)err_set(&err, ERR_INPUT,
			"'%s' is neither a file nor a folder nor a link there",
			utf8_quote(str_of(item->path)).text);
		over(pull, COPY_FAILED, &err);
	} else {
		over(pull, COPY_SKIPPED, NULL);
	}
}

/* --- folders -------------------------------------------------------------------------------- */

static int add_item(struct copy_pull *pull, const struct sftp_name *found, struct err *err)
{
	const struct found parent = *current(pull);
	struct found *item;

	if (str_is(found->name, ".") || str_is(found->name, "..")) {
		return 0;
	}
	if (!copy_name_is_plain(found->name)) {
		return err_set(err, ERR_INPUT, "the server says that '%s' has a file named '%s'",
			utf8_quote(str_of(parent.path)).text, utf8_quote(found->name).text);
	}
	if (pull->items_count >= COPY_ITEMS_MAX || parent.depth >= COPY_DEPTH_MAX) {
		return err_set(err, ERR_INPUT, "'%s': too many files or folders within folders",
			utf8_quote(str_of(parent.path)).text);
	}
	item = VEC_PUSH_IN(pull->arena, pull, items);
	*item = (struct found){
		.path = copy_join(parent.path, found->name, pull->arena),
		.name = parent.name[0] ? copy_join(parent.name, found->name, pull->arena)
				       : str_dup(found->name, pull->arena),
		.depth = parent.depth + 1,
		.attributes = found->attributes,
	};
	return 0;
}

static void on_names(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;
	struct err err;

	if (answer->status == SFTP_EOF) {
		sftp_file_free(&pull->folder);
		over(pull, current(pull)->was_made ? COPY_CREATED : COPY_UNCHANGED, NULL);
		return;
	}
	if (answer->status != SFTP_OK) {
		sftp_file_free(&pull->folder);
		over_answer(pull, answer);
		return;
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		if (add_item(pull, &answer->names[i], &err) < 0) {
			sftp_file_free(&pull->folder);
			over(pull, COPY_FAILED, &err);
			return;
		}
	}
	sftp_readdir(pull->folder, (struct sftp_then){on_names, pull});
}

static void on_folder(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;

	if (answer->status != SFTP_OK) {
		over_answer(pull, answer);
		return;
	}
	pull->folder = answer->file;
	sftp_readdir(pull->folder, (struct sftp_then){on_names, pull});
}

/* As copy_here_make_folder() would say. */
static void fail_taken(struct copy_pull *pull, const struct found *item)
{
	_cleanup_(freep) char *path = copy_here_path(pull->here, item->name);
	struct err err;

	(void)err_set(&err, ERR_INPUT,
		"cannot make the folder '%s': something else has its name here",
		utf8_quote(str_of(path)).text);
	over(pull, COPY_FAILED, &err);
}

static void take_folder(struct copy_pull *pull)
{
	struct found *item = current(pull);
	struct stat st;
	struct err err;

	if (item->name[0] == '\0') {
		/* it is the folder itself */
	} else if (pull->spec.is_dry_run) {
		item->was_made = copy_here_look(pull->here, item->name, &st, NULL) < 0;
		if (!item->was_made && !S_ISDIR(st.st_mode)) {
			fail_taken(pull, item);
			return;
		}
	} else if (copy_here_make_folder(pull->here, item->name, &item->was_made, &err) < 0) {
		over(pull, COPY_FAILED, &err);
		return;
	}
	sftp_opendir(pull->session->sftp, item->path, (struct sftp_then){on_folder, pull});
}

/* --- links ---------------------------------------------------------------------------------- */

static void on_link(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;
	const struct found *item = current(pull);
	const char *target;
	struct stat st;
	bool is_there;
	struct err err;

	if (answer->status != SFTP_OK) {
		over_answer(pull, answer);
		return;
	}
	target = str_dup(answer->names[0].name, pull->arena);
	if (copy_here_look_place(pull->here, item->name, false, &st, &is_there, &err) < 0) {
		over(pull, COPY_FAILED, &err);
	} else if (is_there && copy_here_link_is(pull->here, item->name, target)) {
		over(pull, COPY_UNCHANGED, NULL);
	} else if (!pull->spec.is_dry_run &&
		   copy_here_make_link(pull->here, item->name, target, &err) < 0) {
		over(pull, COPY_FAILED, &err);
	} else {
		over(pull, is_there ? COPY_UPDATED : COPY_CREATED, NULL);
	}
}

/* --- files ---------------------------------------------------------------------------------- */

static void on_moved(void *arg, uint64_t bytes)
{
	struct copy_pull *pull = ((struct member *)arg)->pull;

	pull->events.moved(pull->arg, bytes);
}

static void on_got(void *arg, const struct copy_result *result)
{
	struct member *member = arg;
	struct copy_pull *pull = member->pull;

	pull->members_count--;
	pull->members_bytes -= pull->items[member->item].attributes.size;
	pull->events.result(pull->arg, member->item, result);
	*member = (struct member){0}; /* the get goes by itself */
	step(pull);
}

static bool has_room(const struct copy_pull *pull, const struct found *item)
{
	return pull->members_count == 0 ||
	       (pull->members_count < FILES_AT_ONCE && item->attributes.size <= SMALL_BYTES &&
		       pull->members_bytes + item->attributes.size <= SMALL_BYTES);
}

static void get_file(struct copy_pull *pull, size_t index)
{
	static const struct copy_get_events events = {on_moved, on_got};
	const struct found *item = &pull->items[index];
	const struct copy_get_spec spec = {
		.session = pull->session,
		.here = pull->here,
		.path = item->path,
		.name = item->name,
		.size = item->attributes.size,
		.mode = item->attributes.mode & 0777,
		.is_named = item->is_source,
		.is_dry_run = pull->spec.is_dry_run,
	};
	struct member *member = pull->members;

	while (member->pull) {
		member++;
	}
	*member = (struct member){.pull = pull, .item = index};
	pull->members_count++;
	pull->members_bytes += item->attributes.size;
	member->get = copy_get_start(&spec, &events, member);
}

/* --- one after the other -------------------------------------------------------------------- */

static void on_looked(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;

	pull->is_looking = false;
	if (answer->status != SFTP_OK) {
		over_answer(pull, answer);
		return;
	}
	current(pull)->attributes = answer->attributes;
	current(pull)->attributes.has |= SFTP_HAS_MODE; /* without one it is nothing to copy */
	step(pull);
}

static void look(struct copy_pull *pull, const struct found *item)
{
	const struct sftp_then then = {on_looked, pull};

	pull->is_looking = true;
	if (item->is_source) {
		sftp_stat(pull->session->sftp, item->path, then);
	} else {
		sftp_lstat(pull->session->sftp, item->path, then);
	}
}

/* A file whose name is to be that of our folder itself. */
static bool is_nameless(const struct found *item)
{
	return item->name[0] == '\0' && !S_ISDIR(item->attributes.mode);
}

/* Begin the next one; false: there is no room for it yet. */
static bool take(struct copy_pull *pull)
{
	const struct found *item = current(pull);
	uint32_t mode = item->attributes.mode;
	struct err err;

	if (!(item->attributes.has & SFTP_HAS_MODE)) {
		look(pull, item);
	} else if (is_nameless(item)) {
		(void)err_set(&err, ERR_INPUT, "'%s' is no folder there",
			utf8_quote(str_of(item->path)).text);
		pull->is_looking = true;
		over(pull, COPY_FAILED, &err);
	} else if (S_ISREG(mode)) {
		if (!has_room(pull, item)) {
			return false;
		}
		get_file(pull, pull->next++);
	} else if (S_ISDIR(mode)) {
		pull->is_looking = true;
		take_folder(pull);
	} else if (S_ISLNK(mode)) {
		pull->is_looking = true;
		sftp_readlink(pull->session->sftp, item->path, (struct sftp_then){on_link, pull});
	} else {
		pull->is_looking = true;
		over_special(pull);
	}
	return true;
}

/* Begin what can begin now.  What ends in between comes back here, and finds it busy. */
static void step(struct copy_pull *pull)
{
	if (pull->is_stepping) {
		return;
	}
	pull->is_stepping = true;
	while (!pull->is_stopping && !pull->is_looking && pull->next < pull->items_count &&
		take(pull)) {
	}
	pull->is_stepping = false;
	if (pull->is_looking || pull->members_count > 0) {
		return;
	}
	if (!pull->is_stopping && pull->next == pull->items_count) {
		finish_all(pull);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

/* No more than the last name of what the user says is ever made. */
static int open_here(struct copy_pull *pull, struct err *err)
{
	const struct copy_pull_spec *spec = &pull->spec;
	enum copy_here_how how = spec->must_be      ? COPY_HERE_MUST_BE
				 : spec->is_dry_run ? COPY_HERE_WOULD_MAKE
						    : COPY_HERE_MAKE;
	struct copy_here *parent = NULL;

	if (spec->parent) {
		if (copy_here_open(spec->parent, how, &parent, err) < 0) {
			return -1;
		}
		copy_here_close(&parent);
		how = spec->is_dry_run ? COPY_HERE_MAY_BE : COPY_HERE_MAKE;
	}
	return copy_here_open(spec->folder, how, &pull->here, err);
}

static void on_begin(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;
	struct err err;

	(void)answer; /* it was asked for so that nobody is told too early */
	if (open_here(pull, &err) < 0) {
		finish(pull, &err);
		return;
	}
	for (size_t i = 0; i < pull->spec.sources_count; i++) {
		*VEC_PUSH_IN(pull->arena, pull, items) = (struct found){
			.path = pull->spec.sources[i],
			.name = pull->spec.names[i],
			.is_source = true,
		};
	}
	step(pull);
}

struct copy_pull *copy_pull_start(struct copy_session *session, const struct copy_pull_spec *spec,
	const struct copy_pull_events *events, void *arg)
{
	struct copy_pull *pull = xcalloc(1, sizeof(*pull));

	*pull = (struct copy_pull){
		.session = session,
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
	};
	sftp_realpath(session->sftp, ".", (struct sftp_then){on_begin, pull});
	return pull;
}

/* What is under way is told as interrupted, from an answer. */
static void on_stopped(void *arg, const struct sftp_answer *answer)
{
	struct copy_pull *pull = arg;

	(void)answer;
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		struct member *member = &pull->members[i];
		struct copy_result result = {.verdict = COPY_FAILED};
		_cleanup_(freep) char *path = NULL;
		_cleanup_(freep) char *left = NULL;

		if (!member->pull) {
			continue;
		}
		left = copy_get_left(member->get, false);
		result.left = left;
		path = copy_here_path(pull->here, pull->items[member->item].name);
		result.path = path;
		(void)err_set(&result.err, ERR_BUSY, "interrupted");
		copy_get_free(&member->get);
		pull->events.result(pull->arg, member->item, &result);
		*member = (struct member){0};
	}
	pull->members_count = 0;
	finish_all(pull);
}

void copy_pull_stop(struct copy_pull *pull)
{
	if (pull->is_stopping) {
		return;
	}
	pull->is_stopping = true;
	sftp_client_forget(pull->session->sftp, pull);
	sftp_realpath(pull->session->sftp, ".", (struct sftp_then){on_stopped, pull});
}

uint64_t copy_pull_bytes(const struct copy_pull *pull)
{
	return pull->members_bytes;
}

void copy_pull_add_left(const struct copy_pull *pull, bool is_leaving, struct strbuf *out)
{
	for (size_t i = 0; i < FILES_AT_ONCE; i++) {
		_cleanup_(freep) char *left =
			pull->members[i].get ? copy_get_left(pull->members[i].get, is_leaving)
					     : NULL;

		if (left) {
			strbuf_adds(out, out->len > 0 ? ", " : "");
			utf8_add_escaped(out, str_of(left), 0);
		}
	}
}
