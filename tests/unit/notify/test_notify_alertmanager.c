/*
 * Alerts as an Alertmanager gets them: which labels they go by, when they begin and end, and what
 * is done about those that it has under other labels.
 */
#include "base/time.h"
#include "base/utf8.h"
#include "notify/json_at.h"
#include "notify/kind_fixture.h"

#define FINGERPRINT "0123456789abcdef0123456789abcdef01234567"

static void test_trigger(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena,
		"{alertmanager: 'http://am:9093', labels: {cluster: eu, team: overruled}, "
		"generator_url: 'https://sre.example.com/'}");
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.hidden = 212;
	sample.alert.hidden_since_ms = SAMPLE_STARTED_MS;
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.url, "http://am:9093/api/v2/alerts");
	assert_null(message.next);
	root = body_of(&message);
	assert_int_equal(json_array_size(root), 1);
	assert_int_equal(json_object_size(json_at(root, "0.labels")), 6);
	assert_string_equal(text_at(root, "0.labels.alertname"), "disk full");
	assert_string_equal(text_at(root, "0.labels.severity"), "critical");
	assert_string_equal(text_at(root, "0.labels.source"), "db-01");
	assert_string_equal(text_at(root, "0.labels.sre_fingerprint"), FINGERPRINT);
	assert_string_equal(text_at(root, "0.labels.team"), "db");
	assert_string_equal(text_at(root, "0.labels.cluster"), "eu");
	assert_string_equal(text_at(root, "0.annotations.summary"), "disk full");
	assert_string_equal(text_at(root, "0.annotations.description"),
		"/var is at 97 %\nsince the upgrade\n+212 since 03:10 UTC");
	assert_string_equal(text_at(root, "0.annotations.runbook_url"), sample.alert.runbook);
	assert_string_equal(text_at(root, "0.annotations.used"), "97 %");
	assert_string_equal(text_at(root, "0.startsAt"), "2025-07-01T03:10:00.000Z");
	assert_string_equal(text_at(root, "0.endsAt"), "2025-07-02T03:25:00.000Z");
	assert_string_equal(text_at(root, "0.generatorURL"), "https://sre.example.com/");
	json_decref(root);
}

static void test_times(void **state)
{
	static const struct {
		enum notification_purpose purpose;
		int64_t resolved_ms; /* 0: as it is */
		const char *starts, *ends;
	} cases[] = {
		{NOTIFICATION_TRIGGER, 0, "2025-07-01T03:10:00.000Z", "2025-07-01T04:25:00.000Z"},
		{NOTIFICATION_REMINDER, 0, "2025-07-01T03:10:00.000Z", "2025-07-01T04:25:00.000Z"},
		{NOTIFICATION_RESEND, 0, "2025-07-01T03:10:00.000Z", "2025-07-01T04:25:00.000Z"},
		{NOTIFICATION_RESOLVE, 0, "2025-07-01T03:10:00.000Z", "2025-07-01T03:24:59.000Z"},
		/* a clock that was set back: an end before the beginning is refused */
		{NOTIFICATION_RESOLVE, SAMPLE_STARTED_MS - 5000, "2025-07-01T03:10:00.000Z",
			"2025-07-01T03:10:00.000Z"},
		{NOTIFICATION_NOTICE, 0, "2025-07-01T03:25:00.000Z", "2025-07-01T04:25:00.000Z"},
		/* over before it begins: nobody is called */
		{NOTIFICATION_TEST, 0, "2025-07-01T03:25:00.000Z", "2025-07-01T03:25:00.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, cases[i].purpose);
		sample.notification.title = "receiver 'slack' is dead";
		sample.notification.text = "it answered 404";
		if (cases[i].resolved_ms) {
			sample.alert.resolved_ms = cases[i].resolved_ms;
		}
		message = message_of(arena,
			receiver_of(arena, "{alertmanager: 'http://am:9093', expires: 1h}"),
			&sample.notification);
		root = body_of(&message);
		assert_string_equal(text_at(root, "0.startsAt"), cases[i].starts);
		assert_string_equal(text_at(root, "0.endsAt"), cases[i].ends);
		assert_string_equal(text_at(root, "0.labels.alertname"),
			cases[i].purpose == NOTIFICATION_NOTICE ? "receiver 'slack' is dead"
								: "disk full");
		assert_null(json_at(root, "0.generatorURL"));
		json_decref(root);
	}
}

/* Firing, told again, over: an Alertmanager is to recognise it. */
static void test_identity(void **state)
{
	static const enum notification_purpose purposes[] = {NOTIFICATION_TRIGGER,
		NOTIFICATION_REMINDER, NOTIFICATION_RESEND, NOTIFICATION_RESOLVE};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver =
		receiver_of(arena, "{alertmanager: 'http://am:9093', title: '{{purpose}}'}");
	json_t *first = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, purposes[i]);
		sample.alert.message = purposes[i] == NOTIFICATION_RESOLVE ? "" : "changes";
		sample.alert.events += (int64_t)i;
		sample.notification.key = arena_printf(arena, "key %zu", i);
		message = message_of(arena, receiver, &sample.notification);
		root = body_of(&message);
		if (!first) {
			first = json_incref(root);
		}
		assert_true(json_equal(json_at(root, "0.labels"), json_at(first, "0.labels")));
		assert_string_equal(text_at(root, "0.startsAt"), text_at(first, "0.startsAt"));
		assert_string_equal(text_at(root, "0.annotations.summary"),
			notification_purpose_name(purposes[i]));
		json_decref(root);
	}
	json_decref(first);
}

static bool is_label_name(const char *name)
{
	return *name && !char_is_digit(*name) &&
	       name[strspn(name,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] == '\0';
}

static void test_names(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
#define LABEL(name, value) pairs_set(&sample.alert.labels, arena, str_of(name), str_of(value))
#define FIELD(name, value) pairs_set(&sample.alert.fields, arena, str_of(name), str_of(value))
	LABEL("disk-free", "a");
	LABEL("disk.free", "b");
	LABEL("disk free", "c");
	LABEL("9lives", "d");
	LABEL("gr\xc3\xb6\xc3\x9f"
	      "e",
		"e");
	LABEL("empty", "");
	LABEL("severity", "page");
	LABEL("source", "db-01");
	LABEL("alertname", "DiskFull");
	FIELD("summary", "mine");
	FIELD("runbook url", "x");
	message = message_of(arena, receiver_of(arena, "{alertmanager: 'http://am:9093'}"),
		&sample.notification);
	root = body_of(&message);
	assert_string_equal(text_at(root, "0.labels.alertname"), "DiskFull");
	assert_string_equal(text_at(root, "0.labels.disk_free"), "a");
	assert_string_equal(text_at(root, "0.labels.disk_free_2"), "b");
	assert_string_equal(text_at(root, "0.labels.disk_free_3"), "c");
	assert_string_equal(text_at(root, "0.labels._9lives"), "d");
	assert_string_equal(text_at(root, "0.labels.gr____e"), "e");
	assert_null(json_at(root, "0.labels.empty"));
	assert_string_equal(text_at(root, "0.labels.severity"), "critical");
	assert_string_equal(text_at(root, "0.labels.severity_2"), "page");
	assert_null(json_at(root, "0.labels.source_2"));
	assert_null(json_at(root, "0.labels.alertname_2"));
	assert_string_equal(text_at(root, "0.annotations.summary"), "disk full");
	assert_string_equal(text_at(root, "0.annotations.summary_2"), "mine");
	assert_string_equal(text_at(root, "0.annotations.runbook_url_2"), "x");
	json_decref(root);
}

static void check_names(json_t *pairs)
{
	const char *name;
	json_t *value;

	json_object_foreach(pairs, name, value)
	{
		assert_true(is_label_name(name));
		assert_true(json_string_length(value) > 0);
		assert_true(utf8_is_valid(str_of(json_string_value(value))));
	}
}

static void test_nasty(void **state)
{
	static const char *const pieces[] = {
		"x", "\xf0\x9f\x94\xa5", "\"}]\\", "\xe2\x80\xae{{template}}", "\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.title = repeated(arena, pieces[i], 2 << 20);
		sample.alert.source = sample.alert.message = sample.alert.title;
		for (int j = 0; j < 64; j++) {
			const char *name = arena_printf(arena, "%s%d", pieces[i], j);

			LABEL(name, repeated(arena, pieces[i], 8192));
			FIELD(name, repeated(arena, pieces[i], 8192));
		}
		message = message_of(arena, receiver_of(arena, "{alertmanager: 'http://am:9093'}"),
			&sample.notification);
		assert_in_range(message.body.len, 1000, 1000 * 1000);
		root = body_of(&message);
		check_names(json_at(root, "0.labels"));
		check_names(json_at(root, "0.annotations"));
		assert_int_equal(json_object_size(json_at(root, "0.labels")), 4 + 1 + 64);
		json_decref(root);
	}
}

static void test_not_for_many(void **state)
{
	static const enum notification_purpose purposes[] = {
		NOTIFICATION_SUMMARY, NOTIFICATION_DIGEST};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena, "{alertmanager: 'http://am:9093'}");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(purposes); i++) {
		const struct notification notification = {.purpose = purposes[i]};
		struct notify_message message;
		struct err err = {0};

		assert_int_equal(
			receiver->kind->compose(receiver, &notification, arena, &message, &err),
			-1);
		assert_int_equal(err.code, ERR_INPUT);
	}
}

static void test_places(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena,
		"{alertmanager: ['http://one:9093', 'https://two/am/'], username: me, "
		"password: s3cret-word}");
	struct notify_message message;
	struct sample sample;
	const char *shown;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	message = message_of(arena, receiver, &sample.notification);
	assert_string_equal(message.url, "http://one:9093/api/v2/alerts");
	assert_string_equal(message.next->url, "https://two/am/api/v2/alerts");
	assert_null(message.next->next);
	assert_true(str_eq(message.body, message.next->body));
	assert_string_equal(
		receiver->kind->target(receiver->opts, arena), "http://one:9093, https://two/am/");
	shown = shown_of(arena, receiver, &sample.notification);
	assert_has(shown, "POST http://one:9093/api/v2/alerts\n");
	assert_has(shown, "POST https://two/am/api/v2/alerts\n");
	assert_has(shown, "Authorization: Basic ***\n");
	assert_lacks(shown, "bWU6");
}

static void test_options(void **state)
{
#define AM "alertmanager: 'http://am:9093', "
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{alertmanager: []}", "alertmanager"},
		{"{alertmanager: 'am:9093'}", "alertmanager: "},
		{"{alertmanager: 'http://me:s3cret@am:9093'}", "has a user or password"},
		{"{alertmanager: 'http://am:9093/?x=1'}", "without query and fragment"},
		{"{alertmanager: [a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]}",
			"1 to 16 addresses, not 17"},
		{"{" AM "expires: 1s}", "expires"},
		{"{" AM "labels: {a-b: c}}", "a label's name has letters"},
		{"{" AM "labels: {1a: c}}", "a label's name has letters"},
		{"{" AM "generator_url: nonsense}", "generator_url: "},
		{"{" AM "bearer_token: s3cret, username: me}", "exclude each other"},
		{"{" AM "password: s3cret}", "password: there is no username"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = receiver_fault(arena, cases[i].yaml);

		assert_has(fault, cases[i].fault);
		assert_lacks(fault, "s3cret");
	}
}

/* Answers */

#define ANSWER(head, body) "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body
#define QUESTION "/api/v2/alerts?filter=sre_fingerprint%3D%22" FINGERPRINT "%22"

static struct delivery_result exchange(struct http_fixture *fixture, struct sample *sample,
	const char *told, const char *asked, const char **ret_last, size_t *ret_requests)
{
	const struct http_route routes[] = {{QUESTION, HTTP_SEND_CLOSE, asked},
		{"/api/v2/alerts", HTTP_SEND_CLOSE, told}, {NULL}};
	struct http_server *server = http_fixture_server(fixture, routes);
	const struct receiver *receiver = receiver_of(fixture->arena,
		arena_printf(fixture->arena,
			"{alertmanager: '%s', proxy: none, bearer_token: bearer-token}",
			http_fixture_url(fixture, "http", "one.example", server, "")->text));
	struct delivery_result result = send_of(fixture, receiver, &sample->notification);

	*ret_last = arena_strdup(fixture->arena, http_server_request(server));
	*ret_requests = http_server_requests(server);
	http_server_free(&server);
	return result;
}

static void test_answers(void **state)
{
	static const struct {
		const char *answer;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		const char *text;
	} cases[] = {
		{ANSWER("200 OK", ""), DELIVERY_ARRIVED, CHANNEL_OK, "answered 200"},
		{ANSWER("200 OK", "{\"status\":\"success\"}"), DELIVERY_ARRIVED, CHANNEL_OK,
			"answered 200"},
		{ANSWER("400 Bad Request", "\"start time must be before end time\"\n"),
			DELIVERY_REFUSED, CHANNEL_REJECTED,
			"answered 400: start time must be before end time"},
		{ANSWER("400 Bad Request", "<html>"), DELIVERY_REFUSED, CHANNEL_REJECTED,
			"answered 400: <html>"},
		{ANSWER("401 Unauthorized", ""), DELIVERY_REFUSED, CHANNEL_REVOKED, "answered 401"},
		{ANSWER("429 Too Many Requests", ""), DELIVERY_THROTTLED, CHANNEL_RATE_LIMITED,
			"answered 429"},
		{ANSWER("500 Oops", "\"oops\""), DELIVERY_RETRY, CHANNEL_UNAVAILABLE,
			"answered 500: oops"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct delivery_result result;
		struct sample sample;
		const char *last;
		size_t requests;

		sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
		result = exchange(fixture, &sample, cases[i].answer, "", &last, &requests);
		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.fault, cases[i].fault);
		assert_string_equal(result.text, cases[i].text);
		assert_int_equal(requests, 1);
		assert_has(last, "Authorization: Bearer bearer-token\r\n");
	}
}

/* What it has found under the fingerprint. */
static const char *found(struct arena *arena, const char *severity, const char *starts)
{
	return arena_printf(arena,
		"{\"annotations\":{\"summary\":\"disk "
		"full\"},\"endsAt\":\"2025-07-02T03:25:00.000Z\","
		"\"fingerprint\":\"ab\",\"generatorURL\":\"\",\"receivers\":[{\"name\":\"x\"}],"
		"\"startsAt\":\"%s\",\"status\":{\"state\":\"active\"},"
		"\"labels\":{\"alertname\":\"disk full\",\"severity\":\"%s\",\"source\":\"db-01\","
		"\"sre_fingerprint\":\"" FINGERPRINT "\",\"team\":\"db\"}}",
		starts, severity);
}

#define EARLIER "2025-07-01T03:10:00.000Z"
#define LATER "2026-01-01T00:00:00.000Z"

static void test_stale(void **state)
{
	struct http_fixture *fixture = *state;
	struct arena *arena = fixture->arena;
	const char *current = found(arena, "critical", EARLIER);
	const char *warning = found(arena, "warning", EARLIER);
	const struct {
		enum notification_purpose purpose;
		const char *first_key;
		const char *alerts; /* that the Alertmanager has afterwards */
		size_t requests;
		size_t ended;
	} cases[] = {
		{NOTIFICATION_TRIGGER, NULL, warning, 1, 0},
		{NOTIFICATION_TRIGGER, "k", "", 2, 0},
		{NOTIFICATION_TRIGGER, "k", current, 2, 0},
		{NOTIFICATION_TRIGGER, "k", arena_printf(arena, "%s,%s", current, warning), 3, 1},
		{NOTIFICATION_RESEND, "k",
			arena_printf(
				arena, "%s,%s,%s", found(arena, "info", EARLIER), current, warning),
			3, 2},
		{NOTIFICATION_RESOLVE, "k", warning, 3, 1},
		{NOTIFICATION_RESOLVE, NULL, "", 2, 0},
		{NOTIFICATION_TEST, NULL, warning, 1, 0},
		{NOTIFICATION_TRIGGER, "k", "{\"labels\": 7}, 8, null", 2, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct delivery_result result;
		struct sample sample;
		const char *last;
		size_t requests;

		sample_init(&sample, arena, cases[i].purpose);
		sample.notification.first_key = cases[i].first_key;
		result = exchange(fixture, &sample, ANSWER("200 OK", ""),
			arena_printf(arena, ANSWER("200 OK", "[%s]"), cases[i].alerts), &last,
			&requests);
		assert_int_equal(result.outcome, DELIVERY_ARRIVED);
		assert_int_equal(result.code, 200);
		assert_int_equal(requests, cases[i].requests);
		assert_has(last, "Authorization: Bearer bearer-token\r\n");
		if (cases[i].ended) {
			json_t *root = json_loads(strstr(last, "\r\n\r\n") + 4, 0, NULL);

			assert_int_equal(json_array_size(root), cases[i].ended);
			assert_string_not_equal(text_at(root, "0.labels.severity"), "critical");
			assert_string_equal(text_at(root, "0.startsAt"), EARLIER);
			assert_string_equal(text_at(root, "0.endsAt"), "2025-07-01T03:25:00.000Z");
			assert_string_equal(text_at(root, "0.annotations.summary"), "disk full");
			assert_null(json_at(root, "0.generatorURL"));
			assert_null(json_at(root, "0.status"));
			json_decref(root);
		}
	}
}

/* An alert that begins in its future, by clocks that differ. */
static void test_stale_from_the_future(void **state)
{
	struct http_fixture *fixture = *state;
	struct sample sample;
	const char *last;
	size_t requests;
	json_t *root;

	sample_init(&sample, fixture->arena, NOTIFICATION_RESOLVE);
	(void)exchange(fixture, &sample, ANSWER("200 OK", ""),
		arena_printf(fixture->arena, ANSWER("200 OK", "[%s]"),
			found(fixture->arena, "warning", LATER)),
		&last, &requests);
	root = json_loads(strstr(last, "\r\n\r\n") + 4, 0, NULL);
	assert_string_equal(text_at(root, "0.endsAt"), LATER);
	json_decref(root);
}

/* The alert is told whatever becomes of the question; what may work later is done again. */
static void test_question_fails(void **state)
{
	static const struct {
		const char *answer;
		enum delivery_outcome outcome;
		int code;
		const char *text;
	} cases[] = {
		{ANSWER("403 Forbidden", "no"), DELIVERY_ARRIVED, 200,
			"answered 200, and what followed answered 403: no"},
		{ANSWER("200 OK", "<html>"), DELIVERY_ARRIVED, 200, "answered 200"},
		{ANSWER("503 Unavailable", ""), DELIVERY_RETRY, 503, "answered 503"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct delivery_result result;
		struct sample sample;
		const char *last;
		size_t requests;

		sample_init(&sample, fixture->arena, NOTIFICATION_RESOLVE);
		result = exchange(
			fixture, &sample, ANSWER("200 OK", ""), cases[i].answer, &last, &requests);
		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.code, cases[i].code);
		assert_string_equal(result.text, cases[i].text);
		assert_int_equal(result.may_have_arrived, cases[i].outcome == DELIVERY_RETRY);
		assert_int_equal(requests, 2);
	}
}

int main(void)
{
#define HTTP_TEST(test) cmocka_unit_test_setup_teardown(test, http_fixture_start, http_fixture_end)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trigger),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_nasty),
		cmocka_unit_test(test_not_for_many),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_options),
		HTTP_TEST(test_answers),
		HTTP_TEST(test_stale),
		HTTP_TEST(test_stale_from_the_future),
		HTTP_TEST(test_question_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
