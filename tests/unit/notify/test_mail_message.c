/*
 * Whole messages, and texts that want to be more than a text.
 */
#include "base/alloc.h"
#include "base/arena.h"
#include "cmocka_all.h"
#include "notify/mail_message.h"

static const struct mail_address team[] = {{"The team", "team@example.com"}};

static struct mail_message simple(void)
{
	return (struct mail_message){
		.from = {NULL, "sre@example.com"},
		.to = team,
		.to_count = ARRAY_LEN(team),
		.subject = "[CRITICAL] disk full (db-01)",
		.date_ms = 1751356800123,
		.message_id = "1@example.com",
		.text = str_of("It is.\n"),
	};
}

static void test_simple(void **state)
{
	struct mail_message message = simple();
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(mail_message_add(&message, &out, NULL), 0);
	assert_string_equal(out.buf, "Date: Tue, 01 Jul 2025 08:00:00 +0000\r\n"
				     "From: sre@example.com\r\n"
				     "To: The team <team@example.com>\r\n"
				     "Subject: [CRITICAL] disk full (db-01)\r\n"
				     "Message-ID: <1@example.com>\r\n"
				     "MIME-Version: 1.0\r\n"
				     "Content-Type: text/plain; charset=utf-8\r\n"
				     "Content-Transfer-Encoding: 7bit\r\n"
				     "\r\n"
				     "It is.\r\n");
	strbuf_release(&out);
}

static void test_everything(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static const struct mail_address cc[] = {{NULL, "c@example.com"}, {NULL, "d@example.com"}};
	static const char *const references[] = {"0@example.com", "1@example.com", NULL};
	struct mail_message message = simple();
	struct strbuf out = STRBUF_INIT;
	const char *boundary;
	size_t boundaries = 0;

	(void)state;
	message.cc = cc;
	message.cc_count = ARRAY_LEN(cc);
	message.message_id = "2@example.com";
	message.in_reply_to = "1@example.com";
	message.references = references;
	pairs_set(&message.headers, arena, str_of("Auto-Submitted"), str_of("auto-generated"));
	pairs_set(&message.headers, arena, str_of("X-Alert"), str_of("\xc3\xa4\r\nX-Evil: 1"));
	message.html = str_of("<p>It is \xe2\x80\x94 really.</p>");
	assert_int_equal(mail_message_add(&message, &out, NULL), 0);
	assert_non_null(strstr(out.buf, "\r\nCc: c@example.com,\r\n d@example.com\r\n"));
	assert_non_null(strstr(out.buf, "\r\nMessage-ID: <2@example.com>\r\n"
					"In-Reply-To: <1@example.com>\r\n"
					"References: <0@example.com>\r\n <1@example.com>\r\n"
					"Auto-Submitted: auto-generated\r\n"
					"X-Alert: =?UTF-8?"));
	assert_null(strstr(out.buf, "\nX-Evil"));
	assert_non_null(strstr(out.buf, "\r\nMIME-Version: 1.0\r\n"
					"Content-Type: multipart/alternative;\r\n boundary=\"=_"));
	assert_non_null(strstr(out.buf, "\r\nContent-Type: text/plain; charset=utf-8\r\n"
					"Content-Transfer-Encoding: 7bit\r\n\r\nIt is.\r\n"));
	assert_non_null(strstr(out.buf, "\r\nContent-Type: text/html; charset=utf-8\r\n"
					"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
					"<p>It is =E2=80=94 really.</p>\r\n"));
	/* Named once, then twice between and once after the parts. */
	boundary = arena_strndup(arena, strstr(out.buf, "=_"), 34);
	for (const char *hit = out.buf; (hit = strstr(hit, boundary)) != NULL; hit++) {
		boundaries++;
	}
	assert_int_equal(boundaries, 4);
	assert_true(str_ends(strbuf_str(&out), "--\r\n"));
	strbuf_release(&out);
}

static const char *boundary_of(struct arena *arena, const struct mail_message *message)
{
	struct strbuf out = STRBUF_INIT;
	const char *boundary;

	assert_int_equal(mail_message_add(message, &out, NULL), 0);
	boundary = arena_strndup(arena, strstr(out.buf, "=_"), 34);
	strbuf_release(&out);
	return boundary;
}

/* The same for the same message; another for a text that has the first one in it. */
static void test_boundary(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct mail_message message = simple();
	const char *first;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	message.html = str_of("<p>x</p>");
	first = boundary_of(arena, &message);
	assert_string_equal(boundary_of(arena, &message), first);
	message.text = str_of(arena_printf(arena,
		"\n--%s\nContent-Type: text/html\n\n<script>evil()</script>\n--%s--\n", first,
		first));
	assert_string_not_equal(boundary_of(arena, &message), first);
	assert_int_equal(mail_message_add(&message, &out, NULL), 0);
	message.message_id = "3@example.com";
	assert_null(strstr(out.buf, boundary_of(arena, &message)));
	strbuf_release(&out);
}

/* Hostile texts stay what they are: lines of ASCII that are not too long, one empty line that ends
 * the header. */
static void test_hostile(void **state)
{
	struct mail_message message = simple();
	struct strbuf hostile = STRBUF_INIT;
	struct strbuf out = STRBUF_INIT;
	struct str rest;
	struct str line;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		strbuf_addc(&hostile, (char)(i * 7 + i / 256));
		strbuf_adds(&hostile, i % 50 == 0 ? "\r\n\r\n.\r\nBcc: x@y\r\n" : "");
	}
	message.text = strbuf_str(&hostile);
	message.html = strbuf_str(&hostile);
	message.subject = "a\r\n\r\nb\n.\n";
	assert_int_equal(mail_message_add(&message, &out, NULL), 0);
	rest = strbuf_str(&out);
	while (str_line(&rest, &line)) {
		if (line.len > 76 || str_starts(line, "Bcc") || str_is(line, ".")) {
			fail_msg("'%.*s'", STR_ARG(line));
		}
		for (size_t i = 0; i < line.len; i++) {
			assert_true(
				line.ptr[i] == '\t' || (line.ptr[i] >= ' ' && line.ptr[i] < 0x7f));
		}
	}
	strbuf_release(&hostile);
	strbuf_release(&out);
}

static void test_refused(void **state)
{
	static const struct mail_address bad[] = {{NULL, "a@b\r\nBcc: x@y"}};
	static const char *const bad_references[] = {"1@x", "x", NULL};
	static const char *const messages[] = {"mail to nobody", "bad mail address 'a@b\\r\\nBcc",
		"bad mail address 'a@b\\r\\n", "bad mail address ''", "bad message id '<1@x>'",
		"bad message id '1@x\\r\\n'", "bad message id 'x'", "bad mail header 'X:'"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct mail_message message = simple();
		struct strbuf out = STRBUF_INIT;
		struct err err = {0};

		switch (i) {
		case 0:
			message.to_count = 0;
			break;
		case 1:
			message.to = bad;
			break;
		case 2:
			message.cc = bad;
			message.cc_count = 1;
			break;
		case 3:
			message.from.address = "";
			break;
		case 4:
			message.message_id = "<1@x>";
			break;
		case 5:
			message.in_reply_to = "1@x\r\n";
			break;
		case 6:
			message.references = bad_references;
			break;
		default:
			pairs_set(&message.headers, arena, str_of("X:"), str_of("y"));
		}
		assert_int_equal(mail_message_add(&message, &out, &err), -1);
		assert_int_equal(err.code, ERR_INPUT);
		if (!strstr(err.msg, messages[i])) {
			fail_msg("%s", err.msg);
		}
		assert_int_equal(out.len, 0);
		strbuf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_boundary),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
