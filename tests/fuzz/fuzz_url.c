/*
 * URLs: reading never fails oddly, and what was read is read again from its text.
 *
 * The input is a URL, and after a newline a reference that is resolved against it.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_same(const char *a, const char *b)
{
	assert((a == NULL) == (b == NULL));
	assert(!a || strcmp(a, b) == 0);
}

/* All but the user and password, which the text does not have. */
static void check_again(const struct url *url, struct arena *arena)
{
	struct url again;

	assert(url->host[0] != '\0' && url->path[0] == '/');
	if (strlen(url->text) > URL_LEN_MAX) {
		return; /* what was encoded has grown */
	}
	assert(url_parse(str_of(url->text), arena, &again, NULL) == 0);
	assert_same(url->text, again.text);
	assert_same(url->scheme, again.scheme);
	assert_same(url->host, again.host);
	assert_same(url->path, again.path);
	assert_same(url->query, again.query);
	assert(url->port == again.port && url->has_port == again.has_port);
	assert(url_same_origin(url, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct strbuf masked = STRBUF_INIT;
	struct str rest = str_n((const char *)data, size);
	struct str text;
	struct url url, other;
	struct err err = {0};

	(void)str_split(&rest, '\n', &text);
	url_add_masked(text, &masked);
	strbuf_release(&masked);
	if (url_parse(text, arena, &url, &err) < 0) {
		assert(err.code == ERR_INPUT && err.msg[0] != '\0');
		return 0;
	}
	check_again(&url, arena);
	if (rest.ptr && url_resolve(&url, rest, arena, &other, &err) == 0) {
		check_again(&other, arena);
	}
	return 0;
}
