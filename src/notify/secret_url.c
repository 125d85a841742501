/*
 * Addresses that are a secret themselves.  See secret_url.h.
 */
#include "notify/secret_url.h"

#include "base/utf8.h"

/* The reason without the address, which errors of url_parse() end in: "no host in '...'". */
static int refuse(const struct err *why, struct err *err)
{
	const char *address = strstr(why->msg, " in '");
	const int len = (int)(address ? (size_t)(address - why->msg) : strlen(why->msg));

	return err_set(err, ERR_INPUT, "not an address like https://host/...: %.*s", len, why->msg);
}

static size_t path_start(const struct url *url)
{
	const char *authority = strstr(url->text, "://");

	return (size_t)(strchr(authority + 3, '/') - url->text);
}

void secret_url_publish(struct secret_url *url, size_t len, struct arena *arena)
{
	const size_t start = path_start(&url->url) + len;

	url->secret = url->url.text + start;
	url->shown =
		arena_printf(arena, "%.*s%s", (int)start, url->url.text, len > 0 ? "***" : "/***");
}

int secret_url_read(
	const char *text, struct arena *arena, struct secret_url *ret_url, struct err *err)
{
	struct secret_url url = {0};
	struct err why = {0};

	if (url_parse(str_of(text), arena, &url.url, &why) < 0) {
		return why.code == ERR_INPUT ? refuse(&why, err)
					     : err_set(err, why.code, "%s", why.msg);
	}
	if (strcmp(url.url.scheme, "https") != 0 && strcmp(url.url.scheme, "http") != 0) {
		return err_set(err, ERR_INPUT, "the address must begin with https://, not %s://",
			utf8_quote(str_of(url.url.scheme)).text);
	}
	if (url.url.user || url.url.password) {
		return err_set(
			err, ERR_INPUT, "the address of '%s' has a user or password", url.url.host);
	}
	if (strchr(text, '#')) {
		return err_set(err, ERR_INPUT, "the address of '%s' has a '#' in it", url.url.host);
	}
	secret_url_publish(&url, 0, arena);
	*ret_url = url;
	return 0;
}

void secret_url_send_to(const struct secret_url *url, struct notify_message *message)
{
	message->url = url->url.text;
	notify_message_add_secret(message, url->secret);
}
