/*
 * What SFTP servers send, to a client that asks a little of everything: the input is split into
 * messages of what the server says, each as long as its first two bytes tell.
 *
 * A message whose third byte is 0 goes in as it is; otherwise it gets a length, and the number of a
 * request that waits, so that answers are looked into.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/sftp_client.h"
#include "net/sftp_download.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct server {
	struct sftp_client *client;
	struct sftp_download *download;
	struct sftp_file *file;
	struct strbuf said; /* by the client */
	bool is_ready, is_broken;
	uint64_t received;
};

static void on_send(void *arg, struct str bytes)
{
	struct server *server = arg;

	if (server->said.len < 65536) {
		strbuf_addstr(&server->said, bytes);
	}
}

static int on_data(void *arg, struct str bytes, struct err *err)
{
	(void)err;
	((struct server *)arg)->received += bytes.len;
	return 0;
}

static void on_done(void *arg, const struct err *err)
{
	struct server *server = arg;

	(void)err;
	sftp_download_free(&server->download);
	sftp_file_free(&server->file);
}

static void on_open(void *arg, const struct sftp_answer *answer)
{
	struct server *server = arg;

	if (answer->file) {
		const struct sftp_download_spec spec = {
			.expected_size = 100000, .data = on_data, .done = on_done, .arg = server};

		server->file = answer->file;
		server->download = sftp_download_start(server->file, &spec);
	}
}

static void on_answer(void *arg, const struct sftp_answer *answer)
{
	struct server *server = arg;
	struct sftp_file *file = answer->file;

	if (answer->status != SFTP_OK && answer->status != SFTP_EOF && answer->text[0] == '\0') {
		abort();
	}
	for (size_t i = 0; i < answer->names_count; i++) {
		server->received += answer->names[i].name.len;
	}
	if (file) {
		sftp_readdir(file, (struct sftp_then){on_answer, server});
		sftp_file_free(&file);
	}
}

static void on_ready(void *arg)
{
	struct server *server = arg;
	const struct sftp_then then = {on_answer, server};

	server->is_ready = true;
	sftp_open(server->client, "/a", SFTP_READ, NULL, (struct sftp_then){on_open, server});
	sftp_opendir(server->client, "/a", then);
	sftp_stat(server->client, "/a", then);
	sftp_realpath(server->client, "/a", then);
	sftp_remove(server->client, "/a", then);
	sftp_statvfs(server->client, "/a", then);
}

static void on_broken(void *arg, const char *text)
{
	struct server *server = arg;

	if (server->is_broken || text[0] == '\0') {
		abort();
	}
	server->is_broken = true;
}

/* The number of the next request that the client has said. */
static uint32_t next_id(struct server *server)
{
	struct sftp_reader reader = {.rest = strbuf_str(&server->said)};
	struct str message = sftp_take_string(&reader);
	struct sftp_reader fields = {.rest = message};

	(void)sftp_take_u8(&fields);
	if (reader.is_broken) {
		return 0;
	}
	strbuf_remove(&server->said, 0, 4 + message.len);
	return sftp_take_u32(&fields);
}

static void say(struct server *server, struct str message, bool is_raw)
{
	struct strbuf bytes = STRBUF_INIT;

	if (is_raw || message.len == 0) {
		sftp_client_receive(server->client, message);
	} else {
		sftp_add_u32(&bytes, (uint32_t)message.len + 4);
		strbuf_addc(&bytes, message.ptr[0]);
		sftp_add_u32(&bytes, next_id(server));
		strbuf_addstr(&bytes, str_sub(message, 1, message.len));
		sftp_client_receive(server->client, strbuf_str(&bytes));
	}
	strbuf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sftp_client_events events = {on_send, on_ready, on_broken};
	struct server server = {.said = STRBUF_INIT};
	struct str rest = str_n((const char *)data, size);

	server.client = sftp_client_new(&events, &server);
	strbuf_clear(&server.said);
	while (rest.len >= 3) {
		const uint8_t *head = (const uint8_t *)rest.ptr;
		size_t len = (size_t)head[0] << 8 | head[1];
		struct str message = str_sub(rest, 3, len);

		rest = str_sub(rest, 3 + message.len, rest.len);
		say(&server, message, head[2] == 0);
	}
	if (server.received > size) {
		abort();
	}
	sftp_download_free(&server.download);
	sftp_file_free(&server.file);
	sftp_client_free(&server.client);
	strbuf_release(&server.said);
	return 0;
}
