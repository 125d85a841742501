/*
 * The kind `log`: what its lines say, and at which level they are.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/log.h"
#include "cmocka_all.h"
#include "notify/notify_fixture.h"

struct logged {
	char path[64];
	struct strbuf text;
};

static void log_begin(struct logged *logged)
{
	const struct log_options options = {.level = LOG_LEVEL_DEBUG, .file = logged->path};
	int fd;

	*logged = (struct logged){.path = "/tmp/test_notify_log.XXXXXX", .text = STRBUF_INIT};
	fd = mkstemp(logged->path);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(log_open(&options, NULL), 0);
}

static const char *log_end(struct logged *logged)
{
	log_close();
	assert_int_equal(
		file_read(logged->path, FILE_REGULAR, 1024 * 1024, &logged->text, NULL), 0);
	(void)unlink(logged->path);
	return logged->text.buf;
}

static void is_one_line_at_the_right_level(void **state)
{
	static const struct {
		const char *yaml;
		enum notification_purpose purpose;
		enum severity severity;
		const char *line;
	} cases[] = {
		{"log: auto", NOTIFICATION_TRIGGER, SEVERITY_CRITICAL,
			"[ERROR   ] alert: [CRITICAL] disk full (db-01): /var is 98 % full; and "
			"grows; used: 98 %; mount: /var; team: db; dc: north; since: 02:14 UTC"},
		{"log: auto", NOTIFICATION_TRIGGER, SEVERITY_WARNING,
			"[WARNING ] alert: [WARNING] disk full (db-01): "},
		{"log: auto", NOTIFICATION_TRIGGER, SEVERITY_INFO,
			"[INFO    ] alert: [INFO] disk full (db-01): "},
		{"log: auto", NOTIFICATION_RESOLVE, SEVERITY_CRITICAL,
			"[INFO    ] alert: [RESOLVED] disk full (db-01): "},
		{"log: debug", NOTIFICATION_TRIGGER, SEVERITY_CRITICAL,
			"[DEBUG   ] alert: [CRITICAL] disk full (db-01): "},
		{"log: warning", NOTIFICATION_RESOLVE, SEVERITY_CRITICAL,
			"[WARNING ] alert: [RESOLVED] disk full (db-01): "},
		{"log: error", NOTIFICATION_SUMMARY, SEVERITY_CRITICAL,
			"[ERROR   ] alert: [STORM] 212 alerts in 1 min"},
		{"log: info", NOTIFICATION_DIGEST, SEVERITY_INFO,
			"[INFO    ] alert: [DIGEST] 3 open, 90 fired, 87 resolved since "
			"2025-06-30 03:14 UTC: open now: 3; • "},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct notify_fixture *f = *state;
		struct notification *notification =
			notify_fixture_notification(f, cases[i].purpose);
		struct logged logged;
		const char *text;

		notification->severity = cases[i].severity;
		log_begin(&logged);
		notify_fixture_send(f, notify_fixture_receiver(f, cases[i].yaml), notification);
		text = log_end(&logged);
		assert_int_equal(f->sent.outcome, DELIVERY_ARRIVED);
		assert_string_equal(f->sent.text, "logged");
		if (!strstr(text, cases[i].line)) {
			fail_msg("expected: %s\nlogged: %s", cases[i].line, text);
		}
		assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
		strbuf_release(&logged.text);
	}
}

static void says_where_it_goes(void **state)
{
	struct notify_fixture *f = *state;
	const struct receiver *receiver = notify_fixture_receiver(f, "log: auto");
	struct notify_message message = notify_fixture_compose(
		f, receiver, notify_fixture_notification(f, NOTIFICATION_TEST));

	assert_string_equal(receiver->kind->target(receiver->opts, f->arena), "this program's log");
	assert_string_equal(message.method, "LOG");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, notify_fixture_start, notify_fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_one_line_at_the_right_level),
		TEST(says_where_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
