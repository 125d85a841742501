/*
 * Lines under conditions.  See ssh_config_file.h.
 *
 * `Host` and `Match` begin a condition that holds until the next one or the end of the file; a file
 * that is included stands under the condition where its Include stands.
 */
#include "net/ssh_config_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <glob.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"
#include "net/ssh_pattern.h"

enum { FILE_MAX = 1 << 20, FILES_MAX = 512, DEPTH_MAX = 16 };

enum condition_kind {
	CONDITION_HOST,
	CONDITION_MATCH,
};

struct condition {
	const struct condition *outer; /* that of the Include; NULL: none */
	enum condition_kind kind;
	struct str args;
};

struct line {
	const struct condition *condition; /* NULL: always */
	struct str keyword, value;
};

/* A file as it was when it was read. */
struct stamp {
	const char *path;
	bool is_there;
	struct stat st;
};

/* An Include with what it found. */
struct include {
	const char *pattern;
	const char *found; /* paths with newlines between */
};

struct ssh_config_file {
	struct arena *arena;
	const char *home;
	const struct condition **conditions;
	size_t conditions_count, conditions_alloc;
	struct line *lines;
	size_t lines_count, lines_alloc;
	struct stamp *stamps;
	size_t stamps_count, stamps_alloc;
	struct include *includes;
	size_t includes_count, includes_alloc;
	bool has_hostname; /* anywhere: what Match sees may not be what was asked for */
};

/* Where a file is being read. */
struct place {
	const char *folder;
	const struct condition *outer;
	int depth;
};

static int read_file(
	struct ssh_config_file *file, const char *path, const struct place *place, struct err *err);

/* One argument off the front: quoted or not; false at the end or at a comment. */
static bool next_argument(struct str *rest, struct str *ret_argument)
{
	struct str text = str_ltrim(*rest);
	size_t end;

	if (text.len == 0 || text.ptr[0] == '#') {
		return false;
	}
	if (text.ptr[0] == '"') {
		end = str_find(text, '"', 1);
		*ret_argument = str_sub(text, 1, end - 1);
		*rest = str_sub(text, end + 1, text.len);
		return true;
	}
	for (end = 0; end < text.len && !char_is_space(text.ptr[end]); end++) {
	}
	*ret_argument = str_sub(text, 0, end);
	*rest = str_sub(text, end, text.len);
	return true;
}

/* "Keyword value", "Keyword=value", "Keyword = value"; false if there is nothing. */
static bool split_line(struct str text, struct str *ret_keyword, struct str *ret_value)
{
	size_t end = 0;

	text = str_trim(text);
	if (text.len == 0 || text.ptr[0] == '#') {
		return false;
	}
	while (end < text.len && !char_is_space(text.ptr[end]) && text.ptr[end] != '=') {
		end++;
	}
	*ret_keyword = str_sub(text, 0, end);
	text = str_ltrim(str_sub(text, end, text.len));
	if (str_starts(text, "=")) {
		text = str_ltrim(str_sub(text, 1, text.len));
	}
	*ret_value = text;
	return ret_keyword->len > 0;
}

static char *pattern_of(
	const struct ssh_config_file *file, const struct place *place, struct str argument)
{
	if (str_starts(argument, "/")) {
		return str_dup(argument, file->arena);
	}
	if (str_starts(argument, "~/") && file->home) {
		argument = str_sub(argument, 2, argument.len);
		return arena_printf(file->arena, "%s/%.*s", file->home, STR_ARG(argument));
	}
	return arena_printf(file->arena, "%s/%.*s", place->folder, STR_ARG(argument));
}

static void find_files(const char *pattern, struct strbuf *out)
{
	glob_t found = {0};

	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			strbuf_addf(out, "%s%s", i > 0 ? "\n" : "", found.gl_pathv[i]);
		}
	}
	globfree(&found);
}

static int include(struct ssh_config_file *file, struct str value,
	const struct condition *condition, const struct place *place, struct err *err)
{
	const struct place inner = {place->folder, condition, place->depth + 1};
	struct str argument;

	while (next_argument(&value, &argument)) {
		struct strbuf found = STRBUF_INIT;
		struct include *entry = VEC_PUSH_IN(file->arena, file, includes);
		struct str paths, path;

		*entry = (struct include){.pattern = pattern_of(file, place, argument)};
		find_files(entry->pattern, &found);
		entry->found = arena_strdup(file->arena, found.buf);
		paths = str_of(entry->found);
		strbuf_release(&found);
		while (paths.len > 0 && str_split(&paths, '\n', &path)) {
			if (read_file(file, str_dup(path, file->arena), &inner, err) < 0) {
				return -1;
			}
		}
	}
	return 0;
}

static const struct condition *add_condition(struct ssh_config_file *file, enum condition_kind kind,
	struct str args, const struct condition *outer)
{
	struct condition *condition = arena_alloc(file->arena, sizeof(*condition));

	*condition = (struct condition){.outer = outer, .kind = kind, .args = args};
	*VEC_PUSH_IN(file->arena, file, conditions) = condition;
	return condition;
}

static int read_text(
	struct ssh_config_file *file, struct str text, const struct place *place, struct err *err)
{
	const struct condition *condition = place->outer;
	struct str line, keyword, value;

	while (str_line(&text, &line)) {
		if (!split_line(line, &keyword, &value)) {
			continue;
		}
		if (str_case_eq(keyword, str_of("host"))) {
			condition = add_condition(file, CONDITION_HOST, value, place->outer);
		} else if (str_case_eq(keyword, str_of("match"))) {
			condition = add_condition(file, CONDITION_MATCH, value, place->outer);
		} else if (str_case_eq(keyword, str_of("include"))) {
			if (include(file, value, condition, place, err) < 0) {
				return -1;
			}
		} else {
			*VEC_PUSH_IN(file->arena, file, lines) = (struct line){
				.condition = condition, .keyword = keyword, .value = value};
			file->has_hostname |= str_case_eq(keyword, str_of("hostname")) ||
					      str_case_eq(keyword, str_of("canonicalizehostname"));
		}
	}
	return 0;
}

static int read_file(
	struct ssh_config_file *file, const char *path, const struct place *place, struct err *err)
{
	_cleanup_(strbuf_release) struct strbuf content = STRBUF_INIT;
	struct stamp *stamp;
	struct err why = {0};

	if (file->stamps_count == FILES_MAX || place->depth > DEPTH_MAX) {
		return err_set(err, ERR_LIMIT, "'%s' is one file too many for ssh_config", path);
	}
	stamp = VEC_PUSH_IN(file->arena, file, stamps);
	stamp->path = path;
	stamp->is_there = stat(path, &stamp->st) == 0;
	if (file_read(path, FILE_REGULAR, FILE_MAX, &content, &why) < 0) {
		if (why.code == ERR_LIMIT && err) {
			*err = why;
		}
		return why.code == ERR_LIMIT ? -1 : 0;
	}
	return read_text(file,
		str_n(arena_strndup(file->arena, content.buf, content.len), content.len), place,
		err);
}

static struct ssh_config_file *new_file(const char *home)
{
	struct arena *arena = arena_new();
	struct ssh_config_file *file = arena_alloc(arena, sizeof(*file));

	*file = (struct ssh_config_file){
		.arena = arena, .home = home ? arena_strdup(arena, home) : NULL};
	return file;
}

void ssh_config_file_free(struct ssh_config_file **file_ptr)
{
	struct ssh_config_file *file = TAKE(*file_ptr);

	if (file) {
		arena_free(file->arena);
	}
}

int ssh_config_file_read(const struct ssh_config_root *roots, size_t roots_count, const char *home,
	struct ssh_config_file **ret_file, struct err *err)
{
	struct ssh_config_file *file = new_file(home);

	for (size_t i = 0; i < roots_count; i++) {
		const struct place place = {.folder = arena_strdup(file->arena, roots[i].folder)};

		if (read_file(file, arena_strdup(file->arena, roots[i].path), &place, err) < 0) {
			ssh_config_file_free(&file);
			return -1;
		}
	}
	*ret_file = file;
	return 0;
}

/* Includes are lines like others then, with no meaning. */
static struct str without_includes(struct ssh_config_file *file, struct str text)
{
	struct strbuf rest = STRBUF_INIT;
	struct str line, keyword, value, kept;

	while (str_line(&text, &line)) {
		if (!split_line(line, &keyword, &value) ||
			!str_case_eq(keyword, str_of("include"))) {
			strbuf_addstr(&rest, line);
			strbuf_addc(&rest, '\n');
		}
	}
	kept = str_n(arena_strndup(file->arena, rest.buf, rest.len), rest.len);
	strbuf_release(&rest);
	return kept;
}

struct ssh_config_file *ssh_config_file_of_text(struct str text)
{
	struct ssh_config_file *file = new_file(NULL);
	const struct place place = {.folder = "/"};

	(void)read_text(file, without_includes(file, text), &place, NULL); /* nothing can fail */
	return file;
}

static bool is_as_it_was(const struct stamp *stamp)
{
	struct stat now;
	bool is_there = stat(stamp->path, &now) == 0;

	if (!is_there || !stamp->is_there) {
		return is_there == stamp->is_there;
	}
	return now.st_dev == stamp->st.st_dev && now.st_ino == stamp->st.st_ino &&
	       now.st_size == stamp->st.st_size && now.st_mode == stamp->st.st_mode &&
	       now.st_uid == stamp->st.st_uid && now.st_mtim.tv_sec == stamp->st.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == stamp->st.st_mtim.tv_nsec;
}

bool ssh_config_file_has_changed(const struct ssh_config_file *file)
{
	struct strbuf found = STRBUF_INIT;
	bool has_changed = false;

	for (size_t i = 0; i < file->stamps_count && !has_changed; i++) {
		has_changed = !is_as_it_was(&file->stamps[i]);
	}
	for (size_t i = 0; i < file->includes_count && !has_changed; i++) {
		strbuf_clear(&found);
		find_files(file->includes[i].pattern, &found);
		has_changed = strcmp(found.buf, file->includes[i].found) != 0;
	}
	strbuf_release(&found);
	return has_changed;
}

/* --- which lines are for a host ------------------------------------------------------------- */

enum verdict {
	VERDICT_NO,
	VERDICT_YES,
	VERDICT_UNKNOWN, /* only ssh can say */
};

/* "web-* !web-07" */
static bool host_matches(struct str args, struct str alias)
{
	bool has_match = false;
	struct str pattern;

	while (next_argument(&args, &pattern)) {
		switch (ssh_pattern_ask(pattern, alias)) {
		case SSH_PATTERN_NO:
			break;
		case SSH_PATTERN_YES:
			has_match = true;
			break;
		case SSH_PATTERN_NEGATED:
			return false;
		}
	}
	return has_match;
}

static enum verdict match_term(const struct ssh_config_file *file, struct str name,
	struct str *rest, const struct ssh_config_name *whom)
{
	bool is_host = str_case_eq(name, str_of("host"));
	struct str pattern;

	if (str_case_eq(name, str_of("all"))) {
		return VERDICT_YES;
	}
	if (!is_host && !str_case_eq(name, str_of("originalhost"))) {
		return VERDICT_UNKNOWN;
	}
	if (!next_argument(rest, &pattern) || (is_host && !whom->address && file->has_hostname)) {
		return VERDICT_UNKNOWN;
	}
	name = str_of(is_host && whom->address ? whom->address : whom->alias);
	return ssh_pattern_list_matches(pattern, name) ? VERDICT_YES : VERDICT_NO;
}

/* "originalhost web-*,!web-07 !host db-*": all of them, as far as we can say. */
static enum verdict match_matches(
	const struct ssh_config_file *file, struct str args, const struct ssh_config_name *whom)
{
	enum verdict verdict = VERDICT_YES;
	struct str name;

	while (verdict == VERDICT_YES && next_argument(&args, &name)) {
		bool is_negated = str_starts(name, "!");

		verdict = match_term(
			file, is_negated ? str_sub(name, 1, name.len) : name, &args, whom);
		if (is_negated && verdict != VERDICT_UNKNOWN) {
			verdict = verdict == VERDICT_YES ? VERDICT_NO : VERDICT_YES;
		}
	}
	return verdict;
}

static enum verdict judge_one(const struct ssh_config_file *file, const struct condition *condition,
	const struct ssh_config_name *whom)
{
	if (condition->kind == CONDITION_MATCH) {
		return match_matches(file, condition->args, whom);
	}
	return host_matches(condition->args, str_of(whom->alias)) ? VERDICT_YES : VERDICT_NO;
}

static enum verdict judge(const struct ssh_config_file *file, const struct condition *condition,
	const struct ssh_config_name *whom)
{
	enum verdict verdict = VERDICT_YES;

	for (; condition && verdict != VERDICT_NO; condition = condition->outer) {
		enum verdict one = judge_one(file, condition, whom);

		verdict = one == VERDICT_YES ? verdict : one;
	}
	return verdict;
}

/* Does what ssh makes of the value depend on the name of the host? */
static bool depends_on_name(const struct line *line)
{
	/* What we do not use may say what it likes; HostName we expand ourselves. */
	static const char *const keywords[] = {"bindaddress", "certificatefile", "hostkeyalias",
		"identityagent", "identityfile", "proxyjump", "user", "userknownhostsfile"};
	static const char tokens[] = "hnkCj";

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (!str_case_eq(line->keyword, str_of(keywords[i]))) {
			continue;
		}
		for (size_t c = 0; c + 1 < line->value.len; c++) {
			if (line->value.ptr[c] == '%' &&
				memchr(tokens, line->value.ptr[c + 1], sizeof(tokens) - 1)) {
				return true;
			}
		}
	}
	return false;
}

/* Hosts and Match blocks are asked again with the name that is found: too much to foresee. */
static bool looks_twice(const struct line *line)
{
	return str_case_eq(line->keyword, str_of("canonicalizehostname")) &&
	       !str_case_eq(line->value, str_of("no"));
}

/* Only what is about the host is asked in another way for another host. */
static bool is_about_host(struct str args)
{
	static const char *const terms[] = {
		"user", "localuser", "final", "canonical", "tagged", "all"};
	struct str name, pattern;

	while (next_argument(&args, &name)) {
		bool is_harmless = false;

		name = str_starts(name, "!") ? str_sub(name, 1, name.len) : name;
		for (size_t i = 0; i < ARRAY_LEN(terms); i++) {
			is_harmless |= str_case_eq(name, str_of(terms[i]));
		}
		if (!is_harmless) {
			return true;
		}
		if (str_case_eq(name, str_of("user")) || str_case_eq(name, str_of("localuser")) ||
			str_case_eq(name, str_of("tagged"))) {
			(void)next_argument(&args, &pattern);
		}
	}
	return false;
}

static bool asks_again(struct str args)
{
	struct str name;

	while (next_argument(&args, &name)) {
		if (str_case_eq(name, str_of("final")) || str_case_eq(name, str_of("canonical"))) {
			return true;
		}
	}
	return false;
}

bool ssh_config_file_add_signature(
	const struct ssh_config_file *file, const struct ssh_config_name *whom, struct strbuf *out)
{
	bool is_shared = true;

	for (size_t i = 0; i < file->conditions_count; i++) {
		const struct condition *condition = file->conditions[i];
		enum verdict verdict = judge(file, condition, whom);

		strbuf_addc(out, "ny?"[verdict]);
		if (condition->kind == CONDITION_MATCH &&
			((verdict == VERDICT_UNKNOWN && is_about_host(condition->args)) ||
				((file->has_hostname || whom->address) &&
					asks_again(condition->args)))) {
			is_shared = false;
		}
	}
	for (size_t i = 0; i < file->lines_count; i++) {
		if (looks_twice(&file->lines[i]) ||
			(depends_on_name(&file->lines[i]) &&
				judge(file, file->lines[i].condition, whom) != VERDICT_NO)) {
			is_shared = false;
		}
	}
	return is_shared;
}

static void add_value(struct str value, struct strbuf *out)
{
	const char *separator = " ";
	struct str argument;

	while (next_argument(&value, &argument)) {
		strbuf_adds(out, separator);
		strbuf_addstr(out, argument);
	}
}

void ssh_config_file_add_lines(
	const struct ssh_config_file *file, const struct ssh_config_name *whom, struct strbuf *out)
{
	for (size_t i = 0; i < file->lines_count; i++) {
		const struct line *line = &file->lines[i];

		if (judge(file, line->condition, whom) == VERDICT_YES) {
			strbuf_addstr(out, line->keyword);
			add_value(line->value, out);
			strbuf_addc(out, '\n');
		}
	}
}

bool ssh_config_file_hostname(
	const struct ssh_config_file *file, const char *alias, struct str *ret_value)
{
	const struct ssh_config_name whom = {.alias = alias};

	for (size_t i = 0; i < file->lines_count; i++) {
		struct str value = file->lines[i].value;

		if (str_case_eq(file->lines[i].keyword, str_of("hostname")) &&
			judge(file, file->lines[i].condition, &whom) == VERDICT_YES &&
			next_argument(&value, ret_value)) {
			return true;
		}
	}
	return false;
}
