/*
 * Taking "[user@]host[:port]" apart.  See login_name.h.
 */
#include "conf/login_name.h"

#include <string.h>

#include <arpa/inet.h>

#include "base/parse.h"
#include "base/utf8.h"

enum { RANGE_COLONS_MAX = 2 }; /* "[1:9:2]" */

static size_t count_colons(struct str text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++) {
		count += text.ptr[i] == ':';
	}
	return count;
}

bool login_name_has_address(struct str text, size_t *ret_len)
{
	size_t end = str_find(text, ']', 0);
	struct str inside = str_sub(text, 1, end - 1);

	if (!str_starts(text, "[") || end == text.len ||
		(!str_contains(inside, "::") && count_colons(inside) <= RANGE_COLONS_MAX)) {
		return false;
	}
	for (size_t i = 0; i < inside.len; i++) {
		if (inside.ptr[i] == ',' || char_is_space(inside.ptr[i])) {
			return false;
		}
	}
	*ret_len = end + 1;
	return true;
}

static bool is_ipv6(struct str text)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len)) {
		return false;
	}
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET6, copy, &address) == 1;
}

static int fail_address(struct str text, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s' is no address of IPv6", utf8_quote(text).text);
}

static int take_username(struct str *rest, struct login_name *login, struct err *err)
{
	size_t at = str_find(*rest, '@', 0);

	if (at == rest->len) {
		return 0;
	}
	login->username = str_sub(*rest, 0, at);
	*rest = str_sub(*rest, at + 1, rest->len);
	for (size_t i = 0; i < login->username.len; i++) {
		char c = login->username.ptr[i];

		if (!char_is_alnum(c) && c != '.' && c != '-' && c != '_') {
			return err_set(err, ERR_INPUT, "'%s' is no name of a user",
				utf8_quote(login->username).text);
		}
	}
	if (login->username.len == 0 || login->username.ptr[0] == '-') {
		return err_set(err, ERR_INPUT, "'%s' is no name of a user",
			utf8_quote(login->username).text);
	}
	return 0;
}

static int take_port(struct str text, struct login_name *login, struct err *err)
{
	int64_t port;

	if (parse_int(text, 1, UINT16_MAX, &port, err) < 0) {
		return err_wrap(err, "port");
	}
	login->port = (uint16_t)port;
	return 0;
}

/* "[::1]:22", the brackets of which have `len` bytes. */
static int take_bracketed(struct str rest, size_t len, struct login_name *login, struct err *err)
{
	login->host = str_sub(rest, 1, len - 2);
	if (!is_ipv6(login->host)) {
		return fail_address(login->host, err);
	}
	if (len == rest.len) {
		return 0;
	}
	if (rest.ptr[len] != ':') {
		return err_set(err, ERR_INPUT, "expected ':' and a port behind '%.*s'", (int)len,
			rest.ptr);
	}
	return take_port(str_sub(rest, len + 1, rest.len), login, err);
}

static int check_host(struct str host, struct err *err)
{
	for (size_t i = 0; i < host.len; i++) {
		if (strchr("@[]", host.ptr[i])) {
			return err_set(err, ERR_INPUT, "a host cannot hold '%s'",
				utf8_quote(str_sub(host, i, 1)).text);
		}
	}
	if (host.len == 0 || host.ptr[0] == '-' || host.ptr[0] == '.') {
		return err_set(err, ERR_INPUT, "'%s' is no name of a host", utf8_quote(host).text);
	}
	return 0;
}

int login_name_parse(struct str text, struct login_name *ret_login, struct err *err)
{
	struct login_name login = {.username = str_of("")};
	struct str rest = text;
	size_t len, colon;

	if (take_username(&rest, &login, err) < 0) {
		return -1;
	}
	if (login_name_has_address(rest, &len)) {
		if (take_bracketed(rest, len, &login, err) < 0) {
			return -1;
		}
		*ret_login = login;
		return 0;
	}
	colon = str_find(rest, ':', 0);
	login.host = rest;
	if (count_colons(rest) > 1) {
		if (!is_ipv6(rest)) {
			return fail_address(rest, err);
		}
	} else if (colon < rest.len) {
		login.host = str_sub(rest, 0, colon);
		if (take_port(str_sub(rest, colon + 1, rest.len), &login, err) < 0) {
			return -1;
		}
	}
	if (check_host(login.host, err) < 0) {
		return -1;
	}
	*ret_login = login;
	return 0;
}

bool login_name_is_more(struct str text)
{
	return memchr(text.ptr, '@', text.len) || memchr(text.ptr, '[', text.len) ||
	       count_colons(text) == 1;
}

struct str login_name_host(struct str text)
{
	struct login_name login;

	return login_name_is_more(text) && login_name_parse(text, &login, NULL) == 0 ? login.host
										     : text;
}
