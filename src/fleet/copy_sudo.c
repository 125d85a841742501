/*
 * Look, decide, upload, put in place, clean up.  See copy_sudo.h.
 */
#include "fleet/copy_sudo.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "fleet/copy_diff.h"
#include "fleet/copy_path.h"
#include "fleet/copy_stage.h"
#include "fleet/copy_sudo_script.h"
#include "fleet/copy_sudo_show.h"
#include "fleet/remote_command.h"

enum {
	DESTINATION_LINES = 2,   /* itself, its folder */
	OUTPUT_LINE_MAX = 10000, /* bytes of what is said of one item */
	ERRORS_MAX = 300,
};

/* What is to be done with an item. */
enum item_work {
	WORK_NONE,
	WORK_PLACE,      /* a file, a folder, a link */
	WORK_ATTRIBUTES, /* the content is the same */
};

struct item {
	const char *path; /* there */
	enum item_work work;
	enum copy_verdict verdict; /* once that is done */
	const char *diff;          /* of a rehearsal; NULL: not known */
	int backup;                /* its number; 0: it needs none */
	bool is_told;
};

struct copy_sudo {
	struct copy_sudo_spec spec;
	struct copy_sudo_events events;
	void *arg;
	struct arena *arena;
	struct item *items; /* as in the tree */
	const char *base;   /* that all are below, or the name of the only one */
	struct remote_command *command;
	struct copy_sudo_show *show;
	size_t *shown;             /* items */
	struct strbuf out, errors; /* of the command */
	struct copy_stage *stage;  /* NULL: nothing has to be uploaded */
	bool is_stopping;
	bool has_outcome; /* to be told at the end */
	struct outcome outcome;
};

static void clean_up(struct copy_sudo *sudo);

static const struct copy_tree *tree_of(const struct copy_sudo *sudo)
{
	return sudo->spec.push->tree;
}

static const struct copy_put_options *options_of(const struct copy_sudo *sudo)
{
	return &sudo->spec.push->options;
}

static const char *backup_suffix(const struct copy_sudo *sudo)
{
	return options_of(sudo)->backup == COPY_BACKUP_TIME ? options_of(sudo)->time_suffix : "~";
}

static uint32_t mode_of(const struct copy_sudo *sudo, const struct copy_item *item)
{
	bool is_said = item->type == COPY_FILE && options_of(sudo)->has_mode;

	return is_said ? options_of(sudo)->mode : item->mode;
}

/* --- ends ----------------------------------------------------------------------------------- */

static void shut(struct copy_sudo *sudo)
{
	remote_command_free(&sudo->command);
	copy_sudo_show_free(&sudo->show);
	copy_stage_free(&sudo->stage);
	sftp_client_forget(sudo->spec.session->sftp, sudo);
	strbuf_release(&sudo->out);
	strbuf_release(&sudo->errors);
	free(sudo->items);
}

void copy_sudo_free(struct copy_sudo **sudo_ptr)
{
	struct copy_sudo *sudo = TAKE(*sudo_ptr);

	if (sudo) {
		shut(sudo);
		arena_free(sudo->arena);
		free(sudo);
	}
}

/* Whoever is told may free everything else. */
static void finish(struct copy_sudo *sudo, const struct err *err)
{
	shut(sudo);
	sudo->events.done(sudo->arg, err, sudo->has_outcome ? &sudo->outcome : NULL);
	arena_free(sudo->arena);
	free(sudo);
}

void copy_sudo_add_left(const struct copy_sudo *sudo, struct strbuf *out)
{
	if (sudo->stage) {
		copy_stage_add_left(sudo->stage, out);
	}
}

static void tell(
	struct copy_sudo *sudo, size_t index, enum copy_verdict verdict, const struct err *err)
{
	struct item *item = &sudo->items[index];
	struct copy_result result = {.verdict = verdict, .path = item->path, .diff = item->diff};

	if (err) {
		result.err = *err;
	} else if (verdict == COPY_UPDATED && tree_of(sudo)->items[index].type == COPY_FILE &&
		   options_of(sudo)->backup != COPY_BACKUP_NONE && !options_of(sudo)->is_dry_run) {
		result.backup = copy_timed_backup(
			item->path, backup_suffix(sudo), item->backup, sudo->arena);
	}
	if (!err && (verdict == COPY_UPDATED || verdict == COPY_CREATED) &&
		!options_of(sudo)->is_dry_run) {
		result.bytes = tree_of(sudo)->items[index].size;
	}
	item->is_told = true;
	sudo->events.result(sudo->arg, index, &result);
}

static void tell_failed(struct copy_sudo *sudo, size_t index, enum err_code code, const char *text)
{
	struct err err;

	(void)err_set(
		&err, code, "'%s': %s", utf8_quote(str_of(sudo->items[index].path)).text, text);
	tell(sudo, index, COPY_FAILED, &err);
}

/* What has not been told was not done. */
static void tell_rest(struct copy_sudo *sudo)
{
	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		if (!sudo->items[i].is_told) {
			tell_failed(sudo, i, ERR_BUSY, "interrupted");
		}
	}
}

/* --- programs there ------------------------------------------------------------------------- */

static void on_started(void *arg, int64_t pid)
{
	(void)arg;
	(void)pid;
}

static void on_output(void *arg, enum ssh_stream stream, struct str bytes)
{
	struct copy_sudo *sudo = arg;

	strbuf_addstr(stream == SSH_STREAM_STDOUT ? &sudo->out : &sudo->errors, bytes);
}

/* With what it said, if it says why. */
static void keep_outcome(struct copy_sudo *sudo, const struct outcome *outcome)
{
	struct str said = str_trim(strbuf_str(&sudo->errors));

	sudo->has_outcome = true;
	sudo->outcome = *outcome;
	if (outcome->message) {
		sudo->outcome.message = arena_strdup(sudo->arena, outcome->message);
	} else if (said.len > 0) {
		struct strbuf text = STRBUF_INIT;

		utf8_add_escaped(&text, said, ERRORS_MAX);
		sudo->outcome.message = str_dup(strbuf_str(&text), sudo->arena);
		strbuf_release(&text);
	}
}

static void run(struct copy_sudo *sudo, const char *script, const struct strbuf *input,
	void (*ended)(void *arg, const struct remote_command_end *))
{
	const char **argv = arena_calloc(sudo->arena, 5, sizeof(*argv));
	const struct remote_command_spec spec = {
		.supervised =
			{
				.argv = argv,
				.has_input = true,
				.sudo = sudo->spec.password ? SUPERVISOR_SUDO_PASSWORD
							    : SUPERVISOR_SUDO_QUIET,
			},
		.input = str_of(str_dup(strbuf_str(input), sudo->arena)),
		.sudo_password = sudo->spec.password,
	};
	const struct remote_command_events events = {on_started, on_output, ended};

	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = script;
	argv[3] = "sh";
	strbuf_release(&sudo->out);
	strbuf_release(&sudo->errors);
	strbuf_init(&sudo->out,
		(tree_of(sudo)->items_count + DESTINATION_LINES) * (size_t)OUTPUT_LINE_MAX);
	strbuf_init(&sudo->errors, ERRORS_MAX);
	sudo->command =
		remote_command_start(sudo->spec.loop, sudo->spec.login, &spec, &events, sudo);
}

/* --- cleaning up ---------------------------------------------------------------------------- */

static void end(struct copy_sudo *sudo)
{
	tell_rest(sudo);
	finish(sudo, NULL);
}

static void on_stage_removed(void *arg, const char *left)
{
	struct copy_sudo *sudo = arg;

	sudo->stage = NULL; /* gone after this */
	if (left) {
		sudo->events.left(sudo->arg, left);
	}
	end(sudo);
}

static void clean_up(struct copy_sudo *sudo)
{
	if (sudo->stage) {
		copy_stage_remove(sudo->stage);
	} else {
		end(sudo);
	}
}

/* --- putting in place ----------------------------------------------------------------------- */

static void take_answers(struct copy_sudo *sudo)
{
	struct str rest = strbuf_str(&sudo->out), line;

	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		struct item *item = &sudo->items[i];

		if (item->is_told) {
			continue;
		}
		if (rest.len == 0 || !str_line(&rest, &line)) {
			return;
		}
		if (copy_sudo_parse_placed(line, &item->backup)) {
			tell(sudo, i, item->verdict, NULL);
		} else {
			tell_failed(sudo, i, ERR_SYSTEM,
				str_dup(str_trim(str_sub(line, 2, line.len)), sudo->arena));
		}
	}
}

static void on_placed(void *arg, const struct remote_command_end *end)
{
	struct copy_sudo *sudo = arg;

	sudo->command = NULL; /* gone after this */
	take_answers(sudo);
	if (end->outcome.kind != OUTCOME_OK && !sudo->is_stopping) {
		keep_outcome(sudo, &end->outcome);
	}
	clean_up(sudo);
}

static void add_work(struct copy_sudo *sudo, size_t index, struct strbuf *input)
{
	const struct item *item = &sudo->items[index];
	const struct copy_item *source = &tree_of(sudo)->items[index];
	uint32_t mode = mode_of(sudo, source);

	if (item->work == WORK_ATTRIBUTES) {
		copy_sudo_add_attributes(input, item->path, mode);
	} else if (source->type == COPY_FOLDER) {
		copy_sudo_add_folder(input, item->path, mode);
	} else if (source->type == COPY_LINK) {
		copy_sudo_add_link(input, item->path, source->target);
	} else {
		copy_sudo_add_file(input, item->path, mode, arena_printf(sudo->arena, "%zu", index),
			&source->sum);
	}
}

static void place(struct copy_sudo *sudo)
{
	const struct copy_sudo_settings settings = {
		.staged = sudo->stage ? copy_stage_folder(sudo->stage) : ".",
		.salt = copy_salt(sudo->arena) + 1,
		.owner = sudo->spec.owner,
		.group = sudo->spec.group,
		.backup = options_of(sudo)->backup == COPY_BACKUP_NONE ? NULL : backup_suffix(sudo),
	};
	struct strbuf input = STRBUF_INIT;

	copy_sudo_add_settings(&input, &settings);
	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		if (!sudo->items[i].is_told) {
			add_work(sudo, i, &input);
		}
	}
	run(sudo, copy_sudo_place, &input, on_placed);
	strbuf_release(&input);
}

/* --- uploading ------------------------------------------------------------------------------ */

static void on_stage_moved(void *arg, uint64_t bytes)
{
	struct copy_sudo *sudo = arg;

	sudo->events.moved(sudo->arg, bytes);
}

static void on_stage_failed(void *arg, size_t item, const struct err *err)
{
	tell(arg, item, COPY_FAILED, err);
}

static bool has_work(const struct copy_sudo *sudo)
{
	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		if (!sudo->items[i].is_told) {
			return true;
		}
	}
	return false;
}

static void on_staged(void *arg, const struct err *err)
{
	struct copy_sudo *sudo = arg;

	if (err) {
		const struct err failed = *err;

		finish(sudo, &failed);
	} else if (sudo->is_stopping || !has_work(sudo)) {
		clean_up(sudo);
	} else {
		place(sudo);
	}
}

static void stage(struct copy_sudo *sudo)
{
	static const struct copy_stage_events events = {
		on_stage_moved, on_stage_failed, on_staged, on_stage_removed};
	size_t *wanted = arena_calloc(sudo->arena, tree_of(sudo)->items_count, sizeof(size_t));
	struct copy_stage_spec spec = {
		.session = sudo->spec.session, .tree = tree_of(sudo), .items = wanted};

	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		const struct item *item = &sudo->items[i];

		if (!item->is_told && item->work == WORK_PLACE &&
			tree_of(sudo)->items[i].type == COPY_FILE) {
			wanted[spec.items_count++] = i;
		}
	}
	if (spec.items_count > 0) {
		sudo->stage = copy_stage_start(&spec, &events, sudo);
	} else {
		place(sudo);
	}
}

/* --- deciding ------------------------------------------------------------------------------- */

static bool is_whom(const char *wanted, struct str number, struct str name)
{
	return !wanted || str_is(name, wanted) || str_is(number, wanted);
}

static bool has_attributes(const struct copy_sudo *sudo, const struct copy_item *item,
	const struct copy_sudo_seen *seen)
{
	return seen->mode == mode_of(sudo, item) &&
	       is_whom(sudo->spec.owner, seen->uid, seen->user) &&
	       is_whom(sudo->spec.group, seen->gid, seen->group);
}

static void set_work(struct item *item, enum item_work work, enum copy_verdict verdict)
{
	item->work = work;
	item->verdict = verdict;
}

static void decide_file(struct copy_sudo *sudo, size_t index, const struct copy_sudo_seen *seen)
{
	const struct copy_item *source = &tree_of(sudo)->items[index];
	struct item *item = &sudo->items[index];

	if (seen->is == COPY_SUDO_NONE) {
		set_work(item, WORK_PLACE, COPY_CREATED);
	} else if (seen->is != COPY_SUDO_FILE) {
		tell_failed(sudo, index, ERR_INPUT,
			seen->is == COPY_SUDO_FOLDER ? "it is a folder there"
						     : "it is no file there");
	} else if (!copy_sum_eq(&seen->sum, &source->sum)) {
		set_work(item, WORK_PLACE, COPY_UPDATED);
	} else if (!has_attributes(sudo, source, seen)) {
		set_work(item, WORK_ATTRIBUTES, COPY_MODE);
	} else {
		tell(sudo, index, COPY_UNCHANGED, NULL);
	}
}

static void decide_other(struct copy_sudo *sudo, size_t index, const struct copy_sudo_seen *seen)
{
	const struct copy_item *source = &tree_of(sudo)->items[index];
	struct item *item = &sudo->items[index];
	enum copy_sudo_is wanted = source->type == COPY_FOLDER ? COPY_SUDO_FOLDER : COPY_SUDO_LINK;

	if (seen->is == COPY_SUDO_NONE) {
		set_work(item, WORK_PLACE, COPY_CREATED);
	} else if (seen->is != wanted) {
		tell_failed(sudo, index, ERR_INPUT, "something else is there");
	} else if (wanted == COPY_SUDO_LINK && !str_is(seen->target, source->target)) {
		set_work(item, WORK_PLACE, COPY_UPDATED);
	} else {
		tell(sudo, index, COPY_UNCHANGED, NULL);
	}
}

static bool is_left_out(const struct copy_sudo *sudo, size_t index)
{
	const struct copy_item *item = &tree_of(sudo)->items[index];
	const struct item *parent = item->parent > 0 ? &sudo->items[item->parent - 1] : NULL;

	return parent && parent->is_told && parent->verdict == COPY_FAILED;
}

static void on_content(void *arg, size_t path, struct str content)
{
	struct copy_sudo *sudo = arg;
	size_t i = sudo->shown[path];

	sudo->items[i].diff = copy_diff_file(content, tree_of(sudo)->items[i].path, sudo->arena);
}

static void on_shown(void *arg)
{
	struct copy_sudo *sudo = arg;

	sudo->show = NULL; /* gone after this */
	for (size_t i = 0; i < tree_of(sudo)->items_count && !sudo->is_stopping; i++) {
		if (!sudo->items[i].is_told) {
			tell(sudo, i, sudo->items[i].verdict, NULL);
		}
	}
	clean_up(sudo);
}

static bool has_difference(const struct copy_sudo *sudo, size_t index)
{
	const struct copy_item *source = &tree_of(sudo)->items[index];
	const struct item *item = &sudo->items[index];

	return options_of(sudo)->wants_diff && !item->is_told && source->type == COPY_FILE &&
	       item->work == WORK_PLACE && item->verdict == COPY_UPDATED &&
	       source->size < COPY_DIFF_MAX;
}

/* What would change, and of texts how. */
static void rehearse(struct copy_sudo *sudo)
{
	static const struct copy_sudo_show_events events = {on_content, on_shown};
	size_t count = tree_of(sudo)->items_count;
	const char **paths = arena_calloc(sudo->arena, count, sizeof(*paths));
	struct copy_sudo_show_spec spec = {
		.loop = sudo->spec.loop,
		.login = sudo->spec.login,
		.password = sudo->spec.password,
		.paths = paths,
	};

	sudo->shown = arena_calloc(sudo->arena, count, sizeof(*sudo->shown));
	for (size_t i = 0; i < count; i++) {
		if (has_difference(sudo, i)) {
			sudo->shown[spec.count] = i;
			paths[spec.count++] = sudo->items[i].path;
		}
	}
	if (spec.count > 0) {
		sudo->show = copy_sudo_show_start(&spec, &events, sudo);
	} else {
		on_shown(sudo);
	}
}

static int refuse(struct err *err, enum err_code code, const char *what, const char *path)
{
	return err_set(
		err, code, "%s '%s'%s", what, utf8_quote(str_of(path)).text, copy_port_hint(path));
}

static bool has_own_name(const struct copy_sudo *sudo)
{
	return tree_of(sudo)->items_count > 0 && tree_of(sudo)->items[0].name[0] == '\0';
}

/* Is there a place for it? */
static int check_destination(const struct copy_sudo *sudo, const struct copy_sudo_seen *itself,
	const struct copy_sudo_seen *parent, struct err *err)
{
	const char *path = sudo->spec.push->destination;
	bool needs_folder = !has_own_name(sudo) || str_ends(str_of(path), "/");

	if (itself->is == COPY_SUDO_FOLDER) {
		return 0;
	}
	if (itself->is != COPY_SUDO_NONE && needs_folder) {
		return refuse(err, ERR_INPUT, "it is no folder:", path);
	}
	if (itself->is == COPY_SUDO_NONE && needs_folder) {
		return refuse(err, ERR_NOT_FOUND, "there is no folder", path);
	}
	if (parent->is != COPY_SUDO_FOLDER) {
		return refuse(err, ERR_NOT_FOUND, "there is no folder",
			copy_parent(str_of(path), sudo->arena));
	}
	return 0;
}

static bool take_seen(struct str *rest, struct copy_sudo_seen *ret_seen)
{
	struct str line;

	return rest->len > 0 && str_line(rest, &line) && copy_sudo_parse_seen(line, ret_seen);
}

static bool is_single_file(const struct copy_sudo *sudo)
{
	return has_own_name(sudo) && tree_of(sudo)->items[0].type == COPY_FILE;
}

/* False: the program said something else. */
static bool decide(struct copy_sudo *sudo, struct str rest, const struct copy_sudo_seen *itself)
{
	struct copy_sudo_seen seen;

	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		if (!copy_sudo_can_say(sudo->items[i].path)) {
			tell_failed(sudo, i, ERR_INPUT,
				"a name of several lines cannot be copied with --sudo");
			sudo->items[i].verdict = COPY_FAILED;
			continue;
		}
		if (!take_seen(&rest, &seen)) {
			return false;
		}
		if (is_single_file(sudo) && itself->is != COPY_SUDO_FOLDER) {
			seen = *itself;
			sudo->items[i].path = sudo->spec.push->destination;
		}
		if (is_left_out(sudo, i)) {
			sudo->items[i].is_told = true;
			sudo->items[i].verdict = COPY_FAILED;
		} else if (tree_of(sudo)->items[i].type == COPY_FILE) {
			decide_file(sudo, i, &seen);
		} else {
			decide_other(sudo, i, &seen);
		}
	}
	return true;
}

static int take_all_seen(struct copy_sudo *sudo, struct err *err)
{
	struct str rest = strbuf_str(&sudo->out);
	struct copy_sudo_seen itself, parent;

	if (take_seen(&rest, &itself) && take_seen(&rest, &parent)) {
		if (check_destination(sudo, &itself, &parent, err) < 0) {
			return -1;
		}
		if (decide(sudo, rest, &itself)) {
			return 0;
		}
	}
	return err_set(err, ERR_NETWORK, "what is there cannot be looked at with sudo");
}

static void on_looked(void *arg, const struct remote_command_end *end)
{
	struct copy_sudo *sudo = arg;
	struct err err;

	sudo->command = NULL; /* gone after this */
	if (sudo->is_stopping) {
		clean_up(sudo);
		return;
	}
	if (end->outcome.kind != OUTCOME_OK) {
		keep_outcome(sudo, &end->outcome);
		finish(sudo, NULL);
		return;
	}
	if (take_all_seen(sudo, &err) < 0) {
		finish(sudo, &err);
	} else if (options_of(sudo)->is_dry_run) {
		rehearse(sudo);
	} else if (!has_work(sudo)) {
		finish(sudo, NULL);
	} else {
		stage(sudo);
	}
}

/* --- for users ------------------------------------------------------------------------------ */

static void add_question(struct strbuf *input, char how, const char *path)
{
	strbuf_addf(input, "%c%s%s\n", how, path[0] == '/' ? "" : "./", path);
}

static void look(struct copy_sudo *sudo)
{
	const char *destination = sudo->spec.push->destination;
	struct strbuf input = STRBUF_INIT;

	add_question(&input, 'f', destination);
	add_question(&input, 'f', copy_parent(str_of(destination), sudo->arena));
	for (size_t i = 0; i < tree_of(sudo)->items_count; i++) {
		if (copy_sudo_can_say(sudo->items[i].path)) {
			add_question(&input, tree_of(sudo)->items[i].type == COPY_LINK ? 'l' : 'f',
				sudo->items[i].path);
		}
	}
	run(sudo, copy_sudo_look, &input, on_looked);
	strbuf_release(&input);
}

struct copy_sudo *copy_sudo_start(
	const struct copy_sudo_spec *spec, const struct copy_sudo_events *events, void *arg)
{
	struct copy_sudo *sudo = xcalloc(1, sizeof(*sudo));
	const struct copy_tree *tree = spec->push->tree;

	*sudo = (struct copy_sudo){
		.spec = *spec,
		.events = *events,
		.arg = arg,
		.arena = arena_new(),
		.items = xcalloc(tree->items_count + 1, sizeof(*sudo->items)),
		.base = spec->push->destination,
		.out = STRBUF_INIT,
		.errors = STRBUF_INIT,
	};
	if (is_single_file(sudo)) {
		sudo->base = copy_join(
			sudo->base, copy_base_name(str_of(tree->items[0].path)), sudo->arena);
	}
	for (size_t i = 0; i < tree->items_count; i++) {
		sudo->items[i].path =
			copy_join(sudo->base, str_of(tree->items[i].name), sudo->arena);
	}
	look(sudo);
	return sudo;
}

void copy_sudo_stop(struct copy_sudo *sudo)
{
	if (sudo->is_stopping) {
		return;
	}
	sudo->is_stopping = true;
	if (sudo->stage) {
		copy_stage_stop(sudo->stage);
	}
	if (sudo->command) {
		remote_command_stop(sudo->command);
	} else if (sudo->show) {
		copy_sudo_show_stop(sudo->show);
	}
}
