/*
 * See report_fixture.h.
 */
#include "check/report_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "check/fake_kind.h"

enum { STARTED_MS = 123, DURATION_US = 1234567 };

static const int64_t started_wall_ms = 1751356800000 + STARTED_MS; /* 2025-07-01T08:00:00.123Z */

/* One more value; the thresholds as a user writes them, or NULL. */
static struct check_value *add_value(struct check_result *result, const char *name,
	const char *instance, enum check_unit unit, double number, const char *warning,
	const char *critical)
{
	struct check_value *value = check_value_add_instance(result, name, instance, unit, number);

	if ((warning && threshold_parse(str_of(warning), &value->warning, NULL) < 0) ||
		(critical && threshold_parse(str_of(critical), &value->critical, NULL) < 0)) {
		abort();
	}
	return value;
}

static const char **make_strings(struct arena *arena, const char *a, const char *b)
{
	const char **strings = arena_calloc(arena, 2, sizeof(*strings));

	strings[0] = a;
	strings[1] = b;
	return strings;
}

static void fill_ok(struct arena *arena, struct check *check, struct check_result *result)
{
	check->name = "web";
	check->target = "https://example.com/";
	check->tags = (struct option_list){make_strings(arena, "web", "prod"), 2};
	check->labels = (struct option_map){
		.keys = make_strings(arena, "team", "site"),
		.items = make_strings(arena, "web", "fra"),
		.count = 2,
	};
	check->runbook = "https://wiki.example.com/web";
	result->state = CHECK_OK;
	result->code = CODE_OK;
	result->message = "status 200 in 12 ms, 1.2 KiB";
	result->duration_us = 12345;
	add_value(result, "total_seconds", NULL, UNIT_SECONDS, 0.0000123, "500ms", "> 1s");
	add_value(result, "size_bytes", NULL, UNIT_BYTES, 500000000000, "1T", NULL);
	add_value(result, "certificate_days", NULL, UNIT_DAYS, 41.5, "< 14d", "< 3");
	check_value_add(result, "is_fresh", UNIT_BOOL, 1);
	check_value_add(result, "requests", UNIT_COUNTER, 12345678901);
	check_value_add_text(result, "protocol", "HTTP/2");
	check_value_add(result, "lost", UNIT_NONE, (double)NAN);
	check_evidence_add(result, "address", str_of("192.0.2.1:443"));
}

static void fill_warning(struct check *check, struct check_result *result)
{
	struct check_value *root;

	check->name = "disks";
	check->target = "local:";
	result->state = CHECK_WARNING;
	result->code = CODE_THRESHOLD_EXCEEDED;
	result->message = "disk_used_percent[/] 91.5 % (warning above 80.0 %); up 3 days";
	result->duration_us = 200000;
	root = add_value(result, "disk_used_percent", "/", UNIT_PERCENT, 91.5, "80", "@95:100");
	root->state = CHECK_WARNING;
	root->min = 0;
	root->max = 100;
	add_value(result, "disk_used_percent", "/var", UNIT_PERCENT, 41, "80", "10:95");
}

static void fill_critical(struct check *check, struct check_result *result)
{
	check->name = "db";
	check->target = "tcp://db-01:5432";
	check->runbook = "https://wiki.example.com/db";
	result->state = CHECK_CRITICAL;
	result->code = CODE_CONNECTION_REFUSED;
	result->message = "connection refused by 192.0.2.7:5432";
	result->detail = "first line\nsecond line";
	result->duration_us = 1500;
	result->attempts = 3;
	check_evidence_add(result, "address", str_of("192.0.2.7:5432"));
	check_evidence_append(result, "certificates", str_of("CN=db-01"));
	check_evidence_append(result, "certificates", str_of("CN=our root"));
	check_evidence_append(result, "steps", str_of("only one"));
	check_evidence_add(result, "command", str_of("nc -v -w 10 db-01 5432"));
}

static void fill_unknown(struct check *check, struct check_result *result)
{
	check->name = "late";
	check->target = "https://late.example.com/";
	result->state = CHECK_UNKNOWN;
	result->code = CODE_NOT_STARTED;
	result->message = "not started: interrupted";
}

/* Quotes of every kind, separators, a line break, an escape sequence, bytes that are no text. */
static void fill_hostile(struct arena *arena, struct check *check, struct check_result *result)
{
	check->name = "a\"b',c|d=e;\n\x1b[31m<&>\xff";
	check->target = "tcp://\xe2\x82\xac\xe2\x80\xae\t|";
	check->labels = (struct option_map){
		.keys = make_strings(arena, "x\"\n", NULL),
		.items = make_strings(arena, "\\\xfe", NULL),
		.count = 1,
	};
	result->state = CHECK_CRITICAL;
	result->code = CODE_BODY_MISMATCH;
	result->message = "the body is 'a|b \"c\" <d> & ]]>, \\x1b[0m'";
	result->duration_us = 1;
	add_value(result, "size_bytes", "it's|a=\"b\"\n\\", UNIT_BYTES, 1, NULL, NULL);
	add_value(result, "rate", "\xff", UNIT_NONE, -0.5, NULL, NULL);
	check_evidence_add(result, "body", str_of("<html>\r\n\x1b]0;owned\x07\xff"));
}

static void count_states(struct check_report *report)
{
	for (size_t i = 0; i < CHECK_STATE_MAX; i++) {
		report->count[i] = 0;
	}
	for (size_t i = 0; i < report->outcomes_count; i++) {
		report->count[report->outcomes[i].result.state]++;
	}
}

void report_fixture_init(struct report_fixture *f)
{
	*f = (struct report_fixture){.arena = arena_new()};
	for (size_t i = 0; i < REPORT_OUTCOMES; i++) {
		f->checks[i].kind = &fake_kind;
		f->outcomes[i].check = &f->checks[i];
		f->outcomes[i].result = (struct check_result){
			.arena = f->arena, .started_wall_ms = started_wall_ms, .attempts = 1};
	}
	fill_ok(f->arena, &f->checks[REPORT_OK], &f->outcomes[REPORT_OK].result);
	fill_warning(&f->checks[REPORT_WARNING], &f->outcomes[REPORT_WARNING].result);
	fill_critical(&f->checks[REPORT_CRITICAL], &f->outcomes[REPORT_CRITICAL].result);
	fill_unknown(&f->checks[REPORT_UNKNOWN], &f->outcomes[REPORT_UNKNOWN].result);
	fill_hostile(f->arena, &f->checks[REPORT_HOSTILE], &f->outcomes[REPORT_HOSTILE].result);
	f->report = (struct check_report){
		.command = "check",
		.started_wall_ms = started_wall_ms,
		.duration_us = DURATION_US,
	};
	report_fixture_take(f, REPORT_OK, REPORT_OUTCOMES);
}

void report_fixture_release(struct report_fixture *f)
{
	arena_free(f->arena);
}

void report_fixture_take(struct report_fixture *f, enum report_fixture_outcome first, size_t count)
{
	f->report.outcomes = &f->outcomes[first];
	f->report.outcomes_count = count;
	count_states(&f->report);
}

char *report_fixture_write(const struct report_fixture *f, const struct check_format *format)
{
	struct strbuf out = STRBUF_INIT;

	for (size_t i = 0; i < f->report.outcomes_count && format->result; i++) {
		format->result(&f->report, &f->report.outcomes[i], &out);
	}
	if (format->report) {
		format->report(&f->report, &out);
	}
	return strbuf_detach(&out);
}
