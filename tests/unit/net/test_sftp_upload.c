/*
 * Uploads: whole ones, failing ones, and answers in any order.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/sftp_fixture.h"
#include "net/sftp_upload.h"

/* A source of so many bytes, each told by its place. */
struct source {
	size_t at, size;
	size_t fails_at; /* 0: never */
	size_t written;
	int done;
	struct err err;
	bool has_failed, was_answered;
	struct sftp_upload *upload;
	bool frees_itself;
};

static char byte_at(size_t at)
{
	return (char)(at * 31 + (at >> 8));
}

static int read_source(void *arg, char *buf, size_t room, size_t *ret_len, struct err *err)
{
	struct source *source = arg;
	size_t len = source->size - source->at;

	if (source->fails_at > 0 && source->at >= source->fails_at) {
		return err_set(err, ERR_SYSTEM, "cannot read it");
	}
	len = len < room ? len : room;
	for (size_t i = 0; i < len; i++) {
		buf[i] = byte_at(source->at + i);
	}
	source->at += len;
	*ret_len = len;
	return 0;
}

static void written(void *arg, size_t bytes)
{
	((struct source *)arg)->written += bytes;
}

static void done(void *arg, const struct sftp_answer *failed, const struct err *err)
{
	struct source *source = arg;

	source->done++;
	source->has_failed = err != NULL;
	source->was_answered = failed != NULL;
	if (err) {
		source->err = *err;
	}
	if (source->frees_itself) {
		sftp_upload_free(&source->upload);
	}
}

static void start(struct source *source, struct sftp_file *file, uint64_t offset)
{
	const struct sftp_upload_spec spec = {.offset = offset,
		.read = read_source,
		.written = written,
		.done = done,
		.arg = source};

	source->upload = sftp_upload_start(file, &spec);
	assert_int_equal(source->done, 0);
}

static void test_whole(void **state)
{
	static const size_t sizes[] = {0, 1, SFTP_CHUNK_MAX - 1, SFTP_CHUNK_MAX, SFTP_CHUNK_MAX + 1,
		SFTP_CHUNK_MAX * SFTP_UPLOAD_WINDOW, 5000000};
	struct sftp_fixture f;
	struct strbuf content = STRBUF_INIT;

	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct source source = {.size = sizes[i], .frees_itself = i % 2};
		struct sftp_told told;

		sftp_open(f.client, "a", SFTP_WRITE | SFTP_CREATE | SFTP_TRUNCATE, NULL,
			sftp_tell(&told));
		sftp_fixture_expect(&f, &told, SFTP_OK);
		start(&source, told.file, 0);
		sftp_fixture_until(&f, &source.done);
		assert_false(source.has_failed);
		assert_int_equal(source.written, sizes[i]);
		sftp_upload_free(&source.upload);
		sftp_file_free(&told.file);
		assert_int_equal(file_read("a", FILE_REGULAR, 1 << 24, &content, NULL), 0);
		assert_int_equal(content.len, sizes[i]);
		for (size_t at = 0; at < sizes[i]; at++) {
			assert_true(content.buf[at] == byte_at(at));
		}
	}
	strbuf_release(&content);
	sftp_fixture_stop(&f);
}

static void test_from_an_offset(void **state)
{
	struct source source = {.size = 3};
	struct strbuf content = STRBUF_INIT;
	struct sftp_fixture f;
	struct sftp_told told;

	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	assert_int_equal(file_write("a", str_of("abcdef"), 0644, NULL), 0);
	sftp_open(f.client, "a", SFTP_WRITE, NULL, sftp_tell(&told));
	sftp_fixture_expect(&f, &told, SFTP_OK);
	start(&source, told.file, 2);
	sftp_fixture_until(&f, &source.done);
	sftp_upload_free(&source.upload);
	sftp_file_free(&told.file);
	assert_int_equal(file_read("a", FILE_REGULAR, 100, &content, NULL), 0);
	assert_int_equal(content.len, 6);
	assert_memory_equal(content.buf, "ab", 2);
	assert_true(content.buf[2] == byte_at(0));
	assert_true(content.buf[5] == 'f');
	strbuf_release(&content);
	sftp_fixture_stop(&f);
}

static void test_failures(void **state)
{
	struct source source = {.size = 4000000, .fails_at = 100000};
	struct source refused = {.size = 4000000};
	struct sftp_fixture f;
	struct sftp_told told;

	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	sftp_open(f.client, "a", SFTP_WRITE | SFTP_CREATE, NULL, sftp_tell(&told));
	sftp_fixture_expect(&f, &told, SFTP_OK);
	start(&source, told.file, 0);
	sftp_fixture_until(&f, &source.done);
	assert_true(source.has_failed);
	assert_false(source.was_answered);
	assert_string_equal(source.err.msg, "cannot read it");
	sftp_upload_free(&source.upload);
	sftp_file_free(&told.file);
	/* A file that is not open for writing. */
	sftp_open(f.client, "a", SFTP_READ, NULL, sftp_tell(&told));
	sftp_fixture_expect(&f, &told, SFTP_OK);
	start(&refused, told.file, 0);
	sftp_fixture_until(&f, &refused.done);
	assert_true(refused.has_failed);
	assert_true(refused.was_answered);
	assert_string_equal(refused.err.msg, "cannot write 'a': No such file");
	assert_int_equal(refused.written, 0);
	sftp_upload_free(&refused.upload);
	sftp_file_free(&told.file);
	sftp_fixture_stop(&f);
}

/* A server that answers the last request first, and opens a file for it. */
static struct sftp_file *open_played(struct sftp_fixture *f)
{
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_told told;
	enum sftp_type type;
	uint32_t id;

	sftp_fixture_play(f, true);
	sftp_open(f->client, "/x", SFTP_WRITE, NULL, sftp_tell(&told));
	assert_true(sftp_fixture_take(f, &id, &type, &bytes));
	sftp_answer_begin(&bytes, SFTP_TYPE_HANDLE, id);
	sftp_add_string(&bytes, str_of("h"));
	sftp_fixture_answer(f, strbuf_str(&bytes));
	strbuf_release(&bytes);
	return told.file;
}

static void test_backwards(void **state)
{
	struct source source = {.size = 10 * SFTP_CHUNK_MAX};
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_fixture f;
	struct sftp_file *file = open_played(&f);
	enum sftp_type type;
	uint32_t ids[20];
	size_t count = 0;

	(void)state;
	start(&source, file, 0);
	while (sftp_fixture_take(&f, &ids[count], &type, &bytes)) {
		assert_int_equal(type, SFTP_TYPE_WRITE);
		count++;
	}
	assert_int_equal(count, 10);
	while (count-- > 0) {
		assert_int_equal(source.done, 0);
		sftp_answer_status(&bytes, ids[count], 0, "");
		sftp_fixture_answer(&f, strbuf_str(&bytes));
	}
	assert_int_equal(source.written, 10 * SFTP_CHUNK_MAX);
	assert_true(sftp_fixture_take(&f, ids, &type, &bytes));
	assert_int_equal(type, SFTP_TYPE_FSTAT);
	sftp_answer_status(&bytes, ids[0], 4, ""); /* does not matter */
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_int_equal(source.done, 1);
	assert_false(source.has_failed);
	sftp_upload_free(&source.upload);
	sftp_file_free(&file);
	sftp_fixture_stop(&f);
	strbuf_release(&bytes);
}

static void test_window(void **state)
{
	struct source source = {.size = 1000 * SFTP_CHUNK_MAX, .frees_itself = true};
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_fixture f;
	struct sftp_file *file = open_played(&f);
	enum sftp_type type;
	uint32_t id;
	uint32_t first = 0;
	size_t count = 0;

	(void)state;
	start(&source, file, 0);
	while (sftp_fixture_take(&f, &id, &type, &bytes)) {
		first = count++ == 0 ? id : first;
	}
	assert_int_equal(count, SFTP_UPLOAD_WINDOW);
	/* One answer, one more; then it fails, and nobody cares for the others. */
	sftp_answer_status(&bytes, id, 0, "");
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
	assert_false(sftp_fixture_take(&f, &id, &type, &bytes));
	sftp_answer_status(&bytes, first, 4, "Failure");
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_int_equal(source.done, 1);
	assert_true(source.was_answered);
	sftp_answer_status(&bytes, id, 4, "Failure");
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_int_equal(source.done, 1);
	assert_false(sftp_fixture_take(&f, &id, &type, &bytes));
	sftp_file_free(&file);
	sftp_fixture_stop(&f);
	strbuf_release(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_from_an_offset),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_backwards),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
