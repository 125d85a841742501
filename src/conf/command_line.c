/*
 * argv through the rows.  See command_line.h.
 */
#include "conf/command_line.h"

#include "base/alloc.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "conf/shown.h"

/* One call of command_line_parse(). */
struct parser {
	int argc;
	const char *const *argv;
	int next; /* the argument that comes next */
	const struct option_set *sets;
	struct arena *arena;
	struct option_context context;
	struct command_line line;
};

/* A flag as it was found: its row, the set it is of, and what it was called. */
struct flag {
	const struct option_row *row; /* NULL: there is none */
	const struct option_set *set;
	const char *shown; /* "--timeout" or "-t", for errors */
};

static bool is_flag(const struct option_row *row)
{
	return !option_holds_rows(row) && !(row->flags & OPTION_CONFIG_ONLY);
}

/* Does "connect-timeout" mean the row connect_timeout? */
static bool flag_is(struct str flag, const struct option_row *row)
{
	size_t i = 0;

	for (; i < flag.len && row->name[i]; i++) {
		if (flag.ptr[i] != (row->name[i] == '_' ? '-' : row->name[i])) {
			return false;
		}
	}
	return i == flag.len && !row->name[i];
}

static struct flag find_long(const struct parser *p, struct str name)
{
	for (const struct option_set *set = p->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_flag(row) && flag_is(name, row)) {
				return (struct flag){.row = row, .set = set};
			}
		}
	}
	return (struct flag){0};
}

static struct flag find_letter(const struct parser *p, char letter)
{
	for (const struct option_set *set = p->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (is_flag(row) && row->letter && row->letter == letter) {
				return (struct flag){.row = row,
					.set = set,
					.shown = arena_printf(p->arena, "-%c", letter)};
			}
		}
	}
	return (struct flag){0};
}

static const char *flag_name(const struct parser *p, const struct option_row *row)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	option_add_flag_name(row, &out);
	return arena_strdup(p->arena, out.buf);
}

struct names {
	const char **names;
	size_t names_count, names_alloc;
};

/* All long flags as they are typed, without "--". */
static struct names flag_names(const struct parser *p)
{
	struct names names = {0};

	for (const struct option_set *set = p->sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (!is_flag(row) || (row->flags & OPTION_DEPRECATED)) {
				continue;
			}
			*VEC_PUSH_IN(p->arena, &names, names) = flag_name(p, row) + 2;
			if (option_is_switch(row) && row->type == &option_bool) {
				*VEC_PUSH_IN(p->arena, &names, names) =
					arena_printf(p->arena, "no-%s", flag_name(p, row) + 2);
			}
		}
	}
	return names;
}

static int unknown_long(const struct parser *p, struct str name, struct err *err)
{
	const struct names names = flag_names(p);
	const char *near = suggest(name, names.names, names.names_count);

	if (near) {
		return err_set(err, ERR_INPUT, "unknown option '--%s'; did you mean '--%s'?",
			shown(name).text, near);
	}
	return err_set(err, ERR_INPUT, "unknown option '--%s'", shown(name).text);
}

static bool was_given(const struct command_line *line, const struct option_row *row)
{
	for (size_t i = 0; i < line->given_count; i++) {
		if (line->given[i] == row) {
			return true;
		}
	}
	return false;
}

static void warn_if_deprecated(struct parser *p, const struct flag *flag)
{
	const struct option_row *current = option_current(flag->set->rows, flag->row);

	if (!(flag->row->flags & OPTION_DEPRECATED)) {
		return;
	}
	*VEC_PUSH_IN(p->arena, &p->line, warnings) =
		current == flag->row
			? arena_printf(p->arena, "option '%s' is deprecated", flag->shown)
			: arena_printf(p->arena, "option '%s' is deprecated; use '%s'", flag->shown,
				  flag_name(p, current));
}

/* A value of a secret is not repeated; what it should have been still is said. */
static int value_error(const struct flag *flag, struct err *err)
{
	bool is_secret = (flag->row->flags & OPTION_SECRET) != 0;

	if (err && is_secret && flag->row->shape == OPTION_MAP) {
		return err_set(err, ERR_INPUT,
			"option '%s': write %s (what was given is not shown)", flag->shown,
			flag->row->placeholder ? flag->row->placeholder : "NAME=VALUE");
	}
	if (err && is_secret) {
		return err_set(err, ERR_INPUT,
			"option '%s': the value (not shown) is not a valid %s", flag->shown,
			flag->row->type->name);
	}
	return err_wrap(err, "option '%s'", flag->shown);
}

static int set_value(struct parser *p, const struct flag *flag, struct str text, struct err *err)
{
	const struct option_row *current = option_current(flag->set->rows, flag->row);

	if (!was_given(&p->line, current)) {
		if (flag->row->shape != OPTION_ONE) {
			option_clear(current, flag->set->base);
		}
		*VEC_PUSH_IN(p->arena, &p->line, given) = current;
	}
	warn_if_deprecated(p, flag);
	if (option_parse(flag->row, &p->context, text, flag->set->base, err) < 0) {
		return value_error(flag, err);
	}
	return 0;
}

/* A switch that stands there without a value. */
static int turn_on(struct parser *p, const struct flag *flag, struct err *err)
{
	char text[32] = "true";

	if (flag->row->bare) {
		return set_value(p, flag, str_of(flag->row->bare), err);
	}
	if (flag->row->type == &option_count) {
		const char *base = flag->set->base;
		int64_t count = was_given(&p->line, option_current(flag->set->rows, flag->row))
					? *(const int64_t *)(const void *)(base + flag->row->offset)
					: 0;

		(void)snprintf(text, sizeof(text), "%lld", (long long)count + 1);
	}
	return set_value(p, flag, str_of(text), err);
}

/* The value that follows as an argument of its own, whatever it looks like: "-5s" is a value here,
 * and what reads it says what is wrong with it. */
static int take_value(struct parser *p, const struct flag *flag, struct err *err)
{
	if (p->next == p->argc) {
		_cleanup_(strbuf_release) struct strbuf placeholder = STRBUF_INIT;

		option_add_placeholder(flag->row, &placeholder);
		return err_set(err, ERR_INPUT, "option '%s' needs a value (%s)", flag->shown,
			placeholder.buf);
	}
	return set_value(p, flag, str_of(p->argv[p->next++]), err);
}

/* "no-color" turns the boolean `color` off. */
static struct flag find_negated(const struct parser *p, struct str name)
{
	struct flag flag = {0};

	if (str_starts(name, "no-")) {
		flag = find_long(p, str_sub(name, 3, name.len));
	}
	if (flag.row && !(flag.row->shape == OPTION_ONE && flag.row->type == &option_bool)) {
		flag.row = NULL;
	}
	return flag;
}

static int parse_long(struct parser *p, struct str text, struct err *err)
{
	const size_t equals = str_find(text, '=', 0);
	const bool has_value = equals < text.len;
	const struct str name = str_sub(text, 0, equals);
	const struct str value = str_sub(text, equals + 1, text.len);
	struct flag flag = find_long(p, name);
	bool is_negated = false;

	if (!flag.row) {
		flag = find_negated(p, name);
		is_negated = true;
	}
	if (!flag.row) {
		return unknown_long(p, name, err);
	}

	flag.shown = arena_printf(p->arena, "--%.*s", STR_ARG(name));
	if (is_negated && has_value) {
		return err_set(err, ERR_INPUT, "option '%s' takes no value", flag.shown);
	}
	if (is_negated) {
		return set_value(p, &flag, str_of("false"), err);
	}
	if (has_value) {
		return set_value(p, &flag, value, err);
	}
	return option_is_switch(flag.row) ? turn_on(p, &flag, err) : take_value(p, &flag, err);
}

/* "-v", "-nv", "-t5", "-t 5". */
static int parse_letters(struct parser *p, struct str letters, struct err *err)
{
	for (size_t i = 0; i < letters.len; i++) {
		const struct str rest = str_sub(letters, i + 1, letters.len);
		struct flag flag = find_letter(p, letters.ptr[i]);

		if (!flag.row && i == 0) {
			return err_set(err, ERR_INPUT, "unknown option '-%s'", shown(letters).text);
		}
		if (!flag.row) {
			return err_set(err, ERR_INPUT, "unknown option '-%s' in '-%s'",
				shown(str_sub(letters, i, 1)).text, shown(letters).text);
		}
		if (!option_is_switch(flag.row)) {
			return rest.len > 0 ? set_value(p, &flag, rest, err)
					    : take_value(p, &flag, err);
		}
		if (turn_on(p, &flag, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static void take_args(struct parser *p, int count)
{
	for (int i = 0; i < count; i++) {
		*VEC_PUSH_IN(p->arena, &p->line, args) = p->argv[p->next++];
	}
}

static int parse_all(struct parser *p, bool stop_at_arg, struct err *err)
{
	while (p->next < p->argc) {
		const struct str arg = str_of(p->argv[p->next]);
		int failed;

		if (str_is(arg, "--")) {
			p->next++;
			take_args(p, p->argc - p->next);
			return 0;
		}
		if (arg.len < 2 || arg.ptr[0] != '-') {
			take_args(p, stop_at_arg ? p->argc - p->next : 1);
			continue;
		}
		p->next++;
		failed = arg.ptr[1] == '-' ? parse_long(p, str_sub(arg, 2, arg.len), err)
					   : parse_letters(p, str_sub(arg, 1, arg.len), err);
		if (failed) {
			return -1;
		}
	}
	return 0;
}

int command_line_parse(int argc, const char *const *argv, const struct option_set *sets,
	bool stop_at_arg, struct arena *arena, struct command_line *ret_line, struct err *err)
{
	struct parser p = {
		.argc = argc,
		.argv = argv,
		.next = argc > 0 ? 1 : 0,
		.sets = sets,
		.arena = arena,
		.context = {.arena = arena},
	};

	for (const struct option_set *set = sets; set->rows; set++) {
		option_set_defaults(set->rows, &p.context, set->base);
	}
	if (parse_all(&p, stop_at_arg, err) < 0) {
		return -1;
	}
	*ret_line = p.line;
	return 0;
}

int command_line_require(
	const struct command_line *line, const struct option_set *sets, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf name = STRBUF_INIT;

	for (const struct option_set *set = sets; set->rows; set++) {
		for (const struct option_row *row = set->rows; row->name; row++) {
			if (!is_flag(row) || !(row->flags & OPTION_REQUIRED) ||
				was_given(line, row)) {
				continue;
			}
			option_add_flag_name(row, &name);
			strbuf_addc(&name, ' ');
			option_add_placeholder(row, &name);
			return err_set(err, ERR_INPUT, "option '%s' is required", name.buf);
		}
	}
	return 0;
}

bool command_line_has(
	const struct command_line *line, const struct option_row *rows, const char *name)
{
	const struct option_row *row = option_find(rows, str_of(name));

	return row && was_given(line, row);
}
