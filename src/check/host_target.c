/*
 * Targets of the kind `host`.  See host_target.h.
 */
#include "check/host_target.h"

#include <string.h>

#include "base/parse.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "conf/login_name.h"
#include "conf/nodeset.h"

static const char scheme[] = "ssh://";

/* Not a name: more than one may be meant. */
static bool is_set(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (strchr("@[],!& \t", text.ptr[i])) {
			return true;
		}
	}
	return false;
}

/* Names of users are the host's business, but for what could be taken for something else. */
static int take_username(
	struct str *rest, struct arena *arena, struct host_target *target, struct err *err)
{
	size_t at = str_find(*rest, '@', 0);
	struct str name = str_sub(*rest, 0, at);

	if (at == rest->len || at == 0) { /* "@web" is a group */
		return 0;
	}
	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_alnum(name.ptr[i]) && !strchr("._-+\\$", name.ptr[i])) {
			return err_set(
				err, ERR_INPUT, "'%s' is no name of a user", utf8_quote(name).text);
		}
	}
	if (name.ptr[0] == '-') {
		return err_set(err, ERR_INPUT, "the name of a user does not begin with '-'");
	}
	target->username = str_dup(name, arena);
	*rest = str_sub(*rest, at + 1, rest->len);
	return 0;
}

/* Behind the last colon that is not in brackets. */
static int take_port(struct str *rest, struct host_target *target, struct err *err)
{
	size_t colon = rest->len;
	size_t depth = 0;
	int64_t port;

	for (size_t i = 0; i < rest->len; i++) {
		depth += rest->ptr[i] == '[';
		depth -= rest->ptr[i] == ']' && depth > 0;
		if (rest->ptr[i] == ':' && depth == 0) {
			colon = i;
		}
	}
	if (colon == rest->len) {
		return 0;
	}
	if (parse_int(str_sub(*rest, colon + 1, rest->len), 1, UINT16_MAX, &port, err) < 0) {
		return err_wrap(err, "port");
	}
	target->port = (uint16_t)port;
	*rest = str_sub(*rest, 0, colon);
	return 0;
}

/* "[2001:db8::1]"; of a node set a colon would be one of Ansible's ranges, "web[01:20]". */
static bool is_in_brackets(struct str text)
{
	return text.len > 2 && text.ptr[0] == '[' && str_find(text, ']', 0) == text.len - 1 &&
	       str_contains(text, ":");
}

static int take_host(
	struct str text, struct arena *arena, struct host_target *target, struct err *err)
{
	size_t column;

	if (text.len == 0) {
		return err_set(err, ERR_INPUT, "no host; write ssh://[USER@]HOST[:PORT]");
	}
	target->is_address = is_in_brackets(text);
	if (target->is_address) {
		text = str_sub(text, 1, text.len - 2);
	}
	target->host = str_dup(text, arena);
	target->is_set = !target->is_address && is_set(text);
	if (target->is_set) {
		return nodeset_check(text, &column, err);
	}
	return nodeset_check_name(text, err);
}

/* "root@web-01:2222": one server, as it is written everywhere but in ssh://. */
static bool take_login(struct str text, struct arena *arena, struct host_target *ret_target)
{
	struct login_name login;

	if (!login_name_is_more(text) || nodeset_check_server(text, NULL) < 0 ||
		login_name_parse(text, &login, NULL) < 0) {
		return false;
	}
	*ret_target = (struct host_target){
		.host = str_dup(login.host, arena),
		.is_address = str_contains(login.host, ":"),
		.username = login.username.len > 0 ? str_dup(login.username, arena) : NULL,
		.port = login.port,
	};
	return true;
}

int host_target_parse(
	struct str text, struct arena *arena, struct host_target *ret_target, struct err *err)
{
	struct host_target target = {0};
	bool has_scheme = str_case_eq(str_sub(text, 0, strlen(scheme)), str_of(scheme));

	if (str_case_eq(text, str_of("local:"))) {
		*ret_target = (struct host_target){.is_local = true};
		return 0;
	}
	if (str_case_eq(str_sub(text, 0, strlen("local:")), str_of("local:"))) {
		return err_set(err, ERR_INPUT,
			"'%s' is not a machine that can be measured; write 'local:' for this one",
			utf8_quote(text).text);
	}
	if (has_scheme) {
		text = str_sub(text, strlen(scheme), text.len);
		text.len -= str_ends(text, "/");
		if (take_username(&text, arena, &target, err) < 0 ||
			take_port(&text, &target, err) < 0) {
			return -1;
		}
	}
	if (!has_scheme && take_login(text, arena, ret_target)) {
		return 0;
	}
	if (!has_scheme && str_contains(text, ":") && !is_set(text)) {
		return err_set(err, ERR_INPUT, "'%s' is no name; write ssh://[USER@]HOST[:PORT]",
			utf8_quote(text).text);
	}
	if (take_host(text, arena, &target, err) < 0) {
		return -1;
	}
	*ret_target = target;
	return 0;
}

const char *host_target_choose(struct host_target *target, const char *server, struct arena *arena)
{
	struct host_target one = {0};

	target->is_set = false;
	if (!take_login(str_of(server), arena, &one)) {
		target->host = server;
		return host_target_text(target, server, arena);
	}
	target->host = one.host;
	target->is_address = one.is_address;
	if (!target->username && !target->port) {
		target->username = one.username;
		target->port = one.port;
		return server;
	}
	target->username = target->username ? target->username : one.username;
	target->port = target->port ? target->port : one.port;
	return host_target_text(target, target->host, arena);
}

const char *host_target_text(
	const struct host_target *target, const char *host, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *copy;

	if (target->username || target->port || target->is_address) {
		strbuf_adds(&text, scheme);
	}
	if (target->username) {
		strbuf_addf(&text, "%s@", target->username);
	}
	if (target->is_address) {
		strbuf_addf(&text, "[%s]", host);
	} else {
		strbuf_adds(&text, host);
	}
	if (target->port) {
		strbuf_addf(&text, ":%u", target->port);
	}
	copy = arena_strndup(arena, text.buf, text.len);
	strbuf_release(&text);
	return copy;
}
