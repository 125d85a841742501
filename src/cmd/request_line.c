/*
 * Two command lines become one.  See request_line.h.
 */
#include "cmd/request_line.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/vec.h"

/* A command line of `cmd`, parsed. */
struct parsed {
	void *opts;
	struct common_opts common;
	struct command_line line;
};

static int parse(const struct cmd *cmd, int argc, const char *const *argv, struct arena *arena,
	struct parsed *parsed, struct err *err)
{
	struct option_set sets[CMD_SETS_MAX + 1] = {0};

	parsed->opts = arena_calloc(arena, 1, cmd->opts_size);
	for (size_t i = 0; cmd->doc.sets[i].rows; i++) {
		sets[i] = cmd->doc.sets[i];
		sets[i].base = sets[i].rows == common_rows ? (void *)&parsed->common : parsed->opts;
	}
	return command_line_parse(
		argc, argv, sets, cmd->stops_at_argument, arena, &parsed->line, err);
}

/* The row of that name, but for those that all subcommands have. */
static const struct option_row *own_row(const struct cmd *cmd, const char *name)
{
	for (const struct option_set *set = cmd->doc.sets; set->rows; set++) {
		const struct option_row *row =
			set->rows == common_rows ? NULL : option_find(set->rows, str_of(name));

		if (row) {
			return row;
		}
	}
	return NULL;
}

static bool is_in(const char *const *names, const char *name)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_given(const struct command_line *line, const struct option_row *row)
{
	for (size_t i = 0; i < line->given_count; i++) {
		if (line->given[i] == row) {
			return true;
		}
	}
	return false;
}

static size_t size_of(const struct option_row *row)
{
	switch (row->shape) {
	case OPTION_LIST:
		return sizeof(struct option_list);
	case OPTION_MAP:
	case OPTION_MAP_LIST:
		return sizeof(struct option_map);
	case OPTION_ONE:
	case OPTION_SECTION:
	case OPTION_VARIANTS:
	case OPTION_SECTION_LIST:
		break;
	}
	return row->type->size;
}

/* --- before --------------------------------------------------------------------------------- */

static void resolve(const char **path, const char *directory, struct arena *arena)
{
	if (*path && (*path)[0] != '/') {
		*path = arena_printf(arena, "%s/%s", directory, *path);
	}
}

static void copy_value(const struct option_row *row, const void *from, void *to)
{
	memcpy((char *)to + row->offset, (const char *)from + row->offset, size_of(row));
}

static void take_before(
	const struct request_line_spec *spec, const struct parsed *before, struct request_line *ret)
{
	struct arena *arena = spec->now->arena;

	for (size_t i = 0; i < before->line.given_count; i++) {
		const struct option_row *row = before->line.given[i];

		if (own_row(spec->cmd, row->name) != row || !is_in(spec->kept, row->name)) {
			continue;
		}
		copy_value(row, before->opts, ret->opts);
		if (row->type == &option_path && row->shape == OPTION_ONE) {
			resolve((const char **)((char *)ret->opts + row->offset),
				spec->request->directory, arena);
		}
		*VEC_PUSH_IN(arena, &ret->line, given) = row;
	}
}

/* --- now ------------------------------------------------------------------------------------ */

static int no_such_flag(
	const struct option_row *row, const char *value, const struct cmd *cmd, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf flag = STRBUF_INIT;

	option_add_flag_name(row, &flag);
	return err_set(err, ERR_INPUT, "%s%s%s does not go with '%s', which was run", flag.buf,
		value ? " " : "", value ? value : "", cmd->doc.name);
}

/* The same word may have another number there; -1: there is none. */
static int choice_of(const struct option_row *row, const char *name)
{
	for (int i = 0; row->choices[i]; i++) {
		if (strcmp(row->choices[i], name) == 0) {
			return i;
		}
	}
	return -1;
}

static int take_choice(const struct request_line_spec *spec, const struct option_row *row,
	const struct option_row *to, void *opts, struct err *err)
{
	const char *name;
	int value;

	memcpy(&value, (const char *)spec->now->opts + row->offset, sizeof(value));
	name = row->choices[value];
	value = choice_of(to, name);
	if (value < 0) {
		return no_such_flag(row, name, spec->cmd, err);
	}
	memcpy((char *)opts + to->offset, &value, sizeof(value));
	return 0;
}

static int take_value(const struct request_line_spec *spec, const struct option_row *row,
	struct request_line *ret, struct err *err)
{
	const struct option_row *to = own_row(spec->cmd, row->name);

	if (!to || to->type != row->type || to->shape != row->shape) {
		return no_such_flag(row, NULL, spec->cmd, err);
	}
	if (row->type != &option_choice) {
		memcpy((char *)ret->opts + to->offset, (const char *)spec->now->opts + row->offset,
			size_of(row));
	} else if (take_choice(spec, row, to, ret->opts, err) < 0) {
		return -1;
	}
	if (!is_given(&ret->line, to)) {
		*VEC_PUSH_IN(spec->now->arena, &ret->line, given) = to;
	}
	return 0;
}

static int take_now(const struct request_line_spec *spec, struct request_line *ret, struct err *err)
{
	const struct command_line *line = spec->now->line;

	for (size_t i = 0; i < line->given_count; i++) {
		const struct option_row *row = line->given[i];

		if (!cmd_run_is_own(spec->now, row)) {
			*VEC_PUSH_IN(spec->now->arena, &ret->line, given) = row;
		} else if (!is_in(spec->passed_over, row->name) &&
			   take_value(spec, row, ret, err) < 0) {
			return -1;
		}
	}
	return 0;
}

int request_line_take(
	const struct request_line_spec *spec, struct request_line *ret, struct err *err)
{
	const struct run_request *request = spec->request;
	struct arena *arena = spec->now->arena;
	struct parsed before = {0}, without = {0};
	struct request_line line;

	if (parse(spec->cmd, (int)request->arguments_count, request->arguments, arena, &before,
		    err) < 0 ||
		parse(spec->cmd, 1, request->arguments, arena, &without, err) < 0) {
		return -1;
	}
	resolve(&before.common.config, request->directory, arena);
	line = (struct request_line){.opts = without.opts,
		.line = {.args = before.line.args, .args_count = before.line.args_count},
		.config = before.common.config};
	take_before(spec, &before, &line);
	if (take_now(spec, &line, err) < 0) {
		return -1;
	}
	*ret = line;
	return 0;
}

/* --- written out ---------------------------------------------------------------------------- */

struct words {
	const char **words;
	size_t words_count, words_alloc;
};

/* What is typed now starts here, not where the line of before was typed. */
static void add_path(const char *path, struct strbuf *out)
{
	_cleanup_(freep) char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);

	if (folder) {
		strbuf_addf(out, "%s/", folder);
	}
	strbuf_adds(out, path);
}

/* As it can be parsed again after "--flag=". */
static void add_value(const struct option_row *row, const void *field, struct strbuf *out)
{
	if (row->type == &option_path) {
		add_path(*(const char *const *)field, out);
	} else if (row->type == &option_string) {
		strbuf_adds(out, *(const char *const *)field);
	} else if (row->type == &option_choice) {
		strbuf_adds(out, row->choices[*(const int *)field]);
	} else {
		row->type->add(field, out);
		strbuf_adds(out, row->type == &option_duration ? "ms" : "");
	}
}

static void add_flag(
	const struct option_row *row, const void *opts, struct arena *arena, struct words *words)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;
	const void *field = (const char *)opts + row->offset;
	bool is_off = row->type == &option_bool && !*(const bool *)field;

	option_add_flag_name(row, &out);
	if (row->type == &option_bool) {
		*VEC_PUSH_IN(arena, words, words) =
			arena_printf(arena, "--%s%s", is_off ? "no-" : "", out.buf + 2);
		return;
	}
	strbuf_addc(&out, '=');
	add_value(row, field, &out);
	*VEC_PUSH_IN(arena, words, words) = arena_strdup(arena, out.buf);
}

static bool is_withheld(const struct run_request *request, const char *name)
{
	for (size_t i = 0; i < request->withheld_count; i++) {
		if (strcmp(request->withheld[i], name) == 0) {
			return true;
		}
	}
	return false;
}

/* Those of --env; names of before are there already, without their values. */
static void add_map(
	const struct request_line_spec *spec, const struct option_row *row, struct words *words)
{
	const void *field = (const char *)spec->now->opts + row->offset;
	const struct option_map *map = field;

	for (size_t i = 0; i < map->count; i++) {
		_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

		if (is_withheld(spec->request, map->keys[i])) {
			continue;
		}
		option_add_flag_name(row, &out);
		strbuf_addf(&out, "=%s=", map->keys[i]);
		add_value(row, (const char *)map->items + i * row->type->size, &out);
		*VEC_PUSH_IN(spec->now->arena, words, words) =
			arena_strdup(spec->now->arena, out.buf);
	}
}

/* The flags of now in front of "--", so that they count more than those of before. */
static void add_now(const struct request_line_spec *spec, struct words *words)
{
	const struct cmd_run *now = spec->now;

	for (size_t i = 0; i < now->line->given_count; i++) {
		const struct option_row *row = now->line->given[i];

		if (!cmd_run_is_own(now, row) || !is_in(spec->kept, row->name) ||
			is_in(spec->passed_over, row->name)) {
			continue;
		}
		if (row->shape == OPTION_MAP) {
			add_map(spec, row, words);
		} else if (row->shape == OPTION_ONE) {
			add_flag(row, now->opts, now->arena, words);
		}
	}
}

static struct words write_out(const struct request_line_spec *spec)
{
	const struct run_request *request = spec->request;
	struct arena *arena = spec->now->arena;
	struct words words = {0};
	size_t i = 0;

	for (; i < request->arguments_count && strcmp(request->arguments[i], "--") != 0; i++) {
		*VEC_PUSH_IN(arena, &words, words) = request->arguments[i];
	}
	add_now(spec, &words);
	for (; i < request->arguments_count; i++) {
		*VEC_PUSH_IN(arena, &words, words) = request->arguments[i];
	}
	return words;
}

struct cmd_run *request_line_run(const struct request_line_spec *spec, struct request_line *line)
{
	struct cmd_run *run = arena_alloc(spec->now->arena, sizeof(*run));
	const struct words words = write_out(spec);

	*run = *spec->now;
	run->opts = line->opts;
	run->line = &line->line;
	run->argv = words.words;
	run->argc = (int)words.words_count;
	return run;
}
