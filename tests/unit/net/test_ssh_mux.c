#include "base/alloc.h"
#include "cmocka_all.h"
#include "net/ssh_mux.h"

#define BYTES(literal)                                                                             \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

static void assert_bytes(const struct strbuf *found, struct str expected)
{
	assert_int_equal(found->len, expected.len);
	assert_memory_equal(found->buf, expected.ptr, expected.len);
}

static void asks_for_sessions(void **state)
{
	static const char *const environment[] = {"A=1", "BC=", NULL};
	static const struct {
		struct ssh_mux_session session;
		struct str expected;
	} rows[] = {
		{{.command = "true"}, BYTES("\0\0\0\x2c\x10\0\0\2\0\0\0\1\0\0\0\0"
					    "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\xff\xff\xff\xff"
					    "\0\0\0\0\0\0\0\4true")},
		{{.command = "sftp", .is_subsystem = true},
			BYTES("\0\0\0\x2c\x10\0\0\2\0\0\0\1\0\0\0\0"
			      "\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\xff\xff\xff\xff"
			      "\0\0\0\0\0\0\0\4sftp")},
		{{.command = "",
			 .wants_tty = true,
			 .terminal = "xterm",
			 .environment = environment},
			BYTES("\0\0\0\x3b\x10\0\0\2\0\0\0\1\0\0\0\0"
			      "\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\xff\xff\xff\xff"
			      "\0\0\0\5xterm\0\0\0\0\0\0\0\3A=1\0\0\0\3BC=")},
	};
	struct strbuf out = STRBUF_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		strbuf_clear(&out);
		ssh_mux_add_session(&out, &rows[i].session);
		assert_bytes(&out, rows[i].expected);
	}
	strbuf_clear(&out);
	ssh_mux_add_hello(&out);
	ssh_mux_add_alive_check(&out);
	assert_bytes(
		&out, (struct str)BYTES("\0\0\0\x8\0\0\0\1\0\0\0\4\0\0\0\x8\x10\0\0\4\0\0\0\1"));
	strbuf_release(&out);
}

static void finds_messages(void **state)
{
	static const struct {
		struct str bytes; /* one message */
		enum ssh_mux_type type;
		uint32_t code;
		const char *text;
	} rows[] = {
		{BYTES("\0\0\0\x8\0\0\0\1\0\0\0\4"), SSH_MUX_HELLO, 4, ""},
		/* with an extension */
		{BYTES("\0\0\0\x14\0\0\0\1\0\0\0\4\0\0\0\4info\0\0\0\0"), SSH_MUX_HELLO, 4, ""},
		{BYTES("\0\0\0\xc\x80\0\0\6\0\0\0\1\0\0\0\2"), SSH_MUX_OPENED, 2, ""},
		{BYTES("\0\0\0\xc\x80\0\0\5\0\0\0\1\0\0\x10\0"), SSH_MUX_ALIVE, 0, ""},
		{BYTES("\0\0\0\xc\x80\0\0\4\0\0\0\2\0\0\1\x2c"), SSH_MUX_EXIT, 300, ""},
		{BYTES("\0\0\0\x8\x80\0\0\x8\0\0\0\2"), SSH_MUX_NO_TTY, 0, ""},
		{BYTES("\0\0\0\x0e\x80\0\0\3\0\0\0\1\0\0\0\2no"), SSH_MUX_FAILED, 0, "no"},
		{BYTES("\0\0\0\x0c\x80\0\0\2\0\0\0\1\0\0\0\0"), SSH_MUX_FAILED, 0, ""},
		{BYTES("\0\0\0\x8\x80\0\0\xff\0\0\0\2"), SSH_MUX_UNEXPECTED, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strbuf more = STRBUF_INIT;
		struct ssh_mux_message message;

		strbuf_addstr(&more, rows[i].bytes);
		strbuf_adds(&more, "more");
		for (size_t len = 0; len < rows[i].bytes.len; len++) {
			assert_int_equal(ssh_mux_find(str_sub(rows[i].bytes, 0, len), &message),
				SSH_MUX_PARTIAL);
		}
		assert_int_equal(ssh_mux_find(strbuf_str(&more), &message), SSH_MUX_WHOLE);
		assert_int_equal(message.type, rows[i].type);
		assert_int_equal(message.code, rows[i].code);
		assert_true(str_is(message.text, rows[i].text));
		assert_int_equal(message.size, rows[i].bytes.len);
		strbuf_release(&more);
	}
}

static void knows_what_is_wrong(void **state)
{
	static const struct str rows[] = {
		BYTES("\0\0\0\0"),
		BYTES("\0\0\0\3abc"),
		BYTES("\xff\xff\xff\xff"),
		BYTES("SSH-2.0-OpenSSH_9.2p1\r\n"),
		BYTES("\0\0\0\4\0\0\0\1"),
		BYTES("\0\0\0\x8\0\0\0\1\0\0\0\5"),            /* another version */
		BYTES("\0\0\0\4\x80\0\0\6"),                   /* whose? */
		BYTES("\0\0\0\x8\x80\0\0\4\0\0\0\1"),          /* no status */
		BYTES("\0\0\0\x0c\x80\0\0\3\0\0\0\1\0\0\0\1"), /* a reason longer than all */
		BYTES("\0\0\0\x0c\x80\0\0\3\0\0\0\1\xff\xff\xff\xff"),
	};
	struct ssh_mux_message message;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(ssh_mux_find(rows[i], &message), SSH_MUX_WRONG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_sessions),
		cmocka_unit_test(finds_messages),
		cmocka_unit_test(knows_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
