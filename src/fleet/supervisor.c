/*
 * What is sent to a host: the command to execute, the settings, and what follows.
 *
 * Settings are lines; a text is its number of lines, then these, so that no byte needs a disguise.
 */
#include "fleet/supervisor.h"

#include <sys/random.h>

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/escape.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "fleet/supervisor_script.h"

enum { QUIET_S = 8, NICE_MAX = 20, KEY_BYTES = 16 };

/* --- Keys --- */

static int key_fill(char key[SUPERVISOR_KEY_LEN + 1], struct err *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[KEY_BYTES];
	char *end = key;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
		return err_set_errno(err, errno, "cannot get random bytes");
	}
	*end++ = '\x1e';
	for (size_t i = 0; i < sizeof(random); i++) {
		*end++ = digits[random[i] >> 4];
		*end++ = digits[random[i] & 15];
	}
	*end++ = ' ';
	*end = '\0';
	return 0;
}

int supervisor_key_init(struct supervisor_key *key, struct err *err)
{
	return key_fill(key->secret, err) < 0 || key_fill(key->greeting, err) < 0 ? -1 : 0;
}

/* --- What is allowed --- */

static int check_text(const char *what, const char *text, struct err *err)
{
	if (strlen(text) > SUPERVISOR_TEXT_MAX) {
		return err_set(err, ERR_LIMIT, "%s is longer than %d bytes: '%s'", what,
			SUPERVISOR_TEXT_MAX, utf8_quote(str_of(text)).text);
	}
	return 0;
}

/* Of our own shell, they would make it fail. */
static bool is_read_only(struct str name)
{
	static const char *const names[] = {
		"BASHOPTS", "BASHPID", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_is(name, names[i])) {
			return true;
		}
	}
	return false;
}

static int check_variable(const char *variable, struct err *err)
{
	struct str name = str_sub(str_of(variable), 0, str_find(str_of(variable), '=', 0));
	bool is_name = name.len > 0 && variable[name.len] == '=' && !char_is_digit(name.ptr[0]);

	for (size_t i = 0; i < name.len; i++) {
		is_name = is_name && (char_is_alnum(name.ptr[i]) || name.ptr[i] == '_');
	}
	if (!is_name) {
		return err_set(err, ERR_INPUT,
			"'%s' is no name of a variable: letters, digits and '_', then '=' and the "
			"value",
			utf8_quote(name).text);
	}
	if (is_read_only(name)) {
		return err_set(
			err, ERR_INPUT, "the variable '%.*s' is the shell's own", STR_ARG(name));
	}
	return check_text("the value of a variable", variable, err);
}

static int check_program(const struct supervisor_spec *spec, struct err *err)
{
	if (spec->command) {
		return check_text("the command", spec->command, err);
	}
	if (!spec->argv || !spec->argv[0] || spec->argv[0][0] == '\0') {
		return err_set(err, ERR_INPUT, "there is no command to run");
	}
	if (spec->argv[0][0] == '-') {
		return err_set(err, ERR_INPUT, "the program '%s' begins with '-'; write './%s'",
			utf8_quote(str_of(spec->argv[0])).text,
			utf8_quote(str_of(spec->argv[0])).text);
	}
	for (const char *const *arg = spec->argv; *arg; arg++) {
		if (check_text("an argument", *arg, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A word that every login shell takes as it is. */
static int check_plain(const char *what, const char *word, struct err *err)
{
	bool is_plain = word[0] != '\0' && word[0] != '-';

	for (const char *c = word; *c; c++) {
		is_plain = is_plain && (char_is_alnum(*c) || strchr("/._+-", *c));
	}
	return is_plain ? 0
			: err_set(err, ERR_INPUT, "%s '%s' is not letters, digits and '/._+-'",
				  what, utf8_quote(str_of(word)).text);
}

int supervisor_check(const struct supervisor_spec *spec, struct err *err)
{
	if (check_program(spec, err) < 0) {
		return -1;
	}
	for (const char *const *variable = spec->env; variable && *variable; variable++) {
		if (check_variable(*variable, err) < 0) {
			return -1;
		}
	}
	if (spec->has_nice && (spec->nice < -NICE_MAX || spec->nice >= NICE_MAX)) {
		return err_set(err, ERR_INPUT, "nice %d is not between %d and %d", spec->nice,
			-NICE_MAX, NICE_MAX - 1);
	}
	if ((spec->directory && check_text("the directory", spec->directory, err) < 0) ||
		(spec->shell && check_plain("the shell", spec->shell, err) < 0) ||
		(spec->sudo_user && check_plain("the user", spec->sudo_user, err) < 0)) {
		return -1;
	}
	return 0;
}

/* --- What is executed --- */

static const char *shell_of(const struct supervisor_spec *spec)
{
	return spec->shell ? spec->shell : "/bin/sh";
}

static void add_sudo(
	struct strbuf *out, const struct supervisor_spec *spec, const struct supervisor_key *key)
{
	if (spec->sudo == SUPERVISOR_SUDO_NONE) {
		return;
	}
	strbuf_adds(out, "sudo ");
	if (spec->sudo == SUPERVISOR_SUDO_QUIET) {
		strbuf_adds(out, "-n ");
	} else {
		strbuf_addf(out, "-S -p '%sp' ", key->greeting);
	}
	if (spec->sudo_user) {
		strbuf_addf(out, "-u %s ", spec->sudo_user);
	}
	strbuf_adds(out, "-- ");
}

void supervisor_add_exec(
	struct strbuf *out, const struct supervisor_spec *spec, const struct supervisor_key *key)
{
	strbuf_adds(out, "exec ");
	add_sudo(out, spec, key);
	strbuf_addf(out, "%s -c '", shell_of(spec));
	if (spec->sudo == SUPERVISOR_SUDO_PASSWORD) {
		strbuf_addf(out, "printf %%s \"%sr\" >&2; ", key->greeting);
	}
	strbuf_adds(out, SUPERVISOR_BOOT "'");
}

/* In an argument of printf, in single quotes: what any login shell leaves as it is. */
static void add_octal(struct strbuf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (char_is_alnum(text.ptr[i])) {
			strbuf_addc(out, text.ptr[i]);
		} else {
			strbuf_addf(out, "\\%03o", (unsigned char)text.ptr[i]);
		}
	}
}

static const char *directory_prefix(const char *directory)
{
	return directory[0] == '/' ? "" : "./"; /* "cd -" and "cd -P" are something else */
}

/* A line that begins with "-" or "+" would be taken for options. */
static const char *command_prefix(const char *command)
{
	return command[0] != '\0' && strchr("-+", command[0]) ? " " : "";
}

/* What the shell does before it becomes the command. */
static void add_tty_script(struct strbuf *out, const struct supervisor_spec *spec)
{
	struct strbuf line = STRBUF_INIT;

	if (spec->directory && *spec->directory) {
		strbuf_adds(out, "CDPATH= cd ");
		strbuf_adds(out, directory_prefix(spec->directory));
		escape_add_shell_word(out, str_of(spec->directory));
		strbuf_adds(out, " || exit 126\n");
	}
	for (const char *const *variable = spec->env; variable && *variable; variable++) {
		strbuf_adds(out, "export ");
		escape_add_shell_word(out, str_of(*variable));
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "exec");
	if (spec->has_nice) {
		strbuf_addf(out, " nice -n %d", spec->nice);
	}
	if (spec->command) {
		strbuf_addf(&line, "%s%s", command_prefix(spec->command), spec->command);
		strbuf_addf(out, " %s -c ", shell_of(spec));
		escape_add_shell_word(out, strbuf_str(&line));
	}
	for (const char *const *arg = spec->argv; !spec->command && *arg; arg++) {
		strbuf_addc(out, ' ');
		escape_add_shell_word(out, str_of(*arg));
	}
	strbuf_release(&line);
}

void supervisor_add_tty_exec(
	struct strbuf *out, const struct supervisor_spec *spec, const struct supervisor_key *key)
{
	struct strbuf script = STRBUF_INIT;

	add_tty_script(&script, spec);
	strbuf_adds(out, "exec ");
	add_sudo(out, spec, key);
	strbuf_addf(out, "%s -c '", shell_of(spec));
	if (spec->sudo == SUPERVISOR_SUDO_PASSWORD) {
		strbuf_addf(out, "printf %%s \"%sr\"; ", key->greeting);
	}
	strbuf_addf(out, "echo \"%st$$\"; ", key->greeting);
	strbuf_adds(out, "eval \"$(printf \"");
	add_octal(out, strbuf_str(&script));
	strbuf_adds(out, "\")\"'");
	strbuf_release(&script);
}

/* --- Settings --- */

static void add_text(struct strbuf *out, const char *before, const char *text)
{
	size_t lines = 1;

	for (const char *c = text; *c; c++) {
		lines += *c == '\n';
	}
	strbuf_addf(out, "%zu\n%s", lines, before);
	strbuf_adds(out, text);
	strbuf_addc(out, '\n');
}

static void add_env(struct strbuf *out, const char *const *env)
{
	size_t count = 0;

	while (env && env[count]) {
		count++;
	}
	strbuf_addf(out, "%zu\n", count);
	for (size_t i = 0; i < count; i++) {
		const char *value = strchr(env[i], '=');

		assert(value);
		strbuf_add(out, env[i], (size_t)(value - env[i]));
		strbuf_addc(out, '\n');
		add_text(out, "", value + 1);
	}
}

static void add_argv(struct strbuf *out, const struct supervisor_spec *spec)
{
	size_t count = 0;

	while (!spec->command && spec->argv[count]) {
		count++;
	}
	strbuf_addf(out, "%zu\n", (spec->command ? 3 : count) + (spec->has_nice ? 3 : 0));
	if (spec->has_nice) {
		strbuf_addf(out, "1\nnice\n1\n-n\n1\n%d\n", spec->nice);
	}
	if (spec->command) {
		add_text(out, "", shell_of(spec));
		add_text(out, "", "-c");
		add_text(out, command_prefix(spec->command), spec->command);
	}
	for (size_t i = 0; i < count; i++) {
		add_text(out, "", spec->argv[i]);
	}
}

static void add_directory(struct strbuf *out, const char *directory)
{
	if (!directory || !*directory) {
		add_text(out, "", "");
	} else {
		add_text(out, directory_prefix(directory), directory);
	}
}

void supervisor_add_settings(
	struct strbuf *out, const struct supervisor_spec *spec, const struct supervisor_key *key)
{
	strbuf_adds(out, supervisor_script);
	strbuf_addf(out, ".\n%s\n%d\n%d\n%s\n", key->secret,
		spec->quiet_s ? spec->quiet_s : QUIET_S,
		spec->grace_s ? spec->grace_s : SUPERVISOR_GRACE_S,
		spec->has_input ? "input" : "none");
	add_directory(out, spec->directory);
	add_env(out, spec->env);
	add_argv(out, spec);
}

/* --- What follows --- */

void supervisor_add_beat(struct strbuf *out)
{
	strbuf_adds(out, "h\n");
}

void supervisor_add_input(struct strbuf *out, struct str chunk)
{
	assert(chunk.len > 0 && chunk.len <= SUPERVISOR_CHUNK_MAX);
	strbuf_addf(out, "d%zu\n", chunk.len);
	strbuf_addstr(out, chunk);
}

void supervisor_add_input_end(struct strbuf *out)
{
	strbuf_adds(out, "e\n");
}

void supervisor_add_stop(struct strbuf *out)
{
	strbuf_adds(out, "k\n");
}
