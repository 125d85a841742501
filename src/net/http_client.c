/*
 * libcurl's multi interface on the loop.  See http_client.h.
 *
 * curl says which descriptors it watches and when it wants to be called; it is never called from
 * inside those callbacks.  An io is found by its descriptor, because curl closes descriptors (and
 * gets the same number again) at times of its own choosing.
 */
#include "net/http_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "net/http_internal.h"

struct socket_watch {
	struct http_client *client;
	int fd;
	struct io *io;
};

/* Tell the exchanges whose transfers have ended.  They may start and free others. */
static void reap(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_library()->multi_info_read(client->multi, &left)) != NULL) {
		struct http_exchange *exchange = NULL;

		if (message->msg == CURLMSG_DONE) {
			CURLcode code = message->data.result;

			(void)curl_library()->easy_getinfo(
				message->easy_handle, CURLINFO_PRIVATE, (char **)&exchange);
			http_exchange_transferred(exchange, code);
		}
	}
}

static void act(struct http_client *client, curl_socket_t fd, int what)
{
	int running;

	(void)curl_library()->multi_socket_action(
		client->multi, fd, what, &running); /* reap() has the rest */
	reap(client);
}

static void on_io(void *arg, unsigned events)
{
	const struct socket_watch *watch = arg;
	int what = 0;

	if (events & IO_READ) {
		what |= CURL_CSELECT_IN;
	}
	if (events & IO_WRITE) {
		what |= CURL_CSELECT_OUT;
	}
	if (events & IO_ERROR) {
		what |= CURL_CSELECT_ERR;
	}
	act(watch->client, watch->fd, what); /* may free the watch */
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static struct socket_watch **watch_of(struct http_client *client, int fd)
{
	size_t index = (size_t)fd;

	if (index >= client->watches_count) {
		size_t count = index < 64 ? 64 : 2 * index;

		client->watches =
			xreallocarray(client->watches, count, sizeof(struct socket_watch *));
		memset(client->watches + client->watches_count, 0,
			(count - client->watches_count) * sizeof(struct socket_watch *));
		client->watches_count = count;
	}
	return &client->watches[index];
}

static void unwatch(struct http_client *client, int fd)
{
	struct socket_watch **place = watch_of(client, fd);
	struct socket_watch *watch = TAKE(*place);

	if (watch) {
		io_free(&watch->io);
		free(watch);
	}
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *client = arg;
	struct socket_watch **place = watch_of(client, fd);
	unsigned events =
		(what & CURL_POLL_IN ? IO_READ : 0U) | (what & CURL_POLL_OUT ? IO_WRITE : 0U);

	(void)easy;
	(void)socket_arg;
	if (what == CURL_POLL_REMOVE) {
		unwatch(client, fd);
	} else if (*place) {
		io_set((*place)->io, events);
	} else {
		struct socket_watch *watch = xcalloc(1, sizeof(*watch));

		*watch = (struct socket_watch){.client = client, .fd = fd};
		watch->io = io_add(client->loop, fd, events, on_io, watch);
		*place = watch;
	}
	return 0;
}

static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	if (timeout_ms < 0) {
		timer_stop(client->timer);
	} else {
		timer_set(client->timer, timeout_ms);
	}
	return 0;
}

int http_client_close_socket(void *client, curl_socket_t fd)
{
	unwatch(client, fd);
	return close(fd);
}

struct http_client *http_client_new(struct loop *loop, struct resolver *resolver)
{
	struct http_client *client = xcalloc(1, sizeof(*client));

	client->loop = loop;
	client->resolver = resolver;
	client->trust = tls_trust_new();
	client->timer = timer_new(loop, on_timer, client);
	return client;
}

static void configure(struct http_client *client, const struct curl_library *curl)
{
	(void)curl->multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	(void)curl->multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	(void)curl->multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	(void)curl->multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
}

int http_client_begin(struct http_client *client, struct err *err)
{
	const struct curl_library *curl;
	CURLcode code;

	if (client->multi) {
		return 0;
	}
	if (curl_library_load(err) < 0) {
		return -1;
	}
	curl = curl_library();
	code = curl->global_init(CURL_GLOBAL_DEFAULT);
	if (code != CURLE_OK) {
		return err_set(err, ERR_SYSTEM, "cannot initialise libcurl: %s",
			curl->easy_strerror(code));
	}
	client->curl_version = curl->version_info(CURLVERSION_NOW)->version_num;
	client->multi = curl->multi_init();
	if (!client->multi) {
		abort(); /* out of memory */
	}
	configure(client, curl);
	return 0;
}

void http_client_free(struct http_client **client_ptr)
{
	struct http_client *client = TAKE(*client_ptr);

	if (!client) {
		return;
	}
	assert(client->exchanges == 0);
	if (client->multi) {
		(void)curl_library()->multi_cleanup(client->multi); /* closes what is kept */
		curl_library()->global_cleanup();
	}
	timer_free(&client->timer);
	tls_trust_free(&client->trust);
	free(client->watches);
	free(client);
}

bool http_header_find(struct str headers, const char *name, struct str *ret_value)
{
	struct str wanted = str_of(name);
	struct str line;

	while (str_line(&headers, &line)) {
		size_t colon = str_find(line, ':', 0);

		if (colon < line.len && str_case_eq(str_sub(line, 0, colon), wanted)) {
			*ret_value = str_trim(str_sub(line, colon + 1, line.len));
			return true;
		}
	}
	return false;
}

int http_header_name_check(struct str key, struct err *err)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (!char_is_alnum(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c))) {
			return err_set(
				err, ERR_INPUT, "'%s' is no header name", utf8_quote(key).text);
		}
	}
	return key.len > 0 ? 0 : err_set(err, ERR_INPUT, "an empty header name");
}
