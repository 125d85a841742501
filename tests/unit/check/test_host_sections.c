/*
 * Conversations with the program on a host, as good ones and hostile ones go.
 */
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "check/host_script.h"
#include "check/host_sections.h"
#include "cmocka_all.h"

#define MOUNTS                                                                                     \
	"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                     \
	"3 1 0:9 / /nas rw - nfs4 nas:/x rw\n"

struct talk {
	struct arena *arena;
	struct host_facts facts;
	struct host_filesystems filesystems;
	struct host_sections sections;
	struct strbuf sent;
};

static void talk_start(struct talk *talk)
{
	*talk = (struct talk){.arena = arena_new(), .sent = STRBUF_INIT};
	host_facts_init(&talk->facts, talk->arena);
	assert_int_equal(host_sections_init(&talk->sections, &talk->facts, NULL), 0);
}

static void talk_end(struct talk *talk)
{
	host_sections_release(&talk->sections);
	strbuf_release(&talk->sent);
	arena_free(talk->arena);
}

static void choose(struct talk *talk)
{
	static const struct option_list none;

	host_mounts_choose(&talk->facts.mounts, &none, &none, talk->arena, &talk->filesystems);
}

static void feed(struct talk *talk, struct str bytes, size_t piece)
{
	for (size_t pos = 0; pos < bytes.len; pos += piece) {
		host_sections_feed(&talk->sections, str_sub(bytes, pos, piece));
	}
}

/* `text` with the word for each "%" that begins a line, in pieces; questions are asked when they
 * are waited for. */
static void hear(struct talk *talk, const char *text, size_t piece)
{
	static const char ready[] = " ready\n";
	struct strbuf bytes = STRBUF_INIT;
	struct str rest;
	const char *end;

	for (const char *c = text; *c; c++) {
		if (*c == '%' && (c == text || c[-1] == '\n')) {
			strbuf_adds(&bytes, talk->sections.word);
		} else {
			strbuf_addc(&bytes, *c);
		}
	}
	rest = strbuf_str(&bytes);
	end = strstr(bytes.buf, ready);
	if (end) {
		size_t len = (size_t)(end - bytes.buf) + strlen(ready);

		feed(talk, str_sub(rest, 0, len), piece);
		rest = str_sub(rest, len, rest.len);
		assert_true(talk->sections.is_ready);
		choose(talk);
		host_sections_add_questions(&talk->sections, &talk->filesystems, 1500, &talk->sent);
	}
	feed(talk, rest, piece);
	strbuf_release(&bytes);
	choose(talk);
}

/* "/ 25 % of 4000, /nas stuck" */
static void add_spaces(const struct talk *talk, struct strbuf *out)
{
	for (size_t i = 0; i < talk->filesystems.items_count; i++) {
		const struct host_filesystem *filesystem = &talk->filesystems.items[i];
		const struct host_space *space = filesystem->space;

		strbuf_addf(out, "%s%s ", i ? ", " : "", filesystem->mount->point);
		if (!space) {
			strbuf_adds(out, "unknown");
		} else if (space->state == HOST_SPACE_STUCK) {
			strbuf_adds(out, "stuck");
		} else if (space->state == HOST_SPACE_FAILED) {
			strbuf_addf(out, "error %d", space->error);
		} else {
			strbuf_addf(out, "%.0f %% %.0f B", host_space_used_percent(space),
				host_space_available_bytes(space));
			if (!isnan(host_space_inodes_used_percent(space))) {
				strbuf_addf(out, " %.0f %% inodes",
					host_space_inodes_used_percent(space));
			}
		}
	}
}

static bool is_same(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9;
}

static void reads_what_hosts_tell(void **state)
{
	static const struct {
		const char *name, *text, *spaces;
		double memory, clock, clock_error;
		int64_t processes;
		bool is_complete;
	} cases[] = {
		{"everything, behind a greeting",
			"Welcome!\n\n% meminfo\nMemTotal: 100 kB\nMemAvailable: 25 kB\n"
			"\n% mountinfo\n" MOUNTS "\n% fstab\n# none\n\n% ready\n"
			"\n% stat\ncpu  1 2 3 4\ncpu0 1 2 3 4\n"
			"\n% processes\n1 (init) S 0 0 0\n7 (gone) Z 1 0 0\n"
			"\n% answers\nb 0 \nb 1 \na 0 1,4000,3000,3000,100,50\n"
			"a 1 512,10,5,5,0,0\nk 8193 -2000 16000\n\n% end\n",
			"/ 25 % 3000 B 50 % inodes, /nas 50 % 2560 B", 75, 1, 0.016, 2, true},
		{"one that does not answer, and one that nobody came to",
			"\n% mountinfo\n" MOUNTS "4 1 8:9 / /late rw - ext4 /dev/sdb1 rw\n"
			"\n% ready\n\n% answers\nb 0\nb 2\na 0 1,100,50,50,0,0\n\n% end\n",
			"/ 50 % 50 B, /late unknown, /nas stuck", NAN, NAN, NAN, -1, true},
		{"one where somebody still hangs",
			"\n% mountinfo\n" MOUNTS "\n% ready\n\n% answers\na 1 stuck\n"
			"b 0\na 0 1,100,50,50,0,0\n\n% end\n",
			"/ 50 % 50 B, /nas stuck", NAN, NAN, NAN, -1, true},
		{"cut while they were asked: nobody is to blame",
			"\n% mountinfo\n" MOUNTS "\n% ready\n\n% answers\nb 0\nb 1\na 0 1,100,5",
			"/ unknown, /nas unknown", NAN, NAN, NAN, -1, false},
		{"df alone; of local disks it may have been held up by others",
			"\n% mountinfo\n" MOUNTS "4 1 8:9 / /d rw - ext4 /dev/sdb1 rw\n"
			"\n% ready\n\n% answers\ndf\nb 0\nb 1\nb 2\n"
			"a 0 /dev/my disk 7 8 100 60 30 67% /\n\n% end\n",
			"/ 67 % 30720 B, /d error 0, /nas stuck", NAN, NAN, NAN, -1, true},
		{"errors, in two languages of C",
			"\n% mountinfo\n" MOUNTS "\n% ready\n\n% answers\n"
			"a 0 stat: cannot read file system information for '/': Permission denied\n"
			"a 1 stat: can't read file system information for '/nas': Socket not "
			"connected\n\n% end\n",
			"/ error 13, /nas error 107", NAN, NAN, NAN, -1, true},
		{"the clock of systemd", "\n% ready\n\n% answers\nk no\n\n% end\n", "", NAN, 0, NAN,
			-1, true},
		{"a clock that is not kept right, by one that says little",
			"\n% ready\n\n% answers\nk 64\n\n% end\n", "", NAN, 0, NAN, -1, true},
		{"more processes than can be listed",
			"\n% processes\n1 (init) S 0 0 0\n\n% incomplete\n\n% end\n", "", NAN, NAN,
			NAN, -1, true},
		{"sections by those who do not know the word",
			"\n% processes\n1 (x\n end) S 0\n\ndeadbeef meminfo\nMemTotal: 1 kB\n"
			"0000000000000000000000000000000x end\n\n% end\n",
			"", NAN, NAN, NAN, 0, true},
		{"a chroot",
			"\n% mountinfo\n2 1 0:5 / /proc rw - proc proc rw\n\n% ready\n"
			"\n% answers\na 0 1,4,2,2,0,0\n\n% end\n",
			"/ 50 % 2 B", NAN, NAN, NAN, -1, true},
		{"mounts that come twice count once",
			"\n% mountinfo\n" MOUNTS "\n% ready\n\n% mountinfo\n9 1 8:9 / /new rw - "
			"ext4 /dev/x rw\n\n% end\n",
			"/ unknown, /nas unknown", NAN, NAN, NAN, -1, true},
		{"nonsense",
			"\n% answers\na\nb\na 0 1,2,3\nb 99999999999999999999\na 5 1,1,1,1,1,1\n"
			"a -1 x\nk\nk x y z\ndf df\n\n% \n\n%  \n\n% averyveryveryveryverylongname"
			"ofasection\nx\n\n% end\n",
			"", NAN, NAN, NAN, -1, true},
		{"nothing", "", "", NAN, NAN, NAN, -1, false},
		{"no shell", "This account is currently not available.\n", "", NAN, NAN, NAN, -1,
			false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (size_t piece = 1; piece < 10000; piece = piece * 7 + 1) {
			struct strbuf spaces = STRBUF_INIT;
			struct talk talk;

			talk_start(&talk);
			hear(&talk, cases[i].text, piece);
			add_spaces(&talk, &spaces);
			if (strcmp(spaces.buf, cases[i].spaces) != 0) {
				fail_msg("%s: %s", cases[i].name, spaces.buf);
			}
			assert_true(is_same(
				host_memory_used_percent(&talk.facts.memory), cases[i].memory));
			assert_true(is_same(talk.facts.clock_synchronised, cases[i].clock));
			assert_true(is_same(talk.facts.clock_error_s, cases[i].clock_error));
			assert_int_equal(talk.facts.processes, cases[i].processes);
			assert_int_equal(talk.sections.is_complete, cases[i].is_complete);
			strbuf_release(&spaces);
			talk_end(&talk);
		}
	}
}

static void keeps_what_was_said_instead(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk);
	hear(&talk, "This account\nis locked.\n", 3);
	assert_string_equal(talk.sections.said.buf, "This account\nis locked.\n");
	assert_false(talk.sections.has_name);
	talk_end(&talk);
}

/* It costs no more memory than it may, and ends. */
static void bears_too_much(void **state)
{
	static char piece[1 << 20];
	struct talk talk;

	(void)state;
	for (int with_lines = 0; with_lines < 2; with_lines++) {
		memset(piece, with_lines ? '\n' : 'x', sizeof(piece));
		talk_start(&talk);
		hear(&talk, "\n% meminfo\n", 64);
		for (int i = 0; i < HOST_SECTIONS_MAX >> 20; i++) {
			host_sections_feed(&talk.sections, str_n(piece, sizeof(piece)));
			assert_true(talk.sections.line.len + talk.sections.text.len < 8 << 20);
		}
		assert_true(talk.sections.is_too_long);
		host_sections_feed(&talk.sections, str_of("\n"));
		assert_false(talk.sections.is_complete);
		talk_end(&talk);
	}
}

/* More processes than one slice holds add up. */
static void counts_many_processes(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct talk talk;

	(void)state;
	strbuf_adds(&text, "\n% processes\n");
	for (int i = 1; i <= 10000; i++) {
		strbuf_addf(&text, "%d (x) S 1 0 0\n", i);
	}
	strbuf_adds(&text, "\n% end\n");
	talk_start(&talk);
	hear(&talk, text.buf, 1000);
	assert_int_equal(talk.facts.processes, 10000);
	talk_end(&talk);
	strbuf_release(&text);
}

static void asks_in_plain_lines(void **state)
{
	struct talk talk;

	(void)state;
	talk_start(&talk);
	hear(&talk,
		"\n% mountinfo\n1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
		"2 1 8:2 / /a\\040b;$x'\\012c rw - ext4 /dev/sda2 rw\n\n% ready\n",
		1000);
	assert_string_equal(talk.sent.buf, "1.500\n1\n0\n2\n1\n/\n2\n/a b;$x'\nc\n");
	talk_end(&talk);

	talk_start(&talk);
	hear(&talk,
		"\n% mountinfo\n3 1 0:9 / -o rw - nfs4 nas:/x rw\n"
		"3 1 0:10 / /n rw - nfs4 nas:/x rw\n\n% ready\n",
		1000);
	assert_string_equal(strstr(talk.sent.buf, "1\n1\n"), strstr(talk.sent.buf, "\n") + 1);
	assert_null(strstr(talk.sent.buf, "-o"));
	talk_end(&talk);
}

static void asks_no_more_than_it_may(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct talk talk;

	(void)state;
	strbuf_adds(&text, "\n% mountinfo\n");
	for (int i = 0; i < HOST_ASKED_MAX + 500; i++) {
		strbuf_addf(&text, "1 0 8:%d / /m%04d rw - ext4 /dev/x rw\n", i, i);
	}
	strbuf_adds(&text, "\n% ready\n");
	talk_start(&talk);
	hear(&talk, text.buf, 4096);
	assert_non_null(strstr(talk.sent.buf, "\n1024\n"));
	assert_null(strstr(talk.sent.buf, "/m1024\n"));
	talk_end(&talk);
	strbuf_release(&text);
}

static void sends_a_program_with_its_settings(void **state)
{
	const struct host_program program = {.root = "/r", .cpu_sample_ms = 1250, .most_ms = 15000};
	struct strbuf expected = STRBUF_INIT;
	struct talk talk;
	struct talk other;

	(void)state;
	talk_start(&talk);
	talk_start(&other);
	host_sections_add_program(&talk.sections, &program, &talk.sent);
	strbuf_addf(
		&expected, "n=%s\nr=/r\nw=1.250\nv=1\nz=16\n%s", talk.sections.word, host_script);
	assert_string_equal(talk.sent.buf, expected.buf);
	assert_int_equal(strlen(talk.sections.word), HOST_WORD_BYTES);
	assert_string_not_equal(talk.sections.word, other.sections.word);
	strbuf_release(&expected);
	talk_end(&talk);
	talk_end(&other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_hosts_tell),
		cmocka_unit_test(keeps_what_was_said_instead),
		cmocka_unit_test(bears_too_much),
		cmocka_unit_test(counts_many_processes),
		cmocka_unit_test(asks_in_plain_lines),
		cmocka_unit_test(asks_no_more_than_it_may),
		cmocka_unit_test(sends_a_program_with_its_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
