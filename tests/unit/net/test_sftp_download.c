/*
 * Downloads: whole ones, parts, short answers in any order, and ends that come early.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "cmocka_all.h"
#include "net/sftp_download.h"
#include "net/sftp_fixture.h"

struct sink {
	struct strbuf content;
	size_t refuses_at; /* 0: never */
	int done;
	struct err err;
	bool has_failed, frees_itself, frees_at_data;
	struct sftp_download *download;
};

static int take_data(void *arg, struct str bytes, struct err *err)
{
	struct sink *sink = arg;

	assert_true(bytes.len > 0);
	strbuf_addstr(&sink->content, bytes);
	if (sink->frees_at_data) {
		sftp_download_free(&sink->download);
		sink->done++;
	}
	if (sink->refuses_at > 0 && sink->content.len >= sink->refuses_at) {
		return err_set(err, ERR_SYSTEM, "the disk is full");
	}
	return 0;
}

static void done(void *arg, const struct err *err)
{
	struct sink *sink = arg;

	sink->done++;
	sink->has_failed = err != NULL;
	if (err) {
		sink->err = *err;
	}
	if (sink->frees_itself) {
		sftp_download_free(&sink->download);
	}
}

static void start(struct sink *sink, struct sftp_file *file, uint64_t expected_size,
	uint64_t offset, uint64_t max_bytes)
{
	const struct sftp_download_spec spec = {.offset = offset,
		.expected_size = expected_size,
		.max_bytes = max_bytes,
		.data = take_data,
		.done = done,
		.arg = sink};

	sink->download = sftp_download_start(file, &spec);
	assert_int_equal(sink->done, 0);
}

static struct sftp_file *open_real(struct sftp_fixture *f)
{
	struct sftp_told told;

	sftp_open(f->client, "a", SFTP_READ, NULL, sftp_tell(&told));
	sftp_fixture_expect(f, &told, SFTP_OK);
	return told.file;
}

static void add_bytes(struct strbuf *content, size_t size)
{
	while (content->len < size) {
		strbuf_addc(content, (char)(content->len * 31 + (content->len >> 8)));
	}
}

static void test_whole(void **state)
{
	static const struct {
		size_t size;
		uint64_t expected, offset, max;
	} cases[] = {
		{0, 0, 0, 0},
		{1, 1, 0, 0},
		{SFTP_CHUNK_MAX, SFTP_CHUNK_MAX, 0, 0},
		{SFTP_CHUNK_MAX + 1, SFTP_CHUNK_MAX + 1, 0, 0},
		{3000000, 3000000, 0, 0},
		{300000, 0, 0, 0},       /* it has grown */
		{300000, 3000000, 0, 0}, /* it has shrunk */
		{300000, 300000, 100001, 0},
		{300000, 300000, 0, 1},
		{300000, 300000, 7, 200000},
		{300000, 300000, 0, 300000},
		{300000, 300000, 0, 900000},
		{300000, 300000, 400000, 0},
	};
	struct sftp_fixture f;

	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf content = STRBUF_INIT;
		struct sink sink = {.content = STRBUF_INIT, .frees_itself = i % 2};
		struct sftp_file *file;
		struct str wanted;

		add_bytes(&content, cases[i].size);
		assert_int_equal(file_write("a", strbuf_str(&content), 0644, NULL), 0);
		file = open_real(&f);
		start(&sink, file, cases[i].expected, cases[i].offset, cases[i].max);
		sftp_fixture_until(&f, &sink.done);
		assert_false(sink.has_failed);
		wanted = str_sub(strbuf_str(&content), (size_t)cases[i].offset,
			cases[i].max ? (size_t)cases[i].max : content.len);
		assert_true(str_eq(strbuf_str(&sink.content), wanted));
		sftp_download_free(&sink.download);
		sftp_file_free(&file);
		strbuf_release(&sink.content);
		strbuf_release(&content);
	}
	sftp_fixture_stop(&f);
}

static void test_early_ends(void **state)
{
	struct strbuf content = STRBUF_INIT;
	struct sink full = {.content = STRBUF_INIT, .refuses_at = 100000};
	struct sink freed = {.content = STRBUF_INIT, .frees_at_data = true};
	struct sftp_fixture f;
	struct sftp_file *file;

	(void)state;
	if (!sftp_fixture_serve(&f)) {
		skip_because("needs /usr/lib/openssh/sftp-server");
	}
	add_bytes(&content, 2000000);
	assert_int_equal(file_write("a", strbuf_str(&content), 0644, NULL), 0);
	file = open_real(&f);
	start(&full, file, 2000000, 0, 0);
	sftp_fixture_until(&f, &full.done);
	assert_true(full.has_failed);
	assert_string_equal(full.err.msg, "the disk is full");
	sftp_download_free(&full.download);
	start(&freed, file, 2000000, 0, 0);
	sftp_fixture_until(&f, &freed.done);
	assert_int_equal(freed.content.len, SFTP_CHUNK_MAX);
	sftp_file_free(&file);
	sftp_fixture_stop(&f);
	strbuf_release(&full.content);
	strbuf_release(&freed.content);
	strbuf_release(&content);
}

/* A server that gives `piece` bytes at most, and answers the last request first. */
static void serve_backwards(struct sftp_fixture *f, struct str content, size_t piece)
{
	struct strbuf fields = STRBUF_INIT;
	struct strbuf bytes = STRBUF_INIT;

	for (;;) {
		struct {
			uint32_t id;
			uint64_t offset;
			uint32_t len;
		} asked[64];
		size_t count = 0;
		enum sftp_type type;

		while (count < 64 && sftp_fixture_take(f, &asked[count].id, &type, &fields)) {
			struct sftp_reader reader = {.rest = strbuf_str(&fields)};

			assert_int_equal(type, SFTP_TYPE_READ);
			(void)sftp_take_string(&reader);
			asked[count].offset = sftp_take_u64(&reader);
			asked[count].len = sftp_take_u32(&reader);
			count++;
		}
		if (count == 0) {
			break;
		}
		while (count-- > 0) {
			size_t len = asked[count].len < piece ? asked[count].len : piece;
			struct str part = str_sub(content, (size_t)asked[count].offset, len);

			if (part.len > 0) {
				sftp_answer_begin(&bytes, SFTP_TYPE_DATA, asked[count].id);
				sftp_add_string(&bytes, part);
			} else {
				sftp_answer_status(&bytes, asked[count].id, SFTP_EOF, "");
			}
			sftp_fixture_answer(f, strbuf_str(&bytes));
		}
	}
	strbuf_release(&fields);
	strbuf_release(&bytes);
}

static void test_short_and_backwards(void **state)
{
	static const size_t pieces[] = {1000, 7777, SFTP_CHUNK_MAX - 1};
	struct strbuf content = STRBUF_INIT;

	(void)state;
	add_bytes(&content, 500001);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct sink sink = {.content = STRBUF_INIT};
		struct strbuf bytes = STRBUF_INIT;
		struct sftp_fixture f;
		struct sftp_told told;
		enum sftp_type type;
		uint32_t id;

		sftp_fixture_play(&f, true);
		sftp_open(f.client, "/x", SFTP_READ, NULL, sftp_tell(&told));
		assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
		sftp_answer_begin(&bytes, SFTP_TYPE_HANDLE, id);
		sftp_add_string(&bytes, str_of("h"));
		sftp_fixture_answer(&f, strbuf_str(&bytes));
		start(&sink, told.file, 400000, 0, 0);
		assert_int_equal(sftp_client_pending(f.client), 400000 / SFTP_CHUNK_MAX + 1);
		serve_backwards(&f, strbuf_str(&content), pieces[i]);
		assert_int_equal(sink.done, 1);
		assert_false(sink.has_failed);
		assert_true(str_eq(strbuf_str(&sink.content), strbuf_str(&content)));
		sftp_download_free(&sink.download);
		sftp_file_free(&told.file);
		sftp_fixture_stop(&f);
		strbuf_release(&sink.content);
		strbuf_release(&bytes);
	}
	strbuf_release(&content);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_early_ends),
		cmocka_unit_test(test_short_and_backwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
