/*
 * A value byte by byte, with what stands for something else replaced.  See ssh_tokens.h.
 */
#include "net/ssh_tokens.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/host_name.h"
#include "base/utf8.h"

static void add_short_local_name(struct strbuf *out)
{
	const struct host_name host = host_name_get();
	struct str name = str_of(host.text);

	strbuf_addstr(out, str_sub(name, 0, str_find(name, '.', 0)));
}

static void add_local_name(struct strbuf *out)
{
	const struct host_name host = host_name_get();

	strbuf_adds(out, host.text);
}

static bool add_token(char token, const struct ssh_tokens *tokens, struct strbuf *out)
{
	switch (token) {
	case '%':
		strbuf_addc(out, '%');
		return true;
	case 'h':
		strbuf_adds(out, tokens->hostname);
		return true;
	case 'n':
	case 'k': /* without an alias of the host key it is the name */
		strbuf_adds(out, tokens->alias);
		return true;
	case 'r':
		strbuf_adds(out, tokens->user);
		return true;
	case 'u':
		strbuf_adds(out, tokens->local_user);
		return true;
	case 'd':
		strbuf_adds(out, tokens->home ? tokens->home : "");
		return true;
	case 'p':
		strbuf_addf(out, "%u", tokens->port);
		return true;
	case 'i':
		strbuf_addf(out, "%u", (unsigned)getuid());
		return true;
	case 'l':
		add_local_name(out);
		return true;
	case 'L':
		add_short_local_name(out);
		return true;
	default:
		return false;
	}
}

/* "${NAME}" at `pos`; how long it is, 0 if it is none or not set. */
static size_t add_variable(struct str value, size_t pos, struct strbuf *out)
{
	size_t end = str_find(value, '}', pos);
	struct strbuf name = STRBUF_INIT_MAX(256);
	const char *content;

	if (end == value.len) {
		return 0;
	}
	strbuf_addstr(&name, str_sub(value, pos + 2, end - pos - 2));
	content = getenv(name.buf);
	strbuf_release(&name);
	if (!content) {
		return 0;
	}
	strbuf_adds(out, content);
	return end + 1 - pos;
}

int ssh_tokens_expand(
	struct str value, const struct ssh_tokens *tokens, struct strbuf *out, struct err *err)
{
	size_t pos = 0;

	if ((str_starts(value, "~/") || str_is(value, "~")) && tokens->home) {
		strbuf_adds(out, tokens->home);
		pos = 1;
	}
	while (pos < value.len) {
		struct str rest = str_sub(value, pos, value.len);

		if (str_starts(rest, "${")) {
			size_t len = add_variable(value, pos, out);

			if (len == 0) {
				return err_set(err, ERR_INPUT, "no such variable in '%s'",
					utf8_quote(value).text);
			}
			pos += len;
		} else if (rest.ptr[0] != '%') {
			strbuf_addc(out, rest.ptr[0]);
			pos++;
		} else if (rest.len > 1 && add_token(rest.ptr[1], tokens, out)) {
			pos += 2;
		} else {
			return err_set(
				err, ERR_INPUT, "cannot expand '%s'", utf8_quote(value).text);
		}
	}
	return 0;
}

void ssh_tokens_add_escaped(struct strbuf *out, const char *text)
{
	for (; *text; text++) {
		strbuf_adds(out, *text == '%' ? "%" : "");
		strbuf_addc(out, *text);
	}
}
