/*
 * What is the command's and what is the supervisor's, in pieces of any size.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "cmocka_all.h"
#include "fleet/supervisor_reader.h"

#define S                                                                                          \
	"\x1e"                                                                                     \
	"0123456789abcdef0123456789abcdef "
#define G                                                                                          \
	"\x1e"                                                                                     \
	"0123456789abcdeffedcba9876543210 "

static const struct supervisor_key key = {S, G};

static void add_event(void *arg, const struct supervisor_event *event)
{
	static const char *const names[] = {[SUPERVISOR_PASSWORD] = "password",
		[SUPERVISOR_READY] = "ready",
		[SUPERVISOR_STARTED] = "started",
		[SUPERVISOR_TAKEN] = "taken",
		[SUPERVISOR_INPUT_CLOSED] = "closed",
		[SUPERVISOR_NOWHERE] = "nowhere",
		[SUPERVISOR_ENDED] = "ended"};

	strbuf_addf(arg, "<%s", names[event->word]);
	if (event->word == SUPERVISOR_STARTED) {
		strbuf_addf(arg, " %d", (int)event->pid);
	}
	if (event->word == SUPERVISOR_ENDED && event->signal) {
		strbuf_addf(arg, " %s", event->signal);
	} else if (event->word == SUPERVISOR_ENDED) {
		strbuf_addf(arg, " %d", event->exit_code);
	}
	strbuf_adds(arg, ">");
}

static void add_text(void *arg, struct str bytes)
{
	assert_true(bytes.len > 0);
	strbuf_addstr(arg, bytes);
}

static void assert_reads(const char *input, size_t piece, const char *expected)
{
	struct strbuf out = STRBUF_INIT;
	const struct supervisor_listener listener = {add_event, add_text, &out};
	struct supervisor_reader reader;

	supervisor_reader_init(&reader, &key);
	for (size_t pos = 0; pos < strlen(input); pos += piece) {
		supervisor_read(&reader, str_sub(str_of(input), pos, piece), &listener);
	}
	supervisor_read_end(&reader, &listener);
	assert_string_equal(out.buf, expected);
	strbuf_release(&out);
}

static void reads(void **state)
{
	static const struct {
		const char *input, *expected;
	} cases[] = {
		{"", ""},
		{"plain\ntext", "plain\ntext"},
		{S "started 4711\n", "<started 4711>"},
		{"no newline" S "exit 0\n", "no newline<ended 0>"},
		{S "started 1\na" S "exit 255\nb", "<started 1>a<ended 255>b"},
		{S "signal TERM\n", "<ended TERM>"},
		{S "signal RTMIN+3\n", "<ended RTMIN+3>"},
		{S "taken\n" S "closed\n" S "nowhere\n", "<taken><closed><nowhere>"},
		{G "p" G "pno" G "r" S "started 1\n", "<password><password>no<ready><started 1>"},
		/* Whoever knows the greeting can do nothing with it once there is a command. */
		{S "started 1\n" G "p", "<started 1>" G "p"},
		{G "x", ""},
		/* The end comes once. */
		{S "exit 1\n" S "exit 2\n" S "signal HUP\n", "<ended 1>"},
		{S "started 1\n" S "started 2\n", "<started 1>"},
		/* Nothing that is not wholly right counts. */
		{S "exit 256\n" S "exit -1\n" S "exit \n" S "exit 1 \n" S "exit\n" S "\n", ""},
		{S "signal \n" S "signal a b\n" S "signal ABCDEFGHIJKLMNOPQ\n" S "signal\n", ""},
		{S "started x\n" S "started 99999999999999999999\n" S "ended\n", ""},
		{S "exit 00000000000000000000000000000000000000000000000000000000000000000000\n"
		   "x",
			"x"},
		/* Almost the secret. */
		{"\x1e", "\x1e"},
		{"\x1e\x1e" S "exit 7\n\x1e", "\x1e\x1e<ended 7>\x1e"},
		{"\x1e"
		 "0123456789abcdef" S "exit 7\n",
			"\x1e"
			"0123456789abcdef<ended 7>"},
		{"\x1e"
		 "0123456789abcdef0123456789abcdefexit 7\n",
			"\x1e"
			"0123456789abcdef0123456789abcdefexit 7\n"},
		{"\x1e"
		 "0123456789abcdef0123456789abcde",
			"\x1e"
			"0123456789abcdef0123456789abcde"},
		{"\x1e"
		 "0123456789abcdefF",
			"\x1e"
			"0123456789abcdefF"},
		/* Cut in the middle of a line: not the end. */
		{S "exit 7", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 40; piece++) {
			assert_reads(cases[i].input, piece, cases[i].expected);
		}
		assert_reads(cases[i].input, strlen(cases[i].input) + 1, cases[i].expected);
	}
}

/* What cannot be the secret any more is handed on at once, not when more comes. */
static void holds_back_little(void **state)
{
	struct strbuf out = STRBUF_INIT;
	const struct supervisor_listener listener = {add_event, add_text, &out};
	struct supervisor_reader reader;

	(void)state;
	supervisor_reader_init(&reader, &key);
	supervisor_read(&reader, str_of("password: "), &listener);
	assert_string_equal(out.buf, "password: ");
	supervisor_read(&reader,
		str_of("\x1e"
		       "0"),
		&listener);
	assert_string_equal(out.buf, "password: ");
	supervisor_read(&reader, str_of("2"), &listener);
	assert_string_equal(out.buf, "password: \x1e"
				     "02");
	strbuf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(holds_back_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
