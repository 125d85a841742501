/*
 * What is told of an HTTP check: codes, evidence, and a command that shows the same and no secret.
 */
#include <openssl/x509_vfy.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "check/check_fixture.h"
#include "check/check_http.h"
#include "cmocka_all.h"

static const struct check_settings no_settings;

static void every_failure_has_its_code(void **state)
{
	static const struct {
		enum http_status status;
		enum check_code code;
	} cases[] = {
		{HTTP_OK, CODE_OK},
		{HTTP_DNS_FAILED, CODE_DNS_FAILED},
		{HTTP_CONNECT_REFUSED, CODE_CONNECTION_REFUSED},
		{HTTP_CONNECT_UNREACHABLE, CODE_CONNECTION_FAILED},
		{HTTP_TIMEOUT, CODE_TIMEOUT},
		{HTTP_TLS_FAILED, CODE_TLS_FAILED},
		{HTTP_TLS_NAME, CODE_TLS_NAME_MISMATCH},
		{HTTP_PROTOCOL, CODE_PROTOCOL_ERROR},
		{HTTP_CLOSED, CODE_CONNECTION_CLOSED},
		{HTTP_TOO_LARGE, CODE_TOO_LARGE},
		{HTTP_TOO_MANY_REDIRECTS, CODE_REDIRECT_REFUSED},
		{HTTP_BAD_REDIRECT, CODE_REDIRECT_REFUSED},
		{HTTP_PROXY_FAILED, CODE_PROXY_FAILED},
		{HTTP_LOCAL, CODE_LOCAL_ERROR},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct http_response response = {.status = cases[i].status};

		assert_int_equal(http_failure_code(&response), cases[i].code);
	}
}

static void a_certificate_has_many_faults(void **state)
{
	static const struct {
		int error;
		enum check_code code;
	} cases[] = {
		{X509_V_ERR_CERT_HAS_EXPIRED, CODE_TLS_EXPIRED},
		{X509_V_ERR_CERT_NOT_YET_VALID, CODE_TLS_NOT_YET_VALID},
		{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, CODE_TLS_SELF_SIGNED},
		{X509_V_ERR_HOSTNAME_MISMATCH, CODE_TLS_NAME_MISMATCH},
		{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, CODE_TLS_UNTRUSTED},
		{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, CODE_TLS_UNTRUSTED},
		{X509_V_OK, CODE_TLS_UNTRUSTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct certificate_chain chain = {.verify_error = cases[i].error};
		const struct http_response response = {
			.status = HTTP_TLS_CERTIFICATE, .chain = &chain};

		assert_int_equal(http_failure_code(&response), cases[i].code);
	}
	assert_int_equal(http_failure_code(&(struct http_response){.status = HTTP_TLS_CERTIFICATE}),
		CODE_TLS_UNTRUSTED);
}

/* A request that got as far as an answer over TLS, after two redirects. */
static void shows_how_it_went(void **state)
{
	struct certificate certificates[] = {
		{.subject = "CN=www.example.com",
			.issuer = "CN=Sub",
			.names = "www.example.com, example.com",
			.not_before_ms = 1735689600000,
			.not_after_ms = 1743465600000},
		{.subject = "CN=Sub",
			.issuer = "CN=Root",
			.names = "",
			.not_before_ms = 0,
			.not_after_ms = 1767225600000},
	};
	const struct certificate_chain chain = {
		.certificates = certificates,
		.certificates_count = 2,
		.verify_error = X509_V_ERR_CERT_HAS_EXPIRED,
		.verify_depth = 0,
		.verify_text = "certificate has expired",
	};
	struct arena *arena = arena_new();
	struct check_result result = {.arena = arena};
	struct strbuf headers = STRBUF_INIT;
	struct strbuf body = STRBUF_INIT;
	struct http_response response = {
		.status = HTTP_TLS_CERTIFICATE,
		.http_status = 200,
		.url = "https://www.example.com/\x1b[2J",
		.redirects = 2,
		.headers = &headers,
		.body = &body,
		.phases = {.lookup_us = 1500,
			.connect_us = 12300,
			.tls_us = 45000,
			.first_byte_us = 0,
			.transfer_us = 271,
			.total_us = 2000000},
		.chain = &chain,
	};
	const struct check *check = checked_make("https://example.com/", &no_settings, arena);

	(void)state;
	assert_true(address_parse(str_of("2001:db8::1"), 443, &response.remote));
	strbuf_adds(&headers, "HTTP/1.1 200 OK\r\nServer: \x1b[31mx\r\n\r\n");
	http_add_evidence(&result, check->opts, &response);
	assert_string_equal(evidence_of(&result, "addresses"), "[2001:db8::1]:443");
	assert_string_equal(evidence_of(&result, "url"), "https://www.example.com/\\x1b[2J");
	assert_string_equal(evidence_of(&result, "phases"),
		"lookup 1.5 ms, connect 12.3 ms, tls 45 ms, transfer 271 us, total 2 s");
	assert_string_equal(evidence_of(&result, "tls_error"),
		"certificate has expired (certificate 1 of the chain)");
	assert_string_equal(evidence_of(&result, "certificates"),
		"CN=www.example.com; issuer CN=Sub; valid 2025-01-01 to 2025-04-01; for "
		"www.example.com, example.com\n"
		"CN=Sub; issuer CN=Root; valid 1970-01-01 to 2026-01-01");
	assert_string_equal(evidence_of(&result, "headers"),
		"HTTP/1.1 200 OK\\r\\nServer: \\x1b[31mx\\r\\n\\r\\n");
	assert_string_equal(evidence_of(&result, "body"), "");
	assert_string_equal(evidence_of(&result, "command"),
		"curl -sv --location --max-redirs 10 https://example.com/");
	strbuf_release(&headers);
	arena_free(arena);
}

/* Nothing is said of what there was not. */
static void shows_no_more_than_there_was(void **state)
{
	struct arena *arena = arena_new();
	struct check_result result = {.arena = arena};
	struct strbuf empty = STRBUF_INIT;
	const struct http_response response = {.status = HTTP_DNS_FAILED,
		.url = "http://example.com/",
		.headers = &empty,
		.body = &empty,
		.phases = {.lookup_us = 900, .total_us = 900}};
	const struct check *check = checked_make("http://example.com/", &no_settings, arena);

	(void)state;
	http_add_evidence(&result, check->opts, &response);
	assert_int_equal(result.evidence_count, 2);
	assert_string_equal(evidence_of(&result, "phases"), "lookup 900 us, total 900 us");
	assert_string_equal(evidence_of(&result, "command"), "curl -sv http://example.com/");
	arena_free(arena);
}

static void what_is_not_http_is_shown(void **state)
{
	struct arena *arena = arena_new();
	struct check_result result = {.arena = arena};
	struct strbuf headers = STRBUF_INIT;
	struct strbuf body = STRBUF_INIT;
	const struct http_response response = {
		.status = HTTP_PROTOCOL, .url = "http://x/", .headers = &headers, .body = &body};
	const struct check *check = checked_make("http://x/", &no_settings, arena);

	(void)state;
	strbuf_adds(&body, "220 mail.example ESMTP\r\n");
	http_add_evidence(&result, check->opts, &response);
	assert_string_equal(evidence_of(&result, "body"), "220 mail.example ESMTP\\r\\n");
	strbuf_release(&body);
	arena_free(arena);
}

static void the_command_does_the_same(void **state)
{
	// clang-format off
	static const struct {
		const char *target;
		struct check_settings settings;
		const char *remote; /* NULL: none was tried */
		const char *command;
	} cases[] = {
		{"http://example.com/", {{0}}, "192.0.2.1",
		 "curl -sv --resolve example.com:80:192.0.2.1 http://example.com/"},
		{"https://example.com:8443/a?b=c&d=e", {{0}}, "2001:db8::1",
		 "curl -sv --resolve example.com:8443:2001:db8::1 'https://example.com:8443/a?b=c&d=e'"},
		{"http://192.0.2.1/", {{0}}, "192.0.2.1", "curl -sv http://192.0.2.1/"},
		{"http://[2001:db8::1]:8080/", {{0}}, "2001:db8::1", "curl -sv 'http://[2001:db8::1]:8080/'"},
		{"http://192.0.2.1/", {{"resolve=192.0.2.9"}}, "192.0.2.9",
		 "curl -sv --connect-to ::192.0.2.9:80 http://192.0.2.1/"},
		{"https://example.com/", {{"tls.server_name=other.example"}}, "192.0.2.1",
		 "curl -sv --connect-to ::192.0.2.1:443 --header 'Host: example.com:443' https://other.example:443/"},
		{"http://example.com/", {{"proxy=http://me:secret@proxy:3128"}}, "192.0.2.1",
		 "curl -sv --proxy 'http://me:***@proxy:3128' http://example.com/"},
		{"http://example.com/", {{"method=HEAD"}}, NULL, "curl -sv --head http://example.com/"},
		{"http://example.com/", {{"method=HELLO"}}, NULL, "curl -sv --request HELLO http://example.com/"},
		{"http://example.com/", {{"method=POST", "body=secret"}}, NULL,
		 "curl -sv --data-binary BODY http://example.com/"},
		{"http://example.com/", {{"method=PUT", "body=secret"}}, NULL,
		 "curl -sv --request PUT --data-binary BODY http://example.com/"},
		{"http://example.com/", {{"body=secret"}}, NULL, "curl -sv --request GET --data-binary BODY http://example.com/"},
		{"http://example.com/", {{"method=POST", "body_file=/etc/hostname"}}, NULL,
		 "curl -sv --data-binary @/etc/hostname http://example.com/"},
		{"http://me:secret@example.com/", {{0}}, NULL, "curl -sv --user me:PASSWORD http://example.com/"},
		{"http://example.com/", {{"username=it's me", "password=secret"}}, NULL,
		 "curl -sv --user 'it'\\''s me:PASSWORD' http://example.com/"},
		{"http://example.com/", {{"bearer_token=secret"}}, NULL,
		 "curl -sv --header 'Authorization: Bearer TOKEN' http://example.com/"},
		{"http://example.com/", {{"headers.Accept=a b", "headers.X-Key=secret", "headers.HOST=x"}}, NULL,
		 "curl -sv --header 'Accept: a b' --header 'X-Key: VALUE' --header 'HOST: x' http://example.com/"},
		{"https://example.com/", {{"tls.verify=no", "tls.ca_file=/a b", "tls.cert_file=/c", "tls.key_file=/k"}}, NULL,
		 "curl -sv --insecure --cacert '/a b' --cert /c --key /k https://example.com/"},
		{"https://example.com/", {{"http_version=2", "ip_family=ipv6"}}, NULL, "curl -sv --http2 -6 https://example.com/"},
		{"http://example.com/", {{"http_version=2", "ip_family=ipv4"}}, NULL,
		 "curl -sv --http2-prior-knowledge -4 http://example.com/"},
		{"http://example.com/", {{"http_version=1.0"}}, NULL, "curl -sv --http1.0 http://example.com/"},
		{"http://example.com/", {{"http_version=1.1", "source_address=192.0.2.5"}}, NULL,
		 "curl -sv --http1.1 --interface 192.0.2.5 http://example.com/"},
	};
	// clang-format on

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *arena = arena_new();
		struct check_result result = {.arena = arena};
		struct http_response response = {.status = HTTP_OK};
		const struct check *check =
			checked_make(cases[i].target, &cases[i].settings, arena);
		const struct http_opts *opts = check->opts;

		if (cases[i].remote) {
			assert_true(address_parse(
				str_of(cases[i].remote), opts->url.port, &response.remote));
		}
		http_add_command(&result, opts, cases[i].remote ? &response : NULL);
		assert_string_equal(evidence_of(&result, "command"), cases[i].command);
		assert_null(strstr(evidence_of(&result, "command"), "secret"));
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failure_has_its_code),
		cmocka_unit_test(a_certificate_has_many_faults),
		cmocka_unit_test(shows_how_it_went),
		cmocka_unit_test(shows_no_more_than_there_was),
		cmocka_unit_test(what_is_not_http_is_shown),
		cmocka_unit_test(the_command_does_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
