/*
 * Sets of names, and the expressions that stand for them.  See nodeset.h.
 *
 * An expression is worked off from left to right into a map that keeps the order; exclusion and
 * intersection take out of it what is there.  Terms are read in nodeset_term.c.
 */
#include "conf/nodeset.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/login_name.h"
#include "conf/nodeset_internal.h"

void nodeset_init(struct nodeset *set, struct arena *arena)
{
	*set = (struct nodeset){.arena = arena};
}

static void index_free(void *index)
{
	map_free(index);
}

static void nodeset_own_index(struct nodeset *set, struct map *index)
{
	set->index = index;
	arena_on_free(set->arena, index_free, index);
}

bool nodeset_add(struct nodeset *set, struct str name)
{
	const char *there = set->index ? map_get(set->index, name) : NULL;
	char *copy;

	if (there) {
		set->repeats++;
		set->repeated = set->repeated ? set->repeated : there;
		return false;
	}
	if (!set->index) {
		nodeset_own_index(set, map_new(MAP_KEYS_BORROWED));
	}
	copy = str_dup(name, set->arena);
	map_set(set->index, str_n(copy, name.len), copy);
	*VEC_PUSH_IN(set->arena, set, names) = copy;
	return true;
}

bool nodeset_contains(const struct nodeset *set, struct str name)
{
	return set->index && map_has(set->index, name);
}

bool nodeset_covers(const struct nodeset *set, struct str name)
{
	return nodeset_contains(set, name) ||
	       (login_name_is_more(name) && nodeset_contains(set, login_name_host(name)));
}

enum set_op {
	UNION,
	EXCLUSION,
	INTERSECTION,
};

/* A name that says more than its host, and the next one of the same host. */
struct login {
	struct str name;
	const struct login *next;
};

/* An expression in work. */
struct expression {
	struct scan scan;
	const struct nodeset_scope *scope; /* NULL: no groups */
	struct arena *arena;               /* where new names go */
	struct map *names;                 /* so far: name -> the same */
	struct term term;
	size_t term_pos;
	enum set_op op;     /* between the names so far and the term */
	struct map *common; /* INTERSECTION: what the term and the names so far share */
	struct map *logins; /* host -> struct login, of names with a user or a port; NULL: none */
	struct nodeset_budget own;     /* of this expression */
	struct nodeset_budget *budget; /* of several expressions; may be NULL */
	size_t repeats;
	const char *repeated; /* the first name that came again */
	const char *idle;     /* the first term that took nothing away */
	bool is_dry;          /* look at the text only */
};

/* False if `amount` is more than there is. */
static bool take(size_t *left, size_t amount)
{
	if (amount > *left) {
		return false;
	}
	*left -= amount;
	return true;
}

/* Pay for names before they are spelled out. */
static int spend_names(struct expression *expr, size_t count)
{
	struct scan *scan = &expr->scan;

	if (!take(&expr->own.names, count)) {
		return scan_fail(scan, expr->term_pos,
			err_set(scan->err, ERR_LIMIT, "up to here it stands for more than %d names",
				NODESET_MAX));
	}
	if (expr->budget && !take(&expr->budget->names, count)) {
		return scan_fail(scan, expr->term_pos,
			err_set(scan->err, ERR_LIMIT, "there are too many names up to here"));
	}
	return 0;
}

static int spend_bytes(struct expression *expr, size_t bytes)
{
	struct scan *scan = &expr->scan;

	if (!take(&expr->own.bytes, bytes)) {
		return scan_fail(scan, expr->term_pos,
			err_set(scan->err, ERR_LIMIT,
				"up to here its names are longer than %d MiB together",
				NODESET_BYTES_MAX / (1024 * 1024)));
	}
	if (expr->budget && !take(&expr->budget->bytes, bytes)) {
		return scan_fail(scan, expr->term_pos,
			err_set(scan->err, ERR_LIMIT, "the names are too long up to here"));
	}
	return 0;
}

/* To be found by its host. */
static void note_login(struct expression *expr, struct str name)
{
	struct str host = login_name_host(name);
	struct login *login;

	if (!login_name_is_more(name)) {
		return;
	}
	if (!expr->logins) {
		expr->logins = map_new(MAP_KEYS_BORROWED);
	}
	login = arena_alloc(expr->arena, sizeof(*login));
	*login = (struct login){name, map_get(expr->logins, host)};
	(void)map_set(expr->logins, host, login); /* the former one is behind it */
}

static void compare_name(struct expression *expr, struct str name)
{
	char *copy;

	if (expr->op == EXCLUSION) {
		(void)map_remove(expr->names, name); /* not there: nothing to exclude */
		return;
	}
	copy = map_get(expr->names, name);
	if (copy) {
		map_set(expr->common, str_n(copy, name.len), copy);
	}
}

/* A name the term stands for meets the names so far. */
static int apply_name(struct expression *expr, struct str name)
{
	char *copy;

	if (spend_bytes(expr, name.len) < 0) {
		return -1;
	}
	switch (expr->op) {
	case UNION:
		copy = map_get(expr->names, name);
		if (copy) {
			expr->repeats++;
			expr->repeated = expr->repeated ? expr->repeated : copy;
			break;
		}
		copy = str_dup(name, expr->arena);
		map_set(expr->names, str_n(copy, name.len), copy);
		note_login(expr, str_n(copy, name.len));
		break;
	case EXCLUSION:
	case INTERSECTION:
		compare_name(expr, name);
		for (const struct login *login = expr->logins ? map_get(expr->logins, name) : NULL;
			login; login = login->next) {
			compare_name(expr, login->name);
		}
		break;
	}
	return 0;
}

/* Of what can be spelled as a name; most have nothing to be looked at. */
static int check_parts(struct str name, struct err *err)
{
	struct login_name login;

	return login_name_is_more(name) || str_contains(name, ":")
		       ? login_name_parse(name, &login, err)
		       : 0;
}

static int check_login(struct expression *expr, struct str name)
{
	if (check_parts(name, expr->scan.err) < 0) {
		return scan_fail(&expr->scan, expr->term_pos, -1);
	}
	return 0;
}

static int on_name(void *arg, struct str name)
{
	return check_login(arg, name) < 0 ? -1 : apply_name(arg, name);
}

static int on_group(void *arg, struct str group)
{
	struct expression *expr = arg;
	const struct nodeset *members;

	if (!expr->scope->lookup) {
		return scan_fail(&expr->scan, expr->term_pos,
			err_set(expr->scan.err, ERR_NOT_FOUND, "'@%.*s': there are no groups here",
				STR_ARG(group)));
	}
	if (expr->scope->lookup(expr->scope->arg, group, &members, expr->scan.err) < 0) {
		return scan_fail(&expr->scan, expr->term_pos, -1);
	}
	if (spend_names(expr, members->names_count) < 0) {
		return -1;
	}
	for (size_t i = 0; i < members->names_count; i++) {
		if (apply_name(expr, str_of(members->names[i])) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Of the names so far, in their order, only those in expr->common. */
static void keep_common(struct expression *expr)
{
	struct map *kept = map_new(MAP_KEYS_BORROWED);
	struct str name;
	void *copy;

	for (size_t pos = 0; map_next(expr->names, &pos, &name, &copy);) {
		if (map_has(expr->common, name)) {
			map_set(kept, name, copy);
		}
	}
	map_free(expr->names);
	map_free(expr->common);
	expr->names = kept;
	expr->common = NULL;
}

/* The first name of a term that is not spelled out. */
struct first_login {
	struct expression *expr;
	bool is_sound;
};

static int on_first_login(void *arg, struct str name)
{
	struct first_login *first = arg;

	first->is_sound = check_login(first->expr, name) == 0;
	return -1; /* one is enough */
}

/* If not, with the error. */
static bool has_sound_login(struct expression *expr)
{
	struct first_login first = {.expr = expr};

	(void)term_each(&expr->term, on_first_login, &first); /* always stopped */
	return first.is_sound;
}

/* Groups change, and need not have to do with each other; a name that misses is a slip. */
static void note_idle(struct expression *expr, size_t count_before)
{
	const struct scan *scan = &expr->scan;

	if (!expr->idle && map_count(expr->names) == count_before) {
		expr->idle =
			str_dup(str_sub(scan->text, expr->term_pos, scan->pos - expr->term_pos),
				expr->arena);
	}
}

static int work_term(struct expression *expr)
{
	struct scan *scan = &expr->scan;
	bool is_group = scan_peek(scan) == '@';
	size_t count_before;

	expr->term_pos = scan->pos;
	scan->pos += is_group;
	if (term_parse(scan, is_group ? TERM_NAMES : TERM_LOGINS, &expr->term) < 0) {
		return -1;
	}
	if (expr->is_dry) {
		return is_group || has_sound_login(expr) ? 0 : -1;
	}
	if (!is_group && spend_names(expr, (size_t)expr->term.names_count) < 0) {
		return -1;
	}
	if (expr->op == INTERSECTION) {
		expr->common = map_new(MAP_KEYS_BORROWED);
	}
	count_before = map_count(expr->names);
	if (term_each(&expr->term, is_group ? on_group : on_name, expr) < 0) {
		return -1;
	}
	if (expr->op == INTERSECTION) {
		keep_common(expr);
	} else if (expr->op == EXCLUSION && !is_group) {
		note_idle(expr, count_before);
	}
	return 0;
}

static bool skip_space(struct scan *scan)
{
	size_t start = scan->pos;

	while (char_is_space(scan_peek(scan))) {
		scan->pos++;
	}
	return scan->pos > start;
}

static bool read_op_char(struct scan *scan, enum set_op *ret_op)
{
	switch (scan_peek(scan)) {
	case '!':
		*ret_op = EXCLUSION;
		break;
	case '&':
		*ret_op = INTERSECTION;
		break;
	default:
		return false;
	}
	scan->pos++;
	return true;
}

/* What stands between two terms: space, or "," or "!" or "&" or ",!" or ",&" with space around. */
static int read_op(struct expression *expr)
{
	struct scan *scan = &expr->scan;
	bool has_space = skip_space(scan);
	bool has_comma = scan_peek(scan) == ',';

	expr->op = UNION;
	if (has_comma) {
		scan->pos++;
		skip_space(scan);
	}
	if (!read_op_char(scan, &expr->op) && !has_space && !has_comma) {
		return scan_fail_char(scan, scan->pos);
	}
	skip_space(scan);
	return 0;
}

static bool is_rest_blank(const struct scan *scan)
{
	return str_ltrim(str_sub(scan->text, scan->pos, scan->text.len)).len == 0;
}

static int work_expression(struct expression *expr)
{
	struct scan *scan = &expr->scan;
	enum set_op first;

	skip_space(scan);
	if (scan_is_end(scan)) {
		return scan_fail(
			scan, 0, err_set(scan->err, ERR_INPUT, "expected a name or a group"));
	}
	if (read_op_char(scan, &first)) {
		return scan_fail(scan, scan->pos - 1,
			err_set(scan->err, ERR_INPUT,
				"nothing to %s: write '@all%s...' to begin with every server",
				first == EXCLUSION ? "exclude from" : "intersect with",
				first == EXCLUSION ? "!" : "&"));
	}
	if (work_term(expr) < 0) {
		return -1;
	}
	while (!is_rest_blank(scan)) {
		if (read_op(expr) < 0 || work_term(expr) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Hand the names over to a set of their own. */
static void finish(struct expression *expr, struct nodeset *ret_set)
{
	void *name;

	nodeset_init(ret_set, expr->arena);
	ret_set->repeats = expr->repeats;
	ret_set->repeated = expr->repeated;
	ret_set->idle = expr->idle;
	ret_set->names_alloc = map_count(expr->names);
	ret_set->names = arena_calloc(expr->arena, ret_set->names_alloc, sizeof(*ret_set->names));
	for (size_t pos = 0; map_next(expr->names, &pos, NULL, &name);) {
		ret_set->names[ret_set->names_count++] = name;
	}
	nodeset_own_index(ret_set, TAKE(expr->names));
}

static void expression_init(struct expression *expr, struct str text, struct err *err)
{
	static const struct nodeset_scope no_scope = {0};

	*expr = (struct expression){
		.scan = {.text = text, .err = err},
		.scope = &no_scope,
		.own = {.names = NODESET_MAX, .bytes = NODESET_BYTES_MAX},
	};
}

static void expression_release(struct expression *expr)
{
	map_free(expr->names);
	map_free(expr->common);
	map_free(expr->logins);
	term_release(&expr->term);
}

int nodeset_parse_part(struct str text, const struct nodeset_scope *scope, struct arena *arena,
	struct nodeset *ret_set, size_t *ret_column, struct err *err)
{
	struct expression expr;
	int result;

	expression_init(&expr, text, err);
	expr.arena = arena;
	expr.names = map_new(MAP_KEYS_BORROWED);
	if (scope) {
		expr.scope = scope;
		expr.budget = scope->budget;
	}
	result = work_expression(&expr);
	if (result == 0) {
		finish(&expr, ret_set);
	} else {
		*ret_column = expr.scan.error_pos + 1;
	}
	expression_release(&expr);
	return result;
}

int nodeset_check(struct str text, size_t *ret_column, struct err *err)
{
	struct expression expr;
	int result;

	expression_init(&expr, text, err);
	expr.is_dry = true;
	result = work_expression(&expr);
	if (result < 0) {
		*ret_column = expr.scan.error_pos + 1;
	}
	expression_release(&expr);
	return result;
}

int nodeset_parse(struct str text, const struct nodeset_scope *scope, struct arena *arena,
	struct nodeset *ret_set, struct err *err)
{
	size_t column;

	if (nodeset_parse_part(text, scope, arena, ret_set, &column, err) < 0) {
		return err_wrap(err, "node set '%s': column %zu", utf8_quote(text).text, column);
	}
	return 0;
}

static int check_name(struct str name, enum term_kind kind, struct err *err)
{
	struct scan scan = {.text = name, .err = err};
	struct term term = {0};
	int result = term_parse(&scan, kind, &term);

	if (result == 0 && term.ranges_count > 0) {
		result = scan_fail_char(&scan, str_find(name, '[', 0));
	} else if (result == 0 && !scan_is_end(&scan)) {
		result = scan_fail_char(&scan, scan.pos);
	}
	term_release(&term);
	return result < 0 ? err_wrap(err, "name '%s'", utf8_quote(name).text) : 0;
}

int nodeset_check_name(struct str name, struct err *err)
{
	return check_name(name, TERM_NAMES, err);
}

int nodeset_check_server(struct str name, struct err *err)
{
	if (check_name(name, TERM_LOGINS, err) < 0) {
		return -1;
	}
	if (check_parts(name, err) < 0) {
		return err_wrap(err, "name '%s'", utf8_quote(name).text);
	}
	return 0;
}
