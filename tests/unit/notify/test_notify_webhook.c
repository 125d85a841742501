/*
 * Webhooks as they leave: our JSON or a template's text, signed, with nothing secret shown; and
 * what answers mean.
 */
#include "net/signature.h"
#include "notify/json_at.h"
#include "notify/kind_fixture.h"

#define URL "https://example.com/hook/t0ken?key=s3cret"
/* The secrets of the tests: "a key of 24 bytes, short" and "another key, of 32 bytes long.. " */
#define SECRET "whsec_YSBrZXkgb2YgMjQgYnl0ZXMsIHNob3J0"
#define SECRET_2 "whsec_YW5vdGhlciBrZXksIG9mIDMyIGJ5dGVzIGxvbmcuLiA="

static struct notify_message composed(struct arena *arena, const char *yaml, struct sample *sample)
{
	return message_of(arena, receiver_of(arena, yaml), &sample->notification);
}

static void test_json(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct notify_message message;
	struct sample sample;
	json_t *root;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	message = composed(arena, "{webhook: '" URL "', name: mine}", &sample);
	assert_string_equal(message.method, "POST");
	assert_string_equal(message.url, URL);
	assert_string_equal(pairs_get(&message.headers, "Content-Type"), "application/json");
	assert_string_equal(pairs_get(&message.headers, "webhook-id"), "msg_0123456789");
	assert_string_equal(pairs_get(&message.headers, "webhook-timestamp"), "1751340300");
	assert_null(pairs_get(&message.headers, "webhook-signature"));
	assert_null(pairs_get(&message.headers, "Authorization"));
	root = body_of(&message);
	assert_int_equal(json_integer_value(json_at(root, "schema")), 1);
	assert_string_equal(text_at(root, "receiver"), "mine");
	assert_string_equal(text_at(root, "alerts.0.title"), "disk full");
	json_decref(root);
}

static void test_every_purpose(void **state)
{
	(void)state;
	for (int purpose = 0; purpose < NOTIFICATION_PURPOSES; purpose++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const struct notify_summary summary = {.count = 3};
		const struct notify_digest digest = {0};
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, (enum notification_purpose)purpose);
		sample.notification.summary = &summary;
		sample.notification.digest = &digest;
		sample.notification.title = "title";
		sample.notification.text = "text";
		message = composed(arena, "{webhook: '" URL "'}", &sample);
		root = body_of(&message);
		assert_string_equal(text_at(root, "purpose"),
			notification_purpose_name((enum notification_purpose)purpose));
		json_decref(root);
	}
}

static enum signature_verdict verified(struct arena *arena, const struct notify_message *message,
	const char *secret, int64_t now_s)
{
	const struct signed_message content = {str_of(pairs_get(&message->headers, "webhook-id")),
		str_of(pairs_get(&message->headers, "webhook-timestamp")), message->body};
	struct str key;

	assert_int_equal(
		signature_key(SIGNATURE_STANDARD_WEBHOOKS, str_of(secret), arena, &key, NULL), 0);
	return signature_verify(SIGNATURE_STANDARD_WEBHOOKS, &key, 1, &content,
		str_of(pairs_get(&message->headers, "webhook-signature")), now_s)
		.verdict;
}

static void test_signature(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *yaml = "{webhook: '" URL "', secret: [" SECRET ", " SECRET_2 "]}";
	const int64_t now_s = SAMPLE_NOW_MS / 1000;
	struct notify_message first, again;
	struct sample sample;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	first = composed(arena, yaml, &sample);
	assert_int_equal(verified(arena, &first, SECRET, now_s + 300), SIGNATURE_VALID);
	assert_int_equal(verified(arena, &first, SECRET_2, now_s - 300), SIGNATURE_VALID);
	assert_int_equal(verified(arena, &first, SECRET, now_s + 301), SIGNATURE_TOO_OLD);

	/* sent again: the same id, another time */
	sample.notification.time_ms += 3600 * 1000;
	sample.notification.attempt = 2;
	sample.notification.may_be_repeat = true;
	again = composed(arena, yaml, &sample);
	assert_string_equal(
		pairs_get(&again.headers, "webhook-id"), pairs_get(&first.headers, "webhook-id"));
	assert_int_equal(verified(arena, &again, SECRET, now_s + 3600), SIGNATURE_VALID);
	again.body = str_of("{}");
	assert_int_equal(verified(arena, &again, SECRET, now_s + 3600), SIGNATURE_MISMATCH);
}

static void test_headers(void **state)
{
	static const struct {
		const char *yaml, *header, *value;
	} cases[] = {
		{"{webhook: '" URL "', bearer_token: t0ken}", "Authorization", "Bearer t0ken"},
		{"{webhook: '" URL "', username: me, password: 'a:b'}", "Authorization",
			"Basic bWU6YTpi"},
		{"{webhook: '" URL "', username: me}", "Authorization", "Basic bWU6"},
		{"{webhook: '" URL "', headers: {Authorization: Splunk abc}}", "Authorization",
			"Splunk abc"},
		{"{webhook: '" URL "', headers: {X-Key: a}}", "X-Key", "a"},
		{"{webhook: '" URL "', content_type: 'application/vnd.x+json'}", "Content-Type",
			"application/vnd.x+json"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		message = composed(arena, cases[i].yaml, &sample);
		assert_string_equal(pairs_get(&message.headers, cases[i].header), cases[i].value);
	}
}

static void test_template(void **state)
{
	// clang-format off
	static const struct {
		const char *yaml, *body;
	} cases[] = {
		{"{webhook: '" URL "', method: PUT, text: '{\"a\": \"{{title}}\", \"b\": {{source|json}}}'}",
		 "{\"a\": \"a <b> & \\\"c\\\"=\", \"b\": \"db-01\"}"},
		{"{webhook: '" URL "', content_type: 'application/vnd.x+json; charset=utf-8', text: '[\"{{title}}\"]'}",
		 "[\"a <b> & \\\"c\\\"=\"]"},
		{"{webhook: '" URL "', content_type: application/x-www-form-urlencoded, text: 't={{title}}&s={{source}}'}",
		 "t=a%20%3Cb%3E%20%26%20%22c%22%3D&s=db-01"},
		{"{webhook: '" URL "', content_type: Text/XML, text: '<t>{{title}}</t>'}",
		 "<t>a &lt;b&gt; &amp; &quot;c&quot;=</t>"},
		{"{webhook: '" URL "', content_type: 'text/html;charset=utf-8', text: '<p>{{title}}'}",
		 "<p>a &lt;b&gt; &amp; &quot;c&quot;="},
		{"{webhook: '" URL "', content_type: text/plain, text: '{{severity|upper}} {{title}}'}",
		 "CRITICAL a <b> & \"c\"="},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.title = "a <b> & \"c\"=";
		message = composed(arena, cases[i].yaml, &sample);
		assert_int_equal(message.body.len, strlen(cases[i].body));
		assert_memory_equal(message.body.ptr, cases[i].body, message.body.len);
		assert_string_equal(message.method, i == 0 ? "PUT" : "POST");
	}
}

/* What makes no JSON of some message is refused with the configuration. */
static void test_template_is_tried(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{"{{title}}",
			"tried with an alert with everything: the text template makes no JSON: "
			"line 1: "},
		{"{\"a\": {{title}}}", "tried with an alert with everything: "},
		{"{\"a\": \"{{title}}}", "tried with an alert with everything: "},
		{"{\"a\": {{field.used}}}", "tried with an alert with everything: "},
		{"{\"a\": \"{{title|json}}\"}", "tried with an alert with everything: "},
		{"{{#runbook}}{}{{/runbook}}", "tried with an alert with nothing but a title: "},
		{"{\"a\": {{id}}}", "tried with an alert with nothing but a title: "},
		{"[{{#alerts}}{{title|json}}{{/alerts}}]", "tried with a group of alerts: "},
		{"{\"a\": {{^resolved}}1{{/resolved}}}", "tried with an alert that is over: "},
		{"{\"a\": {{#firing}}1{{/firing}}{{#resolved}}2{{/resolved}}}",
			"tried with a notice, which is about no alert: "},
		{"[{{#alerts}}1, {{/alerts}}]", "tried with an alert with everything: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();

		assert_has(receiver_fault(
				   arena, arena_printf(arena, "{webhook: '" URL "', text: '%s'}",
						  cases[i].text)),
			cases[i].fault);
		/* Another type of body may be anything. */
		(void)receiver_of(arena, arena_printf(arena,
						 "{webhook: '" URL "', content_type: "
						 "text/plain, text: '%s'}",
						 cases[i].text));
	}
}

/* What no sample shows is seen when it is composed. */
static void test_bad_template(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena,
		"{webhook: '" URL "', text: '[{{#field.used}}{{field.used}}{{/field.used}}]'}");
	struct notify_message message;
	struct sample sample;
	struct err err = {0};

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	assert_int_equal(
		receiver->kind->compose(receiver, &sample.notification, arena, &message, &err), -1);
	assert_int_equal(err.code, ERR_INPUT);
	assert_has(err.msg, "the text template makes no JSON: line 1: ");
}

/* A title of 2 MB, and the like: smaller, but there. */
static void test_large(void **state)
{
	static const char *const yamls[] = {
		"{webhook: '" URL "'}",
		"{webhook: '" URL "', text: '[\"{{title}}\", \"{{message}}\"]'}",
		"{webhook: '" URL "', text: '[{{#alerts}}{{title|json}}, {{/alerts}}0]'}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(yamls); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct notify_message message;
		struct sample sample;
		json_t *root;

		sample_init(&sample, arena, NOTIFICATION_TRIGGER);
		sample.alert.title = repeated(arena, "\xe2\x82\xac\"", 2 << 20);
		sample.alert.message = sample.alert.title;
		sample.notification.alerts_count = 3;
		sample.notification.alerts_total = 3;
		message = composed(arena, yamls[i], &sample);
		assert_in_range(message.body.len, 100 * 1000, 1000 * 1000);
		root = body_of(&message);
		json_decref(root);
	}
}

static void test_too_large(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = repeated(arena, "{{source}}{{source}}{{source}}", 60000);
	const struct receiver *receiver = receiver_of(
		arena, arena_printf(arena,
			       "{webhook: '" URL "', content_type: text/plain, text: '%s'}", text));
	struct notify_message message;
	struct sample sample;
	struct err err = {0};

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.source = repeated(arena, "x", 256);
	assert_int_equal(
		receiver->kind->compose(receiver, &sample.notification, arena, &message, &err), -1);
	assert_int_equal(err.code, ERR_LIMIT);
}

static void test_secrets(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct receiver *receiver = receiver_of(arena,
		"{webhook: 'https://me:passw0rd@example.com:8443/hook/t0ken?key=s3cret', "
		"headers: {X-Short: a, X-Key: long-enough}, bearer_token: bearer-token, "
		"secret: " SECRET "}");
	struct sample sample;
	const char *shown;

	(void)state;
	sample_init(&sample, arena, NOTIFICATION_TRIGGER);
	sample.alert.message = "echo /hook/t0ken?key=s3cret long-enough passw0rd";
	shown = shown_of(arena, receiver, &sample.notification);
	assert_has(shown, "POST https://example.com:8443/…\n");
	assert_has(shown, "X-Short: ***\n");
	assert_has(shown, "X-Key: ***\n");
	assert_has(shown, "Authorization: Bearer ***\n");
	assert_has(shown, "\"title\": \"[CRITICAL] disk full (db-01)\"");
	assert_has(shown, "echo *** *** ***");
	assert_lacks(shown, "t0ken");
	assert_lacks(shown, "long-enough");
	assert_lacks(shown, "bearer-token");
	assert_lacks(shown, strchr(SECRET, '_') + 1);
}

static const char *target_of(struct arena *arena, const char *url)
{
	const struct receiver *receiver =
		receiver_of(arena, arena_printf(arena, "{webhook: '%s'}", url));

	return receiver->kind->target(receiver->opts, arena);
}

static void test_target(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(target_of(arena, URL), "https://example.com/…");
	assert_string_equal(
		target_of(arena, "http://me:pw@example.com:80"), "http://example.com:80/");
	assert_string_equal(target_of(arena, "http://[::1]:8080/x"), "http://[::1]:8080/…");
	assert_string_equal(target_of(arena, "http://example.com/?q"), "http://example.com/…");
}

static void test_options(void **state)
{
#define HOOK "webhook: '" URL "', "
	// clang-format off
	static const struct {
		const char *yaml, *fault;
	} cases[] = {
		{"{webhook: 's3cret'}", "webhook: no URL"},
		{"{webhook: 'http://'}", "webhook: no URL"},
		{"{webhook: 'ftp://s3cret/'}", "webhook: the URL begins with neither http:// nor https://"},
		{"{" HOOK "method: GET}", "GET"},
		{"{" HOOK "headers: {'a b': s3cret}}", "'a b' is no header name"},
		{"{" HOOK "headers: {X: \"s3cret\\r\\nY: 1\"}}", "X: character 7 is a control character"},
		{"{" HOOK "headers: {content-type: s3cret}}", "headers: 'content-type' is sent by itself; use content_type"},
		{"{" HOOK "headers: {Webhook-Signature: s3cret}}", "use secret"},
		{"{" HOOK "headers: {Content-Length: '1'}}", "headers: 'Content-Length' is sent by itself"},
		{"{" HOOK "headers: {authorization: s3cret}, bearer_token: s3cret}", "exclude each other"},
		{"{" HOOK "headers: {a1: 1, a2: 1, a3: 1, a4: 1, a5: 1, a6: 1, a7: 1, a8: 1, a9: 1, b1: 1, b2: 1, b3: 1, b4: 1, b5: 1, b6: 1, b7: 1, b8: 1}}", "headers: at most 16, not 17"},
		{"{" HOOK "bearer_token: s3cret, username: me}", "bearer_token and username exclude each other"},
		{"{" HOOK "password: s3cret}", "password: there is no username"},
		{"{" HOOK "bearer_token: \"s3cret\\n\"}", "bearer_token: character 7 is a control character"},
		{"{" HOOK "content_type: \"a\\nb\"}", "content_type: character 2 is a control character"},
		{"{" HOOK "secret: s3cret}", "secret: "},
		{"{" HOOK "secret: whsec_QUFB}", "secret: a secret has 24 to 64 bytes"},
		{"{" HOOK "secret: [" SECRET ", " SECRET ", " SECRET ", " SECRET ", " SECRET "]}", "secret: at most 4, not 5"},
	};
	// clang-format on
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *fault = receiver_fault(arena, cases[i].yaml);

		assert_has(fault, cases[i].fault);
		assert_lacks(fault, "s3cret");
		assert_lacks(fault, "t0ken");
		assert_lacks(fault, "QUFB");
	}
}

static void test_answers(void **state)
{
#define ANSWER(head, body) "HTTP/1.1 " head "\r\nConnection: close\r\n\r\n" body
	static const struct {
		const char *answer;
		enum delivery_outcome outcome;
		enum channel_fault fault;
		int64_t retry_after_ms;
		const char *text;
	} cases[] = {
		{ANSWER("200 OK", "whatever"), DELIVERY_ARRIVED, CHANNEL_OK, -1, "answered 200"},
		{ANSWER("204 No Content", ""), DELIVERY_ARRIVED, CHANNEL_OK, -1, "answered 204"},
		{ANSWER("302 Found\r\nLocation: https://elsewhere.example/hook/t0ken", ""),
			DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 302, a redirect, which is not followed, to "
			"https://elsewhere.example***"},
		{ANSWER("400 Bad Request", "no"), DELIVERY_REFUSED, CHANNEL_REJECTED, -1,
			"answered 400: no"},
		{ANSWER("401 Unauthorized", "/hook/t0ken"), DELIVERY_REFUSED, CHANNEL_REVOKED, -1,
			"answered 401: ***"},
		{ANSWER("410 Gone", ""), DELIVERY_REFUSED, CHANNEL_REVOKED, -1, "answered 410"},
		{ANSWER("429 Too Many Requests\r\nRetry-After: 3", ""), DELIVERY_THROTTLED,
			CHANNEL_RATE_LIMITED, 3000, "answered 429"},
		{ANSWER("502 Bad Gateway", ""), DELIVERY_THROTTLED, CHANNEL_UNAVAILABLE, -1,
			"answered 502"},
		{ANSWER("504 Gateway Timeout\r\nRetry-After: 4", ""), DELIVERY_THROTTLED,
			CHANNEL_UNAVAILABLE, 4000, "answered 504"},
		{ANSWER("503 Service Unavailable\r\nRetry-After: 4", ""), DELIVERY_RETRY,
			CHANNEL_UNAVAILABLE, 4000, "answered 503"},
		{ANSWER("500 Oops", ""), DELIVERY_RETRY, CHANNEL_UNAVAILABLE, -1, "answered 500"},
	};
	struct http_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_route routes[] = {
			{"*", HTTP_SEND_CLOSE, cases[i].answer}, {NULL}};
		struct http_server *server = http_fixture_server(fixture, routes);
		const struct receiver *receiver = receiver_of(fixture->arena,
			arena_printf(fixture->arena,
				"{webhook: '%s', proxy: none, secret: " SECRET ", method: PUT, "
				"headers: {X-Key: long-enough}}",
				http_fixture_url(
					fixture, "http", "one.example", server, "/hook/t0ken")
					->text));
		struct delivery_result result;
		struct sample sample;

		sample_init(&sample, fixture->arena, NOTIFICATION_TRIGGER);
		result = send_of(fixture, receiver, &sample.notification);
		assert_int_equal(result.outcome, cases[i].outcome);
		assert_int_equal(result.fault, cases[i].fault);
		assert_int_equal(result.retry_after_ms, cases[i].retry_after_ms);
		assert_has(result.text, cases[i].text);
		assert_lacks(result.text, "t0ken");
		assert_lacks(result.body, "t0ken");
		assert_has(http_server_request(server), "PUT /hook/t0ken HTTP/1.1\r\n");
		assert_has(http_server_request(server), "\r\nwebhook-id: msg_0123456789\r\n");
		assert_has(http_server_request(server), "\r\nwebhook-signature: v1,");
		assert_has(http_server_request(server), "\r\nX-Key: long-enough\r\n");
		http_server_free(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_every_purpose),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_template_is_tried),
		cmocka_unit_test(test_bad_template),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_options),
		cmocka_unit_test_setup_teardown(test_answers, http_fixture_start, http_fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
