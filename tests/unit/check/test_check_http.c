/*
 * Checks of HTTP servers: what is asked, what is measured, what each failure is called.
 *
 * The client has tests of its own (tests/unit/net/), as have expectations and evidence.
 */
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "check/check_http.h"
#include "check/check_kinds.h"
#include "check/network_fixture.h"
#include "support/certificate_maker.h"

#define OK_RESPONSE "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static const struct check_settings no_settings;

static const struct http_route routes[] = {
	{"/", HTTP_SEND, OK_RESPONSE},
	{"/down", HTTP_SEND, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy"},
	{"/moved", HTTP_SEND, "HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"},
	{"/round", HTTP_SEND,
		"HTTP/1.1 302 Found\r\nLocation: /round\r\nContent-Length: 0\r\n\r\n"},
	{"/away", HTTP_SEND,
		"HTTP/1.1 302 Found\r\nLocation: ftp://x/\r\nContent-Length: 0\r\n\r\n"},
	{"/large", HTTP_SEND, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234567890123456789"},
	{"/half", HTTP_SEND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123"},
	{"/smtp", HTTP_SEND_CLOSE, "220 mail.example ESMTP\r\n"},
	{"/silent", HTTP_SEND, ""},
	{"*", HTTP_ECHO, NULL},
	{NULL},
};

static double value_of(const struct check_result *result, const char *name, const char *instance)
{
	const struct check_value *value = check_value_find(result, name, instance);

	if (!value) {
		fail_msg("no value '%s'", name);
		return 0;
	}
	return value->number;
}

static const char *text_of(const struct check_result *result, const char *name)
{
	const struct check_value *value = check_value_find(result, name, NULL);

	return value ? value->text : NULL;
}

static void serve(struct network *n)
{
	network_web(n, &(struct http_server_options){.routes = routes});
}

static void measures_what_it_says(void **state)
{
	static const char *const times[] = {"lookup_seconds", "connect_seconds",
		"first_byte_seconds", "transfer_seconds", "total_seconds"};
	struct network *n = *state;
	const struct check_result *result;

	serve(n);
	result = network_check(n, "http://up.example:%u/", &no_settings);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_true(str_starts(str_of(result->message), "status 200 in "));
	assert_true(str_ends(str_of(result->message), ", 5 B"));
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		assert_true(value_of(result, times[i], NULL) >= 0);
	}
	assert_true(value_of(result, "total_seconds", NULL) < 60);
	assert_true(value_of(result, "status", NULL) == 200);
	assert_true(value_of(result, "size_bytes", NULL) == 5);
	assert_true(value_of(result, "redirects", NULL) == 0);
	assert_string_equal(text_of(result, "protocol"), "HTTP/1.1");
	assert_string_equal(text_of(result, "remote_address"), network_text(n, "127.0.0.1:%u"));
	assert_null(check_value_find(result, "tls_seconds", NULL));
	assert_null(check_value_find(result, "certificate_days", NULL));
	assert_null(text_of(result, "tls_version"));
	assert_int_equal(result->evidence_count, 0);
}

/* Every value a run may have is in the table, so that thresholds on it are taken. */
static void measures_nothing_else(void **state)
{
	struct network *n = *state;
	const struct check_result *result;

	serve(n);
	result = network_check(n, "http://up.example:%u/", &no_settings);
	for (size_t i = 0; i < result->values_count; i++) {
		const struct check_value_row *row = check_http.values;

		while (row->name && strcmp(row->name, result->values[i].name) != 0) {
			row++;
		}
		assert_non_null(row->name);
		assert_int_equal(row->unit, result->values[i].unit);
	}
}

static void evidence_of_success_is_for_who_wants_it(void **state)
{
	struct network *n = *state;
	const struct check_result *result;

	serve(n);
	n->env.wants_evidence = true;
	result = network_check(n, "http://up.example:%u/", &no_settings);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_says(evidence_of(result, "headers"), "HTTP/1.1 200 OK");
	assert_string_equal(evidence_of(result, "command"),
		network_text(n, "curl -sv --resolve up.example:%u:127.0.0.1 "
				"http://up.example:%u/"));
}

static void asks_as_it_is_told(void **state)
{
	// clang-format off
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *request[3]; /* what it has */
	} cases[] = {
		{"http://up.example:%u/echo?a=http://@b", {{0}}, {"GET /echo?a=http://@b HTTP/1.1\r\n", "\r\nHost: up.example:%u\r\n"}},
		{"http://up.example:%u/echo", {{"method=DELETE", "headers.X-A=b c"}}, {"DELETE /echo HTTP/1.1\r\n", "\r\nX-A: b c\r\n"}},
		{"http://up.example:%u/echo", {{"method=POST", "body=hello"}}, {"POST /echo HTTP/1.1\r\n", "\r\nContent-Length: 5\r\n", "\r\n\r\nhello"}},
		{"http://me:secret@up.example:%u/echo", {{0}}, {"\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"}},
		{"http://up.example:%u/echo", {{"username=me", "password=secret"}}, {"\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"}},
		{"http://other:x@up.example:%u/echo", {{"username=me", "password=secret"}}, {"\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"}},
		{"http://up.example:%u/echo", {{"bearer_token=abc"}}, {"\r\nAuthorization: Bearer abc\r\n"}},
		{"http://up.example:%u/echo", {{"http_version=1.0"}}, {"GET /echo HTTP/1.0\r\n"}},
		{"http://missing.example:%u/echo", {{"resolve=127.0.0.1"}}, {"\r\nHost: missing.example:%u\r\n"}},
	};
	// clang-format on
	struct network *n = *state;

	serve(n);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		(void)network_check(n, cases[i].target, &cases[i].settings);
		assert_outcome(&n->checked, CHECK_OK, CODE_OK);
		for (size_t k = 0; k < 3 && cases[i].request[k]; k++) {
			assert_says(
				http_server_request(n->web), network_text(n, cases[i].request[k]));
		}
	}
}

static void sends_a_file(void **state)
{
	char path[] = "/tmp/test_check_http.XXXXXX";
	char setting[64];
	int fd = mkstemp(path);
	struct network *n = *state;
	struct err err = {0};

	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(file_write(path, str_of("from a file"), 0600, &err), 0);
	(void)snprintf(setting, sizeof(setting), "body_file=%s", path);
	serve(n);
	(void)network_check(
		n, "http://up.example:%u/echo", &(struct check_settings){{"method=PUT", setting}});
	(void)unlink(path);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_says(http_server_request(n->web), "\r\n\r\nfrom a file");
}

static void every_failure_has_its_name(void **state)
{
	// clang-format off
	static const struct {
		const char *target;
		struct check_settings settings;
		enum check_state state;
		enum check_code code;
		const char *message;
	} cases[] = {
		{"http://up.example:%u/down", {{0}}, CHECK_CRITICAL, CODE_STATUS_MISMATCH, "status 503, expected 200-299"},
		{"http://up.example:%u/", {{"expect.body=bye"}}, CHECK_CRITICAL, CODE_BODY_MISMATCH, "the body does not match 'bye'"},
		{"http://up.example:%u/", {{"expect.headers.Server=x"}}, CHECK_CRITICAL, CODE_HEADER_MISMATCH,
		 "header Server is missing, expected 'x'"},
		{"http://up.example:%u/", {{"expect.json./a=x"}}, CHECK_CRITICAL, CODE_JSON_MISMATCH,
		 "the body is no JSON (line 1: invalid token near 'hello')"},
		{"http://up.example:%u/", {{"expect.size=< 6"}}, CHECK_CRITICAL, CODE_SIZE_MISMATCH, "the body has 5 bytes, below 6 B"},
		{"http://up.example:%u/large", {{"body_max=4", "expect.body=9"}}, CHECK_CRITICAL, CODE_BODY_MISMATCH,
		 "the body does not match '9' in its first 4 bytes (body_max)"},
		{"http://up.example:%u/large", {{"size_max=10"}}, CHECK_CRITICAL, CODE_TOO_LARGE,
		 "answer of 127.0.0.1:%u has more than 10 bytes"},
		{"http://up.example:%u/half", {{0}}, CHECK_CRITICAL, CODE_CONNECTION_CLOSED,
		 "127.0.0.1:%u closed the connection before the answer was complete"},
		{"http://up.example:%u/smtp", {{0}}, CHECK_CRITICAL, CODE_PROTOCOL_ERROR,
		 "answer of 127.0.0.1:%u is not HTTP"},
		{"http://up.example:%u/round", {{"redirects=3"}}, CHECK_CRITICAL, CODE_REDIRECT_REFUSED, "more than 3 redirects"},
		{"http://up.example:%u/away", {{0}}, CHECK_CRITICAL, CODE_REDIRECT_REFUSED,
		 "bad redirect from 'http://up.example:%u/away': unknown scheme 'ftp' in 'ftp://x/'"},
		{"http://127.0.0.2:%u/", {{0}}, CHECK_CRITICAL, CODE_CONNECTION_REFUSED, "connection refused by 127.0.0.2:%u"},
		{"http://missing.example.:%u/", {{0}}, CHECK_CRITICAL, CODE_DNS_FAILED, "no such name 'missing.example.'"},
		{"http://up.example:%u/", {{"source_address=192.0.2.99"}}, CHECK_UNKNOWN, CODE_LOCAL_ERROR,
		 "cannot reach 127.0.0.1:%u from 192.0.2.99: Cannot assign requested address"},
		{"http://up.example:%u/", {{"proxy=http://127.0.0.2:1"}}, CHECK_CRITICAL, CODE_PROXY_FAILED,
		 "proxy 'http://127.0.0.2:1/': connection refused by 127.0.0.2:1"},
		/* ours: nothing is known of the server */
		{"https://up.example:%u/", {{"tls.ca_file=/nowhere"}}, CHECK_UNKNOWN, CODE_LOCAL_ERROR,
		 "cannot read certificate authorities in '/nowhere': No such file or directory"},
		{"http://up.example:%u/silent", {{"timeout=60ms"}}, CHECK_CRITICAL, CODE_TIMEOUT,
		 "timed out after 60ms while waiting for the answer of 127.0.0.1:%u"},
		{"http://silent.example:%u/", {{"timeout=60ms"}}, CHECK_CRITICAL, CODE_TIMEOUT,
		 "timed out after 60ms while looking up 'silent.example'"},
		{"http://silent.example:%u/", {{"timeout=60ms", "every_address=yes"}}, CHECK_CRITICAL, CODE_TIMEOUT,
		 "timed out after 60ms while looking up 'silent.example'"},
		{"http://missing.example.:%u/", {{"every_address=yes"}}, CHECK_CRITICAL, CODE_DNS_FAILED, "no such name 'missing.example.'"},
	};
	// clang-format on
	struct network *n = *state;

	serve(n);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct check_result *result =
			network_check(n, cases[i].target, &cases[i].settings);

		assert_result(n, cases[i].state, cases[i].code, cases[i].message);
		assert_true(*evidence_of(result, "command"));
	}
}

static void redirects_are_followed_and_told(void **state)
{
	struct network *n = *state;
	const struct check_result *result;

	serve(n);
	result = network_check(n, "http://up.example:%u/moved", &no_settings);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_true(value_of(result, "redirects", NULL) == 1);
	assert_true(value_of(result, "status", NULL) == 200);

	result = network_check(n, "http://up.example:%u/moved",
		&(struct check_settings){{"redirects=0", "expect.status=301"}});
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_true(value_of(result, "status", NULL) == 301);

	result = network_check(
		n, "http://up.example:%u/moved", &(struct check_settings){{"expect.body=bye"}});
	assert_outcome(&n->checked, CHECK_CRITICAL, CODE_BODY_MISMATCH);
	assert_string_equal(evidence_of(result, "url"), network_text(n, "http://up.example:%u/"));
}

static void thresholds_are_judged(void **state)
{
	struct network *n = *state;
	const struct check_result *result;

	serve(n);
	result = network_check(n, "http://up.example:%u/",
		&(struct check_settings){{"warning.size_bytes=4", "critical.size_bytes=100"}});
	assert_outcome(&n->checked, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED);
	assert_true(str_starts(
		str_of(result->message), "size_bytes 5 B (warning above 4 B); status 200 in "));
}

static void every_address_is_asked(void **state)
{
	static const struct check_settings every = {{"every_address=yes"}};
	struct network *n = *state;
	const struct check_result *result;

	/* One of three answers. */
	serve(n);
	result = network_check(n, "http://three.example:%u/", &every);
	assert_result(n, CHECK_CRITICAL, CODE_PARTLY_FAILED,
		"2 of 3 addresses fail: 127.0.0.2:%u: connection refused by 127.0.0.2:%u; "
		"127.0.0.3:%u: connection refused by 127.0.0.3:%u");
	assert_true(value_of(result, "addresses", NULL) == 3);
	assert_true(value_of(result, "addresses_failed", NULL) == 2);
	assert_true(value_of(result, "status", network_text(n, "127.0.0.1:%u")) == 200);
	assert_null(check_value_find(result, "status", NULL));
	assert_null(check_value_find(result, "status", network_text(n, "127.0.0.2:%u")));
	assert_true(value_of(result, "lookup_seconds", NULL) >= 0);

	/* Both of two answer. */
	n->web2 = http_server_new(
		n->env.loop, &(struct http_server_options){
				     .ip = "127.0.0.2", .port = n->port, .routes = routes});
	result = network_check(n, "http://second.example:%u/", &every);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_says(result->message, "all 2 addresses answer, status 200 in ");
	assert_int_equal(http_server_requests(n->web2), 1);
	assert_true(value_of(result, "addresses_failed", NULL) == 0);

	/* Each by what it should answer. */
	result = network_check(n, "http://second.example:%u/down", &every);
	assert_result(n, CHECK_CRITICAL, CODE_STATUS_MISMATCH,
		"2 of 2 addresses fail: 127.0.0.2:%u: status 503, expected 200-299; "
		"127.0.0.1:%u: status 503, expected 200-299");

	/* One is enough to be all; `resolve` says which. */
	result = network_check(n, "http://up.example:%u/", &every);
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_says(result->message, "the only address answers, status 200 in ");
	result = network_check(n, "http://three.example:%u/",
		&(struct check_settings){{"every_address=yes", "resolve=127.0.0.2"}});
	assert_outcome(&n->checked, CHECK_OK, CODE_OK);
	assert_true(value_of(result, "addresses", NULL) == 1);
}

/* Certificates that end sooner or later, and one that has ended. */
static void certificates_are_counted_in_days(void **state)
{
	// clang-format off
	static const struct {
		int until_days;
		struct check_settings settings;
		enum check_state state;
		enum check_code code;
		const char *says;
	} cases[] = {
		{90, {{0}}, CHECK_OK, CODE_OK, "status 200 in "},
		{10, {{0}}, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED, "certificate_days 9 days (warning below 14 days); status 200 in "},
		{2, {{0}}, CHECK_CRITICAL, CODE_THRESHOLD_EXCEEDED, "certificate_days 1 days (critical below 3 days); "},
		{10, {{"warning.certificate_days=none"}}, CHECK_OK, CODE_OK, "status 200 in "},
		{90, {{"warning.certificate_days=< 100d"}}, CHECK_WARNING, CODE_THRESHOLD_EXCEEDED, "certificate_days 89 days (warning below 100 days); "},
		{-1, {{0}}, CHECK_CRITICAL, CODE_TLS_EXPIRED, " does not verify: it expired on "},
		{-1, {{"tls.verify=no"}}, CHECK_CRITICAL, CODE_THRESHOLD_EXCEEDED, "certificate_days -1 days (critical below 3 days); status 200 in "},
	};
	// clang-format on
	char ca_file[] = "/tmp/test_check_http.XXXXXX";
	char ca_setting[64];
	int fd = mkstemp(ca_file);
	struct network *n = *state;
	struct made_certificate root;

	assert_true(fd >= 0);
	(void)close(fd);
	certificate_make(&(struct certificate_spec){.common_name = "Root",
				 .from_days = -100,
				 .until_days = 3650,
				 .is_authority = true},
		&root);
	certificate_append_pem(&root, ca_file);
	(void)snprintf(ca_setting, sizeof(ca_setting), "tls.ca_file=%s", ca_file);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct made_certificate made;
		struct check_settings settings = {{ca_setting, cases[i].settings.items[0]}};
		const struct check_result *result;

		certificate_make(&(struct certificate_spec){.common_name = "server",
					 .names = "DNS:up.example",
					 .from_days = -30,
					 .until_days = cases[i].until_days,
					 .issuer = &root},
			&made);
		network_web(
			n, &(struct http_server_options){.routes = routes, .certificate = &made});
		result = network_check(n, "https://up.example:%u/", &settings);
		assert_outcome(&n->checked, cases[i].state, cases[i].code);
		assert_says(result->message, cases[i].says);
		assert_float_equal(
			value_of(result, "certificate_days", NULL), cases[i].until_days, 0.01);
		if (cases[i].state == CHECK_OK) {
			assert_true(value_of(result, "tls_seconds", NULL) > 0);
			assert_non_null(text_of(result, "tls_version"));
		}
		certificate_release(&made);
	}
	certificate_release(&root);
	(void)unlink(ca_file);
}

static void interrupt(void *arg)
{
	struct check_run **run = arg;

	check_run_interrupt(*run, "interrupted");
}

static void free_it(void *arg)
{
	check_run_free(arg);
}

/* While looking up, by itself and for every address; while waiting. */
static void can_be_stopped_at_any_time(void **state)
{
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *message;
	} cases[] = {
		{"http://silent.example:%u/", {{0}},
			"interrupted while looking up 'silent.example'"},
		{"http://silent.example:%u/", {{"every_address=yes"}},
			"interrupted while looking up 'silent.example'"},
		{"http://up.example:%u/silent", {{0}},
			"interrupted while waiting for the answer of 127.0.0.1:%u"},
		{"http://up.example:%u/silent", {{"every_address=yes"}},
			"interrupted while waiting for the answer of 127.0.0.1:%u"},
	};
	struct network *n = *state;

	serve(n);
	for (size_t i = 0; i < 2 * ARRAY_LEN(cases); i++) {
		size_t c = i / 2;
		bool is_freed = i % 2 == 1;
		struct check_run *run = NULL;
		struct timer *timer =
			timer_add(n->env.loop, 30, is_freed ? free_it : interrupt, &run);
		struct err err = {0};

		checked_free(&n->checked);
		n->checked = (struct checked){.arena = arena_new()};
		n->checked.check = checked_make(
			network_text(n, cases[c].target), &cases[c].settings, n->checked.arena);
		run = check_run_start(&n->env, n->checked.check, checked_done, &n->checked);
		assert_int_equal(loop_run(n->env.loop, &err), 0);
		timer_free(&timer);
		if (is_freed) {
			assert_null(run);
			assert_null(n->checked.result.arena);
			continue;
		}
		assert_result(n, CHECK_UNKNOWN, CODE_CANCELLED, cases[c].message);
		assert_says(evidence_of(&n->checked.result, "command"), "curl -sv ");
	}
}

static void refuses_what_cannot_be_asked(void **state)
{
	// clang-format off
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *error;
	} cases[] = {
		{"http://", {{0}}, "no host in 'http://'"},
		{"http:///path", {{0}}, "no host in 'http:///path'"},
		{"http://x:70000/", {{0}}, "port must be a number from 1 to 65535 in 'http://x:70000/'"},
		{"http://x:0/", {{0}}, "port must be a number from 1 to 65535 in 'http://x:0/'"},
		{"http://x y/", {{0}}, "space in 'http://x y/'"},
		{"http://x/\x01", {{0}}, "control byte in 'http://x/\\x01'"},
		{"http://10.1/", {{0}}, "an IPv4 address is four numbers in 'http://10.1/'"},
		{"http://[::1/", {{0}}, "bad IPv6 address in 'http://[::1/'"},
		{"http://@web/", {{0}}, "groups and node sets in URLs work on the command line only, not in 'http://@web/'"},
		{"http:x", {{0}}, "no scheme (like \"http://\") in 'http:x'"},
		{"http://x/", {{"method=GE T"}}, "'http://x/': 'GE T' is no HTTP method"},
		{"http://x/", {{"method="}}, "'http://x/': '' is no HTTP method"},
		{"http://x/", {{"method=G\"T"}}, "'http://x/': 'G\"T' is no HTTP method"},
		{"http://x/", {{"headers.Na me=x"}}, "'http://x/': setting 'headers.Na me': 'Na me' is no header name"},
		{"http://x/", {{"headers.X-A=a\r\nX-B: b"}}, "'http://x/': header 'X-A' has a line break in its value"},
		{"http://x/", {{"headers.X-A=a\nb"}}, "'http://x/': header 'X-A' has a line break in its value"},
		{"http://x/", {{"headers.X-A=a", "headers.X-A=b"}}, "'http://x/': setting 'headers.X-A': 'X-A' is given twice"},
		{"http://x/", {{"password=secret"}}, "'http://x/': password without username"},
		{"http://x/", {{"username=a:b"}}, "'http://x/': username 'a:b' has a ':', which would end it"},
		{"http://x/", {{"username=a", "bearer_token=secret"}}, "'http://x/': give username and password or bearer_token, not both"},
		{"http://me@x/", {{"bearer_token=secret"}}, "'http://me@x/': give username and password or bearer_token, not both"},
		{"http://x/", {{"bearer_token=secret\nX-B: b"}}, "'http://x/': line break in the bearer token"},
		{"http://x/", {{"body=a", "body_file=/etc/hostname"}}, "'http://x/': give body or body_file, not both"},
		{"http://x/", {{"body_file=/nowhere"}}, "'http://x/': body_file: cannot read '/nowhere': No such file or directory"},
		{"http://x/", {{"body_file=/etc"}}, "'http://x/': body_file: cannot read '/etc': it is a directory"},
		{"http://x/", {{"body_file=/dev/zero"}}, "'http://x/': body_file: cannot read '/dev/zero': it is not a regular file"},
		{"https://x/", {{"tls.key_file=/k"}}, "'https://x/': tls.key_file without tls.cert_file"},
		{"https://x/", {{"tls.server_name=a b"}}, "'https://x/': tls.server_name 'a b' is no host name"},
		{"http://x/", {{"proxy=nowhere"}}, "'http://x/': proxy: no scheme (like \"http://\") in 'nowhere'"},
		{"http://x/", {{"proxy=https://me:secret@p:1"}}, "'http://x/': proxy: unknown scheme 'https' in 'https://p:1/'; did you mean 'http'?"},
		{"http://x/", {{"proxy=http://me:secret@p:70000"}}, "'http://x/': proxy: port must be a number from 1 to 65535 in 'http://me:***@p:70000'"},
		{"http://x/", {{"http_version=3"}}, "'http://x/': setting 'http_version': '3' is not one of auto, 1.0, 1.1, 2"},
		{"http://x/", {{"redirects=51"}}, "'http://x/': setting 'redirects': number '51': must be from 0 to 50"},
		{"http://x/", {{"redirects=-1"}}, "'http://x/': setting 'redirects': number '-1': must be from 0 to 50"},
		{"http://x/", {{"body_max=1T"}}, "'http://x/': setting 'body_max': size '1T': must be at most 64M"},
		{"http://x/", {{"size_max=0"}}, "'http://x/': setting 'size_max': size '0': must be at least 1 bytes"},
		{"http://x/", {{"resolve=x"}}, "'http://x/': setting 'resolve': 'x' is no IP address (write 192.0.2.1 or 2001:db8::1)"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		const struct check *check = NULL;
		struct err err = {0};

		if (checked_try(cases[i].target, &cases[i].settings, arena, &check, &err) == 0) {
			fail_msg("'%s' was taken", cases[i].target);
		}
		assert_string_equal(err.msg, cases[i].error);
		assert_int_not_equal(err.code, ERR_NONE);
		assert_null(strstr(err.msg, "secret"));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		network_test(measures_what_it_says),
		network_test(measures_nothing_else),
		network_test(evidence_of_success_is_for_who_wants_it),
		network_test(asks_as_it_is_told),
		network_test(sends_a_file),
		network_test(every_failure_has_its_name),
		network_test(redirects_are_followed_and_told),
		network_test(thresholds_are_judged),
		network_test(every_address_is_asked),
		network_test(certificates_are_counted_in_days),
		network_test(can_be_stopped_at_any_time),
		cmocka_unit_test(refuses_what_cannot_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
