/*
 * What the server says: cut into messages, checked, and told to whom asked.  See sftp_client.h.
 *
 * Requests are made in sftp_request.c.
 */
#include "net/sftp_client.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "net/sftp_internal.h"

enum {
	LENGTH_BYTES = 4,
	TEXT_MAX = 300,      /* bytes of what a server says */
	NAME_BYTES_MIN = 12, /* of an entry of a list: two strings and attributes, all empty */
	HELLO_SHOWN = 60,
};

static const char *const extension_names[SFTP_EXTENSION_MAX] = {
	[SFTP_POSIX_RENAME] = "posix-rename@openssh.com",
	[SFTP_FSYNC] = "fsync@openssh.com",
	[SFTP_HARDLINK] = "hardlink@openssh.com",
	[SFTP_STATVFS] = "statvfs@openssh.com",
};

/* --- the client ----------------------------------------------------------------------------- */

struct sftp_client *sftp_client_new(const struct sftp_client_events *events, void *arg)
{
	struct sftp_client *client = xcalloc(1, sizeof(*client));
	struct strbuf hello = STRBUF_INIT;

	client->events = *events;
	client->arg = arg;
	strbuf_init(&client->in, 0); /* holds a message at most, and what was handed in at once */
	strbuf_init(&client->out, 0);
	sftp_add_u32(&hello, 1 + LENGTH_BYTES);
	strbuf_addc(&hello, SFTP_TYPE_INIT);
	sftp_add_u32(&hello, SFTP_VERSION);
	client->events.send(client->arg, strbuf_str(&hello));
	strbuf_release(&hello);
	return client;
}

static void client_release(struct sftp_client *client)
{
	for (size_t i = 0; i < client->requests_count; i++) {
		free(client->requests[i].path);
	}
	free(client->requests);
	strbuf_release(&client->in);
	strbuf_release(&client->out);
	free(client);
}

void sftp_client_free(struct sftp_client **client_ptr)
{
	struct sftp_client *client = TAKE(*client_ptr);

	if (!client) {
		return;
	}
	for (struct sftp_file *file = client->files; file; file = file->next) {
		file->client = NULL;
	}
	client->files = NULL;
	client->is_freed = true;
	if (!client->is_receiving) {
		client_release(client);
	}
}

bool sftp_client_can(const struct sftp_client *client, enum sftp_extension extension)
{
	return client->can[extension];
}

size_t sftp_client_pending(const struct sftp_client *client)
{
	return client->pending;
}

void sftp_client_forget(struct sftp_client *client, const void *arg)
{
	for (size_t i = 0; i < client->requests_count; i++) {
		if (client->requests[i].then.arg == arg) {
			client->requests[i].then = (struct sftp_then){0};
		}
	}
}

int sftp_answer_err(const struct sftp_answer *answer, struct err *err)
{
	static const enum err_code codes[] = {
		[SFTP_NO_SUCH_FILE] = ERR_NOT_FOUND,
		[SFTP_PERMISSION_DENIED] = ERR_PERMISSION,
		[SFTP_BAD_MESSAGE] = ERR_NETWORK,
		[SFTP_NO_CONNECTION] = ERR_NETWORK,
		[SFTP_CONNECTION_LOST] = ERR_NETWORK,
	};
	enum err_code code =
		(size_t)answer->status < ARRAY_LEN(codes) ? codes[answer->status] : ERR_NONE;

	return err_set(err, code == ERR_NONE ? ERR_SYSTEM : code, "%s", answer->text);
}

/* --- what is no SFTP ------------------------------------------------------------------------ */

static void break_off(struct sftp_client *client, const char *text)
{
	client->is_broken = true;
	client->events.broken(client->arg, text);
}

/* A login that prints something is the usual reason for a first message that is none. */
static bool is_text(struct str bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];

		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != 0x1b) || c >= 0x7f) {
			return false;
		}
	}
	return true;
}

static void break_length(struct sftp_client *client, struct str input)
{
	struct strbuf text = STRBUF_INIT;

	if (!client->is_ready && is_text(str_sub(input, 0, LENGTH_BYTES))) {
		strbuf_adds(&text, "the login prints something where SFTP should begin: '");
		utf8_add_escaped(&text, str_trim(input), HELLO_SHOWN);
		strbuf_addc(&text, '\'');
	} else {
		strbuf_adds(&text, "the server sends what is no SFTP");
	}
	break_off(client, text.buf);
	strbuf_release(&text);
}

/* --- answers -------------------------------------------------------------------------------- */

/* An answer that is being read. */
struct reading {
	struct sftp_client *client;
	struct sftp_reader reader;
	struct sftp_request request;
	struct sftp_answer answer;
	struct strbuf text;
	struct sftp_name *names;
};

static const char *status_text(enum sftp_status status)
{
	switch (status) {
	case SFTP_OK:
		return "success";
	case SFTP_EOF:
		return "it ends there";
	case SFTP_NO_SUCH_FILE:
		return "no such file or folder";
	case SFTP_PERMISSION_DENIED:
		return "permission denied";
	case SFTP_FAILURE:
		return "failure";
	case SFTP_BAD_MESSAGE:
		return "the server did not understand";
	case SFTP_NO_CONNECTION:
		return "the server has no connection";
	case SFTP_CONNECTION_LOST:
		return "the server lost its connection";
	case SFTP_UNSUPPORTED:
		return "the server cannot do this";
	}
	return "failure";
}

static const char *path_of(const struct sftp_request *request)
{
	if (request->path) {
		return request->path;
	}
	return request->file ? request->file->path : "";
}

/* The older servers send no text with a status. */
static bool read_status(struct reading *reading)
{
	uint32_t code = sftp_take_u32(&reading->reader);
	struct str said;
	size_t words_at;

	if (reading->reader.is_broken) {
		return false;
	}
	reading->answer.status = code <= SFTP_UNSUPPORTED ? (enum sftp_status)code : SFTP_FAILURE;
	if (reading->answer.status == SFTP_OK) {
		return reading->request.expected == SFTP_EXPECT_STATUS;
	}
	if (reading->answer.status == SFTP_EOF) {
		return true;
	}
	said = str_trim(sftp_take_string(&reading->reader));
	strbuf_addf(&reading->text, "cannot %s '", reading->request.verb);
	utf8_add_escaped(&reading->text, str_of(path_of(&reading->request)), TEXT_MAX);
	strbuf_adds(&reading->text, "': ");
	words_at = reading->text.len;
	if (said.len > 0) {
		utf8_add_escaped(&reading->text, said, TEXT_MAX);
	} else {
		strbuf_adds(&reading->text, status_text(reading->answer.status));
	}
	reading->answer.text = reading->text.buf;
	reading->answer.words = reading->text.buf + words_at;
	return true;
}

static bool read_handle(struct reading *reading)
{
	struct str handle = sftp_take_string(&reading->reader);

	if (reading->reader.is_broken || handle.len > SFTP_HANDLE_MAX) {
		return false;
	}
	reading->answer.file = sftp_file_new(reading->client, path_of(&reading->request), handle);
	return true;
}

static bool read_data(struct reading *reading)
{
	reading->answer.data = sftp_take_string(&reading->reader);
	return !reading->reader.is_broken && reading->answer.data.len > 0 &&
	       reading->answer.data.len <= reading->request.len;
}

static bool read_names(struct reading *reading)
{
	uint32_t count = sftp_take_u32(&reading->reader);

	if (reading->reader.is_broken || count == 0 ||
		count > reading->reader.rest.len / NAME_BYTES_MIN ||
		(count != 1 && reading->request.expected == SFTP_EXPECT_NAME)) {
		return false;
	}
	reading->names = xcalloc(count, sizeof(*reading->names));
	for (uint32_t i = 0; i < count; i++) {
		reading->names[i].name = sftp_take_string(&reading->reader);
		(void)sftp_take_string(&reading->reader); /* as `ls -l` shows it */
		reading->names[i].attributes = sftp_take_attributes(&reading->reader);
	}
	reading->answer.names = reading->names;
	reading->answer.names_count = count;
	return !reading->reader.is_broken;
}

static uint64_t bytes_of(uint64_t blocks, uint64_t size)
{
	uint64_t bytes;

	return __builtin_mul_overflow(blocks, size, &bytes) ? UINT64_MAX : bytes;
}

/* struct statvfs: f_bsize, f_frsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree, f_favail,
 * f_fsid, f_flag, f_namemax. */
static bool read_space(struct reading *reading)
{
	uint64_t fields[11];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		fields[i] = sftp_take_u64(&reading->reader);
	}
	reading->answer.space = (struct sftp_space){
		.total_bytes = bytes_of(fields[2], fields[1]),
		.available_bytes = bytes_of(fields[4], fields[1]),
		.available_files = fields[7],
		.is_read_only = (fields[9] & 1) != 0,
	};
	return !reading->reader.is_broken;
}

static bool read_expected(struct reading *reading, enum sftp_type type)
{
	switch (reading->request.expected) {
	case SFTP_EXPECT_STATUS:
		return false;
	case SFTP_EXPECT_HANDLE:
		return type == SFTP_TYPE_HANDLE && read_handle(reading);
	case SFTP_EXPECT_DATA:
		return type == SFTP_TYPE_DATA && read_data(reading);
	case SFTP_EXPECT_NAMES:
	case SFTP_EXPECT_NAME:
		return type == SFTP_TYPE_NAME && read_names(reading);
	case SFTP_EXPECT_ATTRIBUTES:
		if (type != SFTP_TYPE_ATTRS) {
			return false;
		}
		reading->answer.attributes = sftp_take_attributes(&reading->reader);
		return !reading->reader.is_broken;
	case SFTP_EXPECT_SPACE:
		return type == SFTP_TYPE_EXTENDED_REPLY && read_space(reading);
	}
	return false;
}

static void tell(struct reading *reading)
{
	if (reading->request.then.fn) {
		reading->request.then.fn(reading->request.then.arg, &reading->answer);
	} else {
		sftp_file_free(&reading->answer.file);
	}
}

static void take_answer(
	struct sftp_client *client, enum sftp_type type, const struct sftp_reader *reader)
{
	struct reading reading = {.client = client, .reader = *reader, .text = STRBUF_INIT};
	uint32_t id = sftp_take_u32(&reading.reader);
	bool is_good;

	reading.answer.text = "";
	reading.answer.words = "";
	if (reading.reader.is_broken || !sftp_request_take(client, id, &reading.request)) {
		break_off(client, "the server answers what was not asked");
		return;
	}
	is_good = type == SFTP_TYPE_STATUS ? read_status(&reading) : read_expected(&reading, type);
	if (is_good) {
		tell(&reading);
	} else {
		strbuf_clear(&reading.text);
		strbuf_addf(&reading.text, "the server's answer to '%s' is no SFTP",
			reading.request.verb);
		break_off(client, reading.text.buf);
	}
	free(reading.names);
	free(reading.request.path);
	strbuf_release(&reading.text);
}

static void take_version(struct sftp_client *client, struct sftp_reader reader)
{
	uint32_t version = sftp_take_u32(&reader);

	if (reader.is_broken || version != SFTP_VERSION) {
		break_off(client, "the server does not speak version 3 of SFTP");
		return;
	}
	while (reader.rest.len > 0 && !reader.is_broken) {
		struct str name = sftp_take_string(&reader);

		(void)sftp_take_string(&reader); /* its version; of those we know any will do */
		for (size_t i = 0; i < SFTP_EXTENSION_MAX && !reader.is_broken; i++) {
			client->can[i] = client->can[i] || str_is(name, extension_names[i]);
		}
	}
	if (reader.is_broken) {
		break_off(client, "the server's greeting is no SFTP");
		return;
	}
	client->is_ready = true;
	client->events.ready(client->arg);
}

static void take_message(struct sftp_client *client, struct str message)
{
	struct sftp_reader reader = {.rest = message};
	enum sftp_type type = (enum sftp_type)sftp_take_u8(&reader);

	if (client->is_ready) {
		take_answer(client, type, &reader);
	} else if (type == SFTP_TYPE_VERSION) {
		take_version(client, reader);
	} else {
		break_off(client, "the server's greeting is no SFTP");
	}
}

/* Cut whole messages off the front of what came; how many bytes that was. */
static size_t take_messages(struct sftp_client *client)
{
	size_t taken = 0;

	while (!client->is_freed && !client->is_broken) {
		struct sftp_reader reader = {
			.rest = str_sub(strbuf_str(&client->in), taken, client->in.len)};
		struct str input = reader.rest;
		size_t len = sftp_take_u32(&reader);

		if (reader.is_broken) {
			break;
		}
		if (len == 0 || len > SFTP_PACKET_MAX) {
			break_length(client, input);
			break;
		}
		if (reader.rest.len < len) {
			break;
		}
		taken += LENGTH_BYTES + len;
		take_message(client, str_sub(reader.rest, 0, len));
	}
	return taken;
}

void sftp_client_receive(struct sftp_client *client, struct str bytes)
{
	size_t taken;

	assert(!client->is_receiving);
	if (client->is_broken) {
		return;
	}
	client->is_receiving = true;
	strbuf_addstr(&client->in, bytes);
	taken = take_messages(client);
	client->is_receiving = false;
	if (client->is_freed) {
		client_release(client);
	} else {
		strbuf_remove(&client->in, 0, taken);
	}
}
