/*
 * Servers that say what they should not, or say it in pieces.
 */
#include <string.h>

#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/sftp_fixture.h"

#define BYTES(s)                                                                                   \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}

static void test_greetings(void **state)
{
	static const struct {
		const char *name;
		struct str bytes;
		bool is_ready;
		const char *broken; /* part of it; NULL: waits for more */
	} cases[] = {
		{"plain", BYTES("\0\0\0\005\002\0\0\0\003"), true, NULL},
		{"an extension",
			BYTES("\0\0\0\x1f\002\0\0\0\003\0\0\0\021fsync@openssh.com\0\0\0\0011"),
			true, NULL},
		{"older", BYTES("\0\0\0\005\002\0\0\0\002"), false, "version 3"},
		{"newer", BYTES("\0\0\0\005\002\0\0\0\006"), false, "version 3"},
		{"another message", BYTES("\0\0\0\005\145\0\0\0\003"), false, "greeting"},
		{"no version", BYTES("\0\0\0\001\002"), false, "version 3"},
		{"half an extension", BYTES("\0\0\0\010\002\0\0\0\003\0\0\0"), false, "greeting"},
		{"a long name", BYTES("\0\0\0\012\002\0\0\0\003\377\377\377\377a"), false,
			"greeting"},
		{"nothing in it", BYTES("\0\0\0\0"), false, "no SFTP"},
		{"too long", BYTES("\0\004\0\001"), false, "no SFTP"},
		{"as long as may be", BYTES("\0\004\0\0"), false, NULL},
		{"endless", BYTES("\377\377\377\377"), false, "no SFTP"},
		{"a login that talks", BYTES("Welcome to web-01!\nLast login"), false,
			"the login prints something where SFTP should begin: 'Welcome to web-01!"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int bytewise = 0; bytewise < 2; bytewise++) {
			struct sftp_fixture f;

			sftp_fixture_play(&f, false);
			assert_true(
				str_eq(strbuf_str(&f.said), str_n("\0\0\0\005\001\0\0\0\003", 9)));
			for (size_t at = 0; bytewise && at < cases[i].bytes.len; at++) {
				sftp_client_receive(f.client, str_sub(cases[i].bytes, at, 1));
			}
			if (!bytewise) {
				sftp_client_receive(f.client, cases[i].bytes);
			}
			assert_int_equal(f.is_ready, cases[i].is_ready);
			if (!cases[i].broken) {
				assert_string_equal(f.broken, "");
			} else if (!bytewise || !strstr(cases[i].broken, "Welcome")) {
				assert_non_null(strstr(f.broken, cases[i].broken));
			} else {
				assert_non_null(strstr(f.broken, "'Welc'"));
			}
			sftp_fixture_stop(&f);
		}
	}
}

static void test_extensions(void **state)
{
	struct sftp_fixture f;

	(void)state;
	sftp_fixture_play(&f, true);
	for (int i = 0; i < SFTP_EXTENSION_MAX; i++) {
		assert_true(sftp_client_can(f.client, (enum sftp_extension)i));
	}
	sftp_fixture_stop(&f);
	sftp_fixture_play(&f, false);
	sftp_client_receive(f.client, str_n("\0\0\0\005\002\0\0\0\003", 9));
	for (int i = 0; i < SFTP_EXTENSION_MAX; i++) {
		assert_false(sftp_client_can(f.client, (enum sftp_extension)i));
	}
	sftp_fixture_stop(&f);
}

/* What a request of each kind may be answered with, and what not. */
enum asked { OPEN, READ, READDIR, REALPATH, STAT, REMOVE, STATVFS };

static void ask(
	struct sftp_fixture *f, enum asked asked, struct sftp_file *file, struct sftp_told *told)
{
	switch (asked) {
	case OPEN:
		sftp_open(f->client, "/x", SFTP_READ, NULL, sftp_tell(told));
		break;
	case READ:
		sftp_read(file, 0, 4, sftp_tell(told));
		break;
	case READDIR:
		sftp_readdir(file, sftp_tell(told));
		break;
	case REALPATH:
		sftp_realpath(f->client, ".", sftp_tell(told));
		break;
	case STAT:
		sftp_stat(f->client, "/x", sftp_tell(told));
		break;
	case REMOVE:
		sftp_remove(f->client, "/x", sftp_tell(told));
		break;
	case STATVFS:
		sftp_statvfs(f->client, "/x", sftp_tell(told));
		break;
	}
}

/* A file that the played server has opened. */
static struct sftp_file *open_file(struct sftp_fixture *f)
{
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_told told;
	enum sftp_type type;
	uint32_t id;

	sftp_open(f->client, "/x", SFTP_READ, NULL, sftp_tell(&told));
	assert_true(sftp_fixture_take(f, &id, &type, &bytes));
	sftp_answer_begin(&bytes, SFTP_TYPE_HANDLE, id);
	sftp_add_string(&bytes, str_n("\0\1h", 3));
	sftp_fixture_answer(f, strbuf_str(&bytes));
	assert_non_null(told.file);
	assert_string_equal(sftp_file_path(told.file), "/x");
	strbuf_release(&bytes);
	return told.file;
}

static void test_answers(void **state)
{
	static const struct {
		const char *name;
		enum asked asked;
		enum sftp_type type;
		struct str rest; /* after the number */
		bool is_good;
	} cases[] = {
		{"handle", OPEN, SFTP_TYPE_HANDLE, BYTES("\0\0\0\001h"), true},
		{"empty handle", OPEN, SFTP_TYPE_HANDLE, BYTES("\0\0\0\0"), true},
		{"handle cut short", OPEN, SFTP_TYPE_HANDLE, BYTES("\0\0\0\002h"), false},
		{"handle without a length", OPEN, SFTP_TYPE_HANDLE, BYTES("\0\0"), false},
		{"data for a handle", OPEN, SFTP_TYPE_DATA, BYTES("\0\0\0\001h"), false},
		{"ok for a handle", OPEN, SFTP_TYPE_STATUS, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),
			false},
		{"failure", OPEN, SFTP_TYPE_STATUS, BYTES("\0\0\0\004\0\0\0\0\0\0\0\0"), true},
		{"failure without words", OPEN, SFTP_TYPE_STATUS, BYTES("\0\0\0\004"), true},
		{"a status cut short", OPEN, SFTP_TYPE_STATUS, BYTES("\0\0\0"), false},
		{"data", READ, SFTP_TYPE_DATA, BYTES("\0\0\0\004abcd"), true},
		{"less data", READ, SFTP_TYPE_DATA, BYTES("\0\0\0\001a"), true},
		{"more data than asked for", READ, SFTP_TYPE_DATA, BYTES("\0\0\0\005abcde"), false},
		{"no data", READ, SFTP_TYPE_DATA, BYTES("\0\0\0\0"), false},
		{"data cut short", READ, SFTP_TYPE_DATA, BYTES("\0\0\0\004ab"), false},
		{"end", READ, SFTP_TYPE_STATUS, BYTES("\0\0\0\001\0\0\0\0\0\0\0\0"), true},
		{"ok for data", READ, SFTP_TYPE_STATUS, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"), false},
		{"names", READDIR, SFTP_TYPE_NAME,
			BYTES("\0\0\0\002\0\0\0\001a\0\0\0\0\0\0\0\0\0\0\0\001b\0\0\0\0\0\0\0\0"),
			true},
		{"no names", READDIR, SFTP_TYPE_NAME, BYTES("\0\0\0\0"), false},
		{"more names than there are", READDIR, SFTP_TYPE_NAME,
			BYTES("\377\377\377\377\0\0\0\001a\0\0\0\0\0\0\0\0"), false},
		{"a name more", READDIR, SFTP_TYPE_NAME,
			BYTES("\0\0\0\002\0\0\0\014abcdefghijkl\0\0\0\0\0\0\0\0"), false},
		{"one name", REALPATH, SFTP_TYPE_NAME,
			BYTES("\0\0\0\001\0\0\0\001a\0\0\0\0\0\0\0\0"), true},
		{"two names", REALPATH, SFTP_TYPE_NAME,
			BYTES("\0\0\0\002\0\0\0\001a\0\0\0\0\0\0\0\0\0\0\0\001b\0\0\0\0\0\0\0\0"),
			false},
		{"attributes", STAT, SFTP_TYPE_ATTRS, BYTES("\0\0\0\004\0\0\001\244"), true},
		{"attributes cut short", STAT, SFTP_TYPE_ATTRS, BYTES("\0\0\0\004\0\0\001"), false},
		{"a name for attributes", STAT, SFTP_TYPE_NAME, BYTES("\0\0\0\0"), false},
		{"done", REMOVE, SFTP_TYPE_STATUS, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"), true},
		{"a handle for a status", REMOVE, SFTP_TYPE_HANDLE, BYTES("\0\0\0\001h"), false},
		{"half the space", STATVFS, SFTP_TYPE_EXTENDED_REPLY, BYTES("\0\0\0\0\0\0\0\0"),
			false},
		{"a type that is none", STAT, (enum sftp_type)99, BYTES(""), false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct strbuf bytes = STRBUF_INIT;
		struct sftp_fixture f;
		struct sftp_told told;
		struct sftp_file *file;
		enum sftp_type type;
		uint32_t id;

		sftp_fixture_play(&f, true);
		file = open_file(&f);
		ask(&f, cases[i].asked, file, &told);
		assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
		assert_int_equal(sftp_client_pending(f.client), 1);
		sftp_answer_begin(&bytes, cases[i].type, id);
		strbuf_addstr(&bytes, cases[i].rest);
		sftp_fixture_answer(&f, strbuf_str(&bytes));
		if ((told.count == 1) != cases[i].is_good ||
			(f.broken[0] == '\0') != cases[i].is_good) {
			fail_msg("%s: told %d, broken '%s'", cases[i].name, told.count, f.broken);
		}
		sftp_fixture_answer(&f, strbuf_str(&bytes)); /* a second time */
		assert_int_equal(told.count, cases[i].is_good);
		assert_string_not_equal(f.broken, "");
		sftp_file_free(&told.file);
		sftp_file_free(&file);
		sftp_fixture_stop(&f);
		sftp_told_release(&told);
		strbuf_release(&bytes);
	}
}

static void test_words(void **state)
{
	static const struct {
		uint32_t code;
		const char *said, *told;
		enum sftp_status status;
		enum err_code err;
	} cases[] = {
		{2, "No such file", "cannot look at '/x\\n': No such file", SFTP_NO_SUCH_FILE,
			ERR_NOT_FOUND},
		{2, "", "cannot look at '/x\\n': no such file or folder", SFTP_NO_SUCH_FILE,
			ERR_NOT_FOUND},
		{3, "", "cannot look at '/x\\n': permission denied", SFTP_PERMISSION_DENIED,
			ERR_PERMISSION},
		{4, "a\x1b[31m\n", "cannot look at '/x\\n': a\\x1b[31m", SFTP_FAILURE, ERR_SYSTEM},
		{5, "", "cannot look at '/x\\n': the server did not understand", SFTP_BAD_MESSAGE,
			ERR_NETWORK},
		{6, "", "cannot look at '/x\\n': the server has no connection", SFTP_NO_CONNECTION,
			ERR_NETWORK},
		{7, "", "cannot look at '/x\\n': the server lost its connection",
			SFTP_CONNECTION_LOST, ERR_NETWORK},
		{8, "", "cannot look at '/x\\n': the server cannot do this", SFTP_UNSUPPORTED,
			ERR_SYSTEM},
		{9, "", "cannot look at '/x\\n': failure", SFTP_FAILURE, ERR_SYSTEM},
		{4294967295, "", "cannot look at '/x\\n': failure", SFTP_FAILURE, ERR_SYSTEM},
	};
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_fixture f;

	(void)state;
	sftp_fixture_play(&f, true);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct sftp_answer answer;
		struct sftp_told told;
		struct err err = {0};
		enum sftp_type type;
		uint32_t id;

		sftp_lstat(f.client, "/x\n", sftp_tell(&told));
		assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
		sftp_answer_status(&bytes, id, cases[i].code, cases[i].said);
		sftp_fixture_answer(&f, strbuf_str(&bytes));
		assert_string_equal(told.text, cases[i].told);
		assert_int_equal(told.status, cases[i].status);
		answer = (struct sftp_answer){.status = told.status, .text = told.text};
		assert_int_equal(sftp_answer_err(&answer, &err), -1);
		assert_int_equal(err.code, cases[i].err);
		assert_string_equal(err.msg, cases[i].told);
		sftp_told_release(&told);
	}
	sftp_fixture_stop(&f);
	strbuf_release(&bytes);
}

static void test_answers_to_nobody(void **state)
{
	struct strbuf bytes = STRBUF_INIT;
	struct sftp_fixture f;
	struct sftp_told told;
	enum sftp_type type;
	uint32_t id;

	(void)state;
	sftp_fixture_play(&f, true);
	/* Whoever is forgotten is not told, and what is opened for them is closed. */
	sftp_open(f.client, "/x", SFTP_READ, NULL, sftp_tell(&told));
	sftp_client_forget(f.client, &told);
	assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
	sftp_answer_begin(&bytes, SFTP_TYPE_HANDLE, id);
	sftp_add_string(&bytes, str_of("h"));
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_int_equal(told.count, 0);
	assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
	assert_int_equal(type, SFTP_TYPE_CLOSE);
	sftp_answer_status(&bytes, id, 0, "");
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_string_equal(f.broken, "");
	assert_int_equal(sftp_client_pending(f.client), 0);
	/* What nobody asked for is no SFTP. */
	sftp_answer_status(&bytes, 0x7ff, 0, "");
	sftp_fixture_answer(&f, strbuf_str(&bytes));
	assert_string_equal(f.broken, "the server answers what was not asked");
	/* Requests to a broken server are not sent. */
	sftp_stat(f.client, "/x", sftp_tell(&told));
	assert_false(sftp_fixture_take(&f, &id, &type, &bytes));
	sftp_fixture_stop(&f);
	strbuf_release(&bytes);
}

static void free_all(void *arg, const struct sftp_answer *answer)
{
	struct sftp_fixture *f = arg;
	struct sftp_file *file = answer->file;

	sftp_client_free(&f->client);
	sftp_file_free(&file);
	f->is_ready = false;
}

static void test_freed_inside(void **state)
{
	struct strbuf bytes = STRBUF_INIT;
	struct strbuf both = STRBUF_INIT;
	struct sftp_fixture f;
	enum sftp_type type;
	uint32_t id;

	(void)state;
	sftp_fixture_play(&f, true);
	sftp_open(f.client, "/x", SFTP_READ, NULL, (struct sftp_then){free_all, &f});
	assert_true(sftp_fixture_take(&f, &id, &type, &bytes));
	sftp_answer_begin(&bytes, SFTP_TYPE_HANDLE, id);
	sftp_add_string(&bytes, str_of("h"));
	sftp_add_string(&both, strbuf_str(&bytes));
	sftp_add_string(&both, strbuf_str(&bytes)); /* is not looked at any more */
	sftp_client_receive(f.client, strbuf_str(&both));
	assert_null(f.client);
	assert_string_equal(f.broken, "");
	sftp_fixture_stop(&f);
	strbuf_release(&bytes);
	strbuf_release(&both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greetings),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_answers_to_nobody),
		cmocka_unit_test(test_freed_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
