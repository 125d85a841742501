/*
 * URLs through libcurl's parser.  See url.h.
 *
 * What curl's parser lets pass for the sake of browsers' habits (no scheme, one slash or three,
 * "10.1" for 10.0.0.1, port 0) is refused here: in a configuration it is a slip of the pen, and a
 * check of the wrong thing would call it healthy.
 */
#include "net/url.h"

#include "base/alloc.h"
#include "base/parse.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "net/address.h"
#include "net/curl_library.h"
#include "net/host_name.h"

enum { MASKED_LEN_MAX = 256 };

static void url_freep(CURLU **url)
{
	if (*url) {
		curl_library()->url_cleanup(*url);
	}
}

static void curl_freep(char **s)
{
	curl_library()->free(*s); /* NULL too */
}

static bool is_scheme(struct str text)
{
	if (text.len == 0 || !char_is_alpha(text.ptr[0])) {
		return false;
	}
	for (size_t i = 1; i < text.len; i++) {
		if (!char_is_alnum(text.ptr[i]) && !memchr("+-.", text.ptr[i], 3)) {
			return false;
		}
	}
	return true;
}

/* Where the authority begins: after "scheme://" if it is there. */
static size_t authority_start(struct str text)
{
	const char *hit = memmem(text.ptr, text.len, "://", 3);

	return hit && is_scheme(str_n(text.ptr, (size_t)(hit - text.ptr)))
		       ? (size_t)(hit - text.ptr) + 3
		       : 0;
}

static size_t authority_end(struct str text, size_t start)
{
	size_t end = start;

	while (end < text.len && !memchr("/?#", text.ptr[end], 3)) {
		end++;
	}
	return end;
}

static bool can_be_port(struct str text)
{
	return text.len == 0 || str_is_digits(text);
}

/*
 * The password's place in a text that may be no URL at all.  An "@" behind the authority counts if
 * what stands before it cannot be a port: a password with a "/" in it, which is a mistake that must
 * not be shown either.
 */
static struct str find_password(struct str text)
{
	size_t start = authority_start(text);
	size_t end = authority_end(text, start);
	size_t colon = str_find(str_sub(text, 0, end), ':', start);
	const char *at = memrchr(text.ptr + start, '@', end - start);

	if (!at && colon < end && text.ptr[start] != '[' &&
		!can_be_port(str_sub(text, colon + 1, end - colon - 1))) {
		at = memrchr(text.ptr + end, '@', text.len - end);
	}
	if (!at || colon >= (size_t)(at - text.ptr)) {
		return str_n(NULL, 0);
	}
	return str_sub(text, colon + 1, (size_t)(at - text.ptr) - colon - 1);
}

void url_add_masked(struct str text, struct strbuf *out)
{
	struct str password = find_password(text);
	size_t pos;

	if (!password.ptr) {
		utf8_add_escaped(out, text, 0);
		return;
	}
	pos = (size_t)(password.ptr - text.ptr);
	utf8_add_escaped(out, str_sub(text, 0, pos), 0);
	strbuf_adds(out, "***");
	utf8_add_escaped(out, str_sub(text, pos + password.len, text.len), 0);
}

/* "<what>: 'http://user:***@host/'" */
static int refuse(struct str text, const char *what, struct err *err)
{
	struct strbuf shown = STRBUF_INIT_MAX(MASKED_LEN_MAX);

	url_add_masked(str_sub(text, 0, 2 * MASKED_LEN_MAX), &shown);
	(void)err_set(err, ERR_INPUT, "%s in '%s%s'", what, shown.buf,
		shown.dropped_bytes > 0 || text.len > 2 * MASKED_LEN_MAX ? "..." : "");
	strbuf_release(&shown);
	return -1;
}

static const char *curl_problem(CURLUcode code)
{
	static const struct {
		CURLUcode code;
		const char *text;
	} problems[] = {
		{CURLUE_BAD_PORT_NUMBER, "port must be a number from 1 to 65535"},
		{CURLUE_NO_HOST, "no host"},
		{CURLUE_BAD_HOSTNAME, "bad host name"},
		{CURLUE_BAD_IPV6, "bad IPv6 address"},
		{CURLUE_BAD_USER, "bad user name"},
		{CURLUE_BAD_PASSWORD, "bad password"},
		{CURLUE_BAD_LOGIN, "bad user name or password"},
		{CURLUE_BAD_PATH, "bad path"},
		{CURLUE_BAD_QUERY, "bad query"},
		{CURLUE_BAD_FRAGMENT, "bad fragment"},
		{CURLUE_BAD_SCHEME, "bad scheme"},
		{CURLUE_URLDECODE, "percent-encoded control byte"},
	};

	for (size_t i = 0; i < ARRAY_LEN(problems); i++) {
		if (problems[i].code == code) {
			return problems[i].text;
		}
	}
	return "bad URL";
}

/* A part of the URL in the arena; NULL if it is not there. */
static char *get_part(
	CURLU *curl, CURLUPart part, unsigned flags, struct arena *arena, CURLUcode *ret_code)
{
	_cleanup_(curl_freep) char *value = NULL;

	*ret_code = curl_library()->url_get(curl, part, &value, flags);
	return *ret_code == CURLUE_OK ? arena_strdup(arena, value) : NULL;
}

static int read_credentials(CURLU *curl, struct arena *arena, struct url *url, CURLUcode *ret_code)
{
	url->user = get_part(curl, CURLUPART_USER, CURLU_URLDECODE, arena, ret_code);
	if (!url->user && *ret_code != CURLUE_NO_USER) {
		return -1;
	}
	url->password = get_part(curl, CURLUPART_PASSWORD, CURLU_URLDECODE, arena, ret_code);
	if (!url->password && *ret_code != CURLUE_NO_PASSWORD) {
		return -1;
	}
	return 0;
}

static bool is_zone(struct str zone)
{
	for (size_t i = 0; i < zone.len; i++) {
		if (!char_is_alnum(zone.ptr[i]) && !memchr("._-", zone.ptr[i], 3)) {
			return false;
		}
	}
	return zone.len > 0;
}

static void lower(char *s)
{
	for (; *s; s++) {
		*s = char_lower(*s);
	}
}

static int read_host(CURLU *curl, struct arena *arena, struct url *url, CURLUcode *ret_code)
{
	const char *raw = get_part(curl, CURLUPART_HOST, 0, arena, ret_code);
	const char *zone;
	struct str host;
	struct address address;
	char *name;

	if (!raw) {
		return -1;
	}
	host = str_of(raw);
	*ret_code = CURLUE_BAD_HOSTNAME;
	if (!str_starts(host, "[")) {
		name = arena_strdup(arena, raw);
		lower(name);
		url->host = name;
		return host_name_is_valid(host) || address_parse(host, 0, &address) ? 0 : -1;
	}
	host = str_sub(host, 1, host.len - 2);
	zone = get_part(curl, CURLUPART_ZONEID, 0, arena, ret_code);
	*ret_code = CURLUE_BAD_IPV6;
	if ((zone && !is_zone(str_of(zone))) || !address_parse(host, 0, &address)) {
		return -1;
	}
	name = arena_printf(arena, "%.*s", STR_ARG(host));
	lower(name);
	url->host = zone ? arena_printf(arena, "%s%%%s", name, zone) : name;
	return 0;
}

static int read_port(CURLU *curl, struct arena *arena, struct url *url, CURLUcode *ret_code)
{
	const char *text = get_part(curl, CURLUPART_PORT, 0, arena, ret_code);
	int64_t port = 0;

	url->has_port = text != NULL;
	if (!text) {
		text = get_part(curl, CURLUPART_PORT, CURLU_DEFAULT_PORT, arena, ret_code);
	}
	if (!text) {
		return 0;
	}
	*ret_code = CURLUE_BAD_PORT_NUMBER;
	if (parse_int(str_of(text), 1, UINT16_MAX, &port, NULL) < 0) {
		return -1;
	}
	url->port = (uint16_t)port;
	return 0;
}

static const char *make_text(const struct url *url, struct arena *arena)
{
	bool is_ipv6 = strchr(url->host, ':') != NULL;
	const char *percent = strchr(url->host, '%');
	const char *port = url->has_port ? arena_printf(arena, ":%u", url->port) : "";
	const char *host = url->host;

	if (percent) {
		host = arena_printf(arena, "%.*s%%25%s", (int)(percent - host), host, percent + 1);
	}
	return arena_printf(arena, "%s://%s%s%s%s%s%s%s", url->scheme, is_ipv6 ? "[" : "", host,
		is_ipv6 ? "]" : "", port, url->path, url->query ? "?" : "",
		url->query ? url->query : "");
}

/* Everything out of curl's handle; on failure *ret_code says what is wrong. */
static int read_parts(CURLU *curl, struct arena *arena, struct url *url, CURLUcode *ret_code)
{
	char *scheme = get_part(curl, CURLUPART_SCHEME, 0, arena, ret_code);

	if (!scheme) {
		return -1;
	}
	if (!is_scheme(str_of(scheme))) {
		*ret_code = CURLUE_BAD_SCHEME;
		return -1;
	}
	lower(scheme);
	url->scheme = scheme;
	if (read_host(curl, arena, url, ret_code) < 0 ||
		read_port(curl, arena, url, ret_code) < 0 ||
		read_credentials(curl, arena, url, ret_code) < 0) {
		return -1;
	}
	url->path = get_part(curl, CURLUPART_PATH, 0, arena, ret_code);
	if (!url->path) {
		return -1;
	}
	url->query = get_part(curl, CURLUPART_QUERY, 0, arena, ret_code);
	url->text = make_text(url, arena);
	return 0;
}

/* What must hold of the text before curl sees it. */
static int check_text(struct str text, struct err *err)
{
	struct str scheme = str_sub(text, 0, str_find(text, ':', 0));
	struct str rest = str_sub(text, scheme.len, text.len);

	if (text.len == 0) {
		return err_set(err, ERR_INPUT, "URL is empty");
	}
	if (text.len > URL_LEN_MAX) {
		return refuse(text, "more than 8192 bytes", err);
	}
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c <= 0x20 || c == 0x7f) {
			return refuse(text, c == 0x20 ? "space" : "control byte", err);
		}
	}
	if (!str_starts(rest, "://")) {
		return refuse(text, "no scheme (like \"http://\")", err);
	}
	if (!is_scheme(scheme)) {
		return refuse(text, "bad scheme", err);
	}
	return authority_end(text, scheme.len + 3) == scheme.len + 3 ? refuse(text, "no host", err)
								     : 0;
}

int url_parse(struct str text, struct arena *arena, struct url *ret_url, struct err *err)
{
	_cleanup_(url_freep) CURLU *curl = NULL;
	struct url url = {0};
	struct address address;
	CURLUcode code;

	if (check_text(text, err) < 0 || curl_library_load(err) < 0) {
		return -1;
	}
	curl = curl_library()->url();
	if (!curl) {
		return err_set(err, ERR_SYSTEM, "out of memory");
	}
	code = curl_library()->url_set(curl, CURLUPART_URL, str_dup(text, arena),
		CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
	if (code != CURLUE_OK || read_parts(curl, arena, &url, &code) < 0) {
		return refuse(text, curl_problem(code), err);
	}
	if (address_parse(str_of(url.host), 0, &address) &&
		address_family_of(&address) == ADDRESS_IPV4 && !str_contains(text, url.host)) {
		return refuse(text, "an IPv4 address is four numbers", err);
	}
	*ret_url = url;
	return 0;
}

int url_resolve(const struct url *base, struct str reference, struct arena *arena,
	struct url *ret_url, struct err *err)
{
	_cleanup_(url_freep) CURLU *curl = NULL;
	unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE;
	struct url url = {0};
	CURLUcode code;

	if (reference.len > URL_LEN_MAX) {
		return refuse(reference, "more than 8192 bytes", err);
	}
	if (reference.len == 0 || memchr(reference.ptr, '\0', reference.len)) {
		return refuse(reference, reference.len == 0 ? "nothing" : "control byte", err);
	}
	if (curl_library_load(err) < 0) {
		return -1;
	}
	curl = curl_library()->url();
	if (!curl) {
		return err_set(err, ERR_SYSTEM, "out of memory");
	}
	code = curl_library()->url_set(curl, CURLUPART_URL, base->text, flags);
	if (code == CURLUE_OK) {
		code = curl_library()->url_set(
			curl, CURLUPART_URL, str_dup(reference, arena), flags);
	}
	if (code != CURLUE_OK || read_parts(curl, arena, &url, &code) < 0) {
		return refuse(reference, curl_problem(code), err);
	}
	*ret_url = url;
	return 0;
}

int url_check_scheme(const struct url *url, const char *const *schemes, struct err *err)
{
	const char *near;
	size_t count = 0;

	for (; schemes[count]; count++) {
		if (str_is(str_of(url->scheme), schemes[count])) {
			return 0;
		}
	}
	near = suggest(str_of(url->scheme), schemes, count);
	return err_set(err, ERR_INPUT, "unknown scheme '%s' in '%s'%s%s%s", url->scheme, url->text,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && a->port == b->port &&
	       host_name_eq(str_of(a->host), str_of(b->host));
}
