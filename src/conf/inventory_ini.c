/*
 * Ansible's INI inventories: sections of hosts, of groups, and of variables.
 *
 * Of the variables only those are read that say how to reach a host.  What Ansible would have to
 * compute (templates) is an error rather than a wrong address.
 */
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/inventory_internal.h"
#include "conf/login_name.h"

enum section {
	SECTION_HOSTS,
	SECTION_CHILDREN,
	SECTION_VARS,
	SECTION_BROKEN, /* its header is: skip what it holds */
};

static const char *const section_names[] = {"hosts", "children", "vars"};

enum { PORT_MAX = 65535 };

struct ini {
	struct inventory *inv;
	struct group *file;
	struct complaints *complaints;
	enum section section;
	struct group *group; /* the section's; NULL: all */
	struct place place;  /* of the line in work */
	const char *line;    /* where it begins */
	struct strbuf word;  /* unquoted */
};

/* Tell an error at `at`, a byte of the line. */
static void tell(struct ini *ini, const char *at, const struct err *err)
{
	struct place place = ini->place;

	place.column = (size_t)(at - ini->line) + 1;
	complaints_add(ini->complaints, place, err);
}

static bool is_comment(char c)
{
	return c == '#' || c == ';';
}

bool ini_is_section(struct str line)
{
	size_t close = str_find(line, ']', 0);
	struct str rest = str_ltrim(str_sub(line, close + 1, line.len));
	size_t len;

	return line.len > 0 && !login_name_has_address(line, &len) && line.ptr[0] == '[' &&
	       close < line.len && (rest.len == 0 || is_comment(rest.ptr[0]));
}

/* --- words and values ---------------------------------------------------------------------------
 */

/*
 * The next word of *rest as a shell would read it, into ini->word; *rest goes on behind it.
 *
 *	 1  a word; *ret_at is where it begins
 *	 0  there is none
 *	-1  a quote is never closed; *ret_at is where it is
 */
static int next_word(struct ini *ini, struct str *rest, const char **ret_at, struct err *err)
{
	char quote = '\0';
	size_t pos = 0;

	*rest = str_ltrim(*rest);
	*ret_at = rest->ptr;
	strbuf_clear(&ini->word);
	if (rest->len == 0 || rest->ptr[0] == '#') {
		return 0;
	}
	for (; pos < rest->len && (quote != '\0' || !char_is_space(rest->ptr[pos])); pos++) {
		char c = rest->ptr[pos];

		if (c == '\\' && quote != '\'' && pos + 1 < rest->len) {
			strbuf_addc(&ini->word, rest->ptr[++pos]);
		} else if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
			*ret_at = rest->ptr + pos;
		} else if (c == quote) {
			quote = '\0';
		} else {
			strbuf_addc(&ini->word, c);
		}
	}
	if (quote != '\0') {
		return err_set(err, ERR_INPUT, "the quote %c is never closed", quote);
	}
	*ret_at = rest->ptr;
	*rest = str_sub(*rest, pos, rest->len);
	return 1;
}

static int check_username(struct str value, struct err *err)
{
	static const char refused[] = "'`\";&<>|(){}\\$*?";

	if (value.len == 0 || value.ptr[0] == '-') {
		return err_set(err, ERR_INPUT,
			"user name '%s': expected a name that does not begin with '-'",
			utf8_quote(value).text);
	}
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];

		if (c <= ' ' || c > '~' || memchr(refused, c, sizeof(refused) - 1)) {
			return err_set(err, ERR_INPUT, "user name '%s': it cannot hold '%s'",
				utf8_quote(value).text, utf8_quote(str_n(&c, 1)).text);
		}
	}
	return 0;
}

static int set_address(
	struct host_vars *vars, struct arena *arena, struct str value, struct err *err)
{
	if (nodeset_check_name(value, err) < 0) {
		return -1;
	}
	vars->address = str_dup(value, arena);
	return 0;
}

static int set_username(
	struct host_vars *vars, struct arena *arena, struct str value, struct err *err)
{
	if (check_username(value, err) < 0) {
		return -1;
	}
	vars->username = str_dup(value, arena);
	return 0;
}

static int set_port(struct host_vars *vars, struct arena *arena, struct str value, struct err *err)
{
	int64_t port;

	(void)arena;
	if (parse_int(value, 1, PORT_MAX, &port, err) < 0) {
		return -1;
	}
	vars->port = (int)port;
	return 0;
}

struct variable {
	const char *name;
	int (*set)(struct host_vars *, struct arena *, struct str value, struct err *);
};

/* The variable called `name` if it is one of ours; others are Ansible's own business. */
static const struct variable *variable_find(struct str name)
{
	static const struct variable variables[] = {
		{"ansible_host", set_address},
		{"ansible_ssh_host", set_address},
		{"ansible_user", set_username},
		{"ansible_ssh_user", set_username},
		{"ansible_port", set_port},
		{"ansible_ssh_port", set_port},
	};

	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		if (str_is(name, variables[i].name)) {
			return &variables[i];
		}
	}
	return NULL;
}

static int variable_set(struct ini *ini, const struct variable *variable, struct host_vars *vars,
	struct str value, struct err *err)
{
	if (str_contains(value, "{{")) {
		return err_set(err, ERR_INPUT, "%s: templates ('{{ }}') are not worked out",
			variable->name);
	}
	return variable->set(vars, ini->inv->arena, value, err) < 0
		       ? err_wrap(err, "%s", variable->name)
		       : 0;
}

/* --- hosts --------------------------------------------------------------------------------------
 */

/* "web-01:2222": one colon outside of brackets, digits behind it.  IPv6 addresses have more. */
static bool split_port(struct str *pattern, struct str *ret_port)
{
	size_t brackets = 0;
	size_t colons = 0;
	size_t at = 0;

	for (size_t i = 0; i < pattern->len; i++) {
		char c = pattern->ptr[i];

		brackets += c == '[';
		brackets -= c == ']' && brackets > 0;
		if (c == ':' && brackets == 0) {
			colons++;
			at = i;
		}
	}
	if (colons != 1 || at == 0 || at + 1 == pattern->len) {
		return false;
	}
	for (size_t i = at + 1; i < pattern->len; i++) {
		if (!char_is_digit(pattern->ptr[i])) {
			return false;
		}
	}
	*ret_port = str_sub(*pattern, at + 1, pattern->len);
	*pattern = str_sub(*pattern, 0, at);
	return true;
}

/* "ansible_host=10.0.0.1 ansible_port=2222 # comment" */
static bool read_host_vars(struct ini *ini, struct str rest, struct host_vars *vars)
{
	struct err err;
	const char *at;
	int got;

	while ((got = next_word(ini, &rest, &at, &err)) > 0) {
		struct str word = strbuf_str(&ini->word);
		size_t equals = str_find(word, '=', 0);
		const struct variable *variable = variable_find(str_sub(word, 0, equals));

		if (equals == 0 || equals == word.len) {
			(void)err_set(&err, ERR_INPUT, "expected key=value instead of '%s'",
				utf8_quote(word).text);
			got = -1;
		} else if (variable) {
			got = variable_set(
				ini, variable, vars, str_sub(word, equals + 1, word.len), &err);
		}
		if (got < 0) {
			break;
		}
	}
	if (got < 0) {
		tell(ini, at, &err);
	}
	return got == 0;
}

static void read_host(struct ini *ini, struct str line)
{
	struct host_vars vars = {0};
	struct part part = {.place = ini->place};
	struct str port;
	struct err err;

	if (!str_word(&line, &part.text)) {
		return;
	}
	part.place.column = (size_t)(part.text.ptr - ini->line) + 1;
	if (split_port(&part.text, &port) && set_port(&vars, ini->inv->arena, port, &err) < 0) {
		tell(ini, port.ptr, &err);
		return;
	}
	if (!part_is_sound(&part, ini->file, ini->complaints) ||
		!read_host_vars(ini, line, &vars)) {
		return;
	}
	part.text = str_of(str_dup(part.text, ini->inv->arena));
	if (ini->group) {
		group_add_part(ini->inv, ini->group, part);
	}
	if (vars.address || vars.username || vars.port > 0) {
		part.vars = arena_alloc(ini->inv->arena, sizeof(*part.vars));
		*part.vars = vars;
	}
	group_add_part(ini->inv, ini->file, part);
}

/* --- groups and variables ------------------------------------------------------------------------
 */

static void read_child(struct ini *ini, struct str line)
{
	struct part part = {.place = ini->place, .prefix_len = 1};
	struct arena *arena = ini->inv->arena;
	struct str name;
	struct str rest;
	struct err err;

	if (!str_word(&line, &name)) {
		return;
	}
	rest = str_ltrim(line);
	if (rest.len > 0 && rest.ptr[0] != '#') {
		(void)err_set(&err, ERR_INPUT, "expected one group a line");
		tell(ini, rest.ptr, &err);
		return;
	}
	if (nodeset_check_name(name, &err) < 0) {
		(void)err_wrap(&err, "group");
		tell(ini, name.ptr, &err);
		return;
	}
	part.place.column = (size_t)(name.ptr - ini->line) + 1;
	part.text = str_of(arena_printf(arena, "@%.*s", STR_ARG(name)));
	group_add_part(ini->inv, ini->group ? ini->group : ini->file, part);
	if (ini->group && !str_is(name, ini->inv->all.name)) {
		*VEC_PUSH_IN(arena, ini->group, children) = inventory_group(ini->inv, name);
	}
}

/* "ansible_user = deploy  # comment" */
static void read_variable(struct ini *ini, struct str line)
{
	struct group *group = ini->group ? ini->group : &ini->inv->all;
	size_t equals = str_find(line, '=', 0);
	struct str rest = str_sub(line, equals + 1, line.len);
	const struct variable *variable = variable_find(str_trim(str_sub(line, 0, equals)));
	const char *at = line.ptr;
	struct err err;

	if (equals == 0 || equals == line.len) {
		(void)err_set(&err, ERR_INPUT, "expected key=value");
		tell(ini, at, &err);
		return;
	}
	if (!variable) {
		return;
	}
	if (next_word(ini, &rest, &at, &err) < 0 ||
		variable_set(ini, variable, group->vars, strbuf_str(&ini->word), &err) < 0) {
		tell(ini, at, &err);
	}
}

/* --- sections ------------------------------------------------------------------------------------
 */

static int parse_section_type(struct str type, enum section *ret_section, struct err *err)
{
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(section_names); i++) {
		if (str_is(type, section_names[i])) {
			*ret_section = (enum section)i;
			return 0;
		}
	}
	near = suggest(type, section_names, ARRAY_LEN(section_names));
	if (near) {
		return err_set(err, ERR_INPUT, "unknown kind of section '%s'; did you mean '%s'?",
			utf8_quote(type).text, near);
	}
	return err_set(err, ERR_INPUT,
		"unknown kind of section '%s'; expected 'hosts', 'children' or 'vars'",
		utf8_quote(type).text);
}

static void enter_section(struct ini *ini, struct str name, enum section section)
{
	struct group *group = &ini->inv->all;

	ini->section = section;
	ini->group = NULL;
	if (!str_is(name, group->name)) {
		group = inventory_group(ini->inv, name);
		group->is_defined |= section != SECTION_VARS;
		ini->group = group;
	}
	if (section == SECTION_VARS && !group->vars) {
		group->vars = arena_alloc(ini->inv->arena, sizeof(*group->vars));
		group->vars_place = ini->place;
		group->vars_place.column = 2; /* behind "[" */
	}
}

static void read_section(struct ini *ini, struct str line)
{
	struct str inside = str_sub(line, 1, str_find(line, ']', 0) - 1);
	size_t colon = str_find(inside, ':', 0);
	struct str name = str_sub(inside, 0, colon);
	struct str type = str_sub(inside, colon + 1, inside.len);
	enum section section = SECTION_HOSTS;
	struct err err;

	ini->section = SECTION_BROKEN;
	if (nodeset_check_name(name, &err) < 0) {
		(void)err_wrap(&err, "group");
		tell(ini, name.ptr, &err);
		return;
	}
	if (colon < inside.len && parse_section_type(type, &section, &err) < 0) {
		tell(ini, type.ptr, &err);
		return;
	}
	enter_section(ini, name, section);
}

static void fail_unclosed(struct ini *ini, struct str line)
{
	struct err err;

	(void)err_set(&err, ERR_INPUT, "'[' is never closed: expected ']'");
	tell(ini, line.ptr, &err);
	ini->section = SECTION_BROKEN;
}

static void read_line(struct ini *ini, struct str line)
{
	if (line.len == 0 || is_comment(line.ptr[0])) {
		return;
	}
	if (ini_is_section(line)) {
		read_section(ini, line);
		return;
	}
	if (line.ptr[0] == '[' && str_find(line, ']', 0) == line.len) {
		fail_unclosed(ini, line);
		return;
	}
	switch (ini->section) {
	case SECTION_HOSTS:
		read_host(ini, line);
		break;
	case SECTION_CHILDREN:
		read_child(ini, line);
		break;
	case SECTION_VARS:
		read_variable(ini, line);
		break;
	case SECTION_BROKEN:
		break;
	}
}

void inventory_read_ini(
	struct inventory *inv, struct group *file, struct str text, struct complaints *complaints)
{
	struct ini ini = {
		.inv = inv,
		.file = file,
		.complaints = complaints,
		.section = SECTION_HOSTS,
		.place.where = file->name,
		.word = STRBUF_INIT,
	};
	struct str line;

	while (str_line(&text, &line)) {
		ini.place.line++;
		ini.line = line.ptr;
		read_line(&ini, str_trim(line));
	}
	strbuf_release(&ini.word);
}
