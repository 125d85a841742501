/*
 * Paths as text.  See copy_path.h.
 */
#include "fleet/copy_path.h"

#include <sys/random.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

#define STAGE ".sre-toolkit-copy"

enum { SUM_SHOWN = 12, SALT_MAX = 16, SALT_LEN = 9 };

/* --- arguments ------------------------------------------------------------------------------ */

/* Where the colon is; the length if there is none. */
static size_t find_colon(struct str text)
{
	int depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '[') {
			depth++;
		} else if (c == ']' && depth > 0) {
			depth--;
		} else if (c == ':' && depth == 0) {
			return i;
		} else if (c == '/' && depth == 0) {
			break;
		}
	}
	return text.len;
}

static int remote_path(struct str path, struct arena *arena, const char **ret_path, struct err *err)
{
	struct str said = path;

	if (str_is(path, "~") || str_starts(path, "~/")) {
		path = str_sub(path, 1, path.len);
		while (str_starts(path, "/")) {
			path = str_sub(path, 1, path.len);
		}
	} else if (str_starts(path, "~")) {
		return err_set(err, ERR_INPUT,
			"'%s': only one's own home, '~/', can be named like this",
			utf8_quote(said).text);
	}
	if (path.len > COPY_PATH_MAX) {
		return err_set(err, ERR_INPUT, "'%s': the path is too long", utf8_quote(said).text);
	}
	*ret_path = path.len == 0 ? "." : str_dup(path, arena);
	return 0;
}

int copy_place_parse(
	const char *argument, struct arena *arena, struct copy_place *ret_place, struct err *err)
{
	struct str text = str_of(argument);
	size_t colon = find_colon(text);
	struct copy_place place = {.path = argument, .hosts = str_of("")};

	if (text.len == 0) {
		return err_set(err, ERR_INPUT, "an empty path");
	}
	if (colon < text.len) {
		place.is_remote = true;
		place.hosts = str_sub(text, 0, colon);
		if (remote_path(str_sub(text, colon + 1, text.len), arena, &place.path, err) < 0) {
			return -1;
		}
	}
	*ret_place = place;
	return 0;
}

const char *copy_port_hint(const char *path)
{
	size_t digits = strspn(path, "0123456789");

	return digits > 0 && path[digits] == ':'
		       ? " (a port goes into --hosts or a file of servers)"
		       : "";
}

/* --- names ---------------------------------------------------------------------------------- */

bool copy_name_is_plain(struct str name)
{
	return name.len > 0 && name.len <= COPY_NAME_MAX && !str_is(name, ".") &&
	       !str_is(name, "..") && memchr(name.ptr, '/', name.len) == NULL &&
	       memchr(name.ptr, '\0', name.len) == NULL;
}

static struct str without_slashes(struct str path)
{
	while (path.len > 1 && path.ptr[path.len - 1] == '/') {
		path.len--;
	}
	return path;
}

struct str copy_base_name(struct str path)
{
	path = without_slashes(path);
	for (size_t at = path.len; at > 0; at--) {
		if (path.ptr[at - 1] == '/') {
			path = str_sub(path, at, path.len);
			break;
		}
	}
	return str_is(path, ".") || str_is(path, "..") ? str_of("") : path;
}

char *copy_parent(struct str path, struct arena *arena)
{
	path = without_slashes(path);
	for (size_t at = path.len; at > 0; at--) {
		if (path.ptr[at - 1] == '/') {
			return str_dup(without_slashes(str_sub(path, 0, at)), arena);
		}
	}
	return arena_strdup(arena, ".");
}

char *copy_join(const char *folder, struct str name, struct arena *arena)
{
	struct str base = without_slashes(str_of(folder));

	if (name.len == 0) {
		return str_dup(base, arena);
	}
	if (str_is(base, ".")) {
		return str_dup(name, arena);
	}
	return arena_printf(
		arena, "%.*s%s%.*s", STR_ARG(base), str_is(base, "/") ? "" : "/", STR_ARG(name));
}

char *copy_timed_backup(const char *path, const char *suffix, int number, struct arena *arena)
{
	struct str time = str_of(suffix);

	if (number == 0) {
		return arena_printf(arena, "%s%s", path, suffix);
	}
	time.len -= str_ends(time, "~") ? 1 : 0;
	return arena_printf(arena, "%s%.*s.%d~", path, STR_ARG(time), number);
}

/* So much of a name that all the rest has room beside it; the same with any salt. */
static struct str cut(struct str name)
{
	size_t rest = 2 + SUM_SHOWN + SALT_MAX + strlen(COPY_SUFFIX);

	if (name.len + rest > COPY_NAME_MAX) {
		name.len = COPY_NAME_MAX - rest;
	}
	return name;
}

char *copy_temporary(
	const char *path, const struct copy_sum *sum, const char *salt, struct arena *arena)
{
	struct str name = cut(copy_base_name(str_of(path)));

	return copy_join(copy_parent(str_of(path), arena),
		str_of(arena_printf(arena, ".%.*s.%.*s%s%s", STR_ARG(name), SUM_SHOWN, sum->hex,
			salt ? salt : "", COPY_SUFFIX)),
		arena);
}

char *copy_salt(struct arena *arena)
{
	uint32_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random)) {
		abort(); /* never for so few bytes */
	}
	return arena_printf(arena, "-%08" PRIx32, random);
}

bool copy_is_temporary(struct str name)
{
	return str_starts(name, ".") && str_ends(name, COPY_SUFFIX);
}

static bool is_hex(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f')) {
			return false;
		}
	}
	return true;
}

bool copy_is_temporary_of(struct str name, struct str file, const struct copy_sum *sum)
{
	struct str kept = cut(file), shown, salt;
	size_t at = 1 + kept.len + 1;

	if (name.len != at + SUM_SHOWN + SALT_LEN + strlen(COPY_SUFFIX) ||
		!copy_is_temporary(name)) {
		return false;
	}
	shown = str_sub(name, at, SUM_SHOWN);
	salt = str_sub(name, at + SUM_SHOWN, SALT_LEN);
	return str_eq(str_sub(name, 1, kept.len), kept) && name.ptr[at - 1] == '.' &&
	       is_hex(shown) && (!sum || str_eq(shown, str_n(sum->hex, SUM_SHOWN))) &&
	       salt.ptr[0] == '-' && is_hex(str_sub(salt, 1, salt.len));
}

/* --- folders for root ----------------------------------------------------------------------- */

char *copy_stage_name(struct arena *arena)
{
	return arena_printf(arena, "%s%s", STAGE, copy_salt(arena));
}

bool copy_is_stage(struct str name)
{
	struct str salt;

	if (name.len != strlen(STAGE) + SALT_LEN || !str_starts(name, STAGE)) {
		return false;
	}
	salt = str_sub(name, strlen(STAGE), name.len);
	return salt.ptr[0] == '-' && is_hex(str_sub(salt, 1, salt.len));
}

static size_t count_digits(struct str text)
{
	size_t count = 0;

	while (count < text.len && char_is_digit(text.ptr[count])) {
		count++;
	}
	return count;
}

bool copy_is_staged(struct str name)
{
	size_t digits = count_digits(name);

	if (digits > 0) {
		return digits == name.len;
	}
	digits = name.len > 0 ? count_digits(str_sub(name, 1, name.len)) : 0;
	return digits > 0 && copy_is_temporary_of(name, str_sub(name, 1, digits), NULL);
}
