/*
 * What the server is asked, and the files it holds open.  See sftp_client.h.
 *
 * A request's number is its slot and how often the slot has been used, so that an answer finds its
 * request at once, and an answer that comes twice finds none.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/vec.h"
#include "net/sftp_internal.h"

enum { LENGTH_BYTES = 4, SLOT_BITS = 12, TURN_MASK = (1 << 20) - 1 };

static_assert(SFTP_REQUESTS_MAX == 1 << SLOT_BITS, "a slot needs its bits");

static const struct sftp_then NOBODY = {NULL, NULL};

/* --- requests under way --------------------------------------------------------------------- */

static size_t free_slot(struct sftp_client *client)
{
	for (size_t i = 0; i < client->requests_count && client->pending < client->requests_count;
		i++) {
		if (!client->requests[i].is_used) {
			return i;
		}
	}
	assert(client->requests_count < SFTP_REQUESTS_MAX);
	(void)VEC_PUSH(client, requests);
	return client->requests_count - 1;
}

struct sftp_request *sftp_request_begin(struct sftp_client *client, enum sftp_type type,
	enum sftp_expected expected, struct sftp_then then)
{
	size_t slot = free_slot(client);
	struct sftp_request *request = &client->requests[slot];
	uint32_t turn = (request->turn + 1) & TURN_MASK;

	*request = (struct sftp_request){
		.is_used = true, .turn = turn, .expected = expected, .then = then};
	client->pending++;
	strbuf_clear(&client->out);
	sftp_add_u32(&client->out, 0); /* the length, when it is known */
	strbuf_addc(&client->out, (char)type);
	sftp_add_u32(&client->out, turn << SLOT_BITS | (uint32_t)slot);
	return request;
}

void sftp_request_send(struct sftp_client *client)
{
	struct strbuf length = STRBUF_INIT;

	sftp_add_u32(&length, (uint32_t)(client->out.len - LENGTH_BYTES));
	memcpy(client->out.buf, length.buf, LENGTH_BYTES);
	strbuf_release(&length);
	if (!client->is_broken) {
		client->events.send(client->arg, strbuf_str(&client->out));
	}
}

bool sftp_request_take(struct sftp_client *client, uint32_t id, struct sftp_request *ret_request)
{
	size_t slot = id & (SFTP_REQUESTS_MAX - 1);
	struct sftp_request *request;

	if (slot >= client->requests_count) {
		return false;
	}
	request = &client->requests[slot];
	if (!request->is_used || request->turn != id >> SLOT_BITS) {
		return false;
	}
	*ret_request = *request;
	request->is_used = false;
	request->path = NULL;
	request->file = NULL;
	request->then = NOBODY;
	client->pending--;
	return true;
}

/* --- files ---------------------------------------------------------------------------------- */

struct sftp_file *sftp_file_new(struct sftp_client *client, const char *path, struct str handle)
{
	struct sftp_file *file = xcalloc(1, sizeof(*file));

	file->client = client;
	file->path = xstrdup(path);
	file->handle_len = handle.len;
	file->handle = xmalloc(handle.len + 1);
	memcpy(file->handle, handle.ptr, handle.len);
	file->next = client->files;
	file->prev_next = &client->files;
	if (file->next) {
		file->next->prev_next = &file->next;
	}
	client->files = file;
	return file;
}

static void file_release(struct sftp_file *file)
{
	if (file->client) {
		*file->prev_next = file->next;
		if (file->next) {
			file->next->prev_next = file->prev_next;
		}
	}
	free(file->path);
	free(file->handle);
	free(file);
}

const char *sftp_file_path(const struct sftp_file *file)
{
	return file->path;
}

/* A request about an open file. */
static struct sftp_request *begin_file(struct sftp_file *file, enum sftp_type type,
	enum sftp_expected expected, const char *verb, struct sftp_then then)
{
	struct sftp_request *request = sftp_request_begin(file->client, type, expected, then);

	request->file = file;
	request->verb = verb;
	sftp_add_string(&file->client->out, str_n(file->handle, file->handle_len));
	return request;
}

void sftp_close(struct sftp_file **file_ptr, struct sftp_then then)
{
	struct sftp_file *file = TAKE(*file_ptr);
	struct sftp_client *client = file->client;
	struct sftp_request *request;

	for (size_t i = 0; i < client->requests_count; i++) {
		if (client->requests[i].file == file) {
			client->requests[i].file = NULL;
			client->requests[i].then = NOBODY;
		}
	}
	request = begin_file(file, SFTP_TYPE_CLOSE, SFTP_EXPECT_STATUS, "close", then);
	request->file = NULL;
	request->path = xstrdup(file->path);
	sftp_request_send(client);
	file_release(file);
}

void sftp_file_free(struct sftp_file **file_ptr)
{
	if (*file_ptr && (*file_ptr)->client) {
		sftp_close(file_ptr, NOBODY);
	} else if (*file_ptr) {
		file_release(TAKE(*file_ptr));
	}
}

void sftp_read(struct sftp_file *file, uint64_t offset, size_t len, struct sftp_then then)
{
	struct sftp_client *client = file->client;

	assert(len > 0 && len <= SFTP_CHUNK_MAX);
	begin_file(file, SFTP_TYPE_READ, SFTP_EXPECT_DATA, "read", then)->len = len;
	sftp_add_u64(&client->out, offset);
	sftp_add_u32(&client->out, (uint32_t)len);
	sftp_request_send(client);
}

void sftp_write(struct sftp_file *file, uint64_t offset, struct str data, struct sftp_then then)
{
	struct sftp_client *client = file->client;

	assert(data.len <= SFTP_CHUNK_MAX);
	(void)begin_file(file, SFTP_TYPE_WRITE, SFTP_EXPECT_STATUS, "write", then);
	sftp_add_u64(&client->out, offset);
	sftp_add_string(&client->out, data);
	sftp_request_send(client);
}

void sftp_readdir(struct sftp_file *file, struct sftp_then then)
{
	(void)begin_file(file, SFTP_TYPE_READDIR, SFTP_EXPECT_NAMES, "read", then);
	sftp_request_send(file->client);
}

void sftp_fstat(struct sftp_file *file, struct sftp_then then)
{
	(void)begin_file(file, SFTP_TYPE_FSTAT, SFTP_EXPECT_ATTRIBUTES, "look at", then);
	sftp_request_send(file->client);
}

void sftp_fsetstat(
	struct sftp_file *file, const struct sftp_attributes *attributes, struct sftp_then then)
{
	(void)begin_file(
		file, SFTP_TYPE_FSETSTAT, SFTP_EXPECT_STATUS, "change owner or mode of", then);
	sftp_add_attributes(&file->client->out, attributes);
	sftp_request_send(file->client);
}

void sftp_fsync(struct sftp_file *file, struct sftp_then then)
{
	struct sftp_client *client = file->client;
	struct sftp_request *request =
		sftp_request_begin(client, SFTP_TYPE_EXTENDED, SFTP_EXPECT_STATUS, then);

	request->file = file;
	request->verb = "sync";
	sftp_add_string(&client->out, str_of("fsync@openssh.com"));
	sftp_add_string(&client->out, str_n(file->handle, file->handle_len));
	sftp_request_send(client);
}

/* --- paths ---------------------------------------------------------------------------------- */

/* A request about a path; what else it needs is added to client->out. */
struct path_request {
	enum sftp_type type;
	enum sftp_expected expected;
	const char *verb;
	const char *extension; /* NULL: none */
};

static void begin_path(struct sftp_client *client, const struct path_request *kind,
	const char *path, struct sftp_then then)
{
	struct sftp_request *request = sftp_request_begin(client, kind->type, kind->expected, then);

	request->verb = kind->verb;
	request->path = xstrdup(path);
	if (kind->extension) {
		sftp_add_string(&client->out, str_of(kind->extension));
	}
	sftp_add_string(&client->out, str_of(path));
}

static void ask(struct sftp_client *client, const struct path_request *kind, const char *path,
	struct sftp_then then)
{
	begin_path(client, kind, path, then);
	sftp_request_send(client);
}

void sftp_open(struct sftp_client *client, const char *path, unsigned flags,
	const struct sftp_attributes *attributes, struct sftp_then then)
{
	static const struct path_request kinds[] = {
		{SFTP_TYPE_OPEN, SFTP_EXPECT_HANDLE, "open", NULL},
		{SFTP_TYPE_OPEN, SFTP_EXPECT_HANDLE, "create", NULL},
	};

	begin_path(client, &kinds[(flags & SFTP_CREATE) != 0], path, then);
	sftp_add_u32(&client->out, flags);
	sftp_add_attributes(&client->out, attributes);
	sftp_request_send(client);
}

void sftp_opendir(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_OPENDIR, SFTP_EXPECT_HANDLE, "open the folder", NULL};

	ask(client, &kind, path, then);
}

void sftp_stat(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_STAT, SFTP_EXPECT_ATTRIBUTES, "look at", NULL};

	ask(client, &kind, path, then);
}

void sftp_lstat(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_LSTAT, SFTP_EXPECT_ATTRIBUTES, "look at", NULL};

	ask(client, &kind, path, then);
}

void sftp_setstat(struct sftp_client *client, const char *path,
	const struct sftp_attributes *attributes, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_SETSTAT, SFTP_EXPECT_STATUS, "change owner or mode of", NULL};

	begin_path(client, &kind, path, then);
	sftp_add_attributes(&client->out, attributes);
	sftp_request_send(client);
}

void sftp_mkdir(struct sftp_client *client, const char *path,
	const struct sftp_attributes *attributes, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_MKDIR, SFTP_EXPECT_STATUS, "make the folder", NULL};

	begin_path(client, &kind, path, then);
	sftp_add_attributes(&client->out, attributes);
	sftp_request_send(client);
}

void sftp_rmdir(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_RMDIR, SFTP_EXPECT_STATUS, "remove the folder", NULL};

	ask(client, &kind, path, then);
}

void sftp_remove(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_REMOVE, SFTP_EXPECT_STATUS, "remove", NULL};

	ask(client, &kind, path, then);
}

void sftp_realpath(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_REALPATH, SFTP_EXPECT_NAME, "resolve", NULL};

	ask(client, &kind, path, then);
}

void sftp_readlink(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_READLINK, SFTP_EXPECT_NAME, "read the link", NULL};

	ask(client, &kind, path, then);
}

void sftp_statvfs(struct sftp_client *client, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {SFTP_TYPE_EXTENDED, SFTP_EXPECT_SPACE,
		"ask for the space of", "statvfs@openssh.com"};

	ask(client, &kind, path, then);
}

/* Two paths, of which the second is where something comes to be: that is the one to tell. */
static void ask_both(struct sftp_client *client, const struct path_request *kind, const char *first,
	const char *second, struct sftp_then then)
{
	struct sftp_request *request = sftp_request_begin(client, kind->type, kind->expected, then);

	request->verb = kind->verb;
	request->path = xstrdup(second);
	if (kind->extension) {
		sftp_add_string(&client->out, str_of(kind->extension));
	}
	sftp_add_string(&client->out, str_of(first));
	sftp_add_string(&client->out, str_of(second));
	sftp_request_send(client);
}

void sftp_rename(
	struct sftp_client *client, const char *from, const char *to, struct sftp_then then)
{
	static const struct path_request kinds[] = {
		{SFTP_TYPE_RENAME, SFTP_EXPECT_STATUS, "rename to", NULL},
		{SFTP_TYPE_EXTENDED, SFTP_EXPECT_STATUS, "replace", "posix-rename@openssh.com"},
	};

	ask_both(client, &kinds[client->can[SFTP_POSIX_RENAME]], from, to, then);
}

/* The draft wants the link first; OpenSSH, and with it everybody, takes it last. */
void sftp_symlink(
	struct sftp_client *client, const char *target, const char *path, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_SYMLINK, SFTP_EXPECT_STATUS, "make the link", NULL};

	ask_both(client, &kind, target, path, then);
}

void sftp_hardlink(
	struct sftp_client *client, const char *from, const char *to, struct sftp_then then)
{
	static const struct path_request kind = {
		SFTP_TYPE_EXTENDED, SFTP_EXPECT_STATUS, "make the link", "hardlink@openssh.com"};

	ask_both(client, &kind, from, to, then);
}
